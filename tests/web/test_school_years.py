"""A school's new year and its registers on pages."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from app.schools.models import SchoolClass
from app.students.models import Student
from tests.factories import Factory
from tests.web.territory import Territory

Visit = Callable[..., TestClient]


def class_of(make: Factory, student_id: object) -> tuple[int, str]:
    student = make.get(Student, student_id)
    assert student is not None
    school_class = make.get(SchoolClass, student.class_id)
    assert school_class is not None
    return school_class.year, school_class.section


def test_a_lead_moves_the_school_with_an_exception_and_back(
    visit: Visit, land: Territory, make: Factory
) -> None:
    client = visit("lead")
    path = f"/schools/{land.school_id}/roll-over"
    shown = client.get(path, params={"year": 2026})
    assert "4 A</strong>" in shown.text
    assert "Rossi Giulia" in shown.text
    sent = {"year": "2026", "choice": f"{land.classmate_id} stays"}
    done = client.post(path, data=sent)
    assert done.status_code == 303
    assert (class_of(make, land.student_id), class_of(make, land.classmate_id)) == ((5, "A"), (4, "A"))
    bar = client.get(done.headers["location"]).text
    assert "2 studenti passati al nuovo anno" in bar
    assert "Si può annullare fino al 13 gennaio 2026 alle" in bar
    [change] = parse_qs(urlsplit(done.headers["location"]).query)["done"]
    assert client.post(f"/bulk-changes/{change}/undo", data={"next": path}).status_code == 303
    assert class_of(make, land.student_id) == (4, "A")


@pytest.mark.parametrize("second", ["leaves", "moves:6|Z|"])
def test_two_ticks_for_one_student_or_a_class_that_is_not_there_change_nothing(
    visit: Visit, land: Territory, make: Factory, second: str
) -> None:
    choices = [f"{land.student_id} {second}"] + [f"{land.student_id} stays"] * (second == "leaves")
    answer = visit("lead").post(
        f"/schools/{land.school_id}/roll-over", data={"year": "2026", "choice": choices}
    )
    assert (answer.status_code, "hai segnato due cose insieme" in answer.text) == (422, True)
    assert class_of(make, land.student_id) == (4, "A")


def test_registers_are_for_who_leads_the_school(visit: Visit, land: Territory) -> None:
    path = f"/schools/{land.school_id}/registers"
    client = visit("lead")
    assert "codice_fiscale_ospitante" in client.get(path).text
    file = client.get(f"{path}/placements.csv", params={"year": 2025})
    assert file.headers["content-disposition"] == 'attachment; filename="placements-2025.csv"'
    head, *rows = file.content.decode("utf-8-sig").splitlines()
    assert head.startswith("codice_scuola;anno_scolastico;classe;")
    assert {row.split(";")[6] for row in rows} == {"Neri", "Rossi"}
    assert client.get(f"{path}/others.csv").status_code == 404
    for who in ("teacher", "coordinator", "company"):
        assert visit(who).get(f"{path}/placements.csv").status_code == 403


def test_whoever_is_in_a_file_sees_that_it_was_taken(visit: Visit, land: Territory) -> None:
    visit("lead").get(f"/schools/{land.school_id}/registers/placements.csv", params={"year": 2025})
    assert "una copia dei dati" in visit("student").get(f"/students/{land.student_id}/data").text
