"""Signatures that meet: several connections of a real database."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.agreements import service, service_clock, service_codes, service_signing
from app.agreements.models import Agreement, Document, Paper, PaperState, Signature, SignerRole
from app.auth.actors import Actor, Grant, Role
from app.auth.models import User
from app.db import Database
from app.events.models import Event
from app.notifications.models import Notification
from app.placements.models import Placement, State
from app.settings import Settings
from tests.factories import NOW, Factory
from tests.together import at_once

SITE = "http://127.0.0.1:8000"
SECRET = Settings().secret_key
ROUNDS = 5


@dataclass
class Pending:
    """An agreement that two people have to sign, at the same position; a placement waits for nothing else."""

    database: Database
    agreement: Agreement
    placement: Placement
    signers: dict[SignerRole, Actor]

    def sign(self, role: SignerRole, code: str | None = None) -> Callable[[], bool]:
        actor, given = self.signers[role], code or self.code(role)
        with self.database.read() as session:
            digest = session.get_one(Document, self.agreement.document_id).digest

        def do() -> bool:
            with self.database.write() as session:
                return service_signing.sign(
                    session, SECRET, actor, self.agreement.id, code=given, digest=digest, now=NOW, site=SITE
                )

        return do

    def code(self, role: SignerRole) -> str:
        with self.database.write() as session:
            signature = session.scalars(
                sa.select(Signature).where(Signature.paper_id == self.agreement.id, Signature.role == role)
            ).one()
            return service_codes.make(session, SECRET, signature, NOW)

    def count(self, action: str, object_id: UUID, **data: str) -> int:
        with self.database.read() as session:
            events = session.scalars(
                sa.select(Event).where(Event.action == action, Event.object_id == str(object_id))
            )
            return sum(1 for one in events if data.items() <= one.data.items())

    def states(self) -> tuple[PaperState, State]:
        with self.database.read() as session:
            paper = session.get_one(Paper, self.agreement.id)
            return paper.state, session.get_one(Placement, self.placement.id).state


@pytest.fixture
def pending(shared: Database) -> Callable[[], Pending]:
    make = Factory(shared)

    def settle() -> Pending:
        school, company = make.school(), make.company()
        placement = make.placement(make.student(make.school_class(school)), make.opportunity(company))
        make.plan(placement, state="in_force")
        agreement = make.agreement(school, company, state="signing")
        grants = {
            SignerRole.HEAD: Grant(Role.SCHOOL_LEAD, school_id=school.id),
            SignerRole.HOST: Grant(Role.COMPANY_ADMIN, company_id=company.id),
        }
        signers = {}
        for role, grant in grants.items():
            name = f"{role}{agreement.id}"
            make.signed_in(grant, name=name)
            with shared.read() as session:
                user_id = session.scalars(sa.select(User.id).where(User.name == name)).one()
            signers[role] = Actor(kind="user", id=user_id, name=name, grants=(grant,))
            make.add(
                Signature(
                    paper_id=agreement.id, document_id=agreement.document_id, role=role, position=1, name=name,
                    user_id=user_id, asked_at=NOW,
                )
            )  # fmt: skip
        return Pending(shared, agreement, placement, signers)

    return settle


def test_a_double_click_signs_once(pending: Callable[[], Pending]) -> None:
    for _ in range(ROUNDS):
        one = pending()
        code = one.code(SignerRole.HEAD)
        results = at_once(*(one.sign(SignerRole.HEAD, code) for _ in range(4)))
        assert results.count(True) == 1
        assert sum(isinstance(found, service_signing.SignedAlready) for found in results) == 3
        assert one.count("paper.signed", one.agreement.id) == 1


def test_two_last_signatures_have_one_effect(pending: Callable[[], Pending]) -> None:
    for _ in range(ROUNDS):
        one = pending()
        assert at_once(one.sign(SignerRole.HEAD), one.sign(SignerRole.HOST)) == [True, True]
        assert one.states() == (PaperState.IN_FORCE, State.READY)
        assert one.count("paper.moved", one.agreement.id, to="in_force") == 1
        assert one.count("placement.moved", one.placement.id, to="ready") == 1


def test_without_the_lock_two_last_signatures_have_none(
    pending: Callable[[], Pending], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = pending()
    is_sqlite = one.database.engine.dialect.name == "sqlite"  # its writers never meet

    def and_meet(step: Callable[..., Any]) -> Callable[..., Any]:
        both = Barrier(2, timeout=0.2 if is_sqlite else 30)

        def stepped(*arguments: Any, **more: Any) -> Any:
            result = step(*arguments, **more)
            with suppress(BrokenBarrierError):
                both.wait()
            return result

        return stepped

    def no_lock(session: Any, paper: Paper) -> None:
        session.refresh(paper)

    monkeypatch.setattr(service, "lock", no_lock)
    # Neither looks before both have marked, nor ends before both have looked.
    monkeypatch.setattr(service_signing, "_mark", and_meet(service_signing._mark))
    monkeypatch.setattr(service_signing, "_settle", and_meet(service_signing._settle))
    # The version of the paper would be a second guard; here only the first is asked for.
    monkeypatch.setattr(service_signing, "flag_modified", lambda *_: None)
    at_once(one.sign(SignerRole.HEAD), one.sign(SignerRole.HOST))
    assert one.states()[0] is (PaperState.IN_FORCE if is_sqlite else PaperState.SIGNING)


def test_two_workers_remind_once(pending: Callable[[], Pending]) -> None:
    one = pending()
    later = datetime(2026, 1, 18, 9, 0, tzinfo=UTC)

    def keep() -> int:
        return service_clock.keep(one.database, later, SITE)["signatures_reminded"]

    assert sum(int(str(count)) for count in at_once(keep, keep)) == 2
    with one.database.read() as session:
        told = session.scalars(sa.select(Notification).where(Notification.kind == "paper_to_sign")).all()
    assert len(told) == 2
