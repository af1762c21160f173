from collections.abc import Callable
from datetime import date, time
from typing import Any
from uuid import UUID

import pytest

from app.auth.actors import Actor, Grant, Role
from app.opportunities import rules
from app.opportunities.models import Kind, Opportunity, Status
from app.opportunities.rules import Action, Fault
from app.opportunities.schemas import OpportunityIn

OURS, THEIRS = UUID(int=1), UUID(int=2)
TODAY = date(2026, 1, 12)


def person(*grants: Grant) -> Actor:
    return Actor(kind="user", id=UUID(int=9), name="Anna", grants=grants)


ACTORS = {
    "nobody": person(),
    "student": person(Grant(Role.STUDENT, student_id=UUID(int=5))),
    "teacher": person(Grant(Role.TEACHER, school_id=UUID(int=6))),
    "school_lead": person(Grant(Role.SCHOOL_LEAD, school_id=UUID(int=6))),
    "member": person(Grant(Role.COMPANY_MEMBER, company_id=OURS)),
    "admin": person(Grant(Role.COMPANY_ADMIN, company_id=OURS)),
    "other_admin": person(Grant(Role.COMPANY_ADMIN, company_id=THEIRS)),
    "key": Actor(kind="key", id=None, name="HR", grants=(Grant(Role.COMPANY_MEMBER, company_id=OURS),)),
    "training_body": person(Grant(Role.TRAINING_BODY, company_id=OURS)),
    "coordinator": person(Grant(Role.COORDINATOR)),
    "administrator": person(Grant(Role.ADMINISTRATOR)),
}
OVERSEERS = {"coordinator", "administrator"}
EDITORS = {"member", "admin", "key", *OVERSEERS}
READERS = {
    Status.DRAFT: EDITORS,
    Status.PUBLISHED: set(ACTORS),
    Status.FULL: set(ACTORS),
    Status.CLOSED: set(ACTORS),
    Status.ARCHIVED: EDITORS,
}


def allowed(rule: Callable[[Actor, bool], bool]) -> set[str]:
    """Who is let in, when the territory is the coordinator's."""
    return {name for name, actor in ACTORS.items() if rule(actor, name in OVERSEERS)}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("status", Status)
def test_opportunities_are_seen_by_whom_they_should(status: Status, kind: Kind) -> None:
    opportunity = Opportunity(company_id=OURS, status=status, kind=kind)
    of_bodies = set() if kind is Kind.INTERNSHIP else {"training_body"}
    found = allowed(lambda actor, is_overseen: rules.can_see(actor, opportunity, is_overseen=is_overseen))
    assert found == READERS[status] | of_bodies


@pytest.mark.parametrize("kind", Kind)
def test_opportunities_are_edited_by_whom_they_should(kind: Kind) -> None:
    of_bodies = set() if kind is Kind.INTERNSHIP else {"training_body"}
    found = allowed(lambda actor, is_overseen: rules.can_edit(actor, OURS, kind, is_overseen=is_overseen))
    assert found == EDITORS | of_bodies
    works = {name for name, actor in ACTORS.items() if rules.works_on(actor, OURS, kind)}
    assert works == EDITORS - OVERSEERS | of_bodies


# --- life -------------------------------------------------------------------------------------------------------------

LIFE = {
    # from           publish      close     reopen       archive
    "draft":        ("published", None,     None,        "archived"),
    "published":    ("published", "closed", "published", None),
    "full":         ("full",      "closed", "full",      "archived"),
    "closed":       (None,        "closed", "published", "archived"),
    "archived":     (None,        None,     None,        "archived"),
}  # fmt: skip


@pytest.mark.parametrize("status", Status)
def test_life_goes_from_each_state_where_it_should(status: Status) -> None:
    assert tuple(rules.TRANSITIONS[action].get(status) for action in Action) == LIFE[status]


@pytest.mark.parametrize(
    ("status", "seats_taken", "then"),
    [
        ("draft", 0, "draft"), ("published", 0, "published"), ("published", 1, "published"), ("published", 2, "full"),
        ("full", 2, "full"), ("full", 1, "published"), ("closed", 1, "closed"), ("closed", 2, "closed"),
        ("archived", 2, "archived"),
    ],
)  # fmt: skip
def test_status_follows_the_seats_while_in_public(status: str, seats_taken: int, then: str) -> None:
    assert rules.status_by_seats(Status(status), 2, seats_taken) == then


# --- what makes no sense, and what is missing -------------------------------------------------------------------------

SPAN: dict[str, Any] = {"starts_on": "2026-02-02", "ends_on": "2026-02-13"}
SKILL = {"skill_id": "plc-programming", "level": 2}
COMPLETE: dict[Kind, dict[str, Any]] = {
    Kind.INTERNSHIP: {"hours": 80, "wanted": [SKILL]},
    Kind.VISIT: {"spans": [SPAN], "group_min": 5, "group_max": 25},
    Kind.TRAINING: {"spans": [SPAN], "taught": [SKILL]},
}


def offer(kind: Kind = Kind.INTERNSHIP, **values: Any) -> OpportunityIn:
    return OpportunityIn.model_validate(
        {"company_id": OURS, "kind": kind, "title": "Offerta", "municipality_istat": "037006"}
        | COMPLETE[kind]
        | values
    )


def fields(faults: list[Fault]) -> list[str]:
    return [fault.field for fault in faults]


@pytest.mark.parametrize("kind", Kind)
def test_a_complete_offer_has_no_fault(kind: Kind) -> None:
    assert (rules.contradictions(offer(kind)), rules.missing(offer(kind), TODAY)) == ([], [])


@pytest.mark.parametrize(
    ("kind", "values", "wrong"),
    [
        (Kind.INTERNSHIP, {"group_min": 5}, ["group_min"]),
        (Kind.TRAINING, {"group_max": 5}, ["group_max"]),
        (Kind.VISIT, {"group_min": 6, "group_max": 5}, ["group_max"]),
        (Kind.VISIT, {"group_min": None, "group_max": 5}, []),
        (Kind.VISIT, {"min_age": 18, "max_age": 17}, ["max_age"]),
        (Kind.VISIT, {"min_age": 18, "max_age": 18}, []),
        (Kind.VISIT, {"is_online": True}, ["municipality_istat"]),
        (Kind.VISIT, {"is_online": True, "municipality_istat": None}, []),
        (Kind.VISIT, {"is_online": True, "municipality_istat": None, "site_id": OURS}, ["site_id"]),
        (Kind.VISIT, {"source": "hr"}, ["external_id"]),
        (Kind.VISIT, {"external_id": "1"}, ["external_id"]),
        (Kind.VISIT, {"source": "hr", "external_id": "1"}, []),
        (Kind.VISIT, {"spans": [SPAN | {"ends_on": "2026-02-01"}]}, ["spans.0.ends_on"]),
        (Kind.VISIT, {"spans": [SPAN, SPAN]}, ["spans.1"]),
        (
            Kind.VISIT,
            {"spans": [{"starts_on": "2026-02-07", "ends_on": "2026-02-08"}]},
            ["spans.0.weekdays"],
        ),
        (
            Kind.VISIT,
            {"spans": [{"starts_on": "2026-02-07", "ends_on": "2026-02-07", "weekdays": ["SA"]}]},
            [],
        ),
        (Kind.VISIT, {"spans": [SPAN | {"starts_at": time(9), "ends_at": time(9)}]}, ["spans.0.ends_at"]),
        (Kind.VISIT, {"spans": [SPAN | {"starts_at": time(9), "ends_at": time(10)}]}, []),
        (Kind.VISIT, {"spans": [SPAN | {"ends_at": time(10)}]}, []),
        (Kind.INTERNSHIP, {"wanted": [SKILL, SKILL | {"level": 3}]}, ["wanted.1.skill_id"]),
        (Kind.INTERNSHIP, {"wanted": [SKILL], "required": [SKILL]}, []),
        (Kind.VISIT, {"eligibilities": [{"year": 4}, {"year": 4}]}, ["eligibilities.1"]),
        (Kind.VISIT, {"eligibilities": [{}]}, ["eligibilities.0"]),
    ],
)
def test_contradictions_are_named(kind: Kind, values: dict[str, Any], wrong: list[str]) -> None:
    assert fields(rules.contradictions(offer(kind, **values))) == wrong


@pytest.mark.parametrize(
    ("kind", "values", "lacking"),
    [
        (Kind.INTERNSHIP, {"municipality_istat": None}, ["municipality_istat"]),
        (Kind.INTERNSHIP, {"municipality_istat": None, "site_id": OURS}, []),
        (Kind.INTERNSHIP, {"municipality_istat": None, "is_online": True}, []),
        (Kind.INTERNSHIP, {"hours": 0}, ["hours"]),
        (Kind.INTERNSHIP, {"hours": 0, "daily_hours": 6}, []),
        (Kind.INTERNSHIP, {"wanted": []}, ["required"]),
        (Kind.INTERNSHIP, {"wanted": [], "required": [SKILL]}, []),
        (Kind.INTERNSHIP, {"wanted": [], "taught": [SKILL]}, []),
        (Kind.INTERNSHIP, {"spans": []}, []),
        (Kind.VISIT, {"spans": []}, ["spans"]),
        (Kind.VISIT, {"hours": 0, "required": []}, []),
        (Kind.TRAINING, {"spans": [], "taught": []}, ["taught", "spans"]),
        (Kind.VISIT, {"closes_on": "2026-01-11"}, ["closes_on"]),
        (Kind.VISIT, {"closes_on": "2026-01-12"}, []),
        (Kind.VISIT, {"spans": [SPAN, {"starts_on": "2026-01-09", "ends_on": "2026-01-11"}]}, ["spans.1.ends_on"]),
        (Kind.INTERNSHIP, {"spans": [{"starts_on": "2026-01-01", "ends_on": "2026-01-12"}]}, []),
        (Kind.TRAINING, {"spans": [{"starts_on": "2026-01-09", "ends_on": "2026-01-12"}]}, ["spans.0.starts_on"]),
        (Kind.TRAINING, {"spans": [{"starts_on": "2026-01-01", "ends_on": "2026-01-11"}]}, ["spans.0.ends_on"]),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(kind: Kind, values: dict[str, Any], lacking: list[str]) -> None:
    assert fields(rules.missing(offer(kind, **values), TODAY)) == lacking


OVER = {"starts_on": "2026-01-05", "ends_on": "2026-01-09"}


@pytest.mark.parametrize(
    ("before", "after", "lost"),
    [
        ({}, {"hours": 0}, ["hours"]),
        ({"hours": 0}, {"hours": 0, "wanted": []}, ["required"]),
        ({"hours": 0}, {"hours": 0, "title": "Altro"}, []),
        ({"spans": [OVER]}, {"spans": [SPAN, OVER]}, []),
        ({"spans": [SPAN]}, {"spans": [SPAN, OVER]}, ["spans.1.ends_on"]),
        ({"closes_on": "2026-01-01"}, {"closes_on": "2026-01-01"}, []),
        ({}, {"closes_on": "2026-01-01"}, ["closes_on"]),
    ],
)
def test_losses_are_what_a_change_takes_away(
    before: dict[str, Any], after: dict[str, Any], lost: list[str]
) -> None:
    assert fields(rules.losses(offer(**before), offer(**after), TODAY)) == lost
