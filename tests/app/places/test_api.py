from starlette.testclient import TestClient

from app.places.models import MunicipalityName
from tests.factories import Factory

BOLOGNA = {
    "istat": "037006", "cadastral": "A006", "name": "Bologna", "other_name": None, "province_code": "BO",
    "province_name": "Bologna", "region_name": "Emilia-Romagna", "caps": ["40121", "40122"], "latitude": 44.49381,
    "longitude": 11.33875, "coordinate_source": "town", "population": 390000,
}  # fmt: skip


def test_read_municipality_answers_it(client: TestClient, make: Factory) -> None:
    make.municipality()
    answer = client.get("/api/v1/municipalities/037006")
    assert (answer.status_code, answer.json()) == (200, BOLOGNA)


def test_read_municipality_that_does_not_exist_is_a_problem(client: TestClient) -> None:
    answer = client.get("/api/v1/municipalities/999999", headers={"Request-Id": "test-request-1"})
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "/problems/no-such-municipality",
        "title": "No such municipality",
        "status": 404,
        "detail": "No municipality has the ISTAT code 999999.",
        "request_id": "test-request-1",
    }


def test_list_municipalities_pages_by_population(client: TestClient, make: Factory) -> None:
    make.municipality()
    for istat, name, people in (
        ("037001", "Borgo A", 10),
        ("037002", "Borgo B", 30),
        ("037003", "Borgo C", 20),
    ):
        make.municipality(istat, name=name, population=people)
        make.add(MunicipalityName(key=name.lower(), istat=istat, kind="name", name=name))
    first = client.get("/api/v1/municipalities", params={"q": "borgo", "limit": 2}).json()
    assert [item["name"] for item in first["items"]] == ["Borgo B", "Borgo C"]
    rest = client.get(
        "/api/v1/municipalities", params={"q": "borgo", "limit": 2, "cursor": first["next_cursor"]}
    ).json()
    assert ([item["name"] for item in rest["items"]], rest["next_cursor"]) == (["Borgo A"], None)


def test_list_municipalities_refuses_a_foreign_cursor(client: TestClient) -> None:
    answer = client.get("/api/v1/municipalities", params={"q": "borgo", "cursor": "WzFd"})
    assert answer.status_code == 422
    assert answer.json()["faults"] == [
        {"in": "query", "field": "cursor", "detail": "not a cursor of this list"}
    ]
