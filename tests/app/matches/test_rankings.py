"""Rankings that are stored, and made again."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from hypothesis import given
from starlette.testclient import TestClient

from app import db
from app.events.models import Event
from app.matches import service_rankings as rankings
from app.matches import translate, values
from app.matches.models import RankingLine, StoredRanking
from app.matches.service_rankings import MOST_RANKINGS
from app.matches.service_replay import is_reproduced
from app.opportunities.models import Kind, Opportunity, OpportunitySpan, Status
from app.skills.models import Skill
from app.students.models import Student, StudentAvailability, StudentSkill
from matching import Weights
from matching.rank import Index
from tests.app.matches.conftest import World
from tests.app.matches.test_api import (
    ADMINISTRATOR,
    COORDINATOR,
    LEAD,
    NOBODY,
    OTHER_SCHOOL,
    OTHER_STUDENT,
    OWN_COMPANY,
    SAME_CLASS,
    SAME_SCHOOL,
    STUDENT,
    grant,
    matches,
)
from tests.factories import ACTOR, NOW
from tests.matching.strategies import ON, VOCABULARY, offers, rule_weights, steady, students
from tests.queries import count_queries

Json = dict[str, Any]


def store(client: TestClient, world: World, **body: object) -> Json:
    answer = client.post(
        "/api/v1/rankings", json={"student_id": str(world.student.id)} | body, headers=world.make.bearer()
    )
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/v1/rankings/{answer.json()['id']}"
    found: Json = answer.json()
    return found


def get(client: TestClient, world: World, path: str) -> Json:
    answer = client.get(f"/api/v1/rankings/{path}", headers=world.make.bearer())
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def replay(client: TestClient, world: World, ranking: Json) -> Json:
    return get(client, world, f"{ranking['id']}/replay")


def line_of(page: Json, opportunity: Opportunity) -> Json:
    [line] = [line for line in page["lines"] if line["opportunity_id"] == str(opportunity.id)]
    found: Json = line
    return found


def change_student(world: World, **columns: object) -> None:
    """Change columns as the service does it: the version rises."""
    with world.make.database.write() as session:
        session.execute(
            sa.update(Student)
            .where(Student.id == world.student.id)
            .values(version=Student.version + 1, **columns)
        )


# --- storing ----------------------------------------------------------------------------------------------------------


def test_a_stored_ranking_has_the_lines_of_the_ranking(client: TestClient, world: World) -> None:
    shown = matches(client, world, limit=2)
    stored = store(client, world, limit=2)
    assert get(client, world, stored["id"]) == stored
    assert stored.pop("lines") == [
        {
            "position": position, "opportunity_id": item["opportunity"]["id"], "score": item["score"],
            **{name: item["opportunity"][name] for name in ("kind", "title", "company_name")},
            "parts": item["parts"] | dict.fromkeys({"hours", "interest"} - item["parts"].keys()),
        }
        for position, item in enumerate(shown["items"], start=1)  # type: ignore[arg-type, var-annotated]
    ]  # fmt: skip
    assert UUID(stored.pop("id"))
    assert len(stored.pop("vocabulary")) == 32
    assert stored == {
        "student_id": str(world.student.id), "kind": None, "limit": 2, "attendance": 0.75,
        "stored_at": "2026-01-12T09:00:00Z", "expires_at": "2027-01-12T09:00:00Z",
        **{name: shown[name] for name in ("algorithm", "weights", "seed", "ranked_on")},
    }  # fmt: skip


def test_only_the_kind_asked_for_is_stored(client: TestClient, world: World) -> None:
    stored = store(client, world, kind="visit")
    assert [line["kind"] for line in stored["lines"]] == [stored["kind"]] == ["visit"]
    assert [line["fate"] for line in replay(client, world, stored)["lines"]] == ["kept"]


def test_storing_is_an_event_without_values(client: TestClient, world: World) -> None:
    stored = store(client, world)
    with world.make.database.read() as session:
        event = session.scalars(sa.select(Event).where(Event.action == "ranking.stored")).one()
    assert (event.object_id, event.data) == (stored["id"], {"lines": 3})


def test_a_repeated_post_stores_one_ranking(client: TestClient, world: World) -> None:
    body = {"student_id": str(world.student.id)}
    headers = world.make.bearer() | {"Idempotency-Key": "store-it-once"}
    first, second = (client.post("/api/v1/rankings", json=body, headers=headers) for _ in range(2))
    assert first.json() == second.json()
    other = client.post("/api/v1/rankings", json=body | {"limit": 1}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    with world.make.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(StoredRanking)) == 1


def test_a_date_of_birth_is_kept_only_where_an_age_limit_needs_it(client: TestClient, world: World) -> None:
    def kept(stored: Json) -> Json:
        row = world.make.get(StoredRanking, UUID(stored["id"]))
        assert row is not None
        return row.student

    assert kept(store(client, world))["born_on"] is None
    world.offer(Kind.VISIT, min_age=16)
    assert kept(store(client, world))["born_on"] == "2008-05-04"


def test_a_period_that_the_age_rules_out_is_ruled_out_again(client: TestClient, world: World) -> None:
    """Seventeen in the period in which all days are free, eighteen in the one in which three quarters are."""
    adult = world.offer(Kind.INTERNSHIP, min_age=18)
    april = {"starts_on": date(2026, 4, 6), "ends_on": date(2026, 4, 10)}
    world.make.add(OpportunitySpan(opportunity_id=adult.id, weekdays=31, **april))
    world.make.change(adult)
    free = {"starts_on": april["starts_on"], "ends_on": date(2026, 5, 22)}
    world.make.add(StudentAvailability(student_id=world.student.id, **free))
    change_student(world)
    stored = store(client, world, kind="internship")
    assert line_of(stored, adult)["parts"]["calendar"] == 0.75
    assert replay(client, world, stored)["is_reproduced"] is True


def test_what_is_kept_of_a_student_names_nobody(client: TestClient, world: World) -> None:
    row = world.make.get(StoredRanking, UUID(store(client, world)["id"]))
    assert row is not None
    assert row.student.keys() == {
        "latitude", "longitude", "max_km", "skills", "interests", "free", "school_kind", "sector", "programmes", "year",
        "born_on", "hours_owed",
    }  # fmt: skip


def test_a_student_has_at_most_so_many_rankings(client: TestClient, world: World) -> None:
    first = store(client, world)
    row = world.make.get(StoredRanking, UUID(first["id"]))
    values_of = {
        name: getattr(row, name) for name in StoredRanking.__table__.columns.keys() if name != "id"  # noqa: SIM118
    }  # fmt: skip
    with world.make.database.write() as session:
        session.add_all(StoredRanking(**values_of) for _ in range(MOST_RANKINGS - 1))
    answer = client.post(
        "/api/v1/rankings", json={"student_id": str(world.student.id)}, headers=world.make.bearer()
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-rankings")


# --- how long ---------------------------------------------------------------------------------------------------------


def test_rankings_go_with_the_student(client: TestClient, world: World) -> None:
    stored = store(client, world)
    answer = client.delete(
        f"/api/v1/students/{world.student.id}", headers=world.make.bearer() | {"If-Match": "*"}
    )
    assert answer.status_code == 204
    with world.make.database.read() as session:
        for table in (StoredRanking, RankingLine):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0
    gone = client.get(f"/api/v1/rankings/{stored['id']}", headers=world.make.bearer())
    assert (gone.status_code, gone.json()["type"]) == (404, "/problems/no-such-ranking")


def test_a_ranking_is_gone_when_its_time_is_over_even_before_it_is_deleted(
    client: TestClient, world: World
) -> None:
    kept, ended = store(client, world), store(client, world)
    with world.make.database.write() as session:
        session.get_one(StoredRanking, UUID(ended["id"])).expires_at = NOW
    for path in (ended["id"], f"{ended['id']}/replay"):
        answer = client.get(f"/api/v1/rankings/{path}", headers=world.make.bearer())
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-ranking")
    with world.make.database.write() as session:
        assert rankings.forget_expired(session, NOW) == {"rankings": 1}
    assert world.make.get(StoredRanking, UUID(ended["id"])) is None
    assert get(client, world, kept["id"]) == kept


# --- who --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "reads", "stores"),
    [
        (STUDENT, 200, 201),
        (SAME_CLASS, 200, 201),
        (SAME_SCHOOL, 404, 422),
        (LEAD, 200, 201),
        (OTHER_SCHOOL, 404, 422),
        (OTHER_STUDENT, 404, 422),
        (OWN_COMPANY, 404, 422),
        (COORDINATOR, 404, 422),
        (ADMINISTRATOR, 200, 201),
        (NOBODY, 401, 401),
    ],
)
def test_who_sees_the_student_s_rankings_stores_and_reads_them(
    client: TestClient, world: World, who: str, reads: int, stores: int
) -> None:
    stored = store(client, world)
    if who != NOBODY:
        client.cookies.set("bottega_session", world.make.signed_in(grant(world, who)))
    assert client.get(f"/api/v1/rankings/{stored['id']}").status_code == reads
    assert client.get(f"/api/v1/rankings/{stored['id']}/replay").status_code == reads
    answer = client.post(
        "/api/v1/rankings",
        json={"student_id": str(world.student.id)},
        headers={"Origin": "http://127.0.0.1:8000"},
    )
    assert answer.status_code == stores
    if stores == 422:
        assert answer.json()["type"] == "/problems/unknown-student"
        assert [fault["field"] for fault in answer.json()["faults"]] == ["student_id"]


@pytest.mark.parametrize("scope", ["matches:read", "matches:write"])
def test_storing_needs_both_scopes_and_reading_one(client: TestClient, world: World, scope: str) -> None:
    stored = store(client, world)
    headers = world.make.bearer(scopes=[scope])
    answer = client.post("/api/v1/rankings", json={"student_id": str(world.student.id)}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-missing")
    for path in ("", "/replay"):
        found = client.get(f"/api/v1/rankings/{stored['id']}{path}", headers=headers)
        assert found.status_code == (200 if scope == "matches:read" else 403)


def made_for(app: FastAPI, world: World) -> rankings.Stored:
    with world.make.database.read() as session:
        question = rankings.ask(session, ACTOR, app.state.engine, world.student.id)
    return rankings.make(app.state.engine, question, kind=None, limit=5, now=NOW, days=1)


def test_a_student_who_leaves_between_ranking_and_storing_is_unknown(app: FastAPI, world: World) -> None:
    made = made_for(app, world)
    with world.make.database.write() as session:
        session.delete(session.get_one(Student, world.student.id))
    with pytest.raises(rankings.UnknownStudent), world.make.database.write() as session:
        rankings.store(session, ACTOR, made)


def test_who_loses_sight_of_the_student_between_ranking_and_storing_stores_nothing(
    app: FastAPI, world: World
) -> None:
    made = made_for(app, world)
    moved_on = replace(ACTOR, grants=(grant(world, SAME_SCHOOL),))
    with pytest.raises(rankings.UnknownStudent), world.make.database.write() as session:
        rankings.store(session, moved_on, made)


# --- replay -----------------------------------------------------------------------------------------------------------


def test_a_replay_of_an_unchanged_world_finds_nothing_changed(client: TestClient, world: World) -> None:
    stored = store(client, world)
    page = replay(client, world, stored)
    assert (page["is_reproduced"], page["causes"], page["student_fields"]) == (True, [], [])
    assert page["before"] == page["now"]
    assert [(line["fate"], line["position_before"], line["position_now"]) for line in page["lines"]] == [
        ("kept", 1, 1), ("kept", 2, 2), ("kept", 3, 3),
    ]  # fmt: skip
    for line, kept in zip(page["lines"], stored["lines"], strict=True):
        assert line["score_before"] == line["score_now"] == kept["score"]
        assert line["parts"] == line["fields"] == line["rules"] == []


def test_a_replay_tells_what_is_new_hidden_gone_and_moved(client: TestClient, world: World) -> None:
    full, old = world.offer(Kind.VISIT), world.offer(Kind.VISIT)
    stored = store(client, world)
    world.make.change(world.internship, hours=40)
    world.make.change(world.visit, closes_on=date(2026, 1, 11))
    world.make.change(world.training, status=Status.CLOSED)
    world.make.change(full, status=Status.FULL, seats_taken=2)
    with world.make.database.write() as session:
        db.touch(session, "opportunities")
        session.execute(sa.delete(Opportunity).where(Opportunity.id == old.id))
        db.touch(session, "companies")
    fresh = world.offer(Kind.INTERNSHIP, published_at=NOW + timedelta(days=1))
    page = replay(client, world, stored)
    before = {line["opportunity_id"]: line for line in stored["lines"]}
    assert {line["opportunity_id"]: line["fate"] for line in page["lines"]} == {
        str(world.internship.id): line_of(page, world.internship)["fate"], str(world.visit.id): "hidden",
        str(world.training.id): "gone", str(full.id): "hidden", str(old.id): "gone", str(fresh.id): "new",
    }  # fmt: skip
    assert [rule["code"] for rule in line_of(page, world.visit)["rules"]] == ["closed"]
    assert [rule["code"] for rule in line_of(page, full)["rules"]] == ["no_seats"]
    assert line_of(page, world.visit)["fields"] == ["closes_on"]
    moved = line_of(page, world.internship)
    assert moved["fate"] in ("kept", "moved")
    assert moved["parts"] == [{"part": "hours", "before": 0.8, "now": 0.4}]
    assert moved["fields"] == ["hours"]
    assert moved["score_before"] == before[str(world.internship.id)]["score"] > moved["score_now"]
    new = line_of(page, fresh)
    assert (new["position_before"], new["score_before"]) == (None, None)
    assert new["it"] == f"Nuova, alla posizione {new['position_now']}: è stata pubblicata dopo."
    assert page["is_reproduced"] is True
    assert [line["position_now"] for line in page["lines"]] == [1, 2, None, None, None, None]


def test_a_replay_tells_what_came_in_and_what_was_outranked(client: TestClient, world: World) -> None:
    stored = store(client, world, kind="internship", limit=1)
    better = world.offer(Kind.INTERNSHIP)
    world.make.change(world.internship, hours=10)
    page = replay(client, world, stored)
    assert [(line["opportunity_id"], line["fate"]) for line in page["lines"]] == [
        (str(better.id), "entered"), (str(world.internship.id), "outranked"),
    ]  # fmt: skip
    left = page["lines"][1]
    assert (left["position_before"], left["position_now"]) == (1, None)
    assert left["parts"] == [{"part": "hours", "before": 0.8, "now": 0.1}]
    assert left["score_now"] < page["lines"][0]["score_now"]


def test_a_replay_tells_who_changed_places(client: TestClient, world: World) -> None:
    other = world.offer(Kind.INTERNSHIP)
    world.make.change(other, hours=40)
    stored = store(client, world, kind="internship")
    world.make.change(world.internship, hours=10)
    page = replay(client, world, stored)
    assert [(line["fate"], line["position_before"], line["position_now"], line["en"]) for line in page["lines"]] == [
        ("moved", 2, 1, "From position 2 to 1."), ("moved", 1, 2, "From position 1 to 2."),
    ]  # fmt: skip


def test_a_replay_names_what_of_the_profile_has_changed(client: TestClient, world: World) -> None:
    stored = store(client, world, kind="internship")
    with world.make.database.write() as session:
        session.execute(
            sa.update(StudentSkill).where(StudentSkill.student_id == world.student.id).values(level=3)
        )
    near = world.make.municipality("037008", name="Castenaso", latitude=44.51, longitude=11.47)
    change_student(world, hours_owed=0, municipality_istat=near.istat, born_on=date(2009, 5, 4))
    page = replay(client, world, stored)
    assert page["student_fields"] == ["municipality", "skills", "hours_owed"]
    assert page["causes"] == [
        {
            "code": "student", "it": "Il profilo è cambiato: comune, competenze, ore mancanti.",
            "en": "The profile has changed: municipality, skills, hours owed.",
        }
    ]  # fmt: skip
    moved = {part["part"]: (part["before"], part["now"]) for part in page["lines"][0]["parts"]}
    assert moved["hours"] == (0.8, None)
    assert moved["skills"] == pytest.approx((2 / 3 * 0.95, 0.95))
    assert page["is_reproduced"] is True


def test_a_replay_names_what_of_the_making_has_changed(
    app: FastAPI, client: TestClient, world: World
) -> None:
    stored = store(client, world)
    engine = app.state.engine
    engine.weights = Weights("2099-01", {"travel": 1.0}, {}, attendance=0.5)
    engine.seed, engine._state = 7, None
    with world.make.database.write() as session:
        row = session.get_one(StoredRanking, UUID(stored["id"]))
        row.ranked_on += timedelta(days=1)
    page = replay(client, world, stored)
    assert [cause["code"] for cause in page["causes"]] == ["seed", "ranked_on", "attendance", "weights"]
    assert [cause["en"] for cause in page["causes"]] == [
        "The order of equal scores has changed: seed from 0 to 7.",
        "The list is of 2026-01-13 and today is 2026-01-12: dates, ages and freshness count.",
        "The least attendance has changed: from 75% to 50%.",
        f"The weights have changed: from {stored['weights']['version']} to 2099-01.",
    ]
    # Not the day it was ranked on: the stored freshness is another one then.
    assert page["is_reproduced"] is False


@pytest.mark.parametrize("changed", ["algorithm", "vocabulary"])
def test_what_was_made_otherwise_is_not_said_to_be_reproduced(
    client: TestClient, world: World, changed: str
) -> None:
    stored = store(client, world)
    with world.make.database.write() as session:
        setattr(session.get_one(StoredRanking, UUID(stored["id"])), changed, "0" * 32)
    page = replay(client, world, stored)
    assert page["is_reproduced"] is None
    assert [cause["code"] for cause in page["causes"]] == [changed]


def test_a_new_link_in_the_tree_of_skills_is_another_vocabulary(client: TestClient, world: World) -> None:
    stored = store(client, world)
    with world.make.database.write() as session:
        session.execute(
            sa.update(Skill).where(Skill.id == "cnc-turning").values(broader_id="plc-programming")
        )
        db.touch(session, "vocabulary")
    assert [cause["code"] for cause in replay(client, world, stored)["causes"]] == ["vocabulary"]


@pytest.mark.parametrize("tampered", ["score", "parts", "position", "opportunity"])
def test_a_ranking_that_was_tampered_with_is_not_reproduced(
    client: TestClient, world: World, tampered: str
) -> None:
    stored = store(client, world)
    with world.make.database.write() as session:
        first, second, _ = session.scalars(sa.select(RankingLine).order_by(RankingLine.position)).all()
        if tampered == "score":
            first.score += 1e-6
        elif tampered == "parts":
            first.parts = first.parts | {"travel": 0.99}
        elif tampered == "opportunity":
            first.opportunity = first.opportunity | {"seats_free": 0}
        else:
            for name in ("opportunity_id", "score", "parts", "opportunity"):
                one, other = getattr(first, name), getattr(second, name)
                setattr(first, name, other)
                setattr(second, name, one)
    assert replay(client, world, stored)["is_reproduced"] is False


def test_a_replay_costs_the_same_for_one_line_and_for_many(client: TestClient, world: World) -> None:
    counts = []
    for limit in (1, 3):
        stored = store(client, world, limit=limit)
        headers = world.make.bearer()
        client.get(f"/api/v1/rankings/{stored['id']}/replay", headers=headers)
        with count_queries(world.make.database) as queries:
            client.get(f"/api/v1/rankings/{stored['id']}/replay", headers=headers)
        counts.append(queries.count)
    assert counts == [10, 10]  # two of them write down the look


# --- the values -------------------------------------------------------------------------------------------------------


@steady
@given(offers(), students(), rule_weights)
def test_whatever_is_stored_is_reproduced(some: list[Any], student: Any, scale: Weights) -> None:
    """The property behind `is_reproduced`: the kept values say all that the scores and their order stand on."""
    space = uuid4()
    student = replace(student, id=str(uuid5(space, "student")), minutes={}, max_minutes=None)
    named = {str(uuid5(space, one.id)): one for one in some}
    index = Index([replace(one, id=key) for key, one in named.items()], VOCABULARY, scale, on=ON, seed=3)
    found = index.top(student, 5)
    has_age_limits = any(
        index[one.id].min_age is not None or index[one.id].max_age is not None for one in found
    )
    packed = values.pack_student(student, has_age_limits=has_age_limits)
    ranking = StoredRanking(
        student_id=UUID(student.id), seed=3, ranked_on=ON, attendance=scale.attendance,
        weights=translate.weights(scale), student=json.loads(json.dumps(packed)),
    )  # fmt: skip
    lines = [
        RankingLine(
            opportunity_id=UUID(one.id), score=one.score, parts=dict(one.parts),
            opportunity=json.loads(json.dumps(values.pack_opportunity(index[one.id]))),
        )
        for one in found
    ]  # fmt: skip
    assert is_reproduced((ranking, lines), VOCABULARY)
    for line in lines:
        one = values.unpack_opportunity(line.opportunity, str(line.opportunity_id))
        assert one == index[one.id]
        assert values.differences(one, index[one.id]) == []
