"""What a teacher does on pages for many students at once, and the ten minutes of one afternoon in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.class_lists import table as reading
from app.db import Database
from app.students.models import Evidence, Student, StudentSkill
from tests import forms
from tests.factories import Factory
from tests.spreadsheets import ods
from tests.web.browser import SIZES, in_every_way, new_page
from tests.web.conftest import Site
from tests.web.territory import Territory

LIST = "Cognome;Nome;Nato il;Comune\nVerdi;Anna;03/02/{year};037032\n=Neri;;oggi;Atlantide\n"
SIXTEEN = LIST.format(year=2010)


@pytest.fixture
def teacher(visit: Callable[..., TestClient]) -> TestClient:
    return visit("teacher")


def count_of(database: Database, land: Territory) -> int:
    with database.read() as session:
        found = sa.select(sa.func.count()).select_from(Student).where(Student.class_id == land.class_id)
        return session.scalar(found) or 0


def carried(text: str) -> dict[str, Any]:
    table = reading.read(text.encode())
    columns = ["family_name", "given_name", "born_on", "municipality"]
    return {"table": table.model_dump_json(), "columns": columns}


# --- the list ---------------------------------------------------------------------------------------------------------


def test_a_file_is_read_and_nothing_loaded(teacher: TestClient, land: Territory, database: Database) -> None:
    path = f"/classes/{land.class_id}/import"
    for sent in (
        {"files": {"file": ("classe.csv", SIXTEEN.encode("cp1252"))}},
        {"files": {"file": ("classe.ods", ods(*(line.split(";") for line in SIXTEEN.splitlines())))}},
        {"data": {"pasted": SIXTEEN}},
    ):
        page = teacher.post(path, **sent)  # type: ignore[arg-type]
        assert page.status_code == 200
        assert "nessun comune si chiama così" in page.text
        assert "non è un giorno" in page.text
        assert "Carica la riga giusta" in page.text
    assert count_of(database, land) == 2


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "Non c&#39;è nessuna riga da leggere."),
        (b"PK\x03\x04", "Il file «x.csv» non è un foglio di calcolo"),
        (b"a;b\n" + b"c;d\n" * 2001, "Il file ha più di 2000 righe"),
    ],
)
def test_what_is_no_list_is_told_on_the_page(
    teacher: TestClient, land: Territory, data: bytes, told: str
) -> None:
    page = teacher.post(f"/classes/{land.class_id}/import", files={"file": ("x.csv", data)})
    assert page.status_code == 422
    assert told in page.text


def test_a_missing_column_is_asked_for_and_can_be_named(teacher: TestClient, land: Territory) -> None:
    text = SIXTEEN.replace("Comune", "Abita a")
    page = teacher.post(f"/classes/{land.class_id}/import", data={"pasted": text})
    assert "Manca una colonna:" in page.text
    assert "Carica la riga giusta" not in page.text
    named = teacher.post(f"/classes/{land.class_id}/import/check", data=carried(text))
    assert "Carica la riga giusta" in named.text


def test_only_the_wrong_rows_come_back_and_no_cell_is_a_formula(teacher: TestClient, land: Territory) -> None:
    answer = teacher.post(f"/classes/{land.class_id}/import/wrong", data=carried(SIXTEEN))
    assert answer.headers["content-type"].startswith("text/csv")
    header, row = answer.text.lstrip("\ufeff").splitlines()
    assert header == "Cognome,Nome,Nato il,Comune,motivo"
    assert row.startswith("'=Neri,,oggi,Atlantide,")
    assert "questa cella non può essere vuota" in row


def test_loading_loads_what_is_right_and_undo_takes_it_back(
    teacher: TestClient, land: Territory, database: Database
) -> None:
    done = teacher.post(f"/classes/{land.class_id}/import/load", data=carried(SIXTEEN))
    assert "1 studente caricato" in done.text
    assert count_of(database, land) == 3
    change_id = done.text.split("/bulk-changes/")[1].split("/")[0]
    back = teacher.post(f"/bulk-changes/{change_id}/undo", data={"next": f"/classes/{land.class_id}"})
    assert back.headers["location"] == f"/classes/{land.class_id}?done={change_id}"
    assert "Annullato: 1 rimesso" in teacher.get(back.headers["location"]).text
    assert count_of(database, land) == 2


def test_a_forged_table_loads_nothing(teacher: TestClient, land: Territory, database: Database) -> None:
    for table in ("", "[]", '{"headings": [], "rows": []}'):
        page = teacher.post(f"/classes/{land.class_id}/import/load", data=carried(SIXTEEN) | {"table": table})
        assert page.status_code == 422
    assert count_of(database, land) == 2


# --- skills and recommendations ---------------------------------------------------------------------------------------


def test_choosing_nothing_is_told(teacher: TestClient, land: Territory) -> None:
    for path, data in (("validation", {}), ("recommend", {"opportunity_id": str(land.internship_id)})):
        page = teacher.post(f"/classes/{land.class_id}/{path}", data=data)
        assert page.status_code == 422
        assert 'id="wrong"' in page.text


def test_a_skill_is_confirmed_at_the_level_of_its_menu(
    teacher: TestClient, land: Territory, make: Factory
) -> None:
    page = teacher.get(f"/classes/{land.class_id}/validation?by=skill").text
    assert "Programmazione di robot industriali" in page
    skill = f"{land.student_id} {{}} robot-programming"
    answer = teacher.post(
        f"/classes/{land.class_id}/validation", data={"chosen": skill.format(2), "levels": skill.format(4)}
    )
    assert "1 competenza confermata" in teacher.get(answer.headers["location"]).text
    held = make.get(StudentSkill, (land.student_id, "robot-programming"))
    assert held is not None
    assert (held.level, held.evidence) == (4, Evidence.VALIDATED)


def test_a_recommendation_stands_on_the_students_page_until_it_is_taken_back(
    visit: Callable[..., TestClient], teacher: TestClient, land: Territory
) -> None:
    sent = {
        "opportunity_id": str(land.internship_id),
        "student_ids": str(land.student_id),
        "note": "Fa per te.",
    }
    assert teacher.post(f"/classes/{land.class_id}/recommend", data=sent).status_code == 303
    page, student = f"/students/{land.student_id}", visit("student")
    assert "Il tuo insegnante te le consiglia" in student.get(page).text
    assert "<q>Fa per te.</q>" in student.get(page).text
    assert "/remove" not in student.get(page).text
    shown = teacher.get(page).text
    removal = "/recommendations/" + shown.split('action="/recommendations/')[1].split('"')[0]
    assert student.post(removal).status_code == 403
    assert teacher.post(removal).headers["location"] == page
    assert "Fa per te." not in student.get(page).text


# --- in a browser -----------------------------------------------------------------------------------------------------

WORDS = {
    "it": {
        "load": "Carica l'elenco della classe", "read": "Leggi l'elenco", "good": "Carica la riga giusta", "undo": "Annulla",
        "validate": "Conferma le competenze", "chosen": "Conferma le competenze scelte", "today": "Oggi hanno bisogno di te",
        "all": "Scegli tutti", "recommend": "Consiglia un'opportunità agli scelti", "send": "Consiglia",
        "advice": "Il tuo insegnante te le consiglia", "undone": "Annullato",
    },
    "en": {
        "load": "Load the class list", "read": "Read the list", "good": "Load the row that is right", "undo": "Undo",
        "validate": "Validate skills", "chosen": "Validate the chosen skills", "today": "Need you today",
        "all": "Choose all", "recommend": "Recommend an opportunity to the chosen", "send": "Recommend",
        "advice": "Your teacher recommends these", "undone": "Undone",
    },
}  # fmt: skip


@pytest.mark.browser
@in_every_way
def test_a_teacher_has_ten_minutes(
    chromium: Any, own_site: Site, language: str, size: str, scripts: bool
) -> None:
    context = chromium.new_context(
        viewport=SIZES[size], base_url=own_site.url, java_script_enabled=scripts,
        locale={"it": "it-IT", "en": "en-GB"}[language],
    )  # fmt: skip
    forms.send(context, "/sign-in", persona=own_site.land.emails["teacher"])
    forms.send(context, "/language", language=language)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    afternoon(context, own_site.land, WORDS[language])
    assert complaints == []
    context.close()


def afternoon(context: Any, land: Territory, words: dict[str, str]) -> None:
    """Load a list, confirm a skill, recommend an opportunity, and undo each."""
    page = new_page(context)
    page.goto(f"/classes/{land.class_id}")
    page.click(f"text={words['load']}")
    page.fill("#pasted", LIST.format(year=date.today().year - 16))  # noqa: DTZ011
    page.click(f'button:has-text("{words["read"]}")')
    assert page.locator(".list-check .wrong").count() == 3
    page.click(f"button:has-text('{words['good']}')")
    undo(page, words)
    page.wait_for_url(f"**/classes/{land.class_id}?done=*")

    page.click(f"main a:has-text('{words['validate']}')")
    page.check("input[name=chosen] >> nth=0")
    page.click(f"button:has-text('{words['chosen']}')")
    undo(page, words)
    assert page.locator("input[name=chosen]").count() == 1

    page.goto(f"/classes/{land.class_id}")
    page.click(f"main a:has-text('{words['today']}')")
    page.click(f"main a:has-text('{words['all']}')")
    page.click(f'button:has-text("{words["recommend"]}")')
    page.click("main ul.rows a >> nth=0")
    page.fill("#note", "Guardala con calma.")
    page.click(f"main button:has-text('{words['send']}')")
    page.wait_for_selector(".undo-bar")
    board = page.url
    page.click("main th a:has-text('Rossi Giulia')")
    assert "Guardala con calma." in page.inner_text("main")
    page.goto(board)
    undo(page, words)
    page.click("main th a:has-text('Rossi Giulia')")
    assert "Guardala con calma." not in page.inner_text("main")


def undo(page: Any, words: dict[str, str]) -> None:
    page.click(f".undo-bar button:has-text('{words['undo']}')")
    page.wait_for_selector(f".undo-bar:has-text('{words['undone']}')")
