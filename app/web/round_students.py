"""One student of a round: why there, why not elsewhere, what would help, and what a pin or a ban would change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app.events.service_looks import LookKind
from app.matches import service as matches
from app.matches.service import CandidatesQuestion
from app.opportunities import service as opportunities
from app.rounds import service as rounds
from app.rounds import service_orders, service_pins, service_reasons, service_students
from app.rounds import service_trying as trying
from app.rounds.models import Ruling
from app.rounds.service_kept import PinsImpossible
from app.web.language import mark as _
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

REMEDIES = {
    "widen": _("Se accetta 5 km in più"),
    "week_later": _("Se l'azienda comincia una settimana dopo"),
    "week_earlier": _("Se l'azienda comincia una settimana prima"),
    "one_more_seat": _("Se l'azienda aggiunge un posto"),
    "one_more_tutor": _("Se l'azienda indica un altro tutor"),
}


@router.get("/rounds/{round_id}/students/{student_id}")
def show_student(
    view: InView,
    round_id: UUID,
    student_id: UUID,
    opportunity: UUID | None = None,
    ruling: Annotated[Ruling, Query()] = Ruling.PIN,
) -> Response:
    """The explanation; with an opportunity also why not there, and what a pin or a ban would change. Nothing is kept."""
    with view.read() as (session, actor):
        inquiry = service_reasons.ask(session, actor, view.engine, round_id, student_id, opportunity)
        pins = [
            one
            for one in service_pins.search(session, inquiry.board.seen, [inquiry.board.class_id])
            if one.pin.student_id == student_id
        ]
        trial = None
        if opportunity is not None:
            wanted = trying.Wanted(student_id, opportunity, is_ban=ruling is Ruling.BAN)
            try:
                trial = trying.ask(session, actor, round_id, [wanted])
            except (trying.BadTrial, rounds.WrongRoundState):
                trial = None
    found = service_reasons.explain(view.engine, inquiry)
    outcome, is_impossible = None, False
    if trial is not None:
        try:
            outcome = trying.answer(trial)
        except PinsImpossible:
            is_impossible = True
    view.looked(LookKind.PROFILE, [student_id])
    return view.show(
        "rounds/student.html", round=inquiry.board.seen.round, inquiry=inquiry, found=found, pins=pins,
        asked=inquiry.asked, forbidden=[] if inquiry.asked is None else inquiry.forbidden.get(inquiry.asked.id, []), ruling=ruling, outcome=outcome, is_impossible=is_impossible, remedies=REMEDIES,
    )  # fmt: skip


@router.post("/rounds/{round_id}/students/{student_id}/pins")
def pin(
    view: InView,
    round_id: UUID,
    student_id: UUID,
    opportunity_id: Annotated[UUID, Form()],
    ruling: Annotated[Ruling, Form()],
    why: Annotated[str, Form(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = "",
) -> Response:
    """Keep it; the next run knows of it."""
    with view.write() as (session, actor):
        service_pins.make(
            session, actor, view.engine, round_id, student_id=student_id, opportunity_id=opportunity_id,
            ruling=ruling, why=why.strip(), now=view.now(),
        )  # fmt: skip
    return view.go(f"/rounds/{round_id}/students/{student_id}#pins")


@router.post("/rounds/{round_id}/students/{student_id}/pins/{pin_id}/remove")
def unpin(view: InView, round_id: UUID, student_id: UUID, pin_id: UUID) -> Response:
    """Take it back."""
    with view.write() as (session, actor):
        service_pins.remove(session, actor, round_id, pin_id)
    return view.go(f"/rounds/{round_id}/students/{student_id}#pins")


@router.post("/rounds/{round_id}/students/{student_id}/late")
def copy_late(view: InView, round_id: UUID, student_id: UUID) -> Response:
    """Copy the student's list once more; the next run sees it."""
    with view.write() as (session, actor):
        service_students.collect_late(session, actor, round_id, [student_id])
    return view.go(f"/rounds/{round_id}/students/{student_id}")


# --- the company's own order ------------------------------------------------------------------------------------------


_Order = Annotated[str, Form(max_length=10 * service_orders.MOST, pattern=r"^[A-Z0-9,-]*$")]


@router.get("/opportunities/{opportunity_id}/order")
def show_order(view: InView, opportunity_id: UUID) -> Response:
    """The candidates in the company's order, then those whom it leaves to the score."""
    return _order(view, opportunity_id)


def _order(view: View, opportunity_id: UUID, wanted: Sequence[str] | None = None) -> Response:
    """The page; `wanted` is an order that was not kept, because somebody else has changed the one it was made from."""
    with view.read() as (session, actor):
        question = matches.ask_for_candidates(session, actor, view.engine, opportunity_id)
        opportunity = opportunities.read(session, actor, opportunity_id)
        ordered = service_orders.read(session, opportunity_id)
    shown: list[UUID] = []
    page = matches.candidates_page(view.engine, question, limit=service_orders.MOST, shown=shown)
    place = {pseudonym: number for number, pseudonym in enumerate(_names(view, question, ordered), start=1)}
    lines = sorted(page["items"], key=lambda line: place.get(line["pseudonym"], len(place) + 1))
    view.looked(LookKind.CANDIDATE, shown, about_id=opportunity_id, company_id=question.company_id)
    return view.show(
        "rounds/order.html", status=409 if wanted is not None else 200, opportunity=opportunity, lines=lines,
        place=place, wanted=wanted,
    )  # fmt: skip


def _names(view: View, question: CandidatesQuestion, student_ids: Sequence[UUID]) -> list[str]:
    return [view.engine.pseudonym(question.company_id, one) for one in student_ids]


@router.post("/opportunities/{opportunity_id}/order")
def move_candidate(
    view: InView,
    opportunity_id: UUID,
    pseudonym: Annotated[str, Form(max_length=9)] = "",
    position: Annotated[int, Form(ge=0, le=service_orders.MOST)] = 0,
    seen: _Order = "",
    order: _Order = "",
) -> Response:
    """Put a candidate at a position of the company's order (0 leaves the candidate to the score), or keep a whole `order`.

    `seen` is the order on the page: where somebody else has changed it meanwhile, both are shown and none is lost.
    """
    with view.read() as (session, actor):
        question = matches.ask_for_candidates(session, actor, view.engine, opportunity_id)
        before = service_orders.read(session, opportunity_id)
    shown = seen.split(",") if seen else []
    wanted = order.split(",") if order else [one for one in shown if one != pseudonym]
    if not order and position:
        wanted.insert(position - 1, pseudonym)
    wanted = wanted[: service_orders.MOST]
    known = dict(zip(_names(view, question, before), before, strict=True))
    if list(known) != shown:
        return _order(view, opportunity_id, wanted)
    fresh = [one for one in wanted if one not in known]
    known |= zip(fresh, service_orders.find(view.engine, question, fresh), strict=True)
    try:
        with view.write() as (session, actor):
            after = [known[one] for one in wanted]
            service_orders.replace(session, actor, opportunity_id, after, seen=before, now=view.now())
    except service_orders.OrderChanged:
        return _order(view, opportunity_id, wanted)
    return view.go(f"/opportunities/{opportunity_id}/order")
