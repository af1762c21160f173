"""Reading ESCO occupations and the ISCO-08 groups that they lie in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.skills.models import Occupation, OccupationLabel
from app.skills.service import label_hits
from app.skills.vocabulary import normalise_label


class NoSuchOccupation(errors.NotFound):
    """No occupation has this id; occupations exist only where an ESCO package was imported."""

    title = "No such occupation"


@dataclass(frozen=True, slots=True)
class OccupationRef:
    """An occupation or a group of them; `label` has the preferred one of each language."""

    id: str
    code: str | None
    label: dict[str, str] = field(default_factory=dict)


class OccupationHit(NamedTuple):
    """An occupation found: its place in the order, and the label that answered."""

    occupation: OccupationRef
    score: int
    found_as: str


@dataclass(frozen=True, slots=True)
class OccupationDetail:
    """An occupation with all its labels, the preferred one first, and its ISCO-08 groups, the narrowest first."""

    id: str
    code: str | None
    esco_uri: str
    label: dict[str, str]
    labels: dict[str, list[str]]
    description: dict[str, str]
    groups: list[OccupationRef]


def search(
    session: Session,
    query: str,
    *,
    language: str | None = None,
    limit: int,
    after: tuple[int, str] | None = None,
) -> list[OccupationHit]:
    """Occupations, not groups, one of whose labels has a word that begins the query; ordered like skills."""
    key = normalise_label(query)
    if not key:
        return []
    hits = label_hits(OccupationLabel, OccupationLabel.occupation_id, key, language)
    statement = (
        sa.select(Occupation.id, hits.c.score, hits.c.label)
        .join(hits, sa.and_(hits.c.owner_id == Occupation.id, hits.c.number == 1))
        .where(Occupation.is_group.is_(False))
    )
    if after is not None:
        statement = statement.where(
            sa.tuple_(hits.c.score, Occupation.id) > sa.tuple_(*map(sa.literal, after))
        )
    rows = session.execute(statement.order_by(hits.c.score, Occupation.id).limit(limit)).all()
    known = _refs(session, Occupation.id.in_([row.id for row in rows]))
    return [OccupationHit(known[row.id], row.score, row.label) for row in rows]


def read(session: Session, occupation_id: str) -> OccupationDetail:
    """An occupation or a group of them. Raises NoSuchOccupation."""
    occupation = session.get(Occupation, occupation_id)
    if occupation is None:
        raise NoSuchOccupation(f"No occupation has the id {occupation_id}.")
    labels: dict[str, list[str]] = {}
    description: dict[str, str] = {}
    rows = sa.select(OccupationLabel.language, OccupationLabel.label, OccupationLabel.description).where(
        OccupationLabel.occupation_id == occupation_id
    )
    for language, label, text in session.execute(
        rows.order_by(OccupationLabel.language, OccupationLabel.rank)
    ):
        labels.setdefault(language, []).append(label)
        if text:
            description[language] = text
    group = occupation.isco_group
    above = [group[:digits] for digits in range(len(group), 0, -1) if group[:digits] != occupation.code]
    groups = _refs(session, sa.and_(Occupation.is_group, Occupation.code.in_(above)))
    return OccupationDetail(
        id=occupation.id,
        code=occupation.code,
        esco_uri=occupation.esco_uri,
        label={language: texts[0] for language, texts in labels.items()},
        labels=labels,
        description=description,
        groups=sorted(groups.values(), key=lambda one: -len(one.code or "")),
    )


def _refs(session: Session, which: sa.ColumnElement[bool]) -> dict[str, OccupationRef]:
    rows: Iterable[tuple[str, str | None, str | None, str]] = session.execute(
        sa.select(Occupation.id, Occupation.code, OccupationLabel.language, OccupationLabel.label)
        .join(OccupationLabel, OccupationLabel.occupation_id == Occupation.id)
        .where(which, OccupationLabel.rank == 0)
        .order_by(Occupation.id, OccupationLabel.language)
    ).all()
    found: dict[str, OccupationRef] = {}
    for occupation_id, code, language, label in rows:
        found.setdefault(occupation_id, OccupationRef(occupation_id, code)).label[str(language)] = label
    return found
