"""Many sessions at once: a rule, the days that it comes to, and one button that plans all of them or none."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Form
from pydantic import ValidationError
from starlette.responses import Response

from app import errors
from app.bookings import service_clashes, service_overview, service_repeating, service_sessions
from app.bookings.schemas_repeating import SessionRunIn
from app.bookings.service_repeating import Planned
from app.dates import WeekdayName
from app.opportunities.service import SeatsTaken
from app.web import repeating_words as words
from app.web.posting_forms import Fields, InFields, Wrong, text
from app.web.ui import InView, View

router = APIRouter(prefix="/opportunities/{opportunity_id}/session-runs", include_in_schema=False)

EMPTY: Mapping[str, Any] = {
    "weekdays": [], "every": "1", "first_on": "", "last_on": "", "starts_at": "09:00", "ends_at": "11:00", "without": "",
    "room": "", "seats": "", "holidays": "yes",
}  # fmt: skip
_CONTROLS = {"without_on": "without", "rrule": "weekdays"}


@router.get("")
def show_run(view: InView, opportunity_id: UUID) -> Response:
    """The form, and what gets in the way of the sessions that are planned."""
    return _page(view, opportunity_id, EMPTY)


@router.post("")
def plan_run(
    view: InView, fields: InFields, opportunity_id: UUID, action: Annotated[str, Form(max_length=10)] = "look"
) -> Response:
    """Look at the days, or plan them."""
    form: dict[str, Any] = {name: text(fields, name, 4000) for name in EMPTY if name != "weekdays"}
    form |= {"weekdays": [one for one in fields.getlist("weekdays") if one in list(WeekdayName)]}
    try:
        given = _given(fields, form)
        if action != "make":
            return _page(view, opportunity_id, form, given=given)
        with view.write() as (session, actor):
            service_repeating.create(
                session, actor, opportunity_id, given.repetition(), given.values(), school_id=None, now=view.now()
            )  # fmt: skip
    except ValidationError as error:
        return _page(view, opportunity_id, form, wrong=_wrong(str(one["loc"][0]) for one in error.errors()))
    except service_repeating.UnfitRepetition as problem:
        return _page(view, opportunity_id, form, wrong=_wrong(str(one["field"]) for one in problem.faults))
    except service_repeating.RoomTaken:
        return _page(view, opportunity_id, form, given=given, trouble="room")
    except service_repeating.NothingToPlan:
        return _page(view, opportunity_id, form, given=given, trouble="nothing")
    except service_sessions.TooManySessions:
        return _page(view, opportunity_id, form, given=given, trouble="many")
    except (service_sessions.UnfitSession, SeatsTaken, errors.WrongState):
        return _page(view, opportunity_id, form, given=given, trouble="late")
    return view.go(f"/opportunities/{opportunity_id}/sessions?done=planned#sessions")


def _given(fields: Fields, form: Mapping[str, Any]) -> SessionRunIn:
    """What the form means. Raises ValidationError."""
    every = form["every"] if form["every"] in ("1", "2", "3", "4") else "1"
    names = ("first_on", "last_on", "starts_at", "ends_at", "room", "seats")
    return SessionRunIn.model_validate(
        {name: form[name] for name in names}
        | {
            "rrule": f"FREQ=WEEKLY;INTERVAL={every};BYDAY={','.join(form['weekdays'])}",
            "without_on": _days(form["without"]), "skips_holidays": text(fields, "holidays") == "yes",
        }
    )  # fmt: skip


def _days(written: str) -> list[str]:
    """Days one after the other, as people write them; what is none stands there as it is, and is refused."""
    return [_iso(word) for word in re.split(r"[\s,;]+", written.strip()) if word]


def _iso(word: str) -> str:
    parts = re.fullmatch(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})", word)
    return word if parts is None else f"{parts[3]}-{int(parts[2]):02}-{int(parts[1]):02}"


def _wrong(fields: Iterable[str]) -> list[Wrong]:
    names = dict.fromkeys(_CONTROLS.get(one, one) for one in fields)
    return [Wrong(one, words.FIELDS.get(one, one), words.ADVICE.get(one, words.ADVICE_ELSE)) for one in names]


def _page(
    view: View,
    opportunity_id: UUID,
    form: Mapping[str, Any],
    *,
    given: SessionRunIn | None = None,
    wrong: Sequence[Wrong] = (),
    trouble: str = "",
) -> Response:
    planned: Planned | None = None
    with view.read() as (session, actor):
        opportunity = service_overview.require_host(session, actor, opportunity_id)
        if given is not None:
            try:
                planned = service_repeating.preview(
                    session, actor, opportunity_id, given.repetition(), room=given.room, school_id=None, now=view.now()
                )  # fmt: skip
            except service_repeating.UnfitRepetition as problem:
                wrong = _wrong(str(one["field"]) for one in problem.faults)
        slots = service_clashes.planned(session, [opportunity])
        warned = service_clashes.warn(session, slots, view.now().tzinfo or UTC)
    return view.show(
        "visits/run.html", status=422 if wrong else 409 if trouble else 200, opportunity=opportunity, form=form,
        planned=planned, wrong=wrong, wrong_at={one.control: one for one in wrong}, said=words, warned=warned,
        trouble=words.TROUBLES.get(trouble), weekdays=list(WeekdayName), starts={one.id: one.starts_at for one in slots},
    )  # fmt: skip
