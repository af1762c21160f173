"""Districts, sectors and priority areas: what can be, who changes them, and the table that people know."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.actors import table
from app.actors.table import Rows, UnreadableAreas
from app.auth.actors import Actor, Role
from tests.app.actors.conftest import CENTRE, IMOLA, MACHINES, PLC
from tests.factories import Factory

PATCH = {"Content-Type": "application/merge-patch+json"}


def address(make: Factory) -> str:
    return f"/api/v1/territories/{make.territory().id}/areas"


def test_areas_are_changed_list_by_list(client: TestClient, make: Factory) -> None:
    make.municipality()
    headers = make.bearer(Role.COORDINATOR)
    empty = client.get(address(make), headers=headers)
    assert (empty.json()["districts"], empty.headers["etag"]) == ([], '"0"')
    first = client.patch(
        address(make), json={"districts": [CENTRE]}, headers=headers | PATCH | {"If-Match": '"0"'}
    )
    assert first.status_code == 200, first.text
    second = client.patch(
        address(make), json={"sectors": [MACHINES], "priorities": [PLC]}, headers=headers | PATCH | {"If-Match": '"1"'}
    )  # fmt: skip
    assert second.json() == {
        "territory_id": str(make.territory().id), "version": 2, "districts": [CENTRE], "sectors": [MACHINES],
        "priorities": [PLC],
    }  # fmt: skip
    again = client.patch(
        address(make), json={"sectors": [MACHINES]}, headers=headers | PATCH | {"If-Match": "*"}
    )
    assert again.json()["version"] == 2  # the same again is no change
    late = client.patch(address(make), json={"sectors": []}, headers=headers | PATCH | {"If-Match": '"1"'})
    assert late.status_code == 412


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"districts": [CENTRE, CENTRE | {"municipalities": ["037032"]}]}, "districts.1.key"),
        ({"districts": [CENTRE, IMOLA | {"municipalities": ["037006"]}]}, "districts.1.municipalities"),
        ({"districts": [CENTRE | {"municipalities": ["015146"]}]}, "districts.0.municipalities"),
        ({"sectors": [MACHINES | {"divisions": ["2025-04"]}]}, "sectors.0.divisions"),
        ({"priorities": [PLC | {"district": "altrove"}]}, "priorities.0.district"),
        ({"priorities": [PLC | {"sector": "altro"}]}, "priorities.0.sector"),
        ({"priorities": [PLC | {"skill_id": "flying"}]}, "priorities.0.skill_id"),
        ({"priorities": [PLC | {"ends_on": "2025-08-31"}]}, "priorities.0.ends_on"),
        ({"priorities": [PLC | {"district": None, "sector": None}]}, "priorities.0"),
        ({"districts": None}, "districts"),
        ({"districts": []}, "priorities.0.district"),  # a priority area is about it
    ],
)
def test_what_cannot_be_names_its_field(
    client: TestClient, make: Factory, silvia: Actor, changes: dict[str, Any], field: str
) -> None:
    make.municipality("015146", name="Milano", province_code="MI", cadastral="F205")
    headers = make.bearer(Role.COORDINATOR) | PATCH | {"If-Match": "*"}
    answer = client.patch(address(make), json=changes, headers=headers)
    assert answer.status_code == 422, answer.text
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]


def test_the_table_says_the_same_as_the_document() -> None:
    document = {"districts": [CENTRE, IMOLA], "sectors": [MACHINES], "priorities": [PLC]}
    lines = list(table.rows(document))
    assert [line[0] for line in lines] == ["district", "district", "sector", "sector", "priority"]
    # Sorted by whatever a spreadsheet has been sorted by.
    for order in (lines, [lines[2], lines[4], lines[1], lines[3], lines[0]]):
        read = Rows(table.COLUMNS, list(enumerate(order, start=2))).document
        assert {one["key"]: one for one in read["districts"]} == {"centro": CENTRE, "imola": IMOLA}
        assert (read["sectors"], read["priorities"]) == ([MACHINES], [PLC])


@pytest.mark.parametrize(
    ("line", "row", "name"),
    [
        (["region", "x", "X", "X", "1"], 2, "part"),
        (["district", "a key", "X", "X", "037006"], 2, "key"),
        (["district", "x", "", "X", "037006"], 2, "it"),
        (["district", "x", "X", "X", "Bologna"], 2, "municipalities"),
        (["priority", "x", "X", "X", "", "", "", "", "1/9/2025", "2026-08-31", "why", "who"], 2, "starts_on"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_read_is_named(line: list[str], row: int, name: str) -> None:
    filled = [*line, *[""] * (len(table.COLUMNS) - len(line))]
    with pytest.raises(UnreadableAreas) as refused:
        Rows(table.COLUMNS, [(2, filled)])
    assert [(number, fault.name) for number, fault in refused.value.found] == [(row, name)]
    with pytest.raises(UnreadableAreas) as refused:
        Rows(table.COLUMNS[1:], [])
    assert [fault.value for _, fault in refused.value.found] == ["part"]
