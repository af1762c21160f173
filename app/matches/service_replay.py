"""A stored ranking made again: whether it can be reproduced, what has changed until today, and why.

`ask` runs inside a read block, `page` computes outside of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import isclose
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.matches import service_rankings as rankings
from app.matches import translate, values
from app.matches.engine import Engine
from app.matches.models import RankingLine, StoredRanking
from app.matches.schemas import Fate
from app.matches.service import StudentQuestion, ask_for_student, ranked_opportunities
from app.matches.service_plain import require_ranked
from app.matches.service_rankings import Stored
from app.matches.words import FATES, FIELDS, REPLAY, RULES
from app.opportunities import details
from app.opportunities.details import Detail
from app.opportunities.models import Status
from matching import Index, Kind, Opportunity, Ranked, Student, Vocabulary, hidden_by, rules_hidden
from matching.score import facts_of, score, weighted_mean
from matching.ties import tie

ROUNDING = 1e-9
"""Two machines may differ in the last bits; this is no change."""


@dataclass(frozen=True, slots=True)
class ReplayQuestion:
    """A stored ranking, its student of today, and its opportunities as they are today."""

    stored: Stored
    student: StudentQuestion
    present: Mapping[UUID, Detail]


@dataclass(frozen=True, slots=True)
class Today:
    """The ranking of today: its index, and its lines by the opportunity's id."""

    index: Index
    student: Student
    lines: Mapping[str, tuple[int, Ranked]]
    opportunities: Mapping[str, Opportunity]
    cards: Mapping[str, Mapping[str, Any]]


def ask(session: Session, actor: Actor, engine: Engine, ranking_id: UUID, *, now: datetime) -> ReplayQuestion:
    """Take what the replay needs. Raises NoSuchRanking and RankingOff."""
    stored = rankings.read(session, actor, ranking_id, now=now)
    student = ask_for_student(session, actor, engine, stored[0].student_id)
    require_ranked(student.known)
    found = details.load(session, [line.opportunity_id for line in stored[1]])
    return ReplayQuestion(stored, student, {detail.id: detail for detail in found})


def page(engine: Engine, question: ReplayQuestion) -> dict[str, Any]:
    """What has changed since the ranking was stored, as the API sends it (`ReplayOut`)."""
    ranking = question.stored[0]
    kind = Kind(ranking.kind) if ranking.kind else None
    state, found, ranked_ones = ranked_opportunities(engine, question.student, ranking.line_limit, kind)
    by_id = {ranked.id: (position, ranked) for position, ranked in enumerate(found, start=1)}
    today = Today(state.index, question.student.known.student, by_id, ranked_ones, state.cards)
    before = rankings.making(ranking)
    now = engine.making() | {"attendance": engine.weights.attendance}
    is_same_tree = ranking.vocabulary == values.fingerprint(state.index.vocabulary)
    is_comparable = is_same_tree and before["algorithm"] == now["algorithm"]
    then = values.unpack_student(ranking.student, str(ranking.student_id))
    fields = values.differences(then, today.student)
    return {
        "ranking_id": str(ranking.id),
        "stored_at": ranking.stored_at.isoformat(),
        "before": before,
        "now": now,
        "is_reproduced": is_reproduced(question.stored, state.index.vocabulary) if is_comparable else None,
        "causes": list(_causes(before, now, fields, is_same_tree=is_same_tree)),
        "student_fields": fields,
        "lines": _lines(question, today),
    }


def is_reproduced(stored: Stored, words: Vocabulary) -> bool:
    """Whether the stored values still give the stored scores, in the stored order, with nothing that a rule hides."""
    ranking, lines = stored
    student = values.unpack_student(ranking.student, str(ranking.student_id))
    order = [(-line.score, tie(ranking.seed, str(line.opportunity_id))) for line in lines]
    return order == sorted(order) and all(
        _is_line_reproduced(ranking, line, student, words) for line in lines
    )


def _is_line_reproduced(
    ranking: StoredRanking, line: RankingLine, student: Student, words: Vocabulary
) -> bool:
    one = values.unpack_opportunity(line.opportunity, str(line.opportunity_id))
    parts = facts_of(student, one, words, ranking.ranked_on).parts
    again = weighted_mean(parts, ranking.weights[one.kind])
    return (
        hidden_by(student, one, ranking.ranked_on, ranking.attendance) is None
        and not _moved(line.parts, parts)
        and isclose(again, line.score, rel_tol=0.0, abs_tol=ROUNDING)
    )


# --- why --------------------------------------------------------------------------------------------------------------


def _causes(
    before: Mapping[str, Any], now: Mapping[str, Any], fields: list[str], *, is_same_tree: bool
) -> Iterator[dict[str, Any]]:
    """What has changed for all lines at once."""
    for code in ("algorithm", "seed", "ranked_on"):
        if before[code] != now[code]:
            yield _said(code, {"before": before[code], "now": now[code]})
    if before["attendance"] != now["attendance"]:
        yield _said(
            "attendance",
            {name: f"{one['attendance']:.0%}" for name, one in (("before", before), ("now", now))},
        )
    if before["weights"] != now["weights"]:
        versions = {"before": before["weights"]["version"], "now": now["weights"]["version"]}
        yield _said("weights", versions)
    if not is_same_tree:
        yield _said("vocabulary", {})
    if fields:
        it, en = (", ".join(FIELDS[name][place] for name in fields) for place in (0, 1))
        yield {
            "code": "student",
            "it": REPLAY["student"][0] + it + ".",
            "en": REPLAY["student"][1] + en + ".",
        }


def _said(code: str, numbers: Mapping[str, Any]) -> dict[str, Any]:
    it, en = REPLAY[code]
    return {"code": code, "it": it.format_map(numbers), "en": en.format_map(numbers)}


# --- line by line -----------------------------------------------------------------------------------------------------


def _lines(question: ReplayQuestion, today: Today) -> list[dict[str, Any]]:
    """Today's lines in their order, then those that are no longer among them in theirs."""
    ranking, lines = question.stored
    stored = {str(line.opportunity_id): line for line in lines}
    present = [
        _kept(stored[key], today) if key in stored else _come(key, ranking, today) for key in today.lines
    ]
    return present + [
        _left(line, question.present.get(line.opportunity_id), today)
        for key, line in stored.items()
        if key not in today.lines
    ]


def _kept(line: RankingLine, today: Today) -> dict[str, Any]:
    key = str(line.opportunity_id)
    position, ranked = today.lines[key]
    fate = Fate.KEPT if position == line.position else Fate.MOVED
    return _of_stored(line, fate, position) | _compared(line, ranked, today.opportunities[key])


def _left(line: RankingLine, detail: Detail | None, today: Today) -> dict[str, Any]:
    """A line that today's ranking does not have."""
    if detail is None or detail.status not in (Status.PUBLISHED, Status.FULL):
        return _of_stored(line, Fate.GONE)
    one = translate.opportunity(detail)
    attendance = today.index.weights.attendance
    rules = rules_hidden(today.student, one, today.index.on, attendance)
    if rules:
        said = [{"code": code, "it": RULES[code][0], "en": RULES[code][1]} for code in rules]
        then = values.unpack_opportunity(line.opportunity, one.id)
        return _of_stored(line, Fate.HIDDEN) | {"rules": said, "fields": values.differences(then, one)}
    index = today.index
    ranked = score(today.student, one, index.vocabulary, index.weights, index.on)
    return _of_stored(line, Fate.OUTRANKED) | _compared(line, ranked, one)


def _come(key: str, ranking: StoredRanking, today: Today) -> dict[str, Any]:
    """A line that the stored ranking does not have."""
    position, ranked = today.lines[key]
    one, card = today.opportunities[key], today.cards[key]
    is_new = one.published_on is not None and one.published_on > ranking.ranked_on
    fate = Fate.NEW if is_new else Fate.ENTERED
    return _line(key, str(one.kind), card["title"], card["company_name"], fate, now=position) | {
        "score_now": ranked.score
    }


def _of_stored(line: RankingLine, fate: Fate, now: int | None = None) -> dict[str, Any]:
    key, kind = str(line.opportunity_id), line.opportunity["kind"]
    found = _line(key, kind, line.title, line.company_name, fate, before=line.position, now=now)
    return found | {"score_before": line.score}


def _line(
    key: str,
    kind: str,
    title: str,
    company: str,
    fate: Fate,
    before: int | None = None,
    now: int | None = None,
) -> dict[str, Any]:
    it, en = (text.format(before=before, now=now) for text in FATES[fate])
    return {
        "opportunity_id": key,
        "kind": kind,
        "title": title,
        "company_name": company,
        "fate": str(fate),
        "it": it,
        "en": en,
        "position_before": before,
        "position_now": now,
        "score_before": None,
        "score_now": None,
        "parts": [],
        "fields": [],
        "rules": [],
    }


def _compared(line: RankingLine, ranked: Ranked, now: Opportunity) -> dict[str, Any]:
    """What has become of a line that still has a score."""
    then = values.unpack_opportunity(line.opportunity, now.id)
    return {
        "score_now": ranked.score,
        "parts": _moved(line.parts, ranked.parts),
        "fields": values.differences(then, now),
    }


def _moved(before: Mapping[str, float], now: Mapping[str, float]) -> list[dict[str, Any]]:
    """The parts that differ, in their order; a part that does not apply has no value."""
    names = list(dict.fromkeys((*before, *now)))
    pairs = [(name, before.get(name), now.get(name)) for name in names]
    return [
        {"part": name, "before": old, "now": new}
        for name, old, new in pairs
        if old is None or new is None or not isclose(old, new, rel_tol=0.0, abs_tol=ROUNDING)
    ]
