"""Papers of many placements at once: drafts by the services, then printed and signed as rows, as signing leaves them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.agreements import (
    contents,
    printing,
    rules,
    service,
    service_agreements,
    service_effects,
    service_opening,
    service_plans,
)
from app.agreements.models import (
    Agreement,
    Document,
    DocumentKind,
    Language,
    Method,
    Paper,
    PaperState,
    Signature,
    SignerRole,
)
from app.agreements.printing import Printed
from app.auth.actors import Actor
from app.demo.rows import Rows
from app.demo.season import Stage
from app.events import service as events
from app.placements import rules as placement_rules
from app.placements import service as placements
from app.placements.models import Placement, State
from app.students.models import Student

AT_ONCE = 50
INSURED = {
    "insurance_company": "Assicurazioni Demo", "insurance_policy": "RC 2026/88", "inail_position": "PAT 000088",
}  # fmt: skip
_PAPERS = cast("sa.Table", Paper.__table__)
Pair = tuple[UUID, UUID]
"""School and host."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A paper with what was printed, and who signs it as what."""

    id: UUID
    kind: DocumentKind
    student_id: UUID | None
    last_day: date
    actor: Actor
    data: dict[str, Any]
    version: int
    people: Mapping[SignerRole, tuple[str, UUID | None]]


def agree(stage: Stage, pairs: Collection[Pair], now: datetime, *, until: date) -> list[UUID]:
    """A draft of an agreement for each school and host."""
    made = []
    with stage.database.write() as session:
        for school_id, company_id in sorted(pairs):
            values = {
                "school_id": school_id, "company_id": company_id, "valid_from": now.date(), "valid_until": until, **INSURED,
            }  # fmt: skip
            made.append(service_agreements.create(session, stage.school(school_id), values, now=now).id)
    stage.count("agreements", len(made))
    return made


def agreed(session: Session, pairs: Collection[Pair]) -> set[Pair]:
    """Those of the schools and hosts that have an agreement, in whatever state."""
    rows = session.execute(sa.select(Agreement.school_id, Agreement.company_id))
    return {(row.school_id, row.company_id) for row in rows} & set(pairs)


def plan(stage: Stage, placed: Sequence[Placement], now: datetime) -> list[UUID]:
    """A draft of a plan for each placement, with who signs for whoever is a minor then."""
    made: list[UUID] = []
    by_school: dict[UUID, list[UUID]] = {}
    for placement in placed:
        by_school.setdefault(placement.school_id, []).append(placement.id)
    for school_id, ids in by_school.items():
        for first in range(0, len(ids), AT_ONCE):
            with stage.database.write() as session:
                plans = service_plans.create(
                    session, stage.school(school_id), ids[first : first + AT_ONCE], now=now
                )
                for one in plans:
                    student = session.get_one(Student, one.student_id)
                    if rules.is_minor(student.born_on, now.date()):
                        one.guardian_name = f"{stage.chance.choice(('Anna', 'Paolo', 'Luisa', 'Carlo'))} {student.family_name}"
                made += [one.id for one in plans]
    stage.count("plans", len(made))
    return made


def sign(stage: Stage, paper_ids: Sequence[UUID], now: datetime, *, signed: datetime | None) -> None:
    """Print them and ask for the signatures; with `signed`, all have signed on paper by then, and they are in force."""
    for first in range(0, len(paper_ids), AT_ONCE):
        with stage.database.read() as session:
            ready = [_ready(session, stage, one, now) for one in paper_ids[first : first + AT_ONCE]]
        with ThreadPoolExecutor() as threads:
            printed = list(
                threads.map(lambda one: printing.print_paper(one.data, version=one.version, now=now), ready)
            )
        with stage.database.write() as session:
            _keep(session, ready, printed, now, signed)


def _ready(session: Session, stage: Stage, paper_id: UUID, now: datetime) -> Ready:
    paper = session.get_one(Paper, paper_id)
    actor = stage.school(paper.school_id)
    seen = service_opening.require_ready(session, actor, paper_id, now=now)
    last = paper.valid_until if isinstance(paper, Agreement) else None
    if seen.placement is not None:
        last = seen.placement.ends_on
    return Ready(
        paper.id, DocumentKind(paper.kind), paper.student_id, last or now.date(), actor,
        contents.of_paper(session, seen, Language.ITALIAN, now), paper.version, service_opening.signers(session, seen, now),
    )  # fmt: skip


def _keep(
    session: Session,
    ready: Sequence[Ready],
    printed: Sequence[Printed],
    now: datetime,
    signed: datetime | None,
) -> None:
    rows = Rows(session)
    document_ids: list[UUID] = []
    after = PaperState.SIGNING if signed is None else PaperState.IN_FORCE
    happened: dict[UUID, tuple[Actor, list[tuple[str, UUID, dict[str, Any] | None]]]] = {}
    for one, sheet in zip(ready, printed, strict=True):
        document_id, digest = db.new_id(), hashlib.sha256(sheet.content).hexdigest()
        document_ids.append(document_id)
        rows.add(
            Document, id=document_id, kind=one.kind, subject_id=one.id, student_id=one.student_id,
            language=Language.ITALIAN, version=1, media_type=sheet.media_type, digest=digest, content=sheet.content,
            data=sheet.data, made_at=now, made_by=one.actor.mark,
        )  # fmt: skip
        rows.extend(Signature, list(_signatures(one, document_id, now, signed)))
        own = happened.setdefault(one.actor.grants[0].school_id or one.id, (one.actor, []))[1]
        own += _told(one, document_id, digest, is_signed=signed is not None)
    rows.flush()
    for one, document_id in zip(ready, document_ids, strict=True):
        due_at = rules.due_at(after, one.last_day, signed or now)
        session.execute(
            sa.update(_PAPERS)
            .where(_PAPERS.c.id == one.id)
            .values(
                state=after,
                document_id=document_id,
                due_at=due_at,
                version=one.version + (1 if signed is None else 2),
            )
        )
    for actor, told in happened.values():
        events.record_many(session, actor, told)


def _signatures(
    one: Ready, document_id: UUID, now: datetime, signed: datetime | None
) -> Iterator[dict[str, Any]]:
    """Without `signed` those who come first have been asked."""
    turn = min(rules.ORDER[role] for role in one.people)
    for role, (name, user_id) in one.people.items():
        asked_at = now if rules.ORDER[role] == turn or signed is not None else None
        yield {
            "id": db.new_id(), "paper_id": one.id, "document_id": document_id, "role": role, "position": rules.ORDER[role],
            "name": name, "user_id": user_id, "link_hash": None, "asked_at": asked_at, "reminders": 0,
            "signed_at": signed, "signed_by": None if signed is None else one.actor.mark,
            "signed_on": None if signed is None else signed.date(), "method": None if signed is None else Method.ARCHIVE,
            "archive_number": None if signed is None else f"{one.kind[:4]}/{one.id.hex[:8]}", "file_id": None,
        }  # fmt: skip


def _told(
    one: Ready, document_id: UUID, digest: str, *, is_signed: bool
) -> Iterator[tuple[str, UUID, dict[str, Any] | None]]:
    yield "document.made", document_id, {"kind": one.kind.value, "version": 1, "digest": digest}
    kind = {"kind": one.kind.value}
    yield "paper.moved", one.id, {**kind, "from": "draft", "to": "signing"}
    if is_signed:
        for role in one.people:
            yield "paper.signed", one.id, {"role": role.value, "method": Method.ARCHIVE.value}
        yield "paper.moved", one.id, {**kind, "from": "signing", "to": "in_force"}


def make_ready(stage: Stage, placement_ids: Sequence[UUID], now: datetime) -> int:
    """Let those be ready that nothing keeps from beginning; how many."""
    ready = 0
    for first in range(0, len(placement_ids), AT_ONCE):
        with stage.database.write() as session:
            found = session.scalars(
                sa.select(Placement)
                .where(
                    Placement.id.in_(placement_ids[first : first + AT_ONCE]), Placement.state == State.PLANNED
                )
                .order_by(Placement.id)
            ).all()
            obstacles = service_effects.obstacles_of(session, found)
            for one in found:
                if not obstacles[one.id]:
                    placements.move(
                        session, stage.school(one.school_id), one, placement_rules.Action.PREPARE, now=now
                    )
                    ready += 1
    return ready


def lapse(stage: Stage, now: datetime) -> None:
    """What the clock does to papers: those of placements that are over have expired."""
    with stage.database.write() as session:
        due = session.scalars(
            sa.select(Paper).where(_PAPERS.c.due_at <= now.astimezone(UTC)).order_by(_PAPERS.c.id)
        ).all()
        for one in due:
            after = rules.AT_DUE[one.state]
            if after is PaperState.DRAFT:
                one.document_id = None
            service.set_state(session, stage.administrator, one, after, now=now)
