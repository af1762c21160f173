"""Forms of opportunities: from what a browser sends to a patch, and from faults to words that name the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import ValidationError
from starlette.datastructures import FormData

from app.dates import WeekdayName
from app.opportunities.models import Kind
from app.opportunities.schemas import OpportunityOut, OpportunityPatch
from app.postings import rules
from app.web import company_words as words

_NUMBERS = ("seats", "hours", "daily_hours", "group_min", "group_max", "min_age", "max_age")
_MOST_SPANS = 30
_SPAN = ("starts_on", "ends_on", "starts_at", "ends_at")
_WEEKDAYS = [day.value for day in WeekdayName]


Fields = FormData


async def _fields(request: Request) -> Fields:
    return await request.form()


InFields = Annotated[Fields, Depends(_fields)]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A field that is not valid: the id of its control, its name, and what to do."""

    control: str
    field: str
    advice: str


class BadForm(Exception):  # noqa: N818 -- not a failure: the page comes back with words
    """The form cannot be saved as it is."""

    def __init__(self, wrong: Sequence[Wrong]) -> None:
        super().__init__("the form is not valid")
        self.wrong = wrong


def text(fields: Fields, name: str, most: int = 10_000) -> str:
    """One field, without blanks around it."""
    value = fields.get(name, "")
    return value.strip()[:most] if isinstance(value, str) else ""


def number(fields: Fields, name: str) -> int:
    """A number that the page itself has put there; 0 for anything else."""
    value = text(fields, name, 15)
    return int(value) if value.isdecimal() else 0


def effort(fields: Fields, now: datetime) -> dict[str, float]:
    """What the page that sent this form has taken: seconds since it was made, and clicks; one without scripts."""
    opened = number(fields, "opened")
    seconds = now.timestamp() - opened if opened else 0
    return {"seconds": seconds, "clicks": max(1, number(fields, "clicks"))}


# --- faults -----------------------------------------------------------------------------------------------------------


def wrong(faults: Iterable[Mapping[str, Any]]) -> list[Wrong]:
    """Faults of services in words, each field once."""
    found: dict[str, Wrong] = {}
    for fault in faults:
        one = _worded(str(fault["field"]), str(fault["detail"]))
        found.setdefault(one.control, one)
    return list(found.values())


def of_validation(error: ValidationError) -> list[Wrong]:
    """What does not fit the fields' bounds, in words."""
    return wrong(
        {"field": ".".join(str(part) for part in one["loc"]), "detail": one["type"]} for one in error.errors()
    )


def _worded(path: str, detail: str) -> Wrong:
    first, *rest = path.split(".")
    if first in ("municipality_istat", "site_id", "is_online"):
        first = "place"
    field = rest[-1] if first == "spans" and len(rest) > 1 else first
    control = f"span-{rest[0]}-{field}" if first == "spans" and len(rest) > 1 else first
    return Wrong(
        control, words.FIELDS.get(field, field), words.FAULTS.get(detail) or words.HINTS.get(field, "")
    )


# --- details ----------------------------------------------------------------------------------------------------------


def details_of(opportunity: OpportunityOut) -> dict[str, Any]:
    """What stands in the form of a stored opportunity."""
    shown = opportunity.model_dump(mode="json")
    values = {name: _written(shown[name]) for name in (*_NUMBERS, "title", "conditions", "closes_on")}
    if not shown["hours"]:
        values["hours"] = ""
    values["takes_applications"] = "yes" if shown["takes_applications"] else ""
    if shown["is_online"]:
        values["place"] = "online"
    elif shown["site_id"]:
        values["place"] = f"site:{shown['site_id']}"
    else:
        values["place"] = f"istat:{shown['municipality_istat']}" if shown["municipality_istat"] else ""
    spans = [
        {name: _written(span[name])[:5] if name.endswith("_at") else _written(span[name]) for name in _SPAN}
        | {"weekdays": span["weekdays"]}
        for span in shown["spans"]
    ]
    return values | {"place_name": "", "spans": spans or [_empty_span()]}


def sent_details(fields: Fields, *, has_one_more: bool = False) -> dict[str, Any]:
    """What stood in the form that came in."""
    names = (*_NUMBERS, "title", "conditions", "closes_on", "place", "place_name", "takes_applications")
    spans: list[dict[str, Any]] = []
    for position in range(_MOST_SPANS):
        if fields.get(f"span-{position}-starts_on") is None:
            break
        span: dict[str, Any] = {name: text(fields, f"span-{position}-{name}", 20) for name in _SPAN}
        span["weekdays"] = [day for day in fields.getlist(f"span-{position}-weekdays") if day in _WEEKDAYS]
        spans.append(span)
    if has_one_more or not spans:
        spans.append(_empty_span())
    return {name: text(fields, name) for name in names} | {"spans": spans}


def _empty_span() -> dict[str, Any]:
    return dict.fromkeys(_SPAN, "") | {"weekdays": _WEEKDAYS[:5]}


def _written(value: Any) -> str:
    return "" if value is None else str(value).removesuffix(".0")


def patch_of(form: Mapping[str, Any], stored: OpportunityOut, istat_of_name: str | None) -> dict[str, Any]:
    """The changes that a form asks for. Raises BadForm with everything that is wrong."""
    values: dict[str, Any] = {
        "title": form["title"], "conditions": form["conditions"], "seats": form["seats"], "hours": form["hours"] or 0,
        "closes_on": form["closes_on"] or None, "min_age": form["min_age"] or None, "max_age": form["max_age"] or None,
        "daily_hours": form["daily_hours"].replace(",", ".") or None,
        "takes_applications": form["takes_applications"] == "yes",
    }  # fmt: skip
    if stored.kind is Kind.VISIT:
        values |= {name: form[name] or None for name in ("group_min", "group_max")}
    values |= _place(form, istat_of_name)
    sent = [(number, span) for number, span in enumerate(form["spans"]) if _is_filled(span)]
    values["spans"] = [_span(span, stored) for _, span in sent]
    problems = (
        [Wrong("place", words.FIELDS["place"], words.FAULTS["no such place"])]
        if (form["place"] == "other" and istat_of_name is None)
        else []
    )
    try:
        changes = OpportunityPatch.model_validate(values).changes()
    except ValidationError as error:
        problems += _renumbered(of_validation(error), [number for number, _ in sent])
    if problems:
        raise BadForm(problems)
    return changes


def renewal_of(form: Mapping[str, Any], stored: OpportunityOut) -> dict[str, Any]:
    """What the form of a renewal asks for (`RenewalIn`)."""
    spans = [_span(span, stored) for span in form["spans"] if _is_filled(span)]
    return {"seats": form["seats"], "closes_on": form["closes_on"] or None, "spans": spans}


def _renumbered(found: Sequence[Wrong], numbers: Sequence[int]) -> list[Wrong]:
    """Periods that were left empty were not sent on: the controls have the numbers of the form."""
    renumbered = []
    for one in found:
        head, *rest = one.control.split("-", 2)
        if head == "span" and rest:
            one = Wrong(f"span-{numbers[int(rest[0])]}-{rest[1]}", one.field, one.advice)  # noqa: PLW2901
        renumbered.append(one)
    return renumbered


def _place(form: Mapping[str, Any], istat_of_name: str | None) -> dict[str, Any]:
    sort, _, value = form["place"].partition(":")
    return {
        "is_online": sort == "online",
        "site_id": value if sort == "site" else None,
        "municipality_istat": {"istat": value, "other": istat_of_name}.get(sort),
    }


def _is_filled(span: Mapping[str, Any]) -> bool:
    return any(span[name] for name in _SPAN)


def _span(span: Mapping[str, Any], stored: OpportunityOut) -> dict[str, Any]:
    value: dict[str, Any] = {name: span[name] or None for name in _SPAN}
    value["ends_on"] = value["ends_on"] or value["starts_on"]
    value["weekdays"] = span["weekdays"]
    try:
        first, last = date.fromisoformat(span["starts_on"]), date.fromisoformat(value["ends_on"])
        starts_at, ends_at = (time.fromisoformat(span[name]) if span[name] else None for name in _SPAN[2:])
    except (TypeError, ValueError):
        return value  # the bounds of the fields say which
    if first == last:
        own = _WEEKDAYS[first.weekday()]
        value["weekdays"] = span["weekdays"] if own in span["weekdays"] else [own]
    same = [
        one.parts
        for one in stored.spans
        if (one.starts_on, one.ends_on, one.starts_at, one.ends_at) == (first, last, starts_at, ends_at)
    ]
    parts = same[0] if same else rules.parts_of(starts_at, ends_at)
    return value | {"parts": [part.value for part in parts]}


# --- skills -----------------------------------------------------------------------------------------------------------


def needs_of(fields: Fields) -> dict[str, list[dict[str, Any]]]:
    """The skills that were ticked, by role, with their levels."""
    found: dict[str, list[dict[str, Any]]] = {role: [] for role in words.ROLES}
    for skill_id in dict.fromkeys(fields.getlist("skill")):
        role, level = text(fields, f"role-{skill_id}"), number(fields, f"level-{skill_id}")
        if role in found:
            found[role].append({"skill_id": skill_id, "level": min(max(level, 1), 4)})
    return found


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a text, and the skill that it names."""

    text: str
    skill_id: str | None = None


def pieces(text_: str, found: Iterable[Any]) -> list[Piece]:
    """The text cut where skills begin and end."""
    cut, at = [], 0
    for one in sorted(found, key=lambda skill: skill.start):
        if one.start < at:
            continue
        cut += [Piece(text_[at : one.start]), Piece(text_[one.start : one.end], one.id)]
        at = one.end
    return [piece for piece in [*cut, Piece(text_[at:])] if piece.text]
