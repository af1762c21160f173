"""Bringing the tables in line with the curated vocabulary."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth.actors import Actor
from app.db import Base
from app.events import service as events
from app.imports import Loaded
from app.skills.models import Skill, SkillDescription, SkillLabel, SkillRelation
from app.skills.vocabulary import ConceptData, normalise_label

CURATED = "bottega"
ESCO = "esco"


class SkillInUse(errors.Conflict):
    """A concept that leaves the vocabulary is still referred to."""

    title = "A skill that leaves the vocabulary is still in use"


def load(session: Session, actor: Actor, concepts: Iterable[ConceptData]) -> Loaded:
    """Bring the tables in line with the curated vocabulary; loading twice changes nothing.

    What was imported from ESCO stays: concepts of its own, and labels of curated concepts in further languages. An
    imported concept whose ESCO address a curated one claims gives way to it. Raises SkillInUse when a concept that
    goes, or gives way, is still referred to; nothing is loaded then.
    """
    wanted = {concept.id: concept for concept in concepts}
    rows = {row.id: row for row in session.execute(sa.select(*Skill.__table__.columns))}
    curated = {skill_id for skill_id, row in rows.items() if row.scheme == CURATED}
    claimed = {concept.esco_uri for concept in wanted.values() if concept.esco_uri is not None}
    gone = {
        skill_id
        for skill_id, row in rows.items()
        if (row.scheme == CURATED and skill_id not in wanted)
        or (row.scheme == ESCO and row.esco_uri in claimed)
    }
    _remove(session, gone)
    languages = {language for concept in wanted.values() for language in concept.labels}
    changed = _write_concepts(session, wanted, {one: rows[one] for one in curated - gone})
    changed |= write_texts(
        session,
        SkillLabel,
        {
            (concept.id, language): label_rows(texts)
            for concept in wanted.values()
            for language, texts in concept.labels.items()
        },
        owners=wanted.keys(),
        languages=languages,
    )
    changed |= write_texts(
        session,
        SkillDescription,
        {
            (concept.id, language): [{"text": text}]
            for concept in wanted.values()
            for language, text in concept.descriptions.items()
        },
        owners=wanted.keys(),
        languages=languages,
    )
    changed |= _write_relations(session, wanted)
    created = len(wanted.keys() - curated)
    loaded = Loaded(len(wanted), created, len(changed & curated), len(gone))
    if loaded.has_changed:
        db.touch(session, "vocabulary")
        events.record(session, actor, "vocabulary.loaded", "all", loaded._asdict())
    return loaded


def _of_scheme(scheme: str) -> sa.Select[str]:
    return sa.select(Skill.id).where(Skill.scheme == scheme)


def _remove(session: Session, gone: Collection[str]) -> None:
    if not gone:
        return
    in_use = db.referrers(session, Skill.id, gone)
    if in_use:
        raise SkillInUse(
            f"{len(in_use)} skills that leave the vocabulary are still referred to: {', '.join(sorted(in_use))}.",
            faults=[
                {"in": "vocabulary", "field": one, "detail": f"in use in {', '.join(sorted(tables))}"}
                for one, tables in sorted(in_use.items())
            ],
        )
    session.execute(sa.delete(Skill).where(Skill.id.in_(gone)))


def _write_concepts(
    session: Session, wanted: Mapping[str, ConceptData], known: Mapping[str, sa.Row[Any]]
) -> set[str]:
    columns = ("kind", "broader_id", "esco_uri", "position")
    values: dict[str, dict[str, Any]] = {
        concept.id: dict(
            zip(columns, (concept.kind, concept.broader, concept.esco_uri, position), strict=True)
        )
        for position, concept in enumerate(wanted.values())
    }
    fresh = [
        {"id": one, "scheme": CURATED, "kind": values[one]["kind"]} for one in values if one not in known
    ]
    changed = {
        one
        for one, new in values.items()
        if one not in known or any(getattr(known[one], column) != new[column] for column in columns)
    }
    if fresh:
        session.execute(sa.insert(Skill), fresh)
    if changed:
        # Addresses are unique and may change hands, so all are let go first; broader concepts exist by now.
        session.execute(sa.update(Skill).where(Skill.id.in_(changed)).values(esco_uri=None))
        session.execute(sa.update(Skill), [{"id": one} | values[one] for one in sorted(changed)])
    return changed


def _write_relations(session: Session, wanted: Mapping[str, ConceptData]) -> set[str]:
    pairs = {(min(one.id, other), max(one.id, other)) for one in wanted.values() for other in one.related}
    between_curated = sa.and_(
        SkillRelation.skill_id.in_(_of_scheme(CURATED)), SkillRelation.related_id.in_(_of_scheme(CURATED))
    )
    rows = sa.select(SkillRelation.skill_id, SkillRelation.related_id).where(between_curated)
    known = set(session.execute(rows))
    for first, second in sorted(known - pairs):
        session.execute(
            sa.delete(SkillRelation).where(
                SkillRelation.skill_id == first, SkillRelation.related_id == second
            )
        )
    write_pairs(session, pairs - known)
    return {skill_id for pair in known ^ pairs for skill_id in pair}


# --- shared with the import of ESCO -----------------------------------------------------------------------------------


def label_rows(texts: Sequence[str]) -> list[dict[str, Any]]:
    """Columns of labels, the preferred one first."""
    return [
        {"rank": rank, "label": text, "search_key": normalise_label(text)} for rank, text in enumerate(texts)
    ]


def write_pairs(session: Session, pairs: Collection[tuple[str, str]]) -> None:
    """Add relations; in each pair the lesser id comes first."""
    if pairs:
        rows = [{"skill_id": first, "related_id": second} for first, second in sorted(pairs)]
        session.execute(sa.insert(SkillRelation), rows)


def write_texts(
    session: Session,
    table: type[Base],
    wanted: Mapping[tuple[str, str], list[dict[str, Any]]],
    *,
    owners: Collection[str],
    languages: Collection[str],
) -> set[str]:
    """Bring the texts of `owners` in `languages` in line with `wanted`: (owner's id, language) → rows of `table`.

    Returns the owners of what is different now. The table's key begins with the owner and the language.
    """
    plain = cast("sa.Table", table.__table__)
    owner, language, *rest = plain.columns
    known: dict[tuple[str, str], list[dict[str, Any]]] = {}
    rows = sa.select(*plain.columns).where(language.in_(languages)).order_by(owner, *rest)
    for one, code, *values in session.execute(rows):
        if one in owners:
            texts = known.setdefault((one, code), [])
            texts.append({column.name: value for column, value in zip(rest, values, strict=True)})
    stale = [key for key in known if known[key] != wanted.get(key)]
    new = [key for key in wanted if known.get(key) != wanted[key]]
    if stale:
        session.execute(
            sa.delete(plain).where(owner == sa.bindparam("of"), language == sa.bindparam("in")),
            [{"of": one, "in": code} for one, code in stale],
        )
    if new:
        session.execute(
            sa.insert(plain),
            [{owner.name: key[0], language.name: key[1]} | text for key in new for text in wanted[key]],
        )
    return {one for one, _ in (*stale, *new)}
