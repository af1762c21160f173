"""Two of a steering group who decide on the same proposal at the same moment: one decides, and the host reads one answer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
import sqlalchemy as sa

from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.events.models import Event
from app.notifications.models import Notification
from app.opportunities.models import Kind
from app.series import rules, service_proposals, service_reading
from app.series.models import ProposalState, Series, SeriesProposal, SeriesState
from app.series.rules import ProposalAction
from tests.factories import ACTOR, NOW, Factory
from tests.together import at_once

ROUNDS = 4
DECISIONS = ((ProposalAction.PUBLISH, None), (ProposalAction.RETURN, "Manca la data."))


class Desk:
    """A series of a territory, whose coordinators look at proposals."""

    def __init__(self, database: Database) -> None:
        self.make, self.database = Factory(database), database
        territory = self.make.territory()
        self.series = self.make.add(
            Series(
                territory_id=territory.id, name_it="Festa", name_en="Days", kind="festival", starts_on=date(2026, 3, 2),
                ends_on=date(2026, 3, 8), state=SeriesState.OPEN, created_at=NOW, created_by=ACTOR.mark,
            )
        )  # fmt: skip
        grant = Grant(Role.COORDINATOR, territory_id=territory.id, provinces=frozenset({"BO"}))
        self.reviewers = [Actor("user", None, name, (grant,)) for name in ("Silvia", "Carla")]
        self.company = self.make.company()
        self.make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=self.company.id), name="Omar")

    def proposal(self) -> SeriesProposal:
        visit = self.make.opportunity(self.company, kind=Kind.VISIT)
        return self.make.add(
            SeriesProposal(
                series_id=self.series.id, opportunity_id=visit.id, audiences=1, proposed_at=NOW,
                proposed_by=ACTOR.mark, due_at=NOW,
            )
        )  # fmt: skip

    def decide(
        self, reviewer: Actor, proposal: SeriesProposal, action: ProposalAction, reason: str | None
    ) -> Callable[[], str]:
        def call() -> str:
            with self.database.write() as session:
                service_proposals.move(
                    session, reviewer, self.series.id, proposal.id, action, version=1, reason=reason, now=NOW
                )
            return action.value

        return call

    def decisions(self, proposal: SeriesProposal) -> tuple[ProposalState, int, int]:
        """Where it stands, how often it was decided, and how often the host was told."""
        with self.database.read() as session:
            count = sa.select(sa.func.count())
            moved = count.where(Event.action == "series_proposal.moved", Event.object_id == str(proposal.id))
            told = count.where(
                Notification.kind.in_(("event_published", "event_returned")),
                Notification.path.contains(str(proposal.opportunity_id)),
            )
            state = session.get_one(SeriesProposal, proposal.id).state
            return state, session.scalars(moved).one(), session.scalars(told).one()


@pytest.fixture
def desk(shared: Database) -> Desk:
    return Desk(shared)


def test_of_two_decisions_the_first_stands_and_the_second_is_told(desk: Desk) -> None:
    for _ in range(ROUNDS):
        proposal = desk.proposal()
        calls = [
            desk.decide(who, proposal, *decision)
            for who, decision in zip(desk.reviewers, DECISIONS, strict=True)
        ]
        results = at_once(*calls)
        [made] = [one for one in results if isinstance(one, str)]
        assert sum(isinstance(one, service_proposals.ProposalChanged) for one in results) == 1
        action = ProposalAction(made)
        assert desk.decisions(proposal) == (rules.TRANSITIONS[action][ProposalState.PROPOSED], 1, 1)


def test_the_same_decision_twice_is_made_and_told_once(desk: Desk) -> None:
    for _ in range(ROUNDS):
        proposal = desk.proposal()
        calls = [desk.decide(who, proposal, ProposalAction.PUBLISH, None) for who in desk.reviewers * 2]
        assert at_once(*calls) == ["publish"] * 4
        assert desk.decisions(proposal) == (ProposalState.PUBLISHED, 1, 1)


def test_without_the_lock_both_believe_to_have_decided(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    is_postgresql = desk.database.engine.dialect.name == "postgresql"
    both, enter, moved = Barrier(2, timeout=30 if is_postgresql else 0.2), service_proposals._enter, []

    def look(session: Any, actor: Actor, series_id: Any, proposal_id: Any) -> Any:
        return service_reading.find(session, actor, series_id, proposal_id)

    def meet_and_enter(*arguments: Any) -> None:
        moved.append(arguments[3])
        try:
            both.wait()
        except BrokenBarrierError:
            assert not is_postgresql  # SQLite lets one block write at a time, with or without it
        enter(*arguments)

    monkeypatch.setattr(service_proposals, "get_for_change", look)
    monkeypatch.setattr(service_proposals, "_enter", meet_and_enter)
    proposal = desk.proposal()
    calls = [
        desk.decide(who, proposal, *decision) for who, decision in zip(desk.reviewers, DECISIONS, strict=True)
    ]
    refused = 0
    try:
        at_once(*calls)
    except sa.exc.SQLAlchemyError:
        refused = 1  # the version in the row is a second guard, with no words for people
    assert (len(moved), refused) == ((2, 1) if is_postgresql else (1, 0))
    assert desk.decisions(proposal)[1:] == (1, 1)
