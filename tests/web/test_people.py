"""The people of a school and of a company, and an invitation from the mail to the first page."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.models import Membership, User
from app.auth.service import COOKIE
from app.db import Database
from app.invitations.models import Invitation
from tests import mailbox
from tests.web.territory import Territory

Visit = Callable[..., TestClient]


def mailed_code(database: Database, to: str) -> str:
    text = [mail.body_text for mail in mailbox.written(database) if mail.to_address == to][-1]
    return re.findall(r"/invitation\?c=([A-Z0-9-]+)", text)[0]


def test_the_pages_of_people_are_for_who_answers_for_them(
    visit: Visit, land: Territory, database: Database
) -> None:
    pages = (
        f"/schools/{land.school_id}/people",
        f"/companies/{land.company_id}/people",
        "/coordination/people",
    )
    found = {
        who: [visit(who).get(page).status_code for page in pages]
        for who in ("teacher", "lead", "student", "company", "other company", "coordinator", "administrator")
    }
    assert found == {
        "teacher": [403, 403, 403], "lead": [200, 403, 403], "student": [403, 403, 403],
        "company": [403, 200, 403], "other company": [403, 403, 403], "coordinator": [200, 200, 403],
        "administrator": [200, 200, 200],
    }  # fmt: skip
    as_coordinator = visit("coordinator").get(pages[1]).text
    assert (land.emails["company"] in as_coordinator, 'name="email"' in as_coordinator) == (False, True)


def test_an_invitation_leads_from_the_mail_to_ones_own_page(
    visit: Visit, land: Territory, database: Database
) -> None:
    company = visit("company")
    page = f"/companies/{land.company_id}/people"
    sent = company.post(page, data={"email": " New.Hand@Example.org ", "role": "company_member"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"{page}?done=invited")
    told = unescape(company.get(sent.headers["location"]).text)
    assert ("new.hand@example.org" in told, "l'invito parte tra poco" in told) == (True, True)
    assert "l'invito parte tra poco" not in unescape(company.get(page).text)
    code = mailed_code(database, "new.hand@example.org")
    client = visit()
    for _ in range(2):  # opening it accepts nothing
        opened = client.get(f"/invitation?c={code}")
        assert (opened.status_code, "Automazioni Reno srl" in opened.text) == (200, True)
    lacking = client.post("/invitation", data={"c": code, "name": " "})
    assert (lacking.status_code, "Scrivete nome e cognome." in lacking.text) == (422, True)
    taken = client.post("/invitation", data={"c": code, "name": "Nuova Mano"})
    assert (taken.status_code, taken.headers["location"]) == (303, "/start")
    assert client.get("/start").headers["location"] == f"/companies/{land.company_id}"
    again = visit().post("/invitation", data={"c": code, "name": "Altra Mano"})
    assert (again.status_code, "Questo invito non vale" in again.text) == (403, True)
    assert COOKIE not in again.cookies


def test_who_has_an_account_signs_in_as_usual(visit: Visit, land: Territory, database: Database) -> None:
    visit("company").post(
        f"/companies/{land.company_id}/people", data={"email": land.emails["lead"], "role": "company_member"}
    )
    code = mailed_code(database, land.emails["lead"])
    stranger = visit()
    taken = stranger.post("/invitation", data={"c": code, "name": "X"})
    assert (taken.headers["location"], COOKIE in stranger.cookies) == ("/sign-in", False)
    assert visit("lead").get("/start").headers["location"] == "/hat"


def test_a_wrong_code_opens_nothing_and_is_braked(visit: Visit, land: Territory) -> None:
    client = visit()
    statuses = [client.get("/invitation", params={"c": "AAAA-AAAA-AAAA-AAAA"}).status_code for _ in range(31)]
    assert statuses == [403] * 30 + [429]
    assert client.get("/invitation").status_code == 200


def test_what_is_wrong_with_an_invitation_is_told(visit: Visit, land: Territory, database: Database) -> None:
    page = f"/companies/{land.company_id}/people"
    for typed in ("", "no address", "new@example"):
        wrong = visit("company").post(page, data={"email": typed, "role": "company_member"})
        assert (wrong.status_code, "Questo non è un indirizzo e-mail." in wrong.text) == (422, True), typed
    led = visit("coordinator").post(page, data={"email": "own@example.org", "role": "company_admin"})
    assert (led.status_code, "C'è già chi ne risponde" in unescape(led.text)) == (409, True)
    with database.read() as session:
        assert session.scalars(sa.select(Invitation)).all() == []


def test_an_invitation_is_revoked_on_the_page(visit: Visit, land: Territory, database: Database) -> None:
    client, page = visit("administrator"), "/coordination/people"
    [territory] = re.findall(r'<option value="([^"]+)"', client.get(page).text)
    client.post(page, data={"email": "new@example.org", "territory_id": territory})
    [address] = re.findall(r'action="(/invitations/[^"]+/revoke)"', client.get(page).text)
    assert client.post(address, data={"next": page}).headers["location"] == page
    assert "new@example.org" not in client.get(page).text
    code = mailed_code(database, "new@example.org")
    assert visit().get(f"/invitation?c={code}").status_code == 403


def test_the_last_one_in_charge_is_told_to_stay(visit: Visit, land: Territory, database: Database) -> None:
    client, page = visit("company"), f"/companies/{land.company_id}/people"
    with database.read() as session:
        own = session.scalars(
            sa.select(Membership.id).join(User).where(User.email == land.emails["company"])
        ).one()
        other = session.scalars(
            sa.select(Membership.id)
            .join(User)
            .where(User.email == land.emails["several"], Membership.company_id == land.company_id)
        ).one()
    stays = client.post(f"{page}/{own}/end")
    assert (stays.status_code, "È l'ultima persona che ne risponde" in unescape(stays.text)) == (409, True)
    assert client.post(f"{page}/{other}/role", data={"role": "company_admin"}).headers["location"] == page
    assert client.post(f"{page}/{own}/role", data={"role": "company_member"}).headers["location"] == "/start"
    assert client.get(page).status_code == 403


def test_a_lead_switches_a_colleague_off_and_on(visit: Visit, land: Territory, database: Database) -> None:
    with database.read() as session:
        user = session.scalars(sa.select(User).where(User.email == land.emails["teacher"])).one()
    teacher, lead = visit("teacher"), visit("lead")
    assert teacher.get(f"/classes/{land.class_id}").status_code == 200
    assert lead.post(f"/accounts/{user.id}/deactivate", data={"next": "/start"}).status_code == 303
    assert teacher.get(f"/classes/{land.class_id}").headers["location"].startswith("/sign-in")
    assert lead.post(f"/accounts/{user.id}/reactivate").status_code == 303
    assert lead.post(f"/accounts/{user.id}/explode").status_code == 404


def test_a_lead_invites_and_moves_a_teacher(visit: Visit, land: Territory, database: Database) -> None:
    with database.read() as session:
        member = session.scalars(
            sa.select(Membership).join(User).where(User.email == land.emails["teacher"])
        ).one()
    lead, page = visit("lead"), f"/schools/{member.school_id}/people"
    assert 'name="class_ids"' in lead.get(page).text
    sent = lead.post(
        page, data={"email": "t@example.org", "role": "teacher", "class_ids": [str(land.class_id)]}
    )
    assert sent.headers["location"] == f"{page}?done=invited"
    moved = lead.post(f"{page}/{member.id}/role", data={"role": "teacher"})
    assert moved.headers["location"] == page
    assert visit("teacher").get(f"/classes/{land.class_id}").status_code == 404
    ended = lead.post(f"{page}/{member.id}/end")
    assert ended.headers["location"] == page
    assert land.emails["teacher"] not in lead.get(page).text
