"""What each asker finds, and what nobody finds."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.opportunities.models import Status
from app.schools.models import School
from app.search import service as search
from tests.factories import Factory


def somebody(*grants: Grant) -> Actor:
    return Actor("user", uuid4(), "", grants=grants)


def names(database: Database, actor: Actor, question: str) -> dict[str, list[str]]:
    with database.read() as session:
        found = search.find(session, actor, question, language="it", limit=5)
    told = {
        "opportunities": [one.title for one in found.opportunities],
        "companies": [one.name for one in found.companies],
        "skills": [hit.skill.id for hit in found.skills],
        "students": [one.name for one in found.students],
    }
    assert found.count == sum(map(len, told.values()))
    return {sort: of_sort for sort, of_sort in told.items() if of_sort}


def test_beginnings_of_words_are_found_in_whatever_case_and_with_or_without_accents(
    database: Database, make: Factory
) -> None:
    company = make.company(name="Officine Rossi d'Imola")
    make.opportunity(company, title="Perché l'ELETTRICITÀ è utile")
    for question in ("elettricita", "elettricità", "ELETTRICITÀ", "perche e", "PERCHÈ"):
        assert names(database, somebody(), question) == {"opportunities": ["Perché l'ELETTRICITÀ è utile"]}
    make.opportunity(company, title="Montaggio di quadri (base)")
    nobody = somebody()
    for question in ("MONT", "quadri", "qu mont", "bas"):
        assert names(database, nobody, question) == {"opportunities": ["Montaggio di quadri (base)"]}
    for question in ("ross", "imola off", "ROSSI"):
        assert names(database, nobody, question) == {"companies": ["Officine Rossi d'Imola"]}
    for question in ("", "m", " m ", "ontaggio", "100%", "__"):
        assert names(database, nobody, question) == {}


def test_what_is_hidden_is_not_found(database: Database, make: Factory) -> None:
    waiting = make.company(name="Reno in attesa", is_approved=False)
    own = make.company(name="Reno")
    for status in Status:
        if status is Status.DRAFT:
            make.opportunity(own, title="Reno draft", status=status, published_at=None, published_by=None)
        else:
            more = {"seats": 1, "seats_taken": 1} if status is Status.FULL else {}
            make.opportunity(own, title=f"Reno {status}", status=status, **more)
    open_ones = {"opportunities": ["Reno published"], "companies": ["Reno"]}
    assert names(database, somebody(), "reno") == open_ones
    admin = somebody(Grant(Role.COMPANY_ADMIN, company_id=waiting.id))
    assert names(database, admin, "reno") == open_ones | {"companies": ["Reno", "Reno in attesa"]}


@pytest.mark.parametrize(
    ("who", "found"),
    [
        ("teacher", ["Rossi Giulia"]), ("lead", ["Rossi Giulia", "Rossini Ada"]), ("student", []), ("company", []),
        ("coordinator", []), ("administrator", []), ("other lead", ["Rossi Sara"]),
    ],
)  # fmt: skip
def test_staff_find_the_students_of_their_own_classes(
    database: Database, make: Factory, who: str, found: list[str]
) -> None:
    school_class = make.school_class()
    school = {"school_id": school_class.school_id}
    other_class = make.school_class(make.school())
    giulia = make.student(school_class, given_name="Giulia", family_name="Rossi")
    make.student(school_class, given_name="Bruno", family_name="Verdi")
    make.student(other_class, given_name="Sara", family_name="Rossi")
    same_school = make.get(School, school_class.school_id)
    make.student(make.school_class(same_school, section="Y"), given_name="Ada", family_name="Rossini")
    company = make.company(name="Bianchi")
    grants = {
        "teacher": Grant(Role.TEACHER, **school, class_ids=frozenset({school_class.id})),
        "lead": Grant(Role.SCHOOL_LEAD, **school),
        "other lead": Grant(Role.SCHOOL_LEAD, school_id=other_class.school_id),
        "student": Grant(Role.STUDENT, student_id=giulia.id),
        "company": Grant(Role.COMPANY_ADMIN, company_id=company.id),
        "coordinator": make.grant(Role.COORDINATOR),
        "administrator": Grant(Role.ADMINISTRATOR),
    }
    assert names(database, somebody(grants[who]), "ross").get("students", []) == found


def test_programs_find_no_students_whatever_their_role(database: Database, make: Factory) -> None:
    school_class = make.school_class()
    make.student(school_class, given_name="Giulia", family_name="Rossi")
    lead = Grant(Role.SCHOOL_LEAD, school_id=school_class.school_id)
    scopes = frozenset({"opportunities:read", "companies:read"})
    program = Actor("key", uuid4(), "", grants=(lead,), scopes=scopes)
    assert names(database, somebody(lead), "rossi") == {"students": ["Rossi Giulia"]}
    assert names(database, program, "rossi") == {}
