from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.companies.models import Company
from app.events import service as events
from app.network import service_companies, service_notes
from app.network.models import CompanyNote
from app.network.rules import Standing, Thresholds
from app.network.service import NotYourNetwork
from app.settings import Settings
from tests.app.network.conftest import ADMINISTRATOR, BOLOGNA, MILAN
from tests.factories import ACTOR, NOW, Factory
from tests.queries import count_queries

DAYS = Thresholds.of(Settings())


def stand(make: Factory, actor: Actor = BOLOGNA) -> dict[str, Standing]:
    with make.database.read() as session:
        lines = service_companies.stand(session, actor, now=NOW, thresholds=DAYS)
    return {line.name: line.standing for line in lines}


def old(make: Factory, name: str, *, days: int = 500, **values: object) -> Company:
    """A company that came so many days ago."""
    then = NOW - timedelta(days=days)
    return make.company(name=name, submitted_at=then, approved_at=then, **values)


def test_companies_stand_by_their_last_sign_of_life(make: Factory) -> None:
    old(make, "dormant")
    old(make, "silent", days=100)
    old(make, "new", days=10)
    publishing = old(make, "publishing")
    make.opportunity(publishing, published_at=NOW - timedelta(days=20))
    drafting = old(make, "drafting")
    make.opportunity(drafting, status="draft", published_at=None, published_by=None)
    make.company(name="waiting", is_approved=False)
    assert stand(make) == {
        "dormant": Standing.DORMANT,
        "drafting": Standing.DORMANT,
        "silent": Standing.SILENT,
        "new": Standing.NEW,
        "publishing": Standing.ANSWERING,
    }


def test_what_its_people_and_programs_do_is_a_sign_of_life(make: Factory) -> None:
    ids = {name: old(make, name).id for name in ("people", "program", "others")}
    with make.database.write() as session:
        user = people.add_user(
            session, ACTOR, email="p@example.org", name="x",
            grants=[Grant(Role.COMPANY_MEMBER, company_id=ids["people"])],
        )  # fmt: skip
        session.flush()
        events.record(session, Actor("user", user.id, "x"), "opportunity.edited", "0")
        # What a coordinator does to a company is no sign of the company.
        events.record(session, ACTOR, "company.edited", ids["others"])
    make.bearer(Role.COMPANY_ADMIN, company_id=ids["program"])
    found = stand(make)
    assert found["people"] is not Standing.DORMANT
    assert found["others"] is Standing.DORMANT
    assert found["program"] is Standing.DORMANT  # a key that has done nothing says nothing


def test_standing_ends_at_the_territory(make: Factory) -> None:
    milan = make.municipality("015146", name="Milano", province_code="MI", cadastral="F205")
    old(make, "here")
    old(make, "there", municipality_istat=milan.istat)
    assert [set(stand(make, actor)) for actor in (BOLOGNA, MILAN, ADMINISTRATOR)] == [
        {"here"},
        {"there"},
        {"here", "there"},
    ]
    with pytest.raises(NotYourNetwork):
        stand(make, Actor("user", None, "x", (Grant(Role.COMPANY_ADMIN),)))


@pytest.mark.parametrize("number", [1, 3])
def test_standing_takes_three_queries(make: Factory, number: int) -> None:
    for count in range(number):
        make.opportunity(old(make, str(count)))
    with make.database.read() as session, count_queries(make.database) as queries:
        service_companies.stand(session, BOLOGNA, now=NOW, thresholds=DAYS)
    assert queries.count == 3


# --- notes ------------------------------------------------------------------------------------------------------------


def test_notes_are_for_those_who_coordinate_the_company(make: Factory) -> None:
    company_id = old(make, "here").id
    with make.database.write() as session:
        note = service_notes.write(session, BOLOGNA, company_id, "Richiamare.", now=NOW)
    with make.database.read() as session:
        [found] = service_notes.search(session, BOLOGNA, company_id, limit=5)
        assert (found.id, found.text, found.written_at) == (note.id, "Richiamare.", NOW)
        [line] = service_companies.stand(session, BOLOGNA, now=NOW, thresholds=DAYS)
        assert line.noted_on == NOW.date()
    own = Actor("user", None, "x", (Grant(Role.COMPANY_ADMIN, company_id=company_id),))
    for actor in (MILAN, own):
        with make.database.read() as session, pytest.raises(service_notes.NotYourCompanies):
            service_notes.search(session, actor, company_id, limit=5)
        with make.database.write() as session, pytest.raises(service_notes.NotYourCompanies):
            service_notes.remove(session, actor, company_id, note.id)
    with make.database.write() as session:
        service_notes.remove(session, BOLOGNA, company_id, note.id)
    with make.database.read() as session:
        actions = [event.action for event in events.history(session, "company", company_id)]
    assert actions == ["company.noted", "company.note_removed"]


def test_a_note_of_another_company_is_not_there(make: Factory) -> None:
    here, other = old(make, "here").id, old(make, "other").id
    with make.database.write() as session:
        note = service_notes.write(session, BOLOGNA, other, "x", now=NOW)
    with make.database.write() as session, pytest.raises(service_notes.NoSuchNote):
        service_notes.remove(session, BOLOGNA, here, note.id)


def test_old_notes_are_forgotten(make: Factory) -> None:
    company_id = old(make, "here").id
    for days in (729, 731):
        make.add(
            CompanyNote(
                company_id=company_id,
                text=str(days),
                written_at=NOW - timedelta(days=days),
                written_by="user:x",
            )
        )
    with make.database.write() as session:
        assert service_notes.forget_old(session, NOW, days=730) == 1
        assert session.scalars(sa.select(CompanyNote.text)).all() == ["729"]
