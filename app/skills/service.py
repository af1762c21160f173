"""Reading the vocabulary: one concept, a search, the tree, and everything the ranking needs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from app import errors
from app.skills.models import (
    OccupationLabel,
    Skill,
    SkillDescription,
    SkillKind,
    SkillLabel,
    SkillRelation,
)
from app.skills.vocabulary import LANGUAGES, normalise_label


class NoSuchSkill(errors.NotFound):
    """No concept of the vocabulary has this id."""

    title = "No such skill"


class UnknownSkill(errors.Invalid):
    """Something refers to a skill that does not exist."""

    title = "Unknown skill"


@dataclass(frozen=True, slots=True)
class SkillRef:
    """A concept as others speak of it; `label` has the preferred one of each language."""

    id: str
    kind: SkillKind
    broader_id: str | None
    label: dict[str, str] = field(default_factory=dict)


class SkillHit(NamedTuple):
    """A concept found: its place in the order, and the label that answered the query, if there was one."""

    skill: SkillRef
    score: int
    found_as: str | None


@dataclass(frozen=True, slots=True)
class SkillDetail:
    """A concept with all its labels (the preferred one first) and its surroundings; `broader` is nearest first."""

    id: str
    kind: SkillKind
    scheme: str
    esco_uri: str | None
    label: dict[str, str]
    labels: dict[str, list[str]]
    description: dict[str, str]
    broader: list[SkillRef]
    narrower: list[SkillRef]
    related: list[SkillRef]


class VocabularyRow(NamedTuple):
    """A concept as the ranking reads it. One imported in other languages only has no labels here."""

    id: str
    broader: str | None
    related: tuple[str, ...]
    labels: dict[str, tuple[str, ...]]


def require(
    session: Session,
    ids: Sequence[str],
    field: str = "skills.{}.skill_id",
    *,
    known: Collection[str] | None = None,
) -> None:
    """Refuse input that names an unknown skill. Raises UnknownSkill; `{}` in `field` stands for the position.

    Whoever has looked up the known ones of many ids passes them.
    """
    if known is None:
        known = find_known(session, ids)
    faults = [
        {"in": "body", "field": field.format(position), "detail": f"no skill has the id {skill_id}"}
        for position, skill_id in enumerate(ids)
        if skill_id not in known
    ]
    if faults:
        raise UnknownSkill(faults=faults)


def find_known(session: Session, ids: Iterable[str]) -> set[str]:
    """Those of the ids that are skills."""
    return set(session.scalars(sa.select(Skill.id).where(Skill.id.in_(set(ids)))))


def refs(session: Session, ids: Iterable[str]) -> dict[str, SkillRef]:
    """The known ones of these concepts with their preferred labels, in one query."""
    rows = session.execute(
        sa.select(Skill.id, Skill.kind, Skill.broader_id, SkillLabel.language, SkillLabel.label)
        .join(SkillLabel, sa.and_(SkillLabel.skill_id == Skill.id, SkillLabel.rank == 0), isouter=True)
        .where(Skill.id.in_(set(ids)))
        .order_by(Skill.id, SkillLabel.language)
    )
    found: dict[str, SkillRef] = {}
    for skill_id, kind, broader_id, language, label in rows:
        ref = found.setdefault(skill_id, SkillRef(skill_id, kind, broader_id))
        if language is not None:
            ref.label[language] = label
    return found


def search(
    session: Session,
    query: str | None = None,
    *,
    language: str | None = None,
    broader: str | None = None,
    is_top: bool = False,
    kind: SkillKind | None = None,
    limit: int,
    after: tuple[int, str] | None = None,
) -> list[SkillHit]:
    """Concepts one of whose labels has a word that begins the query; without a query, all in the vocabulary's order.

    Whole labels come before beginnings of labels, these before later words, at equal standing the preferred label
    first, then the shorter one. `language` bounds which labels are looked at, `broader` and `is_top` the place in the
    tree. `after` is the (score, id) that the page before ended on.
    """
    if query is None:
        score: sa.ColumnElement[int] = sa.type_coerce(Skill.position, sa.Integer)
        statement = sa.select(Skill.id, score.label("score"), sa.null().label("found_as"))
    else:
        key = normalise_label(query)
        if not key:
            return []
        hits = label_hits(SkillLabel, SkillLabel.skill_id, key, language)
        score = hits.c.score
        statement = sa.select(Skill.id, score, hits.c.label.label("found_as")).join(
            hits, sa.and_(hits.c.owner_id == Skill.id, hits.c.number == 1)
        )
    if broader is not None:
        statement = statement.where(Skill.broader_id == broader)
    if is_top:
        statement = statement.where(Skill.broader_id.is_(None))
    if kind is not None:
        statement = statement.where(Skill.kind == kind)
    if after is not None:
        statement = statement.where(sa.tuple_(score, Skill.id) > sa.tuple_(*map(sa.literal, after)))
    rows = session.execute(statement.order_by(score, Skill.id).limit(limit)).all()
    known = refs(session, [row.id for row in rows])
    return [SkillHit(known[row.id], row.score, row.found_as) for row in rows]


def label_hits(
    labels: type[SkillLabel | OccupationLabel],
    owner: InstrumentedAttribute[str],
    key: str,
    language: str | None,
) -> sa.Subquery:
    """Every label that answers, with its score; per owner, the best has number 1.

    A key holds no wildcard: normalising leaves letters, digits, + and # only.
    """
    stored = labels.search_key
    standing = sa.case((stored == key, 0), (stored.like(f"{key}%"), 2), else_=4)
    score = (standing + sa.case((labels.rank == 0, 0), else_=1)) * 1000 + sa.func.length(stored)
    best_first = (score, labels.language, labels.rank)
    statement = sa.select(
        owner.label("owner_id"),
        labels.label,
        score.label("score"),
        sa.func.row_number().over(partition_by=owner, order_by=best_first).label("number"),
    ).where(sa.or_(stored.like(f"{key}%"), stored.like(f"% {key}%")))
    if language is not None:
        statement = statement.where(labels.language == language)
    return statement.subquery()


def children(session: Session, skill_id: str | None) -> list[SkillRef]:
    """The concepts directly below one, or the tops of the tree, in the vocabulary's order."""
    ids = session.scalars(
        sa.select(Skill.id)
        .where(Skill.broader_id.is_(None) if skill_id is None else Skill.broader_id == skill_id)
        .order_by(Skill.position, Skill.id)
    ).all()
    known = refs(session, ids)
    return [known[one] for one in ids]


def read(session: Session, skill_id: str) -> SkillDetail:
    """A concept with its surroundings. Raises NoSuchSkill."""
    skill = session.get(Skill, skill_id)
    if skill is None:
        raise NoSuchSkill(f"No skill has the id {skill_id}.")
    labels = _labels(session, sa.select(SkillLabel).where(SkillLabel.skill_id == skill_id))
    descriptions = sa.select(SkillDescription.language, SkillDescription.text).where(
        SkillDescription.skill_id == skill_id
    )
    chain = _chain(session, skill_id)
    related = list(session.scalars(_related_to(skill_id)))
    known = refs(session, [*chain, *related])
    return SkillDetail(
        id=skill.id,
        kind=skill.kind,
        scheme=skill.scheme,
        esco_uri=skill.esco_uri,
        label={language: texts[0] for language, texts in labels.get(skill_id, {}).items()},
        labels=labels.get(skill_id, {}),
        description=dict(session.execute(descriptions.order_by(SkillDescription.language)).all()),
        broader=[known[one] for one in chain],
        narrower=children(session, skill_id),
        related=[known[one] for one in related],
    )


def _chain(session: Session, skill_id: str) -> Sequence[str]:
    """The ids above a concept, nearest first."""
    above = (
        sa.select(Skill.broader_id.label("id"), sa.literal(1).label("steps"))
        .where(Skill.id == skill_id)
        .cte("above", recursive=True)
    )
    up = aliased(Skill)
    above = above.union_all(sa.select(up.broader_id, above.c.steps + 1).join(above, up.id == above.c.id))
    return session.scalars(sa.select(above.c.id).where(above.c.id.is_not(None)).order_by(above.c.steps)).all()


def _related_to(skill_id: str) -> sa.Select[str]:
    first, second = SkillRelation.skill_id, SkillRelation.related_id
    other = sa.case((first == skill_id, second), else_=first)
    return sa.select(other).where(sa.or_(first == skill_id, second == skill_id)).order_by(other)


def _labels(session: Session, statement: sa.Select[Any]) -> dict[str, dict[str, list[str]]]:
    """Concept → language → labels, the preferred one first."""
    columns = (SkillLabel.skill_id, SkillLabel.language, SkillLabel.label)
    rows = session.execute(
        statement.with_only_columns(*columns).order_by(
            SkillLabel.skill_id, SkillLabel.language, SkillLabel.rank
        )
    )
    found: dict[str, dict[str, list[str]]] = {}
    for skill_id, language, label in rows:
        found.setdefault(skill_id, {}).setdefault(language, []).append(label)
    return found


def vocabulary_rows(session: Session) -> list[VocabularyRow]:
    """Every concept for the ranking, by id, in three queries; relations are read in both directions."""
    labels = _labels(session, sa.select(SkillLabel).where(SkillLabel.language.in_(LANGUAGES)))
    related: dict[str, list[str]] = {}
    for first, second in session.execute(sa.select(SkillRelation.skill_id, SkillRelation.related_id)):
        related.setdefault(first, []).append(second)
        related.setdefault(second, []).append(first)
    return [
        VocabularyRow(
            id=skill_id,
            broader=broader_id,
            related=tuple(sorted(related.get(skill_id, ()))),
            labels={language: tuple(texts) for language, texts in labels.get(skill_id, {}).items()},
        )
        for skill_id, broader_id in session.execute(sa.select(Skill.id, Skill.broader_id).order_by(Skill.id))
    ]
