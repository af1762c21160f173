"""A day in under a minute, a week in one table, a class in one look, and the end of a placement: each on its page."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.agreements import printing
from app.db import Database
from app.hours import service_attendance as attendance
from app.hours.models import DiaryEntry, Evaluation, HourCredit, HourEntry
from app.placements.models import Party, Placement, State
from app.settings import Settings
from app.students.models import Evidence, StudentSkill
from tests import pdfs
from tests.factories import NOW, TODAY
from tests.web.conftest import Site
from tests.web.territory import Territory


def entry_of(database: Database, land: Territory, day: Any) -> HourEntry | None:
    with database.read() as session:
        return session.scalar(
            sa.select(HourEntry).where(HourEntry.placement_id == land.worked_id, HourEntry.worked_on == day)
        )


def test_a_student_saves_the_day_in_one_form(
    visit: Callable[..., TestClient], land: Territory, database: Database
) -> None:
    student, path = visit("student"), f"/students/{land.student_id}/hours"
    page = student.get(path).text
    assert "Oggi" in page
    assert "56 ore fatte su 150." not in page
    fields = {"placement_id": str(land.worked_id), "day": TODAY.isoformat(), "minutes": "420"}
    answer = student.post(path, data=fields | {"did": " Ho provato la macchina. ", "learnt": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved=1")
    entry = entry_of(database, land, TODAY)
    assert entry is not None
    assert (entry.student_minutes, entry.state) == (420, "noted")
    assert "Salvato." in student.get(f"{path}?saved=1").text
    # the same form again says the same; other words are written over the first
    again = student.post(path, data=fields | {"did": "Altro.", "learnt": "Molto."})
    assert again.status_code == 303
    with database.read() as session:
        [lines] = session.scalars(sa.select(DiaryEntry).where(DiaryEntry.written_on == TODAY))
        assert (lines.did, lines.learnt) == ("Altro.", "Molto.")


def test_a_day_that_cannot_be_comes_back_with_its_words(
    visit: Callable[..., TestClient], land: Territory, database: Database
) -> None:
    student, path = visit("student"), f"/students/{land.student_id}/hours"
    fields = {
        "placement_id": str(land.worked_id),
        "day": TODAY.isoformat(),
        "minutes": "600",
        "did": "Tanto.",
    }
    answer = student.post(path, data=fields)
    assert answer.status_code == 422
    assert "non si può salvare così" in answer.text
    assert 'value="Tanto."' in answer.text
    assert entry_of(database, land, TODAY) is None


def test_the_school_reads_the_diary_and_the_host_does_not(
    visit: Callable[..., TestClient], land: Territory
) -> None:
    teacher = visit("teacher").get(f"/students/{land.student_id}/hours").text
    assert "Ho montato un quadro." in teacher
    assert "Salva la giornata" not in teacher
    host = visit("company")
    assert "Ho montato un quadro." not in host.get(f"/companies/{land.company_id}/hours").text
    assert host.get(f"/students/{land.student_id}/hours").status_code == 404


def test_the_code_leads_to_two_buttons_and_notes_nothing_by_itself(
    visit: Callable[..., TestClient], land: Territory, database: Database
) -> None:
    shown = visit("company").get(f"/companies/{land.company_id}/attendance-code").text
    code = attendance.code_at(land.company_id, Settings().secret_key, NOW).text
    assert code in shown
    student = visit("student")
    assert f'value="{code}"' in student.get(f"/attend?c={code}").text
    assert entry_of(database, land, TODAY) is None
    fields = {"placement_id": str(land.worked_id), "code": code.lower(), "what": "arrival"}
    assert student.post("/attend", data=fields).headers["location"] == "/attend?done=arrival"
    assert "Arrivo alle" in student.get("/attend?done=arrival").text
    wrong = student.post("/attend", data=fields | {"code": "AAAAAA"})
    assert (wrong.status_code, "cambia ogni dieci minuti" in wrong.text) == (422, True)


def test_a_host_confirms_the_week_of_all_students_with_one_button(
    visit: Callable[..., TestClient], land: Territory, database: Database
) -> None:
    host, path = visit("company"), f"/companies/{land.company_id}/hours"
    week = (TODAY - timedelta(days=4)).isoformat()
    page = host.get(f"{path}?week={week}").text
    chosen = re.findall(r'<option value="([^"]+)" selected>', page)
    assert (
        len(chosen) == 9
    )  # five days of one who began on Wednesday, four of one whose last day was Thursday
    answer = host.post(path, data={"week": week, "said": chosen})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?saved=9&week={week}")
    assert "Confermati 9 giorni." in host.get(answer.headers["location"]).text
    disputed = entry_of(database, land, TODAY - timedelta(days=2))
    assert disputed is not None
    assert (disputed.state, disputed.host_minutes) == ("disputed", 240)  # what was said stays said
    changed = re.sub(r" 240$", " 300", next(one for one in chosen if one.endswith(" 240")))
    stale = host.post(path, data={"week": week, "said": [changed.replace(" 1 ", " 9 ")]})
    assert (stale.status_code, "Qualcosa è cambiato" in stale.text) == (409, True)


def test_a_teacher_settles_credits_and_sees_what_is_to_be_closed(
    visit: Callable[..., TestClient], land: Territory, database: Database
) -> None:
    teacher, path = visit("teacher"), f"/classes/{land.class_id}/hours"
    page = teacher.get(path).text
    assert "Giorni da chiarire" in page
    assert "Tirocini da chiudere" in page
    [option] = re.findall(r'<option value="([^"]+ 450)">', page)
    assert teacher.post(f"{path}/settle", data={"said": [option]}).headers["location"] == f"{path}?saved=1"
    settled = entry_of(database, land, TODAY - timedelta(days=2))
    assert settled is not None
    assert (settled.state, settled.school_minutes) == ("confirmed", 450)
    fields = {"kind": "safety", "title": "Sicurezza generale", "held_on": TODAY.isoformat(), "worth": "4"}
    nobody = teacher.post(f"{path}/credits", data=fields)
    assert (nobody.status_code, "Scegli nella tabella" in nobody.text) == (422, True)
    both = [str(land.student_id), str(land.classmate_id)]
    answer = teacher.post(f"{path}/credits", data=fields | {"student_ids": both})
    assert answer.headers["location"] == f"{path}?saved=2"
    with database.read() as session:
        found = sa.select(sa.func.count()).select_from(HourCredit).where(HourCredit.kind == "safety")
        assert session.scalar(found) == 2


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("title", " ", "Scrivi che cosa si è fatto."),
        ("held_on", (TODAY + timedelta(days=1)).isoformat(), "Scrivi un giorno che non è nel futuro."),
    ],
)
def test_a_credit_that_cannot_be_is_told(
    visit: Callable[..., TestClient], land: Territory, field: str, value: str, told: str
) -> None:
    fields = {
        "kind": "visit", "title": "Fiera", "held_on": TODAY.isoformat(), "worth": "4",
        "student_ids": [str(land.student_id)],
    }  # fmt: skip
    answer = visit("teacher").post(f"/classes/{land.class_id}/hours/credits", data=fields | {field: value})
    assert (answer.status_code, told in answer.text) == (422, True)


def form_of(page: str, mark: int = 4) -> dict[str, str]:
    """The form with every question answered."""
    names = set(re.findall(r'name="(mark-[a-z_]+)"', page))
    return dict.fromkeys(names, str(mark)) | {"would_repeat": "yes", "words": "Tutto bene."}


def test_three_sides_evaluate_and_the_school_completes(
    visit: Callable[..., TestClient], land: Territory, database: Database
) -> None:
    path = f"/placements/{land.closing_id}/evaluation"
    host, pupil, teacher = (visit(who) for who in ("company", "classmate", "teacher"))
    page = host.get(path).text
    assert f"/opportunities/{land.last_year_id}/renewal" in page  # the host would take somebody again
    changed = host.post(path, data=form_of(page) | {"skill-pneumatics": "2", "words": "Preciso."})
    assert changed.headers["location"] == f"{path}?done=given"
    assert "Preciso." not in pupil.get(path).text
    half = pupil.post(path, data={"mark-welcome": "3", "would_repeat": "no"})
    assert (half.status_code, "Rispondi a tutte le domande" in half.text) == (422, True)
    assert pupil.post(path, data=form_of(pupil.get(path).text)).status_code == 303
    too_soon = teacher.post(f"{path}/complete")
    assert (too_soon.status_code, "Manca la vostra valutazione." in too_soon.text) == (409, True)
    assert teacher.post(path, data=form_of(teacher.get(path).text)).status_code == 303
    assert teacher.post(f"{path}/confirm").headers["location"] == f"{path}?done=confirmed"
    assert "Preciso." in pupil.get(path).text
    assert teacher.post(f"{path}/complete").headers["location"] == f"{path}?done=completed"
    assert "Relazione finale" in pupil.get(path).text
    for reader in (pupil, teacher):
        report = reader.get(f"/placements/{land.closing_id}/report")
        assert (report.status_code, report.headers["content-type"]) == (200, "application/pdf")
    for tongue, title, heads in (
        ("it", "Relazione finale del tirocinio", 5),
        ("en", "Final report of the internship", 5),
    ):
        pupil.headers["accept-language"] = tongue
        told = pupil.get(f"/placements/{land.closing_id}/report").content
        assert pdfs.faults(told, title=title, language=tongue, claims=pdfs.PDF_UA | pdfs.PDF_A) == []
        assert len(pdfs.Pdf(told).read_aloud("H2")) == heads
    assert host.get(f"/placements/{land.closing_id}/report").status_code == 403
    with database.read() as session:
        assert session.get_one(Placement, land.closing_id).state is State.COMPLETED
        held = session.get_one(StudentSkill, (land.classmate_id, "pneumatics"))
        assert (held.level, held.evidence) == (2, Evidence.VALIDATED)
        parties = session.scalars(
            sa.select(Evaluation.party).where(Evaluation.placement_id == land.closing_id)
        )
        assert set(parties) == {Party.COMPANY, Party.STUDENT, Party.SCHOOL}


def test_a_report_prints_without_the_library_and_has_no_diary(
    visit: Callable[..., TestClient], land: Territory, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher, path = visit("teacher"), f"/placements/{land.worked_id}/report"
    assert teacher.get(path).status_code == 409  # it still runs
    end = {"ended_at": NOW, "ended_by": "system:tests", "ended_for": "school", "end_reason": "moved"}
    with database.write() as session:
        values = {"state": State.INTERRUPTED, "due_at": None} | end
        session.execute(sa.update(Placement).where(Placement.id == land.worked_id).values(values))
    monkeypatch.setattr(printing, "has_pdf", lambda: False)
    report = teacher.get(path)
    assert (report.status_code, report.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Cablaggio e collaudo" in report.text
    assert "Ho montato un quadro." not in report.text


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("has_scripts", [True, False])
def test_the_day_of_a_student_on_a_telephone(
    browse: Callable[..., Any], site: Site, has_scripts: bool
) -> None:
    page = browse("student", size="phone", scripts=has_scripts)
    page.goto(f"/students/{site.land.student_id}/hours")
    page.select_option("#minutes", label="6 ore")
    page.fill("#did", "Ho cablato il quadro.")
    page.fill("#learnt", "A usare la crimpatrice.")
    page.click("text=Salva la giornata")
    page.wait_for_selector("[role=status]")
    assert page.query_selector("text=Ho cablato il quadro.") is not None
