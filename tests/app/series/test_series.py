"""A series from its founding to its page: who proposes, who decides, what the clock does, and what is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from starlette.testclient import TestClient

from app.auth.actors import Actor, Grant, Role
from app.events import service as events
from app.notifications.models import Notification
from app.opportunities.models import Kind, Opportunity, Status
from app.series import rules, service_clock
from app.series.models import ProposalState, Series, SeriesProposal, SeriesState
from app.series.rules import ProposalAction
from tests import things
from tests.factories import NOW, TODAY, Factory

SERIES = {
    "name_it": "Festa della tecnica", "name_en": "Days of technology", "kind": "festival", "starts_on": "2026-03-02",
    "ends_on": "2026-03-08", "brief": "Solo eventi aperti alle classi.", "review_days": 5,
}  # fmt: skip


class Sides:
    """A territory's coordinator and a host, who call over the API."""

    def __init__(self, make: Factory, client: TestClient) -> None:
        self.make, self.client = make, client
        self.company = make.company()
        self.steering = make.bearer(Role.COORDINATOR)
        self.host = make.bearer(Role.COMPANY_MEMBER, company_id=self.company.id)
        self.outsider = make.bearer(Role.COMPANY_MEMBER, company_id=make.company().id)
        make.signed_in(Role.COORDINATOR, name="Carla")
        make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=self.company.id), name="Omar")

    def open_series(self, **values: Any) -> str:
        body = SERIES | {"territory_id": str(self.make.territory().id)} | values
        made = self.client.post("/api/v1/series", headers=self.steering, json=body)
        assert made.status_code == 201, made.text
        path = f"/api/v1/series/{made.json()['id']}"
        assert self.patch(path, self.steering, {"state": "open"}).status_code == 200
        return path

    def propose(self, series: str, visit: Opportunity, **values: Any) -> httpx2.Response:
        body = {"opportunity_id": str(visit.id), "audiences": ["students", "families"]} | values
        return self.client.post(f"{series}/proposals", headers=self.host, json=body)

    def move(self, path: str, who: Mapping[str, str], action: str, **more: Any) -> httpx2.Response:
        version = self.client.get(path, headers=self.steering).json()["version"]
        body = {"action": action, "version": version} | more
        return self.client.post(f"{path}/moves", headers=who, json=body)

    def patch(self, path: str, who: Mapping[str, str], body: Mapping[str, Any]) -> httpx2.Response:
        headers = {**who, "If-Match": "*", "Content-Type": "application/merge-patch+json"}
        return self.client.patch(path, headers=headers, json=body)

    def told(self) -> list[str]:
        with self.make.database.read() as session:
            return [one.kind for one in session.query(Notification).order_by(Notification.created_at)]


@pytest.fixture
def sides(make: Factory, client: TestClient) -> Sides:
    return Sides(make, client)


def test_a_proposal_is_between_its_two_sides_and_can_be_withdrawn(
    sides: Sides, client: TestClient, make: Factory
) -> None:
    series = sides.open_series()
    visit = make.opportunity(
        sides.company, kind=Kind.VISIT, status=Status.DRAFT, published_at=None, published_by=None
    )
    things_of_day = {"contact_name": "Rita Bassi", "contact_phone": "+39 051 123", "is_step_free": True}
    made = sides.propose(series, visit, accessibility="Rampa in cortile.", **things_of_day)
    assert made.status_code == 201
    assert made.json()["actions"] == ["withdraw"]
    assert made.json()["due_at"] == (NOW + timedelta(days=5)).isoformat().replace("+00:00", "Z")
    path = f"{series}/proposals/{made.json()['id']}"
    assert client.get(path, headers=sides.outsider).status_code == 404
    assert client.get(f"{series}/proposals", headers=sides.outsider).json()["items"] == []

    # Twice, or by whoever has no say, nothing happens.
    assert sides.propose(series, visit).json()["type"] == "/problems/proposed-already"
    assert sides.move(path, sides.host, "publish").json()["type"] == "/problems/not-your-proposal"
    assert sides.move(path, sides.host, "withdraw").json()["state"] == "withdrawn"
    assert sides.told() == ["event_proposed"]


def test_what_is_returned_says_why_and_can_come_again(
    sides: Sides, client: TestClient, make: Factory
) -> None:
    series = sides.open_series()
    visit = make.opportunity(sides.company, kind=Kind.VISIT)
    path = f"{series}/proposals/{sides.propose(series, visit).json()['id']}"
    bare = sides.move(path, sides.steering, "return")
    assert (bare.status_code, bare.json()["faults"][0]["field"]) == (422, "reason")
    assert sides.move(path, sides.steering, "take", reason="Bello").status_code == 422
    assert sides.move(path, sides.steering, "take").json()["state"] == "in_review"
    returned = sides.move(path, sides.steering, "return", reason="Manca la data.")
    assert (returned.json()["state"], returned.json()["due_at"]) == ("returned", None)
    assert client.get(path, headers=sides.host).json()["reason"] == "Manca la data."
    stale = client.post(f"{path}/moves", headers=sides.host, json={"action": "propose", "version": 1})
    assert stale.json()["type"] == "/problems/proposal-changed"
    again = sides.move(path, sides.host, "propose").json()
    assert (again["state"], again["reason"]) == ("proposed", None)
    published = sides.move(path, sides.steering, "publish").json()
    assert published["state"] == "published"
    assert sides.move(path, sides.steering, "take").json()["type"] == "/problems/wrong-state"

    # Everybody reads the event now, and nobody else who is there on the day.
    assert sides.patch(path, sides.host, {"contact_name": "Rita Bassi"}).status_code == 200
    seen = client.get(path, headers=sides.outsider).json()
    assert (seen["audiences"], seen["contact_name"], seen["actions"]) == (["students", "families"], None, [])
    assert sides.patch(path, sides.outsider, {"accessibility": "x"}).status_code == 403
    assert sides.told() == ["event_proposed", "event_returned", "event_proposed", "event_published"]
    with make.database.read() as session:
        history = events.history(session, "series_proposal", path.rpartition("/")[2])
    steps = [one.data.get("to") for one in history if one.action == "series_proposal.moved"]
    assert steps == ["in_review", "returned", "proposed", "published"]
    assert "Rita" not in str([one.data for one in history])


def test_a_yes_publishes_a_draft_or_says_what_it_lacks(
    sides: Sides, client: TestClient, make: Factory
) -> None:
    series = sides.open_series()
    draft = {"kind": Kind.VISIT, "status": Status.DRAFT, "published_at": None, "published_by": None}
    visit = make.opportunity(sides.company, **draft)
    path = f"{series}/proposals/{sides.propose(series, visit).json()['id']}"
    refused = sides.move(path, sides.steering, "publish")
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (409, "spans")
    assert client.get(path, headers=sides.host).json()["state"] == "proposed"
    day = NOW + timedelta(days=30)
    body = {"starts_at": day.isoformat(), "ends_at": (day + timedelta(hours=2)).isoformat(), "seats": 20}
    planned = client.post(f"/api/v1/opportunities/{visit.id}/sessions", headers=sides.host, json=body)
    assert planned.status_code == 201
    assert sides.move(path, sides.steering, "publish").json()["state"] == "published"
    stored = make.get(Opportunity, visit.id)
    assert stored is not None
    assert stored.status is Status.PUBLISHED


def test_a_series_takes_visits_while_it_is_open_and_its_days_are_in_order(
    sides: Sides, client: TestClient, make: Factory
) -> None:
    series = sides.open_series()
    internship = make.opportunity(sides.company)
    assert sides.propose(series, internship).json()["type"] == "/problems/not-a-visit"
    foreign = make.opportunity(kind=Kind.VISIT)
    assert sides.propose(series, foreign).status_code == 403
    unfit = sides.patch(series, sides.steering, {"ends_on": "2026-02-01"})
    assert unfit.json()["faults"] == [{"in": "body", "field": "ends_on", "detail": "lies before starts_on"}]
    assert sides.patch(series, sides.steering, {"state": "draft"}).json()["type"] == "/problems/wrong-state"
    assert sides.patch(series, sides.host, {"state": "closed"}).status_code == 403
    assert sides.patch(series, sides.steering, {"state": "closed"}).status_code == 200
    visit = make.opportunity(sides.company, kind=Kind.VISIT)
    assert sides.propose(series, visit).json()["type"] == "/problems/series-closed"
    hidden = client.post(
        "/api/v1/series", headers=sides.steering, json=SERIES | {"territory_id": str(make.territory().id)}
    ).json()["id"]
    assert client.get(f"/api/v1/series/{hidden}", headers=sides.host).status_code == 404
    milan = make.territory("Milano", "MI").id
    elsewhere = client.post(
        "/api/v1/series", headers=sides.steering, json=SERIES | {"territory_id": str(milan)}
    )
    assert elsewhere.json()["type"] == "/problems/not-your-series"


def test_a_silent_steering_group_is_reminded_once_a_week_and_nothing_is_decided_for_it(make: Factory) -> None:
    make.signed_in(Role.COORDINATOR, name="Carla")
    parts = things.of_series(make, make.territory(), make.company())
    at = [NOW + timedelta(days=days) for days in (6, 7, 8, 13, 14.5)]
    counts = [service_clock.remind(make.database, moment)["proposals_reminded"] for moment in at]
    assert counts == [0, 1, 0, 0, 1]
    with make.database.read() as session:
        assert session.query(Notification).filter_by(kind="event_due").count() == 2
        proposal = session.get_one(SeriesProposal, UUID(parts["proposal_id"]))
        assert proposal.state is ProposalState.PROPOSED


def test_who_was_there_on_the_day_is_forgotten_some_time_after_the_series(make: Factory) -> None:
    parts = things.of_series(make, make.territory(), make.company())
    series = make.get(Series, UUID(parts["series_id"]))
    assert series is not None
    ends = NOW + (series.ends_on - TODAY)
    with make.database.write() as session:
        assert service_clock.forget_contacts(session, ends + timedelta(days=60), days=60) == 0
        assert service_clock.forget_contacts(session, ends + timedelta(days=61), days=60) == 1
    with make.database.read() as session:
        proposal = session.get_one(SeriesProposal, UUID(parts["proposal_id"]))
        assert (proposal.contact_name, proposal.contact_phone) == ("", "")


@pytest.mark.parametrize("state", ProposalState)
def test_each_side_has_its_own_steps_and_every_open_proposal_can_be_decided(state: ProposalState) -> None:
    steering = set(rules.actions(state, is_host=False, is_steering=True))
    host = set(rules.actions(state, is_host=True, is_steering=False))
    assert steering <= rules.OF_STEERING
    assert not host & rules.OF_STEERING
    assert (state in rules.OPEN) == (ProposalAction.PUBLISH in steering)
    assert not rules.actions(state, is_host=False, is_steering=False)
    assert host | steering  # nobody is stuck


def test_a_coordinator_steers_the_own_territory_only() -> None:
    here, there = UUID(int=1), UUID(int=2)
    grant = Grant(Role.COORDINATOR, territory_id=here, provinces=frozenset({"BO"}))
    actor = Actor(kind="user", id=None, name="Carla", grants=(grant,))
    assert rules.steers(actor, here)
    assert not rules.steers(actor, there)
    assert rules.can_see_series(actor, here, SeriesState.DRAFT)
    assert not rules.can_see_series(actor, there, SeriesState.DRAFT)
    assert not rules.is_reminder_due(None, None, NOW)
