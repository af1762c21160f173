"""The coordinator's pages: what needs you, and a page for each thing that does."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Form, Path, Query
from starlette.responses import Response

from app import dates
from app.appetites import rules as appetite_rules
from app.appetites.models import Appetite
from app.companies import service as companies
from app.companies import service_review as review
from app.hours import rules as hours_rules
from app.hours import service_experience
from app.matches import service_reach as reach
from app.network import (
    rules,
    service,
    service_companies,
    service_contacts,
    service_gaps,
    service_notes,
    service_overview,
)
from app.network import service_indicators as indicators
from app.network import service_supply as supply
from app.network.rules import Balance, Standing, Thresholds
from app.opportunities import service as opportunities
from app.opportunities.models import Kind
from app.placements.models import Party
from app.postings import service as postings
from app.rest import Cursor, decode_cursor, encode_cursor
from app.web import appetite_words, charts, hours_words, language, maps, sheets
from app.web import coordinator_words as terms
from app.web.ui import InView, View

router = APIRouter(prefix="/coordination", include_in_schema=False)

LINES = 50
MOST_NOTES = 20
SHOWN_SKILLS = 25
IN_CHART = 10


@router.get("")
def show_needs(view: InView) -> Response:
    """What needs the coordinator, with a way to each."""
    with view.read() as (session, actor):
        question = service_overview.ask(
            session, actor, view.surveyor, now=view.now(), thresholds=Thresholds.of(view.settings)
        )
    territory = service_overview.look(view.surveyor, question)
    found = service_overview.show(territory, question, students_per_seat=view.settings.students_per_seat)
    return view.show("coordinator/needs.html", found=found, Standing=Standing)


@router.get("/approvals")
def show_approvals(view: InView) -> Response:
    """Companies that wait for an answer, those promised first before all others."""
    with view.read() as (session, actor):
        service.require(actor)
        waiting = review.waiting(session, actor, limit=service_overview.MOST_WAITING)
    return view.show("coordinator/approvals.html", waiting=waiting, today=view.now().date())


# --- demand and supply ------------------------------------------------------------------------------------------------


@router.get("/supply")
def show_supply(view: InView, kind: Kind = Kind.INTERNSHIP, show: Literal["all"] | None = None) -> Response:
    """Free seats against students, by skill, programme and district, on a map and in tables."""
    found, provinces = _compare(view, kind)
    return view.show(
        "coordinator/supply.html",
        kind=kind,
        found=found,
        skills=found.skills if show else found.skills[:SHOWN_SKILLS],
        chart=_scarce(view, found),
        points=_points(view, found),
        provinces=provinces,
        terms=terms,
    )


def _compare(view: View, kind: Kind) -> tuple[supply.Supply, frozenset[str]]:
    with view.read() as (session, actor):
        question = service.ask(session, actor, view.surveyor)
    return supply.compare(service.look(view.surveyor, question), kind), question.provinces


def _scarce(view: View, found: supply.Supply) -> charts.Chart:
    """The skills that most seats ask for, among those with fewer students than seats."""
    scarce = [row for row in found.skills if row.seats > row.students][:IN_CHART]
    rows = [(_name(view, row), [row.seats, row.students]) for row in scarce]
    return charts.stacked(
        view.text(terms.SCARCE),
        view.text(terms.SCARCE_TEXT),
        [view.text(name) for name in terms.SCARCE_HEAD],
        rows,
    )


def _name(view: View, row: supply.Row | service_gaps.Uncalled) -> str:
    return row.it if view.language == "it" else row.en


def _points(view: View, found: supply.Supply) -> list[maps.Point]:
    """Municipalities with a row lead to it; the others, where few students live, only say how many seats there are."""
    rows = [(row, f"#district-{row.key}") for row in found.districts] + [
        (row, "#districts") for row in found.spots
    ]
    return [
        maps.Point(
            _name(view, row), address, row.latitude, row.longitude, row.seats, _note(view, row),
            "missing" if row.students and row.balance is Balance.STUDENTS_LACK else "internship",
        )
        for row, address in rows
        if row.latitude is not None and row.longitude is not None
    ]  # fmt: skip


def _note(view: View, row: supply.Row) -> str:
    return view.text(terms.POINT) % {
        "seats": row.seats,
        "students": _told(view, row.students),
        "balance": view.text(terms.BALANCES[row.balance]),
    }


def _told(view: View, number: int) -> str:
    if not number:
        return view.text(terms.FEWER) % {"least": rules.LEAST}
    return view.text(terms.AT_LEAST) % {"number": number}


@router.get("/supply/{table}.csv")
def read_supply_sheet(
    view: InView,
    table: Annotated[Literal["skills", "programmes", "districts"], Path()],
    kind: Kind = Kind.INTERNSHIP,
) -> Response:
    """One of the tables for a spreadsheet."""
    found, _ = _compare(view, kind)
    rows: list[supply.Row] = getattr(found, table)
    head = ["key", "name", "opportunities", "seats", "students_at_least", "lacking_at_least", "students_per_seat", "balance"]  # fmt: skip
    lines = (
        (row.key, _name(view, row), row.opportunities, row.seats, row.students, row.lacking, row.students_per_seat, row.balance)
        for row in rows
    )  # fmt: skip
    return sheets.sheet(f"{kind}-{table}", head, lines, language=view.language)


# --- companies --------------------------------------------------------------------------------------------------------


@router.get("/companies")
def show_companies(
    view: InView, standing: Standing | None = None, appetite: Appetite | None = None, after: Cursor = None
) -> Response:
    """Companies by how they stand and by whether they host, with what to do next."""
    [offset] = decode_cursor(after, int) or (0,)
    offset, limits = max(0, offset), Thresholds.of(view.settings)
    with view.read() as (session, actor):
        lines = service_companies.stand(session, actor, now=view.now(), thresholds=limits)
    found = [one for one in lines if standing in (None, one.standing) and appetite in (None, one.appetite)]
    return view.show(
        "coordinator/companies.html",
        appetite=appetite,
        appetites=Counter(one.appetite for one in lines),
        appetite_words=appetite_words,
        lines=found[offset : offset + LINES],
        next_cursor=encode_cursor(offset + LINES) if len(found) > offset + LINES else None,
        counts=service_companies.count(lines),
        standing=standing,
        meanings=_meanings(view, limits),
        terms=terms,
    )


def _meanings(view: View, limits: Thresholds) -> dict[Standing, str]:
    days = {
        Standing.DORMANT: limits.dormant_days,
        Standing.SILENT: limits.silent_days,
        Standing.NEW: limits.new_days,
        Standing.ANSWERING: limits.silent_days,
    }
    return {one: view.text(text) % {"days": days[one]} for one, text in terms.MEANINGS.items()}


@router.get("/companies/{company_id}")
def show_company(view: InView, company_id: UUID) -> Response:
    """How a company stands, a draft of a mail, and the notes about it."""
    return _show_company(view, company_id)


def _show_company(view: View, company_id: UUID, *, fault: bool = False, text: str = "") -> Response:
    limits = Thresholds.of(view.settings)
    with view.read() as (session, actor):
        notes = service_notes.search(session, actor, company_id, limit=MOST_NOTES)
        [company] = companies.show(session, actor, [companies.read(session, actor, company_id)])
        lines = service_companies.stand(
            session, actor, now=view.now(), thresholds=limits, company_id=company_id
        )
    line = lines[0] if lines else None
    draft = _draft(view, line, actor.name) if line else None
    return view.show(
        "coordinator/company.html",
        status=422 if fault else 200,
        company=company,
        line=line,
        is_left_alone=line is not None and appetite_rules.is_left_alone(line.appetite),
        appetite_words=appetite_words,
        draft=draft,
        mails=[
            (contact, f"mailto:{contact.email}?subject={quote(draft[0])}&body={quote(draft[1])}")
            for contact in company.contacts or []
            if contact.email and draft
        ],
        notes=notes,
        is_wrong=fault,
        text=text,
        meanings=_meanings(view, limits),
        terms=terms,
    )


def _draft(view: View, line: service_companies.CompanyLine, name: str) -> tuple[str, str]:
    """Subject and text of a mail that fits how the company stands."""
    written = view.text(terms.LETTERS[line.standing]) % {
        "company": line.name,
        "day": language.Writer(view.language).day(line.last_sign_on),
        "address": f"{view.settings.public_url}/companies/{line.company_id}",
        "name": name,
    }
    return view.text(terms.SUBJECTS[line.standing]), written


@router.post("/companies/{company_id}/notes")
def write_note(view: InView, company_id: UUID, text: Annotated[str, Form(max_length=4000)] = "") -> Response:
    """Note something; what cannot be a note comes back with what is wrong."""
    written = text.strip().replace("\r\n", "\n")
    if not rules.is_note(written):
        return _show_company(view, company_id, fault=True, text=text)
    with view.write() as (session, actor):
        service_notes.write(session, actor, company_id, written, now=view.now())
    return view.go(f"/coordination/companies/{company_id}#notes")


@router.post("/companies/{company_id}/notes/{note_id}/remove")
def remove_note(view: InView, company_id: UUID, note_id: UUID) -> Response:
    """Remove a note."""
    with view.write() as (session, actor):
        service_notes.remove(session, actor, company_id, note_id)
    return view.go(f"/coordination/companies/{company_id}#notes")


@router.get("/experiences")
def show_experiences(view: InView) -> Response:
    """What students say of hosts, and whether hosts would do it again: by host and of all, never of a few."""
    with view.read() as (session, actor):
        found = service_experience.of_territory(session, actor)
    return view.show(
        "coordinator/experiences.html", found=found, criteria=hours_rules.CRITERIA[Party.STUDENT],
        hours_words=hours_words, least=rules.LEAST,
    )  # fmt: skip


@router.get("/contacts")
def show_contacts(view: InView, after: Cursor = None) -> Response:
    """What each company is sent this month by all schools together, and who waits."""
    [offset] = decode_cursor(after, int) or (0,)
    offset, most = max(0, offset), view.settings.contacts_per_month
    with view.read() as (session, actor):
        found = service_contacts.load(session, actor, most=most, now=view.now())
    return view.show(
        "coordinator/contacts.html",
        lines=found[offset : offset + LINES],
        next_cursor=encode_cursor(offset + LINES) if len(found) > offset + LINES else None,
    )


# --- what nobody calls ------------------------------------------------------------------------------------------------


@router.get("/opportunities")
def show_unwanted(view: InView, kind: Kind | None = None, after: Cursor = None) -> Response:
    """Opportunities that few students fit, or nobody chooses."""
    [offset] = decode_cursor(after, int) or (0,)
    offset = max(0, offset)
    with view.read() as (session, actor):
        question = service.ask(session, actor, view.surveyor)
        choices = service_gaps.ask_for_choices(session, now=view.now())
    found = service_gaps.unwanted(
        service.look(view.surveyor, question),
        choices,
        students_per_seat=view.settings.students_per_seat,
        kind=kind,
    )
    return view.show(
        "coordinator/opportunities.html",
        lines=found[offset : offset + LINES],
        next_cursor=encode_cursor(offset + LINES) if len(found) > offset + LINES else None,
        kind=kind,
        students_per_seat=view.settings.students_per_seat,
    )


@router.get("/opportunities/{opportunity_id}")
def show_widening(view: InView, opportunity_id: UUID) -> Response:
    """Whom one opportunity reaches, what keeps others away, and what would widen it."""
    with view.read() as (session, actor):
        service.require(actor)
        question = reach.ask(session, actor, view.engine, opportunity_id)
        row = opportunities.read(session, actor, opportunity_id)
    return view.show("coordinator/opportunity.html", opportunity=row, found=reach.page(view.engine, question))


@router.get("/students")
def show_uncalled(view: InView) -> Response:
    """Students whom nobody calls, as counts."""
    with view.read() as (session, actor):
        question = service_gaps.ask_for_calls(session, actor, view.surveyor, now=view.now())
    found = service_gaps.calls(service.look(view.surveyor, question.territory), question.asked_for)
    return view.show("coordinator/students.html", found=found)


# --- the year ---------------------------------------------------------------------------------------------------------

StartYear = Annotated[int | None, Query(ge=indicators.FIRST_YEAR, le=2099)]


@router.get("/indicators")
def show_indicators(view: InView, year: StartYear = None) -> Response:
    """The figures of a school year, each with what it counts, and what it takes to publish."""
    now = view.now()
    with view.read() as (session, actor):
        found = indicators.read(session, actor, start_year=year or dates.school_year(now.date()), now=now)
        efforts = postings.medians(session, actor)
    return view.show(
        "coordinator/indicators.html",
        found=found,
        efforts=efforts,
        first_year=indicators.FIRST_YEAR,
        this_year=dates.school_year(now.date()),
    )


@router.get("/indicators.csv")
def read_indicators_sheet(view: InView, year: StartYear = None) -> Response:
    """The same for a spreadsheet."""
    now, is_it = view.now(), view.language == "it"
    with view.read() as (session, actor):
        found = indicators.read(session, actor, start_year=year or dates.school_year(now.date()), now=now)
    head = ["code", "name", "value", "unit", "meaning"]
    rows = (
        (one.code, one.it if is_it else one.en, one.value, one.unit, one.meaning_it if is_it else one.meaning_en)
        for one in found.indicators
    )  # fmt: skip
    return sheets.sheet(f"indicators-{found.start_year}", head, rows, language=view.language)
