"""The load of each company across all schools: against its limit, with who waits, and no student."""

from __future__ import annotations

from datetime import date, timedelta

from starlette.testclient import TestClient

from app.applications.models import ApplicationState, ContactLimit, ContactMonth
from app.auth.actors import Role
from app.network import service_contacts
from tests.app.network.conftest import BOLOGNA
from tests.factories import NOW, TODAY, Factory
from tests.queries import count_queries

JANUARY = date(2026, 1, 1)
QUEUED = {"state": ApplicationState.QUEUED, "delivered_at": None}


def test_load_against_the_limit_and_which_schools_wait(client: TestClient, make: Factory) -> None:
    full, paused, free, idle, far = (
        make.company(name=name) for name in ("full", "paused", "free", "idle", "far")
    )
    make.municipality("015146", name="Milano", province_code="MI", province_name="Milano")
    far = make.company(name="far", municipality_istat="015146")
    for company, sent in ((full, 3), (free, 2), (far, 9)):
        make.add(ContactMonth(company_id=company.id, month=JANUARY, sent=sent))
    make.add(ContactMonth(company_id=idle.id, month=date(2025, 12, 1), sent=7))  # another month
    make.add(ContactLimit(company_id=full.id, per_month=3))
    make.add(ContactLimit(company_id=paused.id, paused_until=TODAY + timedelta(days=9)))
    make.add(ContactLimit(company_id=idle.id, paused_until=TODAY))  # from today on it takes some again
    classes = [make.school_class(make.school(name=name)) for name in ("Aldini", "Belluzzi")]
    offer = make.opportunity(full)
    for number in range(6):
        make.application(make.student(classes[0]), offer, **QUEUED, created_at=NOW - timedelta(days=number))
    make.application(make.student(classes[1]), offer, **QUEUED, created_at=NOW - timedelta(days=20))
    headers = make.bearer(Role.COORDINATOR)
    found = client.get("/api/v1/network/contacts", headers=headers).json()
    most = 10
    assert found["items"] == [
        {
            "company_id": str(full.id), "name": "full", "sent": 3, "most": 3, "paused_until": None, "is_full": True,
            "waiting": 5,
            "schools": [
                {"school_id": str(classes[1].school_id), "name": "Belluzzi", "students": 0, "since": "2025-12-23"},
                {"school_id": str(classes[0].school_id), "name": "Aldini", "students": 5, "since": "2026-01-07"},
            ],
        },
        {
            "company_id": str(free.id), "name": "free", "sent": 2, "most": most, "paused_until": None, "is_full": False,
            "waiting": 0, "schools": [],
        },
        {
            "company_id": str(paused.id), "name": "paused", "sent": 0, "most": most, "paused_until": "2026-01-21",
            "is_full": True, "waiting": 0, "schools": [],
        },
    ]  # fmt: skip
    first = client.get("/api/v1/network/contacts?limit=2", headers=headers).json()
    second = client.get(
        f"/api/v1/network/contacts?limit=2&cursor={first['next_cursor']}", headers=headers
    ).json()
    assert [*first["items"], *second["items"]] == found["items"]
    with make.database.read() as session, count_queries(make.database) as queries:
        service_contacts.load(session, BOLOGNA, most=most, now=NOW)
    assert queries.count == 2
