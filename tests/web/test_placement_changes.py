"""What changes after the signatures, on the placement's page: another tutor, an amendment to sign, an early end."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.agreements.models import Amendment, Interruption
from app.auth.actors import Grant, Role
from app.auth.models import User
from app.db import Database
from app.placements.models import Placement, State, TutorChange
from tests.factories import TODAY, Factory
from tests.web.territory import Territory

Visit = Callable[..., TestClient]


@pytest.fixture
def running(database: Database, land: Territory, make: Factory) -> dict[str, UUID]:
    """The placement that runs has a tutor on each side, and each side has somebody else."""
    make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=land.company_id), name="Piera Altra")
    with database.write() as session:
        names = {one.name: one.id for one in session.scalars(sa.select(User))}
        tutors = {"school_tutor_id": names["Teacher"], "host_tutor_id": names["Company"]}
        session.execute(sa.update(Placement).where(Placement.id == land.worked_id).values(**tutors))
    return names


def placed(database: Database, land: Territory) -> Placement:
    with database.read() as session:
        return session.get_one(Placement, land.worked_id)


def test_each_side_replaces_its_tutor_and_sees_what_each_follows(
    visit: Visit, land: Territory, database: Database, running: dict[str, UUID]
) -> None:
    url, company = f"/placements/{land.worked_id}", visit("company")
    page = company.get(url).text
    assert re.search(r"Piera Altra: segue 0 su \d+", page)
    assert "Cambia il tutor scolastico" not in page
    sent = {"side": "host", "after_id": str(running["Piera Altra"]), "from_on": TODAY.isoformat()}
    assert company.post(f"{url}/tutors", data=sent).headers["location"] == f"{url}?done=substitution"
    assert placed(database, land).host_tutor_id == running["Piera Altra"]
    of_school = {"side": "school", "after_id": str(running["Lead"])}
    refused = company.post(f"{url}/tutors", data=of_school | {"from_on": TODAY.isoformat()})
    assert refused.status_code == 403
    teacher = visit("teacher")
    tomorrow = TODAY + timedelta(days=1)
    teacher.post(f"{url}/tutors", data=of_school | {"from_on": tomorrow.isoformat()})
    assert placed(database, land).school_tutor_id == running["Teacher"]
    told = re.sub(r"\s+", " ", teacher.get(url).text)
    assert "Tutor scolastico: dal 13 gennaio 2026 c'è Lead." in told
    assert visit("student").post(f"{url}/tutors", data=sent).status_code == 403
    for values, named in (
        ({"after_id": ""}, "after_id-host"),
        ({"after_id": str(running["Lead"])}, "after_id-host"),
        ({"from_on": "2099-01-01"}, "from_on-host"),
    ):
        wrong = teacher.post(f"{url}/tutors", data=sent | values)
        assert (wrong.status_code, f'<a href="#{named}">' in wrong.text) == (422, True)
        assert f'id="{named}"' in wrong.text
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(TutorChange)) == 2


def test_an_amendment_holds_only_what_is_different(
    visit: Visit, land: Territory, database: Database, running: dict[str, UUID]
) -> None:
    teacher, url, agreed = visit("teacher"), f"/placements/{land.worked_id}", placed(database, land)
    same: dict[str, Any] = {
        "starts_on": agreed.starts_on.isoformat(), "ends_on": agreed.ends_on.isoformat(), "daily_hours": "7,5",
        "weekdays": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"], "planned_hours": str(agreed.planned_hours),
        "school_tutor_id": str(running["Teacher"]), "host_tutor_id": str(running["Company"]),
    }  # fmt: skip
    for values, named in (
        ({}, "starts_on"),
        ({"ends_on": "mai"}, "ends_on"),
        ({"starts_at": "08:00"}, "ends_at"),
        ({"planned_hours": "0"}, "planned_hours"),
        ({"host_tutor_id": str(running["Lead"])}, "host_tutor_id"),
    ):
        wrong = teacher.post(f"{url}/amendments", data=same | values)
        assert (wrong.status_code, f'<a href="#{named}-amended">' in wrong.text) == (422, True), values
        assert f'id="{named}-amended"' in wrong.text
    assert visit("company").post(f"{url}/amendments", data=same).status_code == 403
    given = {"host_tutor_id": str(running["Piera Altra"]), "starts_at": "08:00", "ends_at": "15:30"}
    made = teacher.post(f"{url}/amendments", data=same | given).headers["location"]
    page = teacher.get(made).text
    assert "Piera Altra" in page
    with database.read() as session:
        [amendment] = session.scalars(sa.select(Amendment))
        assert amendment.host_tutor_id == running["Piera Altra"]
        assert (amendment.starts_at, amendment.ends_at) == (time(8), time(15, 30))
        assert (amendment.starts_on, amendment.weekdays, amendment.school_tutor_id) == (None, None, None)
    again = teacher.post(f"{url}/amendments", data=same | given)
    assert (again.status_code, "già in preparazione" in again.text) == (409, True)


def test_the_school_ends_it_early_and_all_sides_read_the_note(
    visit: Visit, land: Territory, database: Database
) -> None:
    teacher, url = visit("teacher"), f"/placements/{land.worked_id}"
    assert "/steps/interrupt" not in teacher.get(url).text
    said = {
        "ended_on": TODAY.isoformat(), "party": "company", "reason": "company_changed", "language": "it",
        "text": "La sede chiude per lavori.",
    }  # fmt: skip
    for values, named in (
        ({"ended_on": (TODAY + timedelta(days=1)).isoformat()}, "ended_on"),
        ({"reason": ""}, "reason"),
        ({"party": "nobody"}, "party"),
        ({"language": "xx"}, "language"),
    ):
        wrong = teacher.post(f"{url}/interruption", data=said | values)
        assert (wrong.status_code, f'<a href="#{named}">' in wrong.text) == (422, True)
        assert f'id="{named}"' in wrong.text
    assert visit("company").post(f"{url}/interruption", data=said).status_code == 403
    assert teacher.post(f"{url}/interruption", data=said).headers["location"] == f"{url}?done=noted"
    assert placed(database, land).state is State.INTERRUPTED
    with database.read() as session:
        assert session.get_one(Interruption, land.worked_id).text == "La sede chiude per lavori."
    for who in ("teacher", "company", "student"):
        client = visit(who)
        [note] = re.findall(r'href="(/documents/[^"]+)">Nota di fine anticipata', client.get(url).text)
        assert client.get(note).status_code == 200
    assert teacher.post(f"{url}/interruption", data=said).status_code == 409
