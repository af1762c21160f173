"""Writing the files of an ESCO package into the tables: skills beside the curated ones, occupations, and links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.auth.actors import Actor
from app.events import service as events
from app.imports import ImportReport, Reason
from app.skills import vocabulary
from app.skills.esco import EscoFile, EscoLink, EscoOccupation, EscoSkill, FileKind, check_language
from app.skills.loading import CURATED, ESCO, label_rows, write_pairs, write_texts
from app.skills.models import (
    Occupation,
    OccupationLabel,
    Skill,
    SkillDescription,
    SkillKind,
    SkillLabel,
    SkillRelation,
)

UNKNOWN_SKILL = Reason(
    "unknown_skill",
    "no skill with this address is known; load the skills first",
    "nessuna competenza nota ha questo indirizzo: caricare prima le competenze",
)
CYCLE = Reason(
    "cycle",
    "this broader skill lies below the skill itself",
    "questa competenza più ampia sta sotto la competenza stessa",
)
CURATED_LINK = "curated"
"""A link of a curated concept: the curated tree is not overwritten."""
OTHER_WAY_ROUND = "other_way_round"
"""A relation has no direction; the package writes some in both."""
FURTHER_BROADER = "further_broader"
"""A skill has one broader skill here; the package's first is kept."""


def load(session: Session, actor: Actor, files: Iterable[EscoFile], language: str) -> list[EscoFile]:
    """Write what the files hold and complete their reports; loading twice changes nothing.

    A skill whose address belongs to a curated concept gives it labels in a language that the vocabulary is not
    curated in, and nothing else; other skills become concepts of the scheme `esco`. What an earlier package held and
    this one does not stays. Returns the files in the order of loading. Raises ImportFault for a language in which
    ESCO is not published.
    """
    check_language(language)
    in_order = sorted(files, key=lambda file: list(FileKind).index(file.kind))
    for file in in_order:
        _WRITERS[file.kind](session, file, language)
        file.report.check(written=True)
    counts = {
        f"{file.kind}_{outcome}": getattr(file.report, outcome)
        for file in in_order
        for outcome in ("created", "updated")
    }
    if any(counts.values()):
        db.touch(session, "vocabulary")
        events.record(session, actor, "esco.loaded", language, counts)
    return in_order


def _write_skills(session: Session, file: EscoFile, language: str) -> None:
    skills = {record.uri: record for record in file.records if isinstance(record, EscoSkill)}
    rows = _skill_rows(session)
    fresh = {skill.id for uri, skill in skills.items() if uri not in rows}
    if fresh:
        session.execute(
            sa.insert(Skill),
            [
                {"id": skill.id, "scheme": ESCO, "kind": SkillKind(skill.kind), "esco_uri": uri}
                for uri, skill in skills.items()
                if uri not in rows
            ],
        )
    changed = {
        skill.id: SkillKind(skill.kind)
        for uri, skill in skills.items()
        if uri in rows and rows[uri].scheme == ESCO and rows[uri].kind != skill.kind
    }
    if changed:
        session.execute(sa.update(Skill), [{"id": one, "kind": kind} for one, kind in changed.items()])
    ids = {
        uri: rows[uri].id if uri in rows else skill.id
        for uri, skill in skills.items()
        if language not in vocabulary.LANGUAGES or uri not in rows or rows[uri].scheme == ESCO
    }
    owners = set(ids.values())
    texts = write_texts(
        session,
        SkillLabel,
        {(one, language): label_rows(skills[uri].labels) for uri, one in ids.items()},
        owners=owners,
        languages=[language],
    )
    descriptions = {(one, language): skills[uri].description for uri, one in ids.items()}
    texts |= write_texts(
        session,
        SkillDescription,
        {key: [{"text": text}] for key, text in descriptions.items() if text is not None},
        owners=owners,
        languages=[language],
    )
    _count(file.report, created=len(fresh), updated=len((texts | changed.keys()) - fresh))


def _write_occupations(session: Session, file: EscoFile, language: str) -> None:
    records = {record.id: record for record in file.records if isinstance(record, EscoOccupation)}
    known = {row.id: row for row in session.execute(sa.select(*Occupation.__table__.columns))}
    values: dict[str, dict[str, Any]] = {
        one: {
            "esco_uri": record.uri,
            "isco_group": record.isco_group,
            "code": record.code,
            "is_group": record.is_group,
        }
        for one, record in records.items()
    }
    fresh = values.keys() - known.keys()
    changed = {
        one
        for one in values.keys() & known.keys()
        if any(getattr(known[one], column) != new for column, new in values[one].items())
    }
    if fresh:
        session.execute(sa.insert(Occupation), [{"id": one} | values[one] for one in sorted(fresh)])
    if changed:
        session.execute(sa.update(Occupation), [{"id": one} | values[one] for one in sorted(changed)])
    texts = write_texts(
        session,
        OccupationLabel,
        {
            (one, language): [
                row | {"description": None if row["rank"] else record.description}
                for row in label_rows(record.labels)
            ]
            for one, record in records.items()
        },
        owners=records.keys(),
        languages=[language],
    )
    _count(file.report, created=len(fresh), updated=len((texts | changed) - fresh))


def _write_broader(session: Session, file: EscoFile, _language: str) -> None:
    rows = _skill_rows(session)
    links = list(_links(file, rows, "conceptUri", "broaderUri"))
    before = {row.id: row.broader_id for row in session.execute(sa.select(Skill.id, Skill.broader_id))}
    # An earlier package may have had a pair the other way round: what this one places is taken out of the tree first.
    after = before | {child.id: None for _, child, _ in links if child.scheme == ESCO}
    for link, child, parent in links:
        if child.scheme == CURATED:
            file.report.pass_over(CURATED_LINK)
        elif after[child.id] is not None:
            file.report.pass_over(FURTHER_BROADER)
        elif child.id in _line(after, parent.id):
            file.report.discard(CYCLE.at(link.row, "broaderUri", link.other_uri))
        else:
            after[child.id] = parent.id
    placed = {child.id for _, child, _ in links if child.scheme == ESCO and after[child.id] is not None}
    changed = sorted(one for one in after if after[one] != before[one])
    if changed:
        session.execute(sa.update(Skill), [{"id": one, "broader_id": after[one]} for one in changed])
    file.report.records = len(placed)
    created = sum(before[one] is None for one in changed)
    _count(file.report, created=created, updated=len(placed.intersection(changed)) - created)


def _line(broader: Mapping[str, str | None], skill_id: str) -> Iterator[str]:
    """A skill and those above it."""
    here: str | None = skill_id
    while here is not None:
        yield here
        here = broader[here]


def _write_related(session: Session, file: EscoFile, _language: str) -> None:
    known = set(session.execute(sa.select(SkillRelation.skill_id, SkillRelation.related_id)))
    pairs: set[tuple[str, str]] = set()
    for _, one, other in _links(file, _skill_rows(session), "originalSkillUri", "relatedSkillUri"):
        pair = min(one.id, other.id), max(one.id, other.id)
        if one.scheme == other.scheme == CURATED:
            file.report.pass_over(CURATED_LINK)
        elif pair in pairs:
            file.report.pass_over(OTHER_WAY_ROUND)
        else:
            pairs.add(pair)
    write_pairs(session, pairs - known)
    file.report.records = len(pairs)
    _count(file.report, created=len(pairs - known), updated=0)


def _skill_rows(session: Session) -> dict[str, sa.Row[Any]]:
    """The skills that have an ESCO address, by it."""
    statement = sa.select(*Skill.__table__.columns).where(Skill.esco_uri.is_not(None))
    return {row.esco_uri: row for row in session.execute(statement)}


def _links(
    file: EscoFile, rows: Mapping[str, sa.Row[Any]], first: str, second: str
) -> Iterator[tuple[EscoLink, sa.Row[Any], sa.Row[Any]]]:
    """The links between known skills; a row that names another is rejected, at the column that does."""
    for link in file.records:
        if isinstance(link, EscoLink):
            ends = {first: link.uri, second: link.other_uri}
            unknown = [column for column, uri in ends.items() if uri not in rows]
            if unknown:
                file.report.discard(UNKNOWN_SKILL.at(link.row, unknown[0], ends[unknown[0]]))
            else:
                yield link, rows[link.uri], rows[link.other_uri]


def _count(report: ImportReport, *, created: int, updated: int) -> None:
    report.created, report.updated = created, updated
    report.unchanged = report.records - created - updated


_WRITERS: dict[FileKind, Callable[[Session, EscoFile, str], None]] = {
    FileKind.GROUPS: _write_occupations,
    FileKind.OCCUPATIONS: _write_occupations,
    FileKind.SKILLS: _write_skills,
    FileKind.BROADER: _write_broader,
    FileKind.RELATED: _write_related,
}
