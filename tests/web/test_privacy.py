"""The pages about one's own data: seen, taken along, switched, ended, read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.privacy import service_notices as notices
from app.privacy.models import Erasure, NoticeView, RetentionWarning
from app.students.models import Student
from tests.factories import NOW, TODAY
from tests.web.territory import Territory

Visit = Callable[..., TestClient]


def test_the_page_tells_who_looked(visit: Visit, land: Territory) -> None:
    path = f"/students/{land.student_id}/data"
    student = visit("student")
    assert "Ancora nessuno." in student.get(path).text
    visit("teacher").get(f"/students/{land.student_id}")
    visit("company").get(f"/opportunities/{land.internship_id}/candidates")
    student.get(f"/students/{land.student_id}")
    page = student.get(path).text
    assert "Teacher" in page
    assert "Automazioni Reno srl" in page
    assert "un codice tra i candidati: Montaggio e prova" in page
    assert "Student<" not in page.split('id="looks"')[1].split("</section>")[0]
    assert "Teacher" in visit("lead").get(path).text
    assert [visit(who).get(path).status_code for who in ("classmate", "other lead", "company")] == [404] * 3


def test_the_ranking_is_switched_off_and_on(visit: Visit, land: Territory) -> None:
    student, path = visit("student"), f"/students/{land.student_id}"
    assert "Perché è in questo posto" in student.get(path).text
    answer = student.post(f"{path}/data/ranking", data={"state": "off"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}/data#ranking")
    page = student.get(path).text
    assert "In ordine di distanza" in page
    assert "Perché è in questo posto" not in page
    assert student.get(f"/opportunities/{land.internship_id}").status_code == 200
    assert "È spento" in student.get(f"{path}/data").text
    assert visit("teacher").post(f"{path}/data/ranking", data={"state": "on"}).status_code == 303
    assert "Perché è in questo posto" in student.get(path).text
    assert student.post(f"{path}/data/ranking", data={"state": "perhaps"}).status_code == 422
    assert visit("company").post(f"{path}/data/ranking", data={"state": "off"}).status_code == 404


def test_a_copy_is_taken(visit: Visit, land: Territory) -> None:
    for who, path in (
        ("student", f"/students/{land.student_id}/data/export"),
        ("teacher", f"/students/{land.student_id}/data/export"),
        ("company", "/data/export"),
    ):
        answer = visit(who).get(path)
        assert answer.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert "README.txt" in archive.namelist()
    assert visit("company").get(f"/students/{land.student_id}/data/export").status_code == 404


def test_own_data_lead_students_to_their_page(visit: Visit, land: Territory) -> None:
    assert visit("student").get("/data").headers["location"] == f"/students/{land.student_id}/data"
    page = visit("company").get("/data").text
    assert "Chi ha visto il tuo profilo" not in page
    assert "informativa per le aziende" in page
    assert visit().get("/data").status_code == 303


def test_a_student_asks_to_be_forgotten_and_thinks_better_of_it(
    visit: Visit, land: Territory, database: Database
) -> None:
    student, path = visit("student"), f"/students/{land.student_id}/data"
    assert student.post(f"{path}/erasure").status_code == 422  # the box was not ticked
    assert student.post(f"{path}/erasure", data={"confirm": "yes"}).headers["location"] == f"{path}#erasure"
    assert "Ritira la richiesta" in student.get(path).text
    assert student.post(f"{path}/erasure/withdraw").status_code == 303
    assert "Cancella tutto" in student.get(path).text
    with database.read() as session:
        assert session.query(Erasure).count() == 0


def test_staff_forget_at_once_and_accounts_ask_for_themselves(
    visit: Visit, land: Territory, database: Database
) -> None:
    lead = visit("lead")
    answer = lead.post(f"/students/{land.student_id}/data/erasure", data={"confirm": "yes"})
    assert answer.headers["location"] == f"/classes/{land.class_id}"
    company = visit("company")
    assert company.post("/data/erasure", data={"confirm": "yes"}).headers["location"] == "/data#erasure"
    assert "Ritira la richiesta" in company.get("/data").text
    assert company.post("/data/erasure/withdraw").status_code == 303
    with database.read() as session:
        assert session.get(Student, land.student_id) is None


def test_notices_are_shown_until_read_and_again_when_new(
    visit: Visit, land: Territory, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    student, path = visit("student"), f"/students/{land.student_id}"
    assert student.get(path).text.count('action="/notices/student"') == 1  # one at a time
    for name in ("student", "profiling"):
        [version] = notices.versions(name)
        data = {"version": version, "next": path}
        assert student.post(f"/notices/{name}", data=data).headers["location"] == path
        assert student.post(f"/notices/{name}", data=data).status_code == 303
    assert 'action="/notices/' not in student.get(path).text
    assert "Hai detto di averla letta" in student.get("/notices/student").text
    with database.read() as session:
        views = session.query(NoticeView).all()
        assert {(one.notice, one.version, one.language, one.seen_at) for one in views} == {
            ("profiling", "2026-09-01", "it", NOW), ("student", "2026-09-01", "it", NOW),
        }  # fmt: skip
    newer = notices.Notice("student", "2026-01-02", "it", "Nuova", "Breve", ())
    present = notices.current
    monkeypatch.setattr(
        notices, "current", lambda name, *rest: newer if name == "student" else present(name, *rest)
    )
    assert student.get(path).text.count('action="/notices/') == 1


@pytest.mark.parametrize("role", Role)
def test_nobody_is_without_a_notice(role: Role) -> None:
    assert notices.names_for(Actor(kind="user", id=None, name="x", grants=(Grant(role),)))


def test_notices_are_public_and_whole_in_both_languages(visit: Visit) -> None:
    for name in ("student", "staff", "company", "profiling"):
        for language in ("it", "en"):
            notice = notices.current(name, language, TODAY)
            page = visit().get(f"/notices/{name}", params={"lang": language})
            assert page.status_code == 200
            assert all(heading in page.text.replace("&#39;", "'") for heading, _ in notice.parts)
            assert 'method="post"' not in page.text.split("<main")[1]
    assert visit().get("/notices/nothing").status_code == 404
    student = visit("student")
    assert student.post("/notices/student", data={"version": "2000-01-01"}).status_code == 404
    assert student.post("/notices/student", data={"version": "new"}).status_code == 422


def test_a_warning_is_told(visit: Visit, land: Territory, database: Database) -> None:
    with database.write() as session:
        session.add(
            RetentionWarning(
                subject_kind="student", subject_id=land.student_id, rule="student_left", warned_at=NOW, due_on=TODAY
            )
        )  # fmt: skip
        session.get_one(Student, land.classmate_id).archived_at = NOW
    assert "il profilo va in archivio" in visit("student").get(f"/students/{land.student_id}/data").text
    assert "è in archivio dal" in visit("lead").get(f"/students/{land.classmate_id}/data").text


def test_versions_of_a_notice_have_both_languages_and_a_day() -> None:
    for folder in notices.FOLDER.iterdir():
        days = {path.name.split(".")[0] for path in folder.glob("*.md")}
        assert {path.name for path in folder.glob("*.md")} == {
            f"{day}.{language}.md" for day in days for language in ("it", "en")
        }
        assert days == set(notices.versions(folder.name))
