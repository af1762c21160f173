"""The red button: who owns a problem and until when, who reads what, and that nobody else can make it go away."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.concerns import rules, service, service_clock, service_family, service_reading
from app.concerns.models import Concern, ConcernKind, ConcernMessage, Side, Stage
from app.concerns.rules import Deadlines
from app.concerns.schemas import ConcernOut
from app.db import Database
from app.notifications.models import Notification
from app.placements import service as placements
from app.placements.models import Placement
from app.settings import Settings
from tests import contract
from tests.factories import ACTOR, NOW, Factory

DAYS = Deadlines(tutor_days=3, school_days=7, territory_days=5)
SECRET = Settings().secret_key
TEXT = "Lavoro alla pressa senza guanti. Giulia Rossi"


def later(days: float) -> datetime:
    return NOW + timedelta(days=days)


@dataclass
class Case:
    """A placement in Bologna, and one person for each who has to do with it."""

    make: Factory
    placement: Placement
    people: dict[str, Actor]

    @property
    def database(self) -> Database:
        return self.make.database

    def report(self, kind: ConcernKind = ConcernKind.TASKS, *, who: str = "student", **more: Any) -> Concern:
        with self.database.write() as session:
            return service.report(
                session, self.people[who], self.placement.id, kind, more.pop("text", TEXT), now=NOW, deadlines=DAYS,
                **more,
            ).concern  # fmt: skip

    def find(self, who: str, concern: Concern) -> service_reading.Case:
        with self.database.read() as session:
            return service_reading.find(session, self.people[who], concern.id)

    def read(self, who: str, concern: Concern) -> ConcernOut:
        with self.database.read() as session:
            case = service_reading.find(session, self.people[who], concern.id)
            return ConcernOut.whole(case, service_reading.messages(session, concern.id))

    def write(
        self, who: str, concern: Concern, text: str = "Ne parliamo domani.", *, days: int = 0
    ) -> ConcernMessage:
        with self.database.write() as session:
            return service.write(session, self.people[who], concern.id, text, now=later(days))

    def close(self, who: str, concern: Concern, reason: str | None = None) -> service_reading.Case:
        with self.database.write() as session:
            return service.close(session, self.people[who], concern.id, reason=reason, now=NOW)

    def ask_name(self, who: str, concern: Concern) -> service_reading.Case:
        with self.database.write() as session:
            return service.ask_name(session, self.people[who], concern.id, "Chiamo la famiglia.", now=NOW)

    def strike(self, days: float) -> int:
        return service_clock.strike(self.database, DAYS, later(days))["concerns_passed_on"]

    def now_at(self, concern: Concern) -> tuple[Stage, datetime | None]:
        with self.database.read() as session:
            row = session.get_one(Concern, concern.id)
            return row.stage, row.due_at

    def sees(self, concern: Concern) -> set[str]:
        """Who finds it, by itself and in the list alike."""
        found = set()
        for who, actor in self.people.items():
            with self.database.read() as session:
                listed = [one.concern.id for one in service_reading.search(session, actor, limit=100)]
                try:
                    service_reading.find(session, actor, concern.id)
                except service_reading.NoSuchConcern:
                    assert concern.id not in listed, who
                else:
                    assert concern.id in listed, who
                    found.add(who)
        return found

    def told(self, kind: str | None = None) -> dict[str, list[str]]:
        """What each person was told, by name."""
        names = {actor.id: who for who, actor in self.people.items()}
        with self.database.read() as session:
            rows = session.scalars(sa.select(Notification).order_by(Notification.created_at)).all()
        told: dict[str, list[str]] = {}
        for row in rows:
            if kind is None or row.kind == kind:
                told.setdefault(names[row.user_id], []).append(row.kind)
        return told


def build(make: Factory) -> Case:
    student = make.student(given_name="Giulia", family_name="Rossi")
    opportunity = make.opportunity()
    school = {"school_id": student.school_id}
    far = make.territory("Milano", "MI")
    grants = {
        "student": Grant(Role.STUDENT, student_id=student.id),
        "classmate": Grant(Role.STUDENT, student_id=make.student(make.school_class()).id),
        "tutor": Grant(Role.TEACHER, **school),
        "teacher": Grant(Role.TEACHER, **school, class_ids=frozenset({student.class_id})),
        "lead": Grant(Role.SCHOOL_LEAD, **school),
        "company": Grant(Role.COMPANY_ADMIN, company_id=opportunity.company_id),
        "coordinator": make.grant(Grant(Role.COORDINATOR)),
        "far": Grant(Role.COORDINATOR, territory_id=far.id),
        "administrator": Grant(Role.ADMINISTRATOR),
    }
    provinces = {"coordinator": frozenset({"BO"}), "far": frozenset({"MI"})}
    actors = {}
    with make.database.write() as session:
        for who, grant in grants.items():
            user = people.add_user(session, ACTOR, email=f"{who}@example.org", name=who, grants=[grant])
            worn = Grant(
                **{name: getattr(grant, name) for name in Grant.__slots__}
                | {"provinces": provinces.get(who, frozenset())}
            )
            actors[who] = Actor(kind="user", id=user.id, name=who, grants=(worn,))
    actors["family"] = Actor(kind=rules.FAMILY, id=student.id, name="family")
    actors["other_family"] = Actor(
        kind=rules.FAMILY, id=actors["classmate"].grants[0].student_id, name="family"
    )
    placement = make.placement(student, opportunity, school_tutor_id=actors["tutor"].id)
    return Case(make, placement, actors)


@pytest.fixture
def case(make: Factory) -> Case:
    return build(make)


# --- whose it is ------------------------------------------------------------------------------------------------------


def test_it_begins_with_the_tutor_and_goes_all_the_way_up(case: Case) -> None:
    concern = case.report()
    assert (concern.stage, concern.due_at) == (Stage.TUTOR, later(3))
    assert case.strike(2.9) == 0
    assert case.strike(3) == 1
    assert case.now_at(concern) == (Stage.LEAD, later(7))
    assert case.strike(7) == 1
    assert case.now_at(concern) == (Stage.TERRITORY, later(12))
    assert case.strike(12) == 1
    assert case.now_at(concern) == (Stage.SERVICE, later(17))
    assert case.strike(17) == 1
    assert case.now_at(concern) == (Stage.SERVICE, later(22))
    passed = "concern_passed_on"
    assert case.told() == {
        "tutor": ["concern_raised"], "lead": [passed], "coordinator": [passed], "administrator": [passed, passed],
    }  # fmt: skip


@pytest.mark.parametrize("how", ["urgent", "not_for_the_tutor", "no_tutor", "tutor_has_left"])
def test_what_the_tutor_does_not_own_begins_with_the_lead(case: Case, how: str) -> None:
    kind = ConcernKind.SAFETY if how == "urgent" else ConcernKind.OTHER
    with case.database.write() as session:
        if how == "no_tutor":
            session.get_one(Placement, case.placement.id).school_tutor_id = None
        if how == "tutor_has_left":
            session.execute(sa.text("DELETE FROM memberships WHERE user_id = :id").bindparams(
                sa.bindparam("id", case.people["tutor"].id, type_=sa.Uuid())
            ))  # fmt: skip
    concern = case.report(kind, skips_tutor=how == "not_for_the_tutor")
    assert (concern.stage, concern.due_at) == (Stage.LEAD, later(7))
    told = (
        {"lead": ["concern_urgent"], "tutor": ["concern_urgent"]}
        if how == "urgent"
        else {"lead": ["concern_raised"]}
    )
    assert case.told() == told


def test_where_nobody_is_it_begins_further_up(make: Factory) -> None:
    """A school without lead in a province without coordinator: whoever runs the service."""
    student = make.student()
    actor = Actor(kind="user", id=None, name="", grants=(Grant(Role.STUDENT, student_id=student.id),))
    made = make.placement(student, make.opportunity())
    with make.database.write() as session:
        concern = service.report(
            session, actor, made.id, ConcernKind.HOURS, "Dieci ore.", now=NOW, deadlines=DAYS
        ).concern
    assert (concern.stage, concern.due_at, concern.territory_at) == (Stage.SERVICE, later(5), NOW)


def test_a_worker_that_was_away_leaves_the_next_owner_a_day(case: Case) -> None:
    concern = case.report()
    assert case.strike(30) == 1
    assert case.now_at(concern) == (Stage.LEAD, later(31))


def test_what_is_closed_does_not_move(case: Case) -> None:
    concern = case.report()
    case.close("student", concern)
    assert case.strike(100) == 0
    assert case.now_at(concern) == (Stage.CLOSED, None)


def test_two_workers_at_once_pass_it_on_once(shared: Database) -> None:
    case = build(Factory(shared))
    concern = case.report()
    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(lambda _: case.strike(3), range(4)))
    assert (sum(done), case.now_at(concern)[0]) == (1, Stage.LEAD)


# --- reporting --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "who", ["tutor", "teacher", "lead", "company", "administrator", "coordinator", "classmate"]
)
def test_nobody_else_reports(case: Case, who: str) -> None:
    refusal = (
        placements.NoSuchPlacement
        if who in ("tutor", "coordinator", "classmate")
        else service.NotYoursToReport
    )
    with pytest.raises(refusal):
        case.report(who=who)


def test_the_same_words_twice_are_one_concern(case: Case) -> None:
    assert case.report().id == case.report().id != case.report(text="Altro").id
    assert case.report(who="family").id != case.report().id


def test_after_the_end_the_same_words_are_a_new_one(case: Case) -> None:
    first = case.report()
    case.close("student", first)
    assert case.report().id != first.id


def test_a_form_sent_twice_at_once_makes_one(shared: Database) -> None:
    case = build(Factory(shared))
    with ThreadPoolExecutor(4) as threads:
        made = set(threads.map(lambda _: case.report().id, range(4)))
    assert len(made) == 1


def test_so_many_are_open_at_once(case: Case) -> None:
    made = [case.report(text=f"Problema {number}") for number in range(rules.MOST_OPEN)]
    with pytest.raises(service.TooManyConcerns):
        case.report(text="uno di troppo")
    case.close("student", made[0])
    case.report(text="uno di troppo")


# --- who reads what ---------------------------------------------------------------------------------------------------

ALWAYS = {"student", "lead", "administrator"}


def test_who_sees_it(case: Case) -> None:
    concern = case.report()
    assert case.sees(concern) == ALWAYS | {"tutor"}
    case.strike(3)
    assert case.sees(concern) == ALWAYS | {"tutor"}
    case.strike(7)
    assert case.sees(concern) == ALWAYS | {"tutor", "coordinator"}
    case.close("student", concern)
    assert case.sees(concern) == ALWAYS | {"tutor", "coordinator"}


def test_what_is_not_for_the_tutor_the_tutor_never_sees(case: Case) -> None:
    concern = case.report(skips_tutor=True)
    assert case.sees(concern) == ALWAYS
    case.close("student", concern)
    assert "tutor" not in case.told()


def test_what_the_family_reports_the_student_does_not_read(case: Case) -> None:
    concern = case.report(who="family")
    assert case.sees(concern) == {"family", "tutor", "lead", "administrator"}
    case.write("lead", concern)
    case.close("family", concern)
    assert "student" not in case.told()


def test_the_company_sees_nothing_and_only_the_guard_keeps_it_out(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    concern = case.report()
    with pytest.raises(service_reading.NoSuchConcern):
        case.find("company", concern)
    assert "company" not in case.told()
    guard = rules.side_of
    monkeypatch.setattr(rules, "side_of", lambda *given: guard(*given) or Side.SCHOOL)
    assert TEXT in case.find("company", concern).told(concern.text)


def test_a_program_of_a_coordinator_sees_nothing(case: Case) -> None:
    concern = case.report()
    case.strike(3), case.strike(7)
    person = case.people["coordinator"]
    case.people["key"] = Actor(kind="key", id=person.id, name="", grants=person.grants)
    assert "key" not in case.sees(concern)


def test_a_coordinator_reads_the_case_without_the_name_until_needed(case: Case) -> None:
    concern = case.report()
    case.write("student", concern, "Sono Giulia.")
    case.strike(3), case.strike(7)
    before = case.read("coordinator", concern)
    assert before.text == "Lavoro alla pressa senza guanti. […] […]"
    assert [one.text for one in before.messages] == ["Sono […]."]
    assert (before.student_name, before.student_id) == (None, None)
    assert "Rossi" not in before.model_dump_json()
    case.ask_name("coordinator", concern)
    after = case.ask_name("coordinator", concern)
    assert (after.student_name, after.concern.named_for) == ("Giulia Rossi", "Chiamo la famiglia.")
    assert case.read("coordinator", concern).text == TEXT
    assert case.told("concern_named") == {"student": ["concern_named"], "lead": ["concern_named"]}


def test_a_name_is_not_given_for_what_is_closed_nor_to_who_knows_it(case: Case) -> None:
    concern = case.report()
    with pytest.raises(service.NoNameNeeded):
        case.ask_name("lead", concern)
    case.strike(3), case.strike(7)
    case.close("student", concern)
    with pytest.raises(service.ConcernClosed):
        case.ask_name("coordinator", concern)
    assert case.read("coordinator", concern).student_name is None


# --- writing ----------------------------------------------------------------------------------------------------------


def test_the_others_are_told_of_a_message(case: Case) -> None:
    concern = case.report()
    case.write("tutor", concern)
    assert case.told("concern_answered") == {"student": ["concern_answered"]}
    case.write("student", concern, "Non basta.", days=1)
    assert case.told("concern_answered") == {"student": ["concern_answered"], "tutor": ["concern_answered"]}
    assert [(one.side, one.text) for one in case.read("lead", concern).messages] == [
        (Side.SCHOOL, "Ne parliamo domani."), (Side.STUDENT, "Non basta."),
    ]  # fmt: skip


def test_a_message_sent_twice_is_one_and_none_is_taken_after_the_end(case: Case) -> None:
    concern = case.report()
    assert case.write("tutor", concern).id == case.write("tutor", concern).id
    case.close("student", concern)
    with pytest.raises(service.ConcernClosed):
        case.write("tutor", concern, "Ancora.")


def test_an_answer_does_not_stop_the_clock(case: Case) -> None:
    concern = case.report()
    case.write("tutor", concern)
    assert case.strike(3) == 1


# --- closing ----------------------------------------------------------------------------------------------------------


def test_whoever_reported_closes_it_and_again_changes_nothing(case: Case) -> None:
    concern = case.report()
    closed = case.close("student", concern).concern
    assert (closed.stage, closed.due_at, closed.closed_by) == (
        Stage.CLOSED,
        None,
        case.people["student"].mark,
    )
    assert case.close("student", concern).concern.closed_at == closed.closed_at
    assert case.told("concern_closed") == {"tutor": ["concern_closed"], "lead": ["concern_closed"]}


@pytest.mark.parametrize("who", ["tutor", "lead", "coordinator"])
def test_who_has_to_answer_cannot_close_and_only_the_guard_forbids_it(
    case: Case, who: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    concern = case.report()
    case.strike(3), case.strike(7)
    with pytest.raises(service.NotYoursToClose):
        case.close(who, concern, "Risolto.")
    assert case.now_at(concern)[0] is Stage.TERRITORY
    monkeypatch.setattr(rules, "can_close", lambda *_: True)
    case.close(who, concern, "Risolto.")
    assert case.now_at(concern)[0] is Stage.CLOSED


def test_the_student_does_not_close_what_the_family_reported(case: Case) -> None:
    concern = case.report(who="family")
    with pytest.raises(service_reading.NoSuchConcern):
        case.close("student", concern)


def test_an_administrator_closes_with_a_reason_only(case: Case) -> None:
    concern = case.report()
    with pytest.raises(service.CloseReasonMissing) as refusal:
        case.close("administrator", concern)
    assert refusal.value.faults[0]["field"] == "reason"
    assert case.close("administrator", concern, "Doppione.").concern.close_reason == "Doppione."
    assert case.told("concern_closed")["student"] == ["concern_closed"]


# --- families ---------------------------------------------------------------------------------------------------------


def issue(case: Case, who: str = "lead") -> str:
    with case.database.write() as session:
        return service_family.issue(
            session, case.people[who], case.placement.student_id, secret=SECRET, now=NOW
        ).code


def enter(case: Case, code: str, now: datetime = NOW) -> UUID | None:
    with case.database.read() as session:
        return service_family.enter(session, code, secret=SECRET, now=now, request_id="tests").id


def test_a_code_stands_for_one_family_until_it_is_replaced_taken_back_or_old(case: Case) -> None:
    first = issue(case)
    assert enter(case, first.lower().replace("-", " ")) == case.placement.student_id
    second = issue(case, "teacher")
    for code, now in ((first, NOW), ("AAAA-AAAA-AAAA-AAAA", NOW), (second, later(365))):
        with pytest.raises(service_family.WrongFamilyCode):
            enter(case, code, now)
    assert enter(case, second) == case.placement.student_id
    with case.database.write() as session:
        service_family.end(session, case.people["lead"], case.placement.student_id)
    with pytest.raises(service_family.WrongFamilyCode):
        enter(case, second)


def test_who_comes_of_age_speaks_alone(case: Case) -> None:
    """Born on 4 May 2008."""
    code = issue(case)
    with pytest.raises(service_family.WrongFamilyCode):
        enter(case, code, datetime(2026, 5, 4, tzinfo=NOW.tzinfo))


def test_a_code_opens_nothing_of_other_families(case: Case) -> None:
    with pytest.raises(placements.NoSuchPlacement):
        case.report(who="other_family")
    with pytest.raises(service_reading.NoSuchConcern):
        case.find("other_family", case.report(who="family"))


# --- what stays -------------------------------------------------------------------------------------------------------


def test_what_was_closed_long_ago_is_forgotten_with_its_thread(case: Case) -> None:
    concern, other = case.report(), case.report(text="Ancora aperto")
    case.write("tutor", concern)
    case.close("student", concern)
    with case.database.write() as session:
        assert service_clock.forget_old(session, later(99), days=100) == 0
        assert service_clock.forget_old(session, later(101), days=100) == 1
        assert session.scalars(sa.select(Concern.id)).all() == [other.id]
        assert session.scalar(sa.select(sa.func.count()).select_from(ConcernMessage)) == 0


# --- the API ----------------------------------------------------------------------------------------------------------


def test_the_button_over_the_api(client: TestClient, case: Case) -> None:
    grant = case.people["student"].grants[0]
    client.cookies.set("bottega_session", case.make.signed_in(grant))
    path = f"/api/v1/placements/{case.placement.id}/concerns"
    answer = client.post(path, json={"kind": "safety", "text": "  Senza guanti. "})
    body = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/api/v1/concerns/{body['id']}")
    assert body | {"id": "", "placement_id": "", "student_id": "", "company_name": "", "school_name": ""} == {
        "id": "", "placement_id": "", "student_id": "", "company_name": "", "school_name": "",
        "student_name": "Giulia Rossi", "kind": "safety", "is_urgent": True, "stage": "lead",
        "raised_side": "student", "raised_at": "2026-01-12T09:00:00Z", "due_at": "2026-01-19T09:00:00Z",
        "closed_at": None, "text": "Senza guanti.", "skips_tutor": False, "close_reason": None, "messages": [],
    }  # fmt: skip
    [line] = client.get("/api/v1/concerns", params={"is_open": "true"}).json()["items"]
    assert line == {name: value for name, value in body.items() if name in line}
    assert "text" not in line
    assert client.post(f"/api/v1/concerns/{body['id']}/close", json={}).json()["stage"] == "closed"
    assert client.get("/api/v1/concerns", params={"is_open": "true"}).json()["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "safety", "text": " "}, "text"),
        ({"kind": "safety", "text": "x" * 2001}, "text"),
        ({"kind": "food", "text": "x"}, "kind"),
        ({"text": "x"}, "kind"),
    ],
)
def test_a_fault_names_its_field(
    client: TestClient, case: Case, body: dict[str, str], field: str, bearer: Callable[..., dict[str, str]]
) -> None:
    answer = client.post(f"/api/v1/placements/{case.placement.id}/concerns", json=body, headers=bearer())
    assert (answer.status_code, [one["field"] for one in answer.json()["faults"]]) == (422, [field])


@pytest.mark.parametrize(("name", "field"), [("ConcernIn", "text"), ("ConcernNameIn", "reason")])
def test_the_document_says_that_spaces_are_no_text(name: str, field: str) -> None:
    text = Draft202012Validator(contract.document()["components"]["schemas"][name]["properties"][field])
    assert text.is_valid("Senza\nguanti.")
    assert not text.is_valid(" \t\n")


def test_a_list_goes_on_where_it_ended(client: TestClient, case: Case) -> None:
    made = [case.report(text=f"Problema {number}") for number in range(3)]
    headers = case.make.bearer(Role.SCHOOL_LEAD, school_id=case.placement.school_id)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/api/v1/concerns", params={"limit": 2} | cursor, headers=headers).json()
        seen += [one["id"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(seen) == sorted(str(one.id) for one in made)
