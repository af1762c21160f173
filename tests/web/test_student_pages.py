"""The student's own pages without a browser: what is saved, what is refused and how it is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.events.models import Look
from app.students import quick_times
from app.students import service as students
from app.students.quick_times import QuickTime
from app.students.rules import FreeTime, SpokenLanguage, overlap
from tests.factories import ACTOR, TODAY, Factory
from tests.web.territory import Territory

Visit = Callable[..., TestClient]


def profile(make: Factory, land: Territory) -> students.FullStudent:
    actor = Actor(kind="system", id=None, name=ACTOR.name, grants=(Grant(Role.ADMINISTRATOR),))
    with make.database.read() as session:
        return students.read(session, actor, land.student_id)


# --- usual times ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "today",
    [
        date(2026, 1, 12),
        date(2026, 5, 31),
        date(2026, 6, 1),
        date(2026, 7, 31),
        date(2026, 8, 1),
        date(2026, 9, 15),
    ],
)
def test_usual_times_have_nothing_in_common_and_are_not_over(today: date) -> None:
    spans = list(quick_times.spans(today).values())
    assert [one for one in spans if one.ends_on < today] == []
    assert [(a, b) for i, a in enumerate(spans) for b in spans[:i] if overlap(a, b)] == []


def test_usual_times_are_told_from_exact_ones() -> None:
    own = FreeTime(date(2026, 2, 2), date(2026, 2, 6), 31, 3)
    june = quick_times.spans(TODAY)[QuickTime.JUNE_JULY]
    assert quick_times.named([own, june], TODAY) == ([QuickTime.JUNE_JULY], [own])


# --- the three questions ----------------------------------------------------------------------------------------------


def test_a_first_visit_leads_to_the_questions_and_a_second_to_the_proposals(
    visit: Visit, land: Territory
) -> None:
    assert visit("classmate").get("/first-visit").headers["location"] == (
        f"/students/{land.classmate_id}/questions/interests"
    )
    for who in ("student", "teacher", "several"):
        assert visit(who).get("/first-visit").headers["location"] == "/start"


def test_what_was_skipped_is_asked_again_until_it_is_put_off_or_answered(
    visit: Visit, land: Territory
) -> None:
    client, base = visit("classmate"), f"/students/{land.classmate_id}"

    def asked() -> list[str]:
        page: str = client.get(base).text
        assert ("Non adesso" in page) is bool(re.findall(rf"{base}/profile#", page))
        return re.findall(rf'href="{base}/profile#(\w+)"', page)

    assert asked() == ["interests", "travel", "times"]
    client.post(
        f"{base}/profile/travel", data={"travel_mode": "transit"}
    )  # as far as it takes: an answer too
    assert asked() == ["interests", "times"]
    assert "Non adesso" not in client.get(f"{base}?new=1").text
    assert "Non adesso" not in visit("teacher").get(base).text
    assert visit("teacher").post(f"{base}/questions/later").status_code == 403
    assert asked() == ["interests", "times"]
    for _ in range(2):
        assert client.post(f"{base}/questions/later").headers["location"] == base
        assert asked() == []
    assert "Quando sei libero?" in client.get(f"{base}/profile").text


def test_answers_lead_from_question_to_question(visit: Visit, land: Territory, make: Factory) -> None:
    client, base = visit("student"), f"/students/{land.student_id}"
    steps = [
        ("interests", {"interests": ["pneumatics"], "other": "CNC turning"}, f"{base}/questions/travel"),
        ("travel", {"travel_mode": "bicycle", "max_km": "20"}, f"{base}/questions/times"),
        ("times", {"quick": ["june_july"]}, f"{base}?new=1"),
    ]
    for part, data, following in steps:
        answer = client.post(f"{base}/profile/{part}", data={"is_question": "true"} | data)
        assert (answer.status_code, answer.headers["location"]) == (303, following)
    after = profile(make, land)
    assert sorted(after.interests) == ["cnc-turning", "pneumatics"]
    assert (after.student.travel_mode, after.student.max_km) == ("bicycle", 20)
    assert after.availabilities == (quick_times.spans(TODAY)[QuickTime.JUNE_JULY],)


def test_the_profile_keeps_exact_times_and_languages(visit: Visit, land: Territory, make: Factory) -> None:
    client, url = visit("student"), f"/students/{land.student_id}/profile"
    exact = {"starts_on": "2026-02-02", "ends_on": "2026-02-06", "weekdays": "31", "parts": "1"}
    assert (
        client.post(f"{url}/times", data={"quick": ["saturdays"]} | exact)
        .headers["location"]
        .endswith("#times")
    )
    kept = re.findall(r'name="kept"[^>]* value="([^"]+)"', client.get(url).text)
    assert kept == ["2026-02-02.2026-02-06.31.1"]
    client.post(f"{url}/times", data={"kept": kept})
    client.post(f"{url}/languages", data={"language": ["en", "fr", "xx"], "cefr": ["B1", "-", "B1"]})
    client.post(f"{url}/travel", data={"travel_mode": "car", "max_km": ""})
    after = profile(make, land)
    assert after.availabilities == (FreeTime(date(2026, 2, 2), date(2026, 2, 6), 31, 1),)
    assert after.languages == (SpokenLanguage("en", "B1"),)
    assert after.student.max_km is None


@pytest.mark.parametrize(
    ("part", "data", "said"),
    [
        ("interests", {"other": "qqq"}, "Non conosciamo «qqq»"),
        ("interests", {"other": "p"}, "può voler dire più cose"),
        ("interests", {"interests": ["unheard-of"]}, "non esiste più"),
        ("times", {"starts_on": "2026-06-01"}, "Scrivi tutte e due le date"),
        (
            "times",
            {"starts_on": "2026-06-05", "ends_on": "2026-06-01"},
            "L'ultimo giorno viene prima del primo",
        ),
        (
            "times",
            {"quick": "june_july", "starts_on": "2026-06-08", "ends_on": "2026-06-12"},
            "giorni in comune",
        ),
    ],
)
@pytest.mark.parametrize("is_question", ["true", "false"])
def test_what_is_wrong_is_said_where_it_stands(
    visit: Visit, land: Territory, make: Factory, part: str, data: dict[str, str], said: str, is_question: str
) -> None:
    before = profile(make, land)
    answer = visit("student").post(
        f"/students/{land.student_id}/profile/{part}", data=data | {"is_question": is_question}
    )
    assert answer.status_code == 422
    assert said in answer.text.replace("&#39;", "'")
    assert ("Domanda " in answer.text) is (is_question == "true")
    assert profile(make, land).availabilities == before.availabilities


# --- skills -----------------------------------------------------------------------------------------------------------


def test_skills_are_added_by_name_in_either_language_changed_and_taken_away(
    visit: Visit, land: Territory, make: Factory
) -> None:
    client, url = visit("student"), f"/students/{land.student_id}/skills"
    assert client.post(url, data={"skill": "pneumatics", "level": 2}).status_code == 303
    held = {one.skill_id: one for one in profile(make, land).skills}
    assert (held["pneumatics"].level, held["pneumatics"].evidence) == (2, "declared")
    client.post(f"{url}/pneumatics", data={"level": 4})
    assert {one.skill_id: one.level for one in profile(make, land).skills}["pneumatics"] == 4
    client.post(f"{url}/pneumatics", data={"level": 0})
    assert "pneumatics" not in {one.skill_id for one in profile(make, land).skills}


def test_several_skills_are_offered_and_a_confirmed_one_stays(visit: Visit, land: Territory) -> None:
    client, url = visit("student"), f"/students/{land.student_id}/skills"
    several = client.post(url, data={"skill": "p", "level": 3})
    assert several.status_code == 422
    offered = re.findall(r'name="skill_id" id="[^"]+" value="([^"]+)"', several.text)
    assert offered[:2] == ["pneumatics", "plc-programming"]
    assert 'name="level" value="3"' in several.text
    confirmed = client.post(url, data={"skill": "Programmazione PLC", "level": 4})
    assert confirmed.status_code == 403
    assert "il livello lo cambia un insegnante" in confirmed.text


# --- filters ----------------------------------------------------------------------------------------------------------


def test_filters_stand_in_the_address_and_hold_in_list_and_map(visit: Visit, land: Territory) -> None:
    client, url = visit("student"), f"/students/{land.student_id}"
    query = {"text": "turno 1", "kind": "internship"}
    listed = client.get(url, params=query).text
    mapped = client.get(url, params=query | {"show": "map"}).text
    for page in (listed, mapped):
        assert sorted(set(re.findall(r"Officina meccanica, turno \d+", page))) == [
            f"Officina meccanica, turno {number}" for number in (1, 10, 11, 12)
        ]
    assert "data-point=" in mapped
    nothing = client.get(url, params={"text": "zzz"}).text
    assert "Nessuna proposta con questi filtri" in nothing


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ({"max_km": "far"}, "distanza"),
        ({"starts_on": "2026-05-02", "ends_on": "2026-05-01"}, "fino al giorno"),
        ({"skill_id": "unheard-of"}, "argomento"),
        ({"is_online": "x"}, "dove"),
    ],
)
def test_a_filter_that_cannot_be_is_named_and_does_not_count(
    visit: Visit, land: Territory, query: dict[str, str], name: str
) -> None:
    answer = visit("student").get(f"/students/{land.student_id}", params=query)
    assert answer.status_code == 422
    [said] = re.findall(r'id="filters-wrong">([^<]+)<', answer.text)
    assert said.endswith(f": {name}.")
    assert answer.text.count("<article") == 10


def test_what_hides_everything_is_said_to_the_student_with_the_way_to_change_it(
    visit: Visit, land: Territory
) -> None:
    url = f"/students/{land.student_id}?kind=internship"
    times = {"quick": ["saturdays"]}
    assert visit("student").post(f"/students/{land.student_id}/profile/times", data=times).status_code == 303
    own, teachers = visit("student").get(url).text, visit("teacher").get(url).text
    assert "Non sei libero in quelle date." in own
    assert f'href="/students/{land.student_id}/profile#times"' in own
    assert "quando lo studente è libero" in teachers
    assert "Cambia i giorni" not in teachers


# --- wishes -----------------------------------------------------------------------------------------------------------


def test_stars_fill_the_list_of_wishes_and_buttons_order_it(visit: Visit, land: Territory) -> None:
    client, url = visit("student"), f"/students/{land.student_id}/wishes"
    for one in (land.internship_id, land.far_id, land.internship_id):
        back = f"/students/{land.student_id}#match-{one}"
        saved = client.post(url, data={"opportunity_id": str(one), "next": back})
        assert saved.headers["location"] == back
    ids = re.findall(r"/wishes/([0-9a-f-]{36})/remove", client.get(url).text)
    assert len(ids) == 2
    for one in ids:
        client.post(f"{url}/{one}/move", data={"position": 9})
    moved = client.post(f"{url}/{ids[1]}/move", data={"position": 1}).headers["location"]
    assert moved == f"{url}?moved={ids[1]}&by=up"
    page = client.get(moved).text
    assert re.findall(r"/wishes/([0-9a-f-]{36})/remove", page) == [ids[1], ids[0]]
    assert "è al posto 1." in page
    assert client.post(f"{url}/{ids[0]}/remove").status_code == 303
    as_teacher = visit("teacher").get(url).text
    assert f"{ids[1]}/" not in as_teacher  # nothing there for anybody but the student to press
    assert "Posto 1" in as_teacher


def test_two_side_by_side_and_nothing_else(visit: Visit, land: Territory) -> None:
    client, url = visit("student"), f"/students/{land.student_id}/compare"
    both = client.get(url, params={"opportunity": [str(land.internship_id), str(land.far_id)]})
    assert both.status_code == 200
    assert "Montaggio e prova di quadri di automazione" in both.text
    assert "Non è tra le proposte" in both.text  # the far one
    for some in ([], [str(land.internship_id)], [str(land.internship_id)] * 2):
        answer = client.get(url, params={"opportunity": some})
        assert (answer.status_code, "Scegli due proposte" in answer.text) == (422, True)


def test_paths_say_what_they_teach_and_who_is_not_ranked_gets_none(visit: Visit, land: Territory) -> None:
    client, base = visit("student"), f"/students/{land.student_id}"
    page = client.get(f"{base}/paths", params={"goal": f"opportunity:{land.internship_id}", "hours": 150})
    assert page.status_code == 200
    assert "Montaggio e prova di quadri di automazione" in page.text
    client.post(f"{base}/data/ranking", data={"state": "off"})
    assert "è spento" in client.get(f"{base}/paths").text


def test_a_teacher_who_looks_is_noted_and_the_student_is_not(
    visit: Visit, land: Territory, database: Database
) -> None:
    for who in ("student", "teacher"):
        client, base = visit(who), f"/students/{land.student_id}"
        for page in ("profile", "skills", "wishes", "paths"):
            assert client.get(f"{base}/{page}").status_code == 200
    with database.read() as session:
        noted = session.execute(
            sa.select(Look.kind, Look.times).where(Look.student_id == land.student_id)
        ).all()
    assert sorted(noted) == [("profile", 3), ("ranking", 1)]
