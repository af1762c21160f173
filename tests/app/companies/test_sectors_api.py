"""Sectors over the API, for anybody."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from app.companies import sectors

URL = "/api/v1/sectors"


def test_list_sectors_finds_by_code(client: TestClient) -> None:
    answer = client.get(URL, params={"q": "2899", "edition": "2007"})
    assert (answer.status_code, answer.json()["next_cursor"]) == (200, None)
    assert [item["code"] for item in answer.json()["items"]][:3] == ["28.99", "28.99.1", "28.99.10"]
    assert answer.json()["items"][0] == {
        "code": "28.99",
        "edition": "2007",
        "title": sectors.title("28.99", "2007"),
    }


def test_list_sectors_finds_by_the_beginning_of_a_word(client: TestClient) -> None:
    answer = client.get(URL, params={"q": "MACCHINARI ed app"}).json()
    assert answer["items"] == []  # the edition of 2025 says "e apparecchiature"
    answer = client.get(URL, params={"q": "macchinari e app", "limit": 1}).json()
    assert answer["items"][0]["edition"] == "2025"
    assert "macchinari e apparecchiature" in answer["items"][0]["title"].lower()


def test_list_sectors_pages_through_the_classification(client: TestClient) -> None:
    codes: list[str] = []
    cursor = None
    while True:
        query = {"q": "28", "limit": "20"} | ({"cursor": cursor} if cursor else {})
        page = client.get(URL, params=query).json()
        codes += [item["code"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert codes == [
        one.code for one in sectors.read_sectors() if one.edition == "2025" and one.code[:2] == "28"
    ]


def test_search_without_words_gives_the_whole_edition() -> None:
    assert sectors.search("", "2007") == tuple(one for one in sectors.read_sectors() if one.edition == "2007")
    assert "F" in {one.code for one in sectors.search("f", "2025")}


@pytest.mark.parametrize(
    ("query", "field"),
    [({"edition": "1991"}, "edition"), ({"q": "x" * 81}, "q"), ({"cursor": "WyJhIl0"}, "cursor")],
)
def test_list_sectors_names_the_field_that_is_not_valid(
    client: TestClient, query: dict[str, str], field: str
) -> None:
    answer = client.get(URL, params=query)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
