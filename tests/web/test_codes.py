"""Codes on paper and in the browser: the teacher's sheet, the student's way in, choosing a hat."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.auth import service_throttles
from app.auth.models import Membership, SignIn, User
from app.auth.service import COOKIE
from app.db import Database
from app.events.models import Event
from app.students.models import StudentCode
from app.web import slips
from tests import forms, pdfs
from tests.factories import NOW
from tests.web.territory import Territory

Visit = Callable[..., TestClient]


def codes_of(page: str) -> list[str]:
    return re.findall(r'class="slip-code">([A-Z0-9-]+)<', page)


def make(visit: Visit, land: Territory, *, who: str = "lead", form: str = "page") -> object:
    chosen = [str(land.classmate_id)]
    return visit(who).post(f"/classes/{land.class_id}/codes", data={"student_ids": chosen, "form": form})


def a_code(visit: Visit, land: Territory) -> str:
    [code] = codes_of(make(visit, land).text)  # type: ignore[attr-defined]
    return code


def without_account(database: Database, land: Territory) -> None:
    with database.write() as session:
        ids = session.scalars(sa.select(Membership.user_id).where(Membership.student_id == land.classmate_id))
        session.execute(sa.delete(User).where(User.id.in_(ids.all())))


# --- the teacher -----------------------------------------------------------------------------------------------------


def test_the_page_of_codes_is_for_the_staff(visit: Visit, land: Territory) -> None:
    address = f"/classes/{land.class_id}/codes"
    people = (
        "teacher",
        "lead",
        "administrator",
        "coordinator",
        "other lead",
        "student",
        "company",
        "several",
    )
    found = {who: visit(who).get(address).status_code for who in people}
    assert found == {
        "teacher": 200, "lead": 200, "administrator": 200, "coordinator": 403, "other lead": 404, "student": 404,
        "company": 404, "several": 303,
    }  # fmt: skip
    assert visit().get(address).headers["location"].startswith("/sign-in")
    assert {
        who: make(visit, land, who=who).status_code  # type: ignore[attr-defined]
        for who in ("teacher", "coordinator", "other lead", "student")
    } == {"teacher": 200, "coordinator": 403, "other lead": 404, "student": 404}


def test_the_sheet_shows_each_code_once(visit: Visit, land: Territory, database: Database) -> None:
    page = make(visit, land).text  # type: ignore[attr-defined]
    [code] = codes_of(page)
    assert "Marco Neri" in page
    assert "http://127.0.0.1:8000/code" in page
    assert page.count("data:image/svg+xml") == 1
    again = visit("lead").get(f"/classes/{land.class_id}/codes").text
    assert code not in again
    assert "Codice aperto fino al" in again


def test_nobody_chosen_is_told(visit: Visit, land: Territory, database: Database) -> None:
    without_account(database, land)
    answer = visit("lead").post(f"/classes/{land.class_id}/codes", data={})
    assert (answer.status_code, "Scegli almeno uno studente." in answer.text) == (422, True)
    assert " checked" in visit("lead").get(f"/classes/{land.class_id}/codes").text
    assert " checked" not in answer.text, "what the person took away stays away"
    with database.read() as session:
        assert session.query(StudentCode).count() == 0


def test_the_pdf_is_tagged_and_its_text_can_be_read(visit: Visit, land: Territory) -> None:
    pytest.importorskip(slips.LIBRARY)
    answer = make(visit, land, form="pdf")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")  # type: ignore[attr-defined]
    assert answer.headers["content-disposition"] == 'attachment; filename="codici.pdf"'  # type: ignore[attr-defined]
    document: bytes = answer.content  # type: ignore[attr-defined]
    title = "Codici di accesso, classe 4 A"
    assert pdfs.faults(document, title=title, language="it", claims=pdfs.PDF_UA) == []
    pdf = pdfs.Pdf(document)
    assert (pdf.read_aloud("H1"), pdf.read_aloud("H2")) == ([pdfs.squeeze(title)], ["MarcoNeri"])


def test_without_the_library_the_page_offers_printing(
    visit: Visit, land: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/classes/{land.class_id}/codes"
    offer = 'name="form" value="pdf"'
    has_library = slips.has_pdf()
    assert (offer in visit("lead").get(address).text) is has_library
    monkeypatch.setattr(slips, "LIBRARY", "no_such_library")
    page = visit("lead").get(address).text
    assert (offer in page, 'name="form" value="page"' in page) == (False, True)
    assert make(visit, land, form="pdf").status_code == 503  # type: ignore[attr-defined]


# --- the student -----------------------------------------------------------------------------------------------------


def test_an_address_with_a_code_only_fills_the_form_in(
    visit: Visit, land: Territory, database: Database
) -> None:
    code = a_code(visit, land)
    client = visit()
    page = client.get(f"/code?c={code}")
    assert f'value="{code}"' in page.text
    assert COOKIE not in client.cookies
    assert client.head(f"/code?c={code}").status_code in (200, 405)
    with database.read() as session:
        assert session.query(StudentCode).filter(StudentCode.used_at.isnot(None)).count() == 0


def test_a_student_gets_in_and_comes_back_with_a_password(
    visit: Visit, land: Territory, database: Database
) -> None:
    without_account(database, land)
    client = visit()
    entered = client.post("/code", data={"code": a_code(visit, land)})
    assert (entered.status_code, entered.headers["location"]) == (303, "/welcome")
    page = client.get("/welcome").text
    [username] = re.findall(r'name="username" value="([^"]+)"', page)
    assert client.get("/start").headers["location"] == f"/students/{land.classmate_id}"
    password = "quattro parole senza senso"
    saved = client.post("/welcome", data={"username": username, "password": password, "repeated": password})
    assert (saved.status_code, saved.headers["location"]) == (303, "/first-visit")
    assert client.get("/welcome").headers["location"] == "/first-visit"
    again = {"username": "un-altro-nome", "password": password, "repeated": password}
    assert client.post("/welcome", data=again).status_code == 409
    later = visit()
    assert later.post("/sign-in", data={"email": username, "password": password}).status_code == 303
    assert later.get("/start").headers["location"] == f"/students/{land.classmate_id}"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"password": "corta", "repeated": "corta"}, "È troppo corta: servono almeno 10"),
        (
            {"password": "abbastanza lunga", "repeated": "abbastanza lunghe"},
            "Le due password non sono uguali",
        ),
        ({"username": "marco-2008"}, "non deve contenere il tuo nome"),
        ({"username": "x"}, "Il nome utente deve avere"),
        ({"username": "nome-gia-preso"}, "è già di qualcun altro"),
    ],
)
def test_what_is_wrong_with_the_first_password_is_told(
    visit: Visit, land: Territory, database: Database, fields: dict[str, str], told: str
) -> None:
    without_account(database, land)
    with database.write() as session:
        session.query(User).filter_by(email=land.emails["lead"]).update({"username": "nome-gia-preso"})
    client = visit()
    client.post("/code", data={"code": a_code(visit, land)})
    good = {"username": "faro-rame-0001", "password": "abbastanza lunga", "repeated": "abbastanza lunga"}
    answer = client.post("/welcome", data=good | fields)
    assert (answer.status_code, told in unescape(answer.text)) == (422, True)
    assert 'aria-invalid="true"' in answer.text
    assert "abbastanza" not in answer.text


def test_a_first_password_is_not_chosen_in_a_session_that_somebody_left_open(
    visit: Visit, land: Territory, database: Database
) -> None:
    without_account(database, land)
    client = visit()
    client.post("/code", data={"code": a_code(visit, land)})
    chosen = {
        "username": "faro-rame-0001",
        "password": "quattro parole a caso",
        "repeated": "quattro parole a caso",
    }
    with database.write() as session:
        begun = sa.update(SignIn).where(SignIn.how == "class_code")
        session.execute(begun.values(created_at=NOW - timedelta(minutes=16)))
    late = client.post("/welcome", data=chosen)
    assert (late.status_code, "Sei qui da un po'." in unescape(late.text)) == (422, True)
    with database.write() as session:
        session.execute(begun.values(created_at=NOW - timedelta(minutes=14)))
    assert client.post("/welcome", data=chosen).status_code == 303


@pytest.mark.parametrize(("fields", "hours"), [({}, 12), ({"is_own_device": "true"}, 30 * 24)])
def test_a_session_is_as_long_as_the_device_allows(
    visit: Visit, land: Territory, database: Database, fields: dict[str, str], hours: int
) -> None:
    without_account(database, land)
    answer = visit().post("/code", data={"code": a_code(visit, land)} | fields)
    assert f"Max-Age={hours * 3600}" in next(
        one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE)
    )
    with database.read() as session:
        row = session.scalars(sa.select(SignIn).where(SignIn.how == "class_code")).one()
    assert (row.expires_at - row.created_at).total_seconds() == hours * 3600


def test_wrong_used_and_old_codes_get_one_answer(visit: Visit, land: Territory) -> None:
    used = a_code(visit, land)
    visit().post("/code", data={"code": used})
    answers = [visit().post("/code", data={"code": code}) for code in (used, "AAAA-AAAA-AAAA")]
    assert [one.status_code for one in answers] == [403, 403]
    assert all("Questo codice non apre niente" in one.text for one in answers)
    assert all(COOKIE not in one.cookies for one in answers)


def test_who_guesses_is_slowed_down_and_a_right_code_still_works_elsewhere(
    visit: Visit, app: FastAPI, land: Territory
) -> None:
    code = a_code(visit, land)
    client = visit()
    statuses = [client.post("/code", data={"code": "AAAA-AAAA-AAAA"}).status_code for _ in range(31)]
    assert statuses == [403] * 30 + [429]
    assert int(client.post("/code", data={"code": code}).headers["retry-after"]) > 0
    with TestClient(
        app, base_url="http://127.0.0.1:8000", client=("192.0.2.7", 1), follow_redirects=False
    ) as other:
        other.event_hooks["request"].append(forms.carry_token)
        assert other.post("/code", data={"code": code}).status_code == 303


def test_without_the_brake_all_guesses_are_looked_at(
    visit: Visit, land: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_throttles.Backoff, "wait", lambda *_: timedelta())
    client = visit()
    assert {client.post("/code", data={"code": "AAAA-AAAA-AAAA"}).status_code for _ in range(40)} == {403}


def test_a_class_behind_one_address_gets_in(visit: Visit, land: Territory) -> None:
    statuses = [visit().post("/code", data={"code": a_code(visit, land)}).status_code for _ in range(35)]
    assert statuses == [303] * 35


# --- hats ------------------------------------------------------------------------------------------------------------


def hats_of(page: str) -> dict[str, str]:
    found = re.findall(r'name="membership_id" value="([^"]+)">.*?<strong>([^<]+)</strong>', page, re.DOTALL)
    return {unescape(role): membership for membership, role in found}


def test_who_has_several_hats_chooses_one(visit: Visit, land: Territory) -> None:
    client = visit("several")
    sent = client.get(f"/classes/{land.class_id}")
    assert sent.headers["location"] == f"/hat?next=%2Fclasses%2F{land.class_id}"
    page = client.get(sent.headers["location"]).text
    hats = hats_of(page)
    assert list(hats) == ["Insegnante", "Persona dell'azienda"]
    assert "Istituto tecnico Aldini" in page
    chosen = client.post(
        "/hat", data={"membership_id": hats["Insegnante"], "next": f"/classes/{land.class_id}"}
    )
    assert chosen.headers["location"] == f"/classes/{land.class_id}"
    candidates = f"/opportunities/{land.internship_id}/candidates"
    as_teacher = [client.get(path).status_code for path in (f"/classes/{land.class_id}", candidates)]
    client.post("/hat", data={"membership_id": hats["Persona dell'azienda"]})
    as_company = [client.get(path).status_code for path in (f"/classes/{land.class_id}", candidates)]
    assert (as_teacher, as_company) == ([200, 403], [404, 200])
    assert "Ruolo attuale:" in client.get(candidates).text


def test_before_choosing_the_api_says_so(visit: Visit, land: Territory) -> None:
    client = visit("several")
    answer = client.get(f"/api/v1/students/{land.student_id}")
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/hat-missing")
    assert client.post("/language", data={"language": "en"}).status_code == 303


def test_a_hat_of_somebody_else_does_not_fit(visit: Visit, land: Territory, database: Database) -> None:
    with database.read() as session:
        foreign = session.scalars(
            sa.select(Membership.id).join(User).where(User.email == land.emails["administrator"])
        ).one()
    client = visit("several")
    assert client.post("/hat", data={"membership_id": str(foreign)}).status_code == 404
    assert client.get("/start").headers["location"] == "/hat"


def test_a_hat_ends_with_the_membership(visit: Visit, land: Territory, database: Database) -> None:
    client = visit("several")
    hats = hats_of(client.get("/hat").text)
    client.post("/hat", data={"membership_id": hats["Insegnante"]})
    assert client.get(f"/classes/{land.class_id}").status_code == 200
    with database.write() as session:
        session.execute(sa.delete(Membership).where(Membership.id == UUID(hats["Insegnante"])))
    assert client.get(f"/classes/{land.class_id}").status_code == 404
    # One hat is left, and need not be chosen.
    assert client.get("/start").headers["location"] == f"/companies/{land.company_id}"


def test_choosing_a_hat_is_told_in_the_log(visit: Visit, land: Territory, database: Database) -> None:
    client = visit("several")
    client.post("/hat", data={"membership_id": hats_of(client.get("/hat").text)["Persona dell'azienda"]})
    with database.read() as session:
        told = session.scalars(sa.select(Event).where(Event.action == "user.hat_chosen")).all()
    assert [list(event.data) for event in told] == [["membership"]]
