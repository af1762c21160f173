"""What the territory lacks, from both sides: skills with too few students or seats, and students who have found nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.evidence import service_needs, service_register
from app.evidence.register import Line
from app.evidence.service_needs import Needs, Wanted
from app.evidence.service_register import Register
from app.rest import Slug
from app.web import coordinator_words, need_words, sheets
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

Key = Annotated[Slug | Literal[""], Query()]


def _wanted(track: str, district: str, skill: str) -> Wanted:
    return Wanted(track or None, district or None, skill or None)


def _read_needs(view: View, wanted: Wanted) -> tuple[Needs, service_needs.Question]:
    with view.read() as (session, actor):
        question = service_needs.ask(session, actor, view.surveyor, now=view.now())
    return service_needs.show(view.surveyor, question, wanted), question


@router.get("/coordination/needs")
def show_needs_analysis(view: InView, track: Key = "", district: Key = "", skill: Key = "") -> Response:
    """One panel for each skill, and the districts that come first."""
    wanted = _wanted(track, district, skill)
    found, question = _read_needs(view, wanted)
    return view.show(
        "coordinator/analysis.html", found=found, terms=coordinator_words, wanted=wanted,
        choices=need_words.choices(question.territory.titles, question.areas.districts, view.language),
        districts=question.areas.districts,
    )  # fmt: skip


@router.get("/coordination/needs.csv")
def read_needs_sheet(view: InView, track: Key = "", district: Key = "", skill: Key = "") -> Response:
    """The skills for a spreadsheet, with the ids of what would help."""
    found, _ = _read_needs(view, _wanted(track, district, skill))
    head = [
        "skill_id", "skill", "balance", "seats", "students_at_least", "unfilled", "published", "expected_low", "expected_high",
        "trainings", "visits", "companies",
    ]  # fmt: skip
    rows = (
        (
            one.row.key, one.row.it if view.language == "it" else one.row.en, one.balance, one.row.seats, one.row.students,
            one.unfilled, sum(one.months), *((one.ahead[0].low, one.ahead[0].high) if one.ahead else (None, None)),
            *(" ".join(str(way.id) for way in ways) for ways in (one.trainings, one.visits, one.companies)),
        )
        for one in found.skills
    )  # fmt: skip
    return sheets.sheet("needs", head, rows, language=view.language)


# --- the students' side -----------------------------------------------------------------------------------------------


def _read_register(view: View, wanted: Wanted) -> Register:
    with view.read() as (session, actor):
        question = service_register.ask(session, actor, view.surveyor, now=view.now())
    return service_register.show(view.surveyor, question, wanted)


@router.get("/coordination/needs/students")
def show_unmet_students(view: InView, track: Key = "", district: Key = "", skill: Key = "") -> Response:
    """Students who have found nothing: how many, of which track, where, why, and what would help."""
    wanted = _wanted(track, district, skill)
    found = _read_register(view, wanted)
    return view.show(
        "coordinator/unmet.html", found=found, wanted=wanted, words=need_words, reasons=list(found.total.reasons),
        head=[view.text(need_words.REASONS[reason]) for reason in found.total.reasons],
        months=[f"{day:%m/%Y}" for day in need_words.months(view.now().date(), len(found.months[0].months))],
        choices={
            name: [(key, _name(view, found.names[key])) for key in keys if key]
            for name, keys in zip(("track", "district"), found.kept, strict=True)
        },
    )  # fmt: skip


@router.get("/coordination/needs/students.csv")
def read_unmet_sheet(view: InView, track: Key = "", district: Key = "", skill: Key = "") -> Response:
    """The tables for a spreadsheet, a row for each count; what is withheld is empty."""
    found = _read_register(view, _wanted(track, district, skill))
    head = ["table", "key", "name", "reason", "month", "students_at_least"]
    return sheets.sheet("unmet-students", head, _rows(view, found), language=view.language)


def _rows(view: View, found: Register) -> Iterator[tuple[object, ...]]:
    def of(table: str, one: Line, name: str) -> Iterator[tuple[object, ...]]:
        yield table, one.key, name, "", "", one.students
        for reason, told in one.reasons.items():
            yield table, one.key, name, reason, "", told

    yield from of("all", found.total, "")
    for table, lines in (("track", found.tracks), ("district", found.districts)):
        for one in lines:
            yield from of(table, one, _name(view, found.names[one.key]))
    for lacked in found.skills:
        yield "skill", lacked.skill.key, _name(view, lacked.skill), "skills", "", lacked.students
    days = need_words.months(view.now().date(), len(found.months[0].months))
    for at, line in enumerate(found.months):
        name = _name(view, found.names[line.key]) if at else ""
        for day, told in zip(days, line.months, strict=True):
            yield "track" if at else "all", line.key, name, "refused", f"{day:%Y-%m}", told


def _name(view: View, one: Any) -> str:
    return str(one.it if view.language == "it" else one.en)
