"""One student of a round: why there, why not elsewhere, and what would help. `ask` reads, `explain` computes outside of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.companies.models import Company
from app.laws.rules import Finding
from app.matches import service_judging, service_rating, service_remedies
from app.matches.engine import Engine
from app.matches.seating import LAW, host_name, school_name
from app.matches.service_rating import Frame, Stock
from app.matches.service_remedies import Case, Remedy
from app.matches.translate import LANGUAGES
from app.opportunities.models import Opportunity
from app.rounds import rules, service_board, service_kept, service_law, service_pins, service_wishes
from app.rounds import service as rounds
from app.rounds.service_board import Board, BoardLine
from app.rounds.service_kept import Kept
from app.rounds.service_wishes import Wished
from app.students.models import Student

NOT_OFFERED = {
    "code": "not_offered",
    "it": "Quando si è calcolato non aveva posti liberi nei giorni del turno.",
    "en": "When the run was computed it had no free seats on days of the round.",
}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What it takes to explain one student's result."""

    board: Board
    line: BoardLine
    student: Student
    kept: Kept
    stock: Stock
    frame: Frame
    wishes: Sequence[Wished]
    asked: Opportunity | None
    titles: Mapping[str, str]
    tutors: Mapping[str, Mapping[str, str]]
    forbidden: Mapping[UUID, Sequence[Finding]]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a student does not have a seat somewhere; `why` is a code with its words in both languages."""

    opportunity_id: UUID
    title: str
    wish: int | None
    why: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The wishes that did not come true, what was asked besides, and the best remedies."""

    wishes: Sequence[Reason]
    asked: Reason | None
    remedies: Sequence[Remedy]


def ask(
    session: Session, actor: Actor, engine: Engine, round_id: UUID, student_id: UUID, opportunity_id: UUID | None = None
) -> Inquiry:  # fmt: skip
    """Take what the explanation needs. Raises NoSuchRound, NoSuchStudent, NoSuchRun, NotOnBoard and BadPin."""
    seen = rounds.find(session, actor, round_id)
    student = service_pins.own_student(session, actor, seen, student_id)
    board = service_board.read(session, actor, round_id, student.class_id)
    asked = None
    if opportunity_id is not None:
        asked = service_pins.offered(session, actor, seen.round, opportunity_id)
    kept = service_kept.load(session, round_id, board.run.number)
    frame = Frame(rules.kinds_of(seen.round), seen.round.starts_on, seen.round.ends_on)
    wishes = next(
        (one.wishes for one in service_wishes.of_class(session, seen.round, student.class_id) if one.student_id == student_id),
        (),
    )  # fmt: skip
    ids = [one.opportunity_id for one in wishes] + ([] if asked is None else [asked.id])
    return Inquiry(
        board=board, line=next(one for one in board.lines if one.student_id == student_id), student=student,
        kept=kept, frame=frame, wishes=wishes, asked=asked, titles=_titles(session, kept), tutors=_tutors(session, kept),
        stock=service_rating.take_stock(session, engine, [student.class_id], frame),
        forbidden=service_pins.forbidding(session, seen.round, student, ids),
    )  # fmt: skip


def explain(engine: Engine, inquiry: Inquiry) -> Explanation:
    """Why not, and what would help; remedies only for who is in the run and has no seat."""
    seated = inquiry.line.seated
    missed = [
        one
        for one in inquiry.wishes
        if seated is None
        or (one.opportunity_id != seated.opportunity_id and one.position < (seated.wish or 99))
    ]
    asked = inquiry.asked
    ids = [one.opportunity_id for one in missed] + ([] if asked is None else [asked.id])
    whys = _whys(inquiry, ids)
    reasons = [
        Reason(one.opportunity_id, one.title, one.position, why)
        for one, why in zip(missed, whys, strict=False)
    ]
    return Explanation(
        wishes=reasons,
        asked=None if asked is None else Reason(asked.id, asked.title, None, whys[-1]),
        remedies=_remedies(engine, inquiry) if seated is None and inquiry.line.is_in_run else (),
    )


def _whys(inquiry: Inquiry, ids: Sequence[UUID]) -> list[Mapping[str, str]]:
    if not ids or not inquiry.line.is_in_run:
        return [NOT_OFFERED for _ in ids]
    number = inquiry.kept.question.number()
    known = [one for one in ids if str(one) in number]
    names = {language: {**inquiry.titles, **inquiry.tutors[language]} for language in LANGUAGES}
    found = service_judging.why_not_each(
        inquiry.kept.question, inquiry.kept.seats, str(inquiry.student.id), [number[str(one)] for one in known], names
    )  # fmt: skip
    said = dict(zip(known, found, strict=True))
    for one, why in said.items():
        if why["code"] == LAW and one in inquiry.forbidden:
            cited = inquiry.forbidden[one]
            why |= {
                language: " ".join(service_law.cited(each, language) for each in cited)
                for language in LANGUAGES
            }
    return [said.get(one, NOT_OFFERED) for one in ids]


def _remedies(engine: Engine, inquiry: Inquiry) -> Sequence[Remedy]:
    who = str(inquiry.student.id)
    known = next((one for one in inquiry.stock.students if one.student.id == who), None)
    if known is None:
        return ()
    asker = next(one for one in inquiry.kept.question.askers if one.id == who)
    case = Case(known, inquiry.kept.question, asker, inquiry.kept.seats)
    return service_remedies.remedies(engine, inquiry.stock, inquiry.frame, case)


def _tutors(session: Session, kept: Kept) -> dict[str, dict[str, str]]:
    """What the tutors of hosts and schools are called in causes, in both languages."""
    hosts = [UUID(one.owner_id) for one in kept.question.hosts]
    rows = session.execute(sa.select(Company.id, Company.name).where(Company.id.in_(hosts)))
    name_of: dict[UUID, str] = {row.id: row.name for row in rows}
    called = {"it": ("Tutor di {}", "Tutor della scuola"), "en": ("Tutors of {}", "Tutors of the school")}
    return {
        language: {host_name(place): of_host.format(name_of.get(one, "–")) for place, one in enumerate(hosts)}
        | {school_name(place): of_school for place in range(len(kept.question.schools))}
        for language, (of_host, of_school) in called.items()
    }


def _titles(session: Session, kept: Kept) -> dict[str, str]:
    ids = [UUID(offer.id) for offer in kept.question.offers]
    rows = session.execute(
        sa.select(Opportunity.id, Opportunity.title, Company.name)
        .join(Company, Company.id == Opportunity.company_id)
        .where(Opportunity.id.in_(ids))
    )
    return {str(one): f"{title} ({company})" for one, title, company in rows}
