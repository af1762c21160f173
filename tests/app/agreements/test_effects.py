"""What papers do, and what time does to them: amendments, early ends, clocks, readiness."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.agreements import rules, service_codes, service_effects
from app.agreements import service_agreements as agreements
from app.agreements.models import Agreement, Document, Paper
from app.events.models import Event
from app.placements.models import Placement, State
from tests.app.agreements.land import TOKEN, Land, fields, keep, slug
from tests.factories import NOW
from tests.queries import count_queries

# --- amendments and ends ----------------------------------------------------------------------------------------------


def ready(land: Land) -> str:
    land.make.agreement(land.school, land.company, state="in_force")
    plan_id = land.plan_to_sign()
    land.record(plan_id, "student", "guardian", "school_tutor", "host_tutor", "host", "head")
    assert land.placement_state() is State.READY
    return plan_id


def amend(land: Land, **body: Any) -> Any:
    return land.call("teacher", "POST", f"/placements/{land.placement.id}/amendments", json=body)


def test_new_dates_are_signed_by_all_and_then_hold(land: Land) -> None:
    plan_id = ready(land)
    amendment_id = amend(land, ends_on="2026-02-27", planned_hours=112).json()["id"]
    opened = land.move("teacher", amendment_id, "open").json()
    assert len(opened["signatures"]) == 6
    assert land.placement_state() is State.PLANNED  # until it is signed
    roles = ("student", "guardian", "school_tutor", "host_tutor", "host", "head")
    assert land.record(amendment_id, *roles).json()["state"] == "in_force"
    assert land.placement_state() is State.READY
    with land.make.database.read() as session:
        placement = session.get_one(Placement, land.placement.id)
        assert (str(placement.ends_on), placement.planned_hours) == ("2026-02-27", 112)
        assert str(session.get_one(Paper, UUID(plan_id)).due_at) == "2026-02-28 00:00:00+00:00"


def test_a_new_tutor_needs_the_tutor_the_host_and_the_head(land: Land) -> None:
    ready(land)
    amendment_id = amend(land, host_tutor_id=str(land.user_id("Host"))).json()["id"]
    opened = land.move("teacher", amendment_id, "open").json()
    assert [one["role"] for one in opened["signatures"]] == ["host_tutor", "host", "head"]
    land.record(amendment_id, "host_tutor", "host", "head")
    host = land.user_id("Host")
    with land.make.database.read() as session:
        assert session.get_one(Placement, land.placement.id).host_tutor_id == host


def test_an_amendment_that_is_given_up_lets_the_placement_be_ready_again(land: Land) -> None:
    ready(land)
    amendment_id = amend(land, daily_hours=6).json()["id"]
    land.move("teacher", amendment_id, "open")
    land.move("teacher", amendment_id, "end")
    assert (land.state(amendment_id), land.placement_state()) == ("ended", State.READY)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "starts_on"),
        ({"ends_on": "2026-01-15"}, "ends_on"),
        ({"daily_hours": 8}, "daily_hours"),
        ({"school_tutor_id": "00000000-0000-0000-0000-000000000001"}, "school_tutor_id"),
    ],
)
def test_an_amendment_that_changes_nothing_or_nonsense_is_refused(
    land: Land, body: dict[str, Any], field: str
) -> None:
    answer = amend(land, **body)
    assert (answer.status_code, fields(answer)) == (422, [field])


def test_an_early_end_is_noted_and_ends_the_placement(land: Land) -> None:
    note = {"ended_on": "2026-01-10", "party": "student", "reason": "moved", "text": "Continua altrove."}
    path = f"/placements/{land.placement.id}/interruption"
    assert slug(land.call("teacher", "POST", path, json=note)) == "wrong-state"
    with land.make.database.write() as session:
        placement = session.get_one(Placement, land.placement.id)
        placement.state, placement.starts_on = State.RUNNING, NOW.date() - timedelta(days=5)
    early = land.call("teacher", "POST", path, json=note | {"ended_on": "2026-01-01"})
    assert (early.status_code, fields(early)) == (422, ["ended_on"])
    made = land.call("teacher", "POST", path, json=note)
    assert (made.status_code, made.json()["kind"]) == (201, "interruption")
    assert land.placement_state() is State.INTERRUPTED
    assert land.call("host", "GET", f"/documents/{made.json()['id']}").status_code == 200
    assert land.call("stranger", "GET", f"/documents/{made.json()['id']}").status_code == 404


# --- clocks -----------------------------------------------------------------------------------------------------------


def test_silence_ends_every_state(land: Land) -> None:
    agreement = land.make.agreement(land.school, land.company, due_at=None)
    land.move("lead", agreement.id, "send")
    assert keep(land, 13)["papers_lapsed"] == 0
    assert keep(land, 14)["papers_lapsed"] == 1
    assert land.state(agreement.id) == "draft"
    assert keep(land, 14)["papers_lapsed"] == 0
    assert keep(land, 80)["papers_lapsed"] == 1
    assert land.state(agreement.id) == "ended"


def test_an_agreement_expires_after_its_last_day(land: Land) -> None:
    agreement = land.make.agreement(
        land.school, land.company, state="in_force", due_at=NOW + timedelta(days=3)
    )
    keep(land, 2)
    assert land.state(agreement.id) == "in_force"
    keep(land, 3)
    assert land.state(agreement.id) == "expired"


def test_whoever_forgets_to_sign_is_reminded_three_times(land: Land) -> None:
    plan_id = land.plan_to_sign()
    counts = [keep(land, days)["signatures_reminded"] for days in (4, 5, 5, 10, 15, 20, 25)]
    assert counts == [0, 2, 0, 2, 2, 0, 0]
    assert land.signatures(plan_id)["student"].reminders == rules.MOST_REMINDERS
    assert "Promemoria" in land.last_mail().body_text


def test_a_guardian_gets_a_link_that_a_reminder_replaces(land: Land) -> None:
    land.plan_to_sign()
    mail = land.last_mail()
    assert mail.to_address == "rita@example.org"
    [first] = TOKEN.findall(mail.body_text)
    keep(land, 5)
    [second] = TOKEN.findall(land.last_mail().body_text)
    with land.make.database.read() as session:
        assert service_codes.look(session, first) is None
        assert service_codes.look(session, second) is not None


# --- documents --------------------------------------------------------------------------------------------------------


def test_the_database_itself_refuses_to_change_a_document(land: Land) -> None:
    plan_id = land.plan_to_sign()
    for change in ({"content": b"other"}, {"digest": "0" * 64}, {"version": 9}):
        with pytest.raises(sa.exc.DBAPIError), land.make.database.write() as session, session.begin_nested():
            session.execute(sa.update(Document).where(Document.subject_id == UUID(plan_id)).values(**change))
    with land.make.database.write() as session:  # who made it can be forgotten
        session.execute(sa.update(Document).values(made_by="user:gone"))


def test_events_tell_what_happened_and_no_name(land: Land) -> None:
    plan_id = land.plan_to_sign()
    land.sign("student", plan_id)
    with land.make.database.read() as session:
        events = session.scalars(sa.select(Event).where(Event.object_id == plan_id).order_by(Event.id)).all()
    assert [one.action for one in events] == ["paper.moved", "paper.signed"]
    assert "Rossi" not in str([one.data for one in events])


def test_the_agreement_is_found_for_all_its_days_only(land: Land) -> None:
    found = land.make.agreement(land.school, land.company, state="in_force")
    with land.make.database.read() as session:
        for starts_on, ends_on, expected in (
            (found.valid_from, found.valid_until, found.id),
            (found.valid_from - timedelta(days=1), found.valid_until, None),
            (found.valid_from, found.valid_until + timedelta(days=1), None),
        ):
            one: Agreement | None = agreements.in_force(
                session, land.school.id, land.company.id, starts_on, ends_on
            )
            assert (one.id if one else None) == expected


def test_obstacles_of_many_take_as_many_statements_as_of_one(land: Land) -> None:
    others = [land.make.placement(land.make.student(), land.make.opportunity()) for _ in range(2)]
    found = [land.placement, *others]
    counts = []
    for some in (found[:1], found):
        with land.make.database.read() as session, count_queries(land.make.database) as queries:
            told = service_effects.obstacles_of(session, some)
        counts.append(queries.count)
        assert told[land.placement.id] == ("no_agreement", "no_plan")
    assert counts[0] == counts[1]


def test_papers_are_listed_in_one_statement(land: Land) -> None:
    counts = []
    for _ in range(2):
        land.make.agreement(land.school, land.make.company())
        with count_queries(land.make.database) as queries:
            listed = land.call("lead", "GET", "/papers").json()["items"]
        counts.append((len(listed), queries.count))
    assert (counts[0][0], counts[1][0]) == (1, 2)
    assert counts[0][1] == counts[1][1]


def test_what_the_law_forbids_keeps_a_placement_from_being_ready(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    land.make.agreement(land.school, land.company, state="in_force")
    plan_id = land.plan_to_sign()
    seen: list[Any] = []

    def forbid(_table: object, facts: Any, _on: object) -> list[str]:
        seen.append((facts.is_agreement_known, facts.agreement.covers_days, facts.agreement.is_insured))
        return ["forbidden"]

    monkeypatch.setattr(service_effects.laws, "check", forbid)
    monkeypatch.setattr(service_effects.laws, "forbidden", lambda found: found)
    land.record(plan_id, "student", "guardian", "school_tutor", "host_tutor", "host", "head")
    assert (land.state(plan_id), land.placement_state()) == ("in_force", State.PLANNED)
    assert set(seen) == {(True, True, True)}
    monkeypatch.undo()
    assert keep(land, 0)["placements_ready"] == 1
