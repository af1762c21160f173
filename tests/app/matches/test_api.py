from datetime import date
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.opportunities.models import Kind, Opportunity, Status
from app.places import service as places
from app.places.gazetteer import MunicipalityData
from app.students.models import Student, StudentAvailability
from tests.app.matches.conftest import SPRING, World
from tests.factories import ACTOR
from tests.queries import count_queries

KINDS = ["internship", "visit", "training"]


def matches(client: TestClient, world: World, **params: object) -> dict[str, object]:
    answer = client.get(
        f"/api/v1/students/{world.student.id}/matches", params=params, headers=world.make.bearer()
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


def ids(page: dict[str, object]) -> list[str]:
    return [item["opportunity"]["id"] for item in page["items"]]  # type: ignore[attr-defined]


# --- a student's ranking ----------------------------------------------------------------------------------------------


def test_matches_explain_themselves_in_both_languages(client: TestClient, world: World) -> None:
    page = matches(client, world, kind="internship")
    [item] = page.pop("items")  # type: ignore[misc]
    assert item["opportunity"] == {
        "id": str(world.internship.id), "kind": "internship", "title": "Internship PLC",
        "company_id": str(world.company.id), "company_name": world.company.name, "municipality_name": "Bologna",
        "province_code": "BO", "is_online": False, "hours": 80, "seats_free": 2, "closes_on": None,
        "takes_applications": True,
        "spans": [
            {
                "starts_on": "2026-05-04", "ends_on": "2026-05-29", "weekdays": ["MO", "TU", "WE", "TH", "FR"],
                "parts": ["morning", "afternoon"],
            }
        ],
    }  # fmt: skip
    assert 0 < item["score"] < 1
    assert set(item["parts"]) <= {
        "skills",
        "challenge",
        "learning",
        "interest",
        "travel",
        "calendar",
        "programme",
        "hours",
        "freshness",
        "answers",
    }
    assert 1 <= len(item["reasons"]) <= 3
    for reason in [*item["reasons"], item["gap"]]:
        assert reason["it"] != reason["en"]
    assert item["travel_km"] == 0.0
    assert page.pop("weights")["version"]  # type: ignore[index]
    assert page == {"next_cursor": None, "algorithm": "bottega-2", "seed": 0, "ranked_on": "2026-01-12"}


def test_the_score_is_the_weighted_mean_of_its_parts(client: TestClient, world: World) -> None:
    page = matches(client, world)
    for item in page["items"]:  # type: ignore[attr-defined]
        weights = page["weights"][item["opportunity"]["kind"]]  # type: ignore[index]
        parts = item["parts"]
        mean = sum(weights[name] * value for name, value in parts.items()) / sum(weights[n] for n in parts)
        assert item["score"] == pytest.approx(mean, abs=1e-9)


def test_matches_are_of_the_kind_asked_for(client: TestClient, world: World) -> None:
    by_kind = {kind: ids(matches(client, world, kind=kind)) for kind in KINDS}
    assert by_kind == {
        "internship": [str(world.internship.id)],
        "visit": [str(world.visit.id)],
        "training": [str(world.training.id)],
    }
    assert set(ids(matches(client, world))) == {one for found in by_kind.values() for one in found}


def test_matches_come_in_pages_that_make_up_the_whole(client: TestClient, world: World) -> None:
    for _ in range(4):
        world.offer(Kind.VISIT)
    whole = ids(matches(client, world))
    pages, cursor = [], None
    for _ in range(9):
        if pages and cursor is None:
            break
        page = matches(client, world, limit=3, **({"cursor": cursor} if cursor else {}))
        pages.append(ids(page))
        cursor = page["next_cursor"]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one for page in pages for one in page] == whole


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"kind": "cruise"}, "kind"),
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"cursor": "e30"}, "cursor"),
    ],
)
def test_matches_name_a_parameter_that_is_wrong(
    client: TestClient, world: World, params: dict[str, object], field: str
) -> None:
    answer = client.get(
        f"/api/v1/students/{world.student.id}/matches", params=params, headers=world.make.bearer()
    )
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]


def test_a_new_opportunity_is_in_the_next_ranking_and_a_closed_one_is_not(
    client: TestClient, world: World
) -> None:
    assert len(ids(matches(client, world, kind="internship"))) == 1
    second = world.offer(Kind.INTERNSHIP)
    assert set(ids(matches(client, world, kind="internship"))) == {str(world.internship.id), str(second.id)}
    world.make.change(second, status=Status.CLOSED)
    assert ids(matches(client, world, kind="internship")) == [str(world.internship.id)]


def test_a_changed_profile_changes_the_next_ranking(client: TestClient, world: World) -> None:
    assert len(ids(matches(client, world))) == 3
    world.make.add(
        StudentAvailability(
            student_id=world.student.id, starts_on=date(2026, 9, 1), ends_on=date(2026, 9, 30)
        )
    )
    with world.make.database.write() as session:
        session.execute(sa.update(Student).values(version=Student.version + 1))
    assert ids(matches(client, world)) == []


def test_a_ranking_that_is_up_to_date_costs_few_queries(client: TestClient, world: World) -> None:
    matches(client, world)
    headers = world.make.bearer()
    client.get(f"/api/v1/students/{world.student.id}/matches", headers=headers)
    with count_queries(world.make.database) as one:
        client.get(f"/api/v1/students/{world.student.id}/matches", headers=headers)
    for _ in range(3):
        world.offer(Kind.VISIT)
    client.get(f"/api/v1/students/{world.student.id}/matches", headers=headers)
    with count_queries(world.make.database) as four:
        client.get(f"/api/v1/students/{world.student.id}/matches", headers=headers)
    assert (one.count, four.count) == (4, 4)  # two of them write down the look


# --- an opportunity's candidates --------------------------------------------------------------------------------------


def candidates(
    client: TestClient, world: World, opportunity: Opportunity, **params: object
) -> dict[str, object]:
    answer = client.get(
        f"/api/v1/opportunities/{opportunity.id}/candidates",
        params=params,
        headers=world.make.bearer(Role.COMPANY_ADMIN, company_id=opportunity.company_id),
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


def test_candidates_have_no_name_and_no_id(client: TestClient, world: World) -> None:
    [item] = candidates(client, world, world.internship)["items"]  # type: ignore[misc]
    assert set(item) == {
        "pseudonym", "programme_id", "year", "first_year", "last_year", "province_code", "skills", "availabilities", "score", "parts", "reasons",
        "gap", "travel_km",
    }  # fmt: skip
    text = str(item)
    for secret in (world.student.id, world.student.given_name, world.student.family_name, "2008", "037006"):
        assert str(secret) not in text
    assert item["skills"] == [{"skill_id": "plc-programming", "level": 2, "evidence": "validated"}]


def test_a_pseudonym_is_stable_for_a_company_and_differs_for_another(
    client: TestClient, world: World
) -> None:
    elsewhere = world.offer(Kind.INTERNSHIP, world.make.company())
    names = [
        candidates(client, world, one)["items"][0]["pseudonym"]  # type: ignore[index]
        for one in (world.internship, world.internship, elsewhere)
    ]
    assert names[0] == names[1] != names[2]


def test_candidates_come_in_pages_whose_cursors_tell_nothing(client: TestClient, world: World) -> None:
    others = [world.make.student() for _ in range(4)]
    whole = candidates(client, world, world.internship)["items"]
    seen, cursor = [], None
    for _ in range(9):
        if seen and cursor is None:
            break
        page = candidates(client, world, world.internship, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += page["items"]  # type: ignore[operator]
        cursor = page["next_cursor"]
    assert (seen, len(seen)) == (whole, len(others) + 1)


def test_candidates_of_a_draft_are_a_conflict(client: TestClient, world: World) -> None:
    draft = world.make.opportunity(world.company, status=Status.DRAFT, published_at=None, published_by=None)
    answer = client.get(f"/api/v1/opportunities/{draft.id}/candidates", headers=world.make.bearer())
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-ranked")


# --- visibility -------------------------------------------------------------------------------------------------------


def visibility(client: TestClient, world: World, opportunity: Opportunity) -> tuple[bool, list[str]]:
    answer = client.get(
        f"/api/v1/opportunities/{opportunity.id}/visibility",
        params={"student": world.student.id},
        headers=world.make.bearer(),
    )
    assert answer.status_code == 200, answer.text
    return answer.json()["is_visible"], [rule["code"] for rule in answer.json()["rules"]]


@pytest.mark.parametrize(
    ("values", "rules"),
    [
        ({}, []),
        ({"closes_on": date(2026, 1, 11)}, ["closed"]),
        ({"closes_on": date(2026, 1, 12)}, []),
        ({"min_age": 19}, ["age_low"]),
        ({"min_age": 18}, []),
        ({"status": Status.CLOSED}, ["not_published"]),
        ({"seats_taken": 2, "status": Status.FULL}, ["not_published", "no_seats"]),
    ],
)
def test_visibility_names_every_rule_that_hides(
    client: TestClient, world: World, values: dict[str, object], rules: list[str]
) -> None:
    assert visibility(client, world, world.offer(Kind.VISIT, **values)) == (not rules, rules)


def test_visibility_and_ranking_agree(client: TestClient, world: World) -> None:
    far = world.make.municipality("058091", name="Roma", latitude=41.89193, longitude=12.51133)
    offers = [
        world.internship,
        world.offer(Kind.VISIT, municipality_istat=far.istat),
        world.offer(Kind.VISIT, municipality_istat=None, is_online=True),
        world.offer(Kind.TRAINING, max_age=16),
    ]
    shown = ids(matches(client, world))
    assert [visibility(client, world, one)[0] for one in offers] == [str(one.id) in shown for one in offers]


# --- who sees what ----------------------------------------------------------------------------------------------------

STUDENT, SAME_CLASS, SAME_SCHOOL, LEAD = "student", "teacher of the class", "teacher of another class", "lead"
OWN_COMPANY, OTHER_COMPANY, OTHER_SCHOOL = "own company", "other company", "lead of another school"
OTHER_STUDENT, COORDINATOR, ADMINISTRATOR, NOBODY = "other student", "coordinator", "administrator", "nobody"


def grant(world: World, who: str) -> Grant:
    make, student = world.make, world.student
    own = frozenset({student.class_id})
    if who == OTHER_STUDENT:
        return Grant(Role.STUDENT, student_id=make.student().id)
    return {
        STUDENT: Grant(Role.STUDENT, student_id=student.id),
        SAME_CLASS: Grant(Role.TEACHER, school_id=student.school_id, class_ids=own),
        SAME_SCHOOL: Grant(Role.TEACHER, school_id=student.school_id),
        LEAD: Grant(Role.SCHOOL_LEAD, school_id=student.school_id),
        OTHER_SCHOOL: Grant(Role.SCHOOL_LEAD, school_id=make.school().id),
        OWN_COMPANY: Grant(Role.COMPANY_MEMBER, company_id=world.company.id),
        OTHER_COMPANY: Grant(Role.COMPANY_ADMIN, company_id=make.company().id),
        COORDINATOR: Grant(Role.COORDINATOR),
        ADMINISTRATOR: Grant(Role.ADMINISTRATOR),
    }[who]


@pytest.mark.parametrize(
    ("who", "of_student", "of_opportunity"),
    [
        (STUDENT, 200, 403),
        (SAME_CLASS, 200, 403),
        (SAME_SCHOOL, 404, 403),
        (LEAD, 200, 403),
        (OTHER_SCHOOL, 404, 403),
        (OTHER_STUDENT, 404, 403),
        (OWN_COMPANY, 404, 200),
        (OTHER_COMPANY, 404, 403),
        (COORDINATOR, 404, 403),
        (ADMINISTRATOR, 200, 200),
        (NOBODY, 401, 401),
    ],
)
def test_who_sees_which_ranking(
    client: TestClient, world: World, who: str, of_student: int, of_opportunity: int
) -> None:
    if who != NOBODY:
        client.cookies.set("bottega_session", world.make.signed_in(grant(world, who)))
    paths = {
        f"/api/v1/students/{world.student.id}/matches": of_student,
        f"/api/v1/opportunities/{world.internship.id}/visibility?student={world.student.id}": of_student,
        f"/api/v1/opportunities/{world.internship.id}/candidates": of_opportunity,
    }
    assert {path: client.get(path).status_code for path in paths} == paths


def test_a_key_without_the_scope_sees_no_ranking(client: TestClient, world: World) -> None:
    headers = world.make.bearer(scopes=["students:read", "opportunities:read"])
    for path in (
        f"students/{world.student.id}/matches",
        f"opportunities/{world.internship.id}/candidates",
        f"opportunities/{world.internship.id}/visibility?student={world.student.id}",
    ):
        answer = client.get(f"/api/v1/{path}", headers=headers)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-missing")


@pytest.mark.parametrize(
    "path", ["students/{}/matches", "opportunities/{}/candidates", "opportunities/{}/visibility?student={}"]
)
def test_what_does_not_exist_is_not_found(client: TestClient, world: World, path: str) -> None:
    nowhere: UUID = uuid4()
    answer = client.get(f"/api/v1/{path.format(nowhere, nowhere)}", headers=world.make.bearer())
    assert answer.status_code == 404


def test_a_student_sees_spring_in_the_card(client: TestClient, world: World) -> None:
    [item] = matches(client, world, kind="visit")["items"]  # type: ignore[misc]
    assert item["opportunity"]["spans"][0]["starts_on"] == SPRING[0].isoformat()


def test_a_municipality_that_moves_is_farther_in_the_next_ranking(client: TestClient, world: World) -> None:
    def load(latitude: float) -> None:
        bologna = MunicipalityData(
            "037006", "A006", "Bologna", "", "BO", "Bologna", "08", "Emilia-Romagna", ("40121",), latitude, 11.33875,
            390000, "town",
        )  # fmt: skip
        with world.make.database.write() as session:
            places.load(session, ACTOR, [bologna], [])

    near = world.make.municipality("037008", name="Castenaso", latitude=44.51, longitude=11.47)
    offer = world.offer(Kind.VISIT, municipality_istat=near.istat)

    def distance() -> float:
        page = matches(client, world, kind="visit")
        items = page["items"]
        return next(one["travel_km"] for one in items if one["opportunity"]["id"] == str(offer.id))  # type: ignore[attr-defined]

    before = distance()
    load(44.42)
    assert distance() > before
