"""No answer asks the database more often because there is more to tell: every GET of the API and of the pages.

Each is called by two who may, in the land of the matrix, and again when the class has three times the students with all that
hangs on them, and the company three times the opportunities and people.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from app.auth import service_people as people
from app.auth.actors import Grant, Role
from app.companies.models import Company
from app.schools.models import School, SchoolClass
from tests import test_matrix
from tests import things as placement_things
from tests.factories import ACTOR, Factory
from tests.matrix import OWN
from tests.papers import papers_of
from tests.queries import count_queries
from tests.test_matrix import Land, land
from tests.test_openapi import OPERATIONS, rounds_of, stored_ranking

__all__ = ["land"]

ACTORS = ("lead", "student", "member", "administrator", "coordinator")


def routes() -> Iterator[tuple[str, str]]:
    """Every GET with the first two of the actors who get in."""
    for route, rows in test_matrix.ROUTES.items():
        method = OPERATIONS[route][1] if route in OPERATIONS else route.partition(" ")[0].lower()
        if method == "get" and OWN in rows:
            may = [actor for actor in ACTORS if rows[OWN].expected(actor) == 0]
            yield from ((route, actor) for actor in may[:2])


def grow(land: Land) -> None:
    """Two classmates with what the first has, two more opportunities, two more people on each side."""
    make, own = Factory(land.database), land.things[OWN]
    school, school_class, company = (
        make.get(kind, UUID(own[name]))
        for kind, name in ((School, "school_id"), (SchoolClass, "class_id"), (Company, "company_id"))
    )
    assert isinstance(school, School)
    assert isinstance(school_class, SchoolClass)
    assert isinstance(company, Company)
    for number in range(2):
        student = make.student(school_class)
        offered = make.opportunity(company)
        make.change(offered, seats=4, seats_taken=1)
        with make.database.write() as session:
            tutor = people.add_user(session, ACTOR, email=f"more{number}@example.org", name="More")
            for grant in (
                Grant(Role.TEACHER, school_id=school.id, class_ids=frozenset({school_class.id})),
                Grant(Role.COMPANY_MEMBER, company_id=company.id),
            ):
                people.add_membership(session, tutor.id, grant)
        placement = make.placement(student, offered, school_tutor_id=tutor.id)
        make.concern(placement)
        make.wish(student, offered, 1)
        make.application(student, offered)
        make.disclosure(student, offered)
        make.recommendation(student, offered)
        make.safety_training(student)
        make.law_rule()
        stored_ranking(make, student.id)
        placement_things.of_placement(make, student, make.opportunity(company))
        placement_things.of_visit(make, student, company)
        papers_of(make, school, make.company(), student)
        rounds_of(make, student, make.opportunity(company))


def asked(land: Land, route: str, actor: str) -> int:
    """How many questions one call asks."""
    land.client.cookies.clear()
    with land.database.attempt(), count_queries(land.database) as queries:
        response = test_matrix.call(land, route, land.things[OWN], land.headers[actor])
    assert response.status_code < 400, (route, actor, response.text[:300])
    return queries.count


def test_no_answer_asks_more_because_there_is_more(land: Land) -> None:
    land.app.state.looks._delay = 0.0  # who was looked at is written in each call, and not now and then
    with land.database.attempt():
        few = {one: asked(land, *one) for one in routes()}
        grow(land)
        more = [one for one in few if asked(land, *one) > few[one]]
        # Whoever comes first after a change asks for what the others find in memory.
        still = {one: asked(land, *one) for one in more}
    assert len(few) > 300
    faults = [
        f"{one} asks {many} times instead of {few[one]}" for one, many in still.items() if many > few[one]
    ]
    assert not faults, "\n".join(faults)
