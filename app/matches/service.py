"""Rankings: of opportunities for a student, of candidates for an opportunity, and why something is not shown.

Each comes in two steps. `ask_…` runs inside a read block: it decides what the actor may see and takes what it needs
from the database. The other step computes outside of the block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.matches import cells, filters, rules, translate
from app.matches import service_explained as explained
from app.matches import service_plain as plain
from app.matches.engine import Changes, Engine, Known, State
from app.matches.filters import Filters
from app.matches.words import RULES
from app.opportunities import service as opportunities
from app.opportunities.models import Kind, Status
from app.rest import encode_cursor
from app.students.rules import can_see
from app.students.service import NoSuchStudent
from matching import Kind as EngineKind
from matching import Opportunity, Ranked
from matching.rules import hidden_by, rules_hidden
from matching.score import score

EVERYTHING = Filters()


class NotRanked(errors.Conflict):
    """Only a published opportunity has candidates."""

    title = "The opportunity is not published"


@dataclass(frozen=True, slots=True)
class StudentQuestion:
    """What is asked for one student."""

    known: Known
    changes: Changes


@dataclass(frozen=True, slots=True)
class CandidatesQuestion:
    """What is asked for one opportunity."""

    opportunity_id: UUID
    company_id: UUID
    students: list[Known]
    changes: Changes


def ask_for_student(session: Session, actor: Actor, engine: Engine, student_id: UUID) -> StudentQuestion:
    """Take what the student's ranking needs. Raises NoSuchStudent."""
    auth.require_scope(actor, "matches:read")
    found = engine.student(session, student_id, may_see=lambda placed: can_see(actor, placed))
    if found is None:
        raise NoSuchStudent
    changes, known = found
    return StudentQuestion(known, changes)


def student_page(
    engine: Engine,
    question: StudentQuestion,
    *,
    kind: Kind | None = None,
    limit: int = 20,
    after: tuple[float, str] | None = None,
    wanted: Filters = EVERYTHING,
    is_explained: bool = False,
) -> dict[str, Any]:
    """A page of the student's ranking, as the API sends it (`MatchList`); `is_explained` adds how each score adds up.

    For a student who is not ranked it is a list by distance, without scores. Raises BadFilter.
    """
    state = engine.apply(question.changes)
    filters.check(wanted, state.index.vocabulary)
    among = filters.fitting(wanted, state.facets, question.known.student)
    if not question.known.profile.is_ranked:
        with engine.still(question.changes) as state:
            return plain.page(engine, state, question.known, kind=kind, limit=limit, after=after, among=among)
    with engine.turn:
        return _student_page(engine, question, kind, limit, after, among, is_explained=is_explained)


def _student_page(
    engine: Engine,
    question: StudentQuestion,
    kind: Kind | None,
    limit: int,
    after: tuple[float, str] | None,
    among: Collection[str] | None,
    *,
    is_explained: bool,
) -> dict[str, Any]:
    student, asked = question.known.student, (limit + 1, EngineKind(kind) if kind else None, after, among)
    ranked_ones: dict[str, Opportunity] = {}
    if is_explained:
        state, found, ranked_ones = ranked_opportunities(engine, question, *asked)
    else:
        state = engine.apply(question.changes)
        found = state.index.top(student, *asked)
    words = state.index.vocabulary
    items = [
        {"opportunity": card} | _line(ranked, words, "student")
        for ranked in found[:limit]
        if (card := state.cards.get(ranked.id)) is not None
    ]
    if is_explained:
        for item in items:
            one = ranked_ones[item["opportunity"]["id"]]
            item["explanation"] = explained.explanation(state.index, student, one)
    last = found[limit - 1] if len(found) > limit else None
    following = encode_cursor(last.score, last.id) if last else None
    return {"items": items, "next_cursor": following} | engine.making()


def ranked_opportunities(
    engine: Engine,
    question: StudentQuestion,
    k: int,
    kind: EngineKind | None = None,
    after: tuple[float, str] | None = None,
    among: Collection[str] | None = None,
) -> tuple[State, list[Ranked], dict[str, Opportunity]]:
    """The best `k`, and the opportunities as they were when they were ranked; they may change at any moment."""
    with engine.still(question.changes) as state:
        found = state.index.top(question.known.student, k, kind, after, among)
        return state, found, {ranked.id: state.index[ranked.id] for ranked in found}


def student_match(engine: Engine, question: StudentQuestion, opportunity_id: UUID) -> dict[str, Any] | None:
    """One line of the student's ranking with how it was made; None when the ranking does not have it, or there is none."""
    if not question.known.profile.is_ranked:
        return None
    state = engine.apply(question.changes)
    key, student = str(opportunity_id), question.known.student
    if key not in state.index or state.index.hidden_by(student, key) is not None:
        return None
    words = state.index.vocabulary
    ranked = score(student, state.index[key], words, engine.weights, state.index.on)
    return {"opportunity": state.cards[key]} | _line(ranked, words, "student") | engine.making()


def offered_skills(engine: Engine, question: StudentQuestion) -> Iterator[str]:
    """Every skill once for each open opportunity that has to do with it, or with something narrower."""
    state = engine.apply(question.changes)
    for one in list(state.facets.values()):
        yield from one.skills


def top_skills(engine: Engine, question: StudentQuestion) -> list[dict[str, str]]:
    """The skills with nothing broader, each with its name in both languages."""
    words = engine.apply(question.changes).index.vocabulary
    return [translate.labelled(one, words) for one in words.ids() if words[one].broader is None]


def cards(engine: Engine, question: StudentQuestion, ids: Iterable[str]) -> list[dict[str, Any]]:
    """What a list shows of these opportunities, those that are open."""
    known = engine.apply(question.changes).cards
    return [known[one] for one in ids if one in known]


def places(engine: Engine, question: StudentQuestion) -> dict[str, tuple[float, float] | None]:
    """Latitude and longitude of every open opportunity; None for what is online."""
    known = engine.apply(question.changes).facets
    return {one: facet.place for one, facet in list(known.items())}


def hiding_rules(engine: Engine, question: StudentQuestion, kind: Kind) -> list[dict[str, Any]]:
    """Which rules hide the open opportunities of this kind from the student, the one that hides most first."""
    state = engine.apply(question.changes)
    student, attendance = question.known.student, state.index.weights.attendance
    codes = Counter(
        hidden_by(student, one, state.index.on, attendance)
        for one in state.index
        if one.kind is EngineKind(kind)
    )
    return [
        said(code) | {"opportunities": count}
        for code, count in sorted(codes.items(), key=lambda item: (-item[1], str(item[0])))
        if code is not None
    ]


def ask_for_candidates(
    session: Session, actor: Actor, engine: Engine, opportunity_id: UUID
) -> CandidatesQuestion:
    """Take what the opportunity's ranking needs. Raises NoSuchOpportunity, and NotRanked for an unpublished one."""
    auth.require_scope(actor, "matches:read")
    opportunity = opportunities.read(session, actor, opportunity_id)
    if not rules.can_see_candidates(actor, opportunity.company_id, opportunity.kind):
        raise errors.NotAllowed("Only the company that offers it sees the candidates.")
    if opportunity.status not in (Status.PUBLISHED, Status.FULL):
        raise NotRanked("Candidates are ranked once it is published.")
    changes = engine.changes(session)
    everybody = [known for known in engine.students(session, changes) if known.profile.is_ranked]
    return CandidatesQuestion(opportunity_id, opportunity.company_id, everybody, changes)


def candidates_page(
    engine: Engine,
    question: CandidatesQuestion,
    *,
    limit: int = 20,
    offset: int = 0,
    among: Collection[UUID] | None = None,
    shown: list[UUID] | None = None,
) -> dict[str, Any]:
    """A page of the opportunity's candidates, of all or `among` some, as the API sends it (`CandidateList`).

    Pages go by position: a cursor with a student's id in it would say more than a pseudonym. Who stands on the page is
    added to `shown`, for the record of who saw whom.
    """
    state = engine.apply(question.changes)
    if str(question.opportunity_id) not in state.index:
        raise NotRanked("No seats are left, so nobody is ranked.")
    by_id = {known.student.id: known for known in question.students}
    cell_of = cells.of_pool(known.profile for known in question.students)
    wanted = state.index[str(question.opportunity_id)]
    asked_skills = {need.id for need in (*wanted.required, *wanted.wanted, *wanted.taught)}
    asked = [known.student for known in question.students if among is None or known.profile.id in among]
    best = state.index.candidates(str(question.opportunity_id), asked, offset + limit + 1)
    found = best[offset:]
    words = state.index.vocabulary
    items = []
    for ranked in found[:limit]:
        profile = by_id[ranked.id].profile
        if shown is not None:
            shown.append(profile.id)
        cell = cell_of[profile.id]
        item = {
            "pseudonym": engine.pseudonym(question.company_id, profile.id),
            "skills": cells.skills(profile, cell, asked_skills),
            "availabilities": [translate.show_span(span) for span in profile.availabilities],
        }
        items.append(item | cell.told() | _line(cells.line(ranked, cell), words, "company"))
    following = encode_cursor(offset + limit) if len(found) > limit else None
    return {"items": items, "next_cursor": following} | engine.making()


def find_candidates(
    engine: Engine, question: CandidatesQuestion, pseudonyms: Collection[str]
) -> dict[str, UUID]:
    """The students behind candidates' pseudonyms, of those whom the opportunity fits, as long as it is not full."""
    state, key = engine.apply(question.changes), str(question.opportunity_id)
    if key not in state.index:
        raise NotRanked("No seats are left, so nobody is ranked.")
    return {
        pseudonym: known.profile.id
        for known in question.students
        if (pseudonym := engine.pseudonym(question.company_id, known.profile.id)) in pseudonyms
        and state.index.hidden_by(known.student, key) is None
    }


def visibility(
    session: Session, actor: Actor, engine: Engine, opportunity_id: UUID, student_id: UUID
) -> dict[str, Any]:
    """Whether the student is shown the opportunity, and every rule that says no (`VisibilityOut`)."""
    question = ask_for_student(session, actor, engine, student_id)
    opportunity = opportunities.read(session, actor, opportunity_id)
    codes = []
    if opportunity.status is not Status.PUBLISHED:
        codes.append("not_published")
    detail = opportunities.detail(session, opportunity_id)
    codes += rules_hidden(
        question.known.student, translate.opportunity(detail), engine.today(), engine.weights.attendance
    )
    return {"is_visible": not codes, "rules": [said(code) for code in codes]}


def said(code: str) -> dict[str, str]:
    """A rule in both languages."""
    return {"code": code, "it": RULES[code][0], "en": RULES[code][1]}


def _line(ranked: Ranked, words: Any, audience: str) -> dict[str, Any]:
    return {
        "score": ranked.score,
        "parts": dict(ranked.parts),
        "reasons": [translate.reason(one, words, audience) for one in ranked.reasons],
        "gap": translate.reason(ranked.gap, words, audience) if ranked.gap else None,
        "travel_km": None if ranked.travel_km is None else round(ranked.travel_km, 1),
    }
