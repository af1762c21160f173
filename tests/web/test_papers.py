"""Papers on pages, without scripts: what a school, a host, a student and a guardian do from the first draft on."""

from __future__ import annotations

import re
from collections.abc import Callable
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.agreements import printing
from app.agreements.models import Paper, Signature, SignerRole
from app.db import Database
from app.mails.models import Mail
from tests import pdfs
from tests.factories import NOW
from tests.web.territory import Territory
from tests.web.territory_papers import fill

Visit = Callable[..., TestClient]
CODE = re.compile(r"(?<![\w-])[3-9A-Y]{4}-[3-9A-Y]{4}(?![\w-])")


@pytest.fixture
def papers(database: Database, land: Territory) -> dict[str, str]:
    return fill(database, land, NOW)


def digest_on(page: str) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert found is not None, page
    return found[1]


def last_code(database: Database) -> str:
    with database.read() as session:
        texts = session.scalars(sa.select(Mail.body_text).where(Mail.kind == "signing_code")).all()
    return str(CODE.findall(texts[-1])[0])


def sign(client: TestClient, database: Database, address: str) -> str:
    """Ask for a code and type it; the page that comes then."""
    digest = digest_on(client.get(address).text)
    with database.write() as session:
        session.execute(sa.delete(Mail))
    asked = client.post(f"{address}/code")
    assert asked.status_code == 303, asked.text
    done = client.post(f"{address}/sign", data={"digest": digest, "code": last_code(database)})
    assert done.status_code == 303, done.text
    return client.get(address).text


def state_of(database: Database, paper_id: str) -> str:
    with database.read() as session:
        return session.get_one(Paper, UUID(paper_id)).state


# --- the agreement ----------------------------------------------------------------------------------------------------


def test_a_host_asks_for_a_change_then_both_sign(
    visit: Visit, papers: dict[str, str], database: Database
) -> None:
    address = f"/papers/{papers['sent_id']}"
    company, lead = visit("company"), visit("lead")
    page = company.get(address).text
    assert "Rimanda la bozza alla scuola" in page
    assert "Impegni del soggetto ospitante" in page
    company.post(f"{address}/move", data={"action": "return", "note": "Manca il nostro indirizzo."})
    assert "Manca il nostro indirizzo." in lead.get(address).text
    assert company.get(address).status_code == 404
    edit = lead.get(f"{address}/edit").text
    assert 'value="Assicura"' in edit
    fields = {
        "valid_from": "2026-01-12", "valid_until": "2028-08-31", "privacy_role": "processor", "insurance_company": "Assicura",
        "insurance_policy": "P-2", "inail_position": "I-1",
    }  # fmt: skip
    assert lead.post(f"/agreements/{papers['sent_id']}", data=fields).headers["location"] == address
    lead.post(f"{address}/move", data={"action": "send"})
    company.post(f"{address}/move", data={"action": "open"})
    assert "Firma dopo." in company.get(address).text
    assert "P-2" in company.get(address).text
    assert "Prima firma" in lead.get(address).text
    sign(company, database, address)
    assert "Ha firmato il 12 gennaio 2026, con un codice" in sign(lead, database, address)
    assert state_of(database, papers["sent_id"]) == "in_force"


def test_a_draft_is_made_for_a_host_that_has_none(
    visit: Visit, papers: dict[str, str], land: Territory
) -> None:
    lead = visit("lead")
    address = f"/schools/{land.school_id}/agreements"
    page = lead.get(address).text
    assert "Officine Santerno" in page  # hosts Marco
    assert f'<option value="{land.company_id}">' not in page  # has one that is being prepared
    body = {"company_id": str(land.other_company_id), "valid_from": "2026-01-12", "valid_until": "2028-08-31"}
    made = lead.post(address, data=body)
    assert made.headers["location"].endswith("/edit")
    assert 'value="P-1"' in lead.get(made.headers["location"]).text  # from the last one
    again = lead.post(address, data=body)
    assert (again.status_code, "già una in preparazione" in again.text) == (409, True)
    wrong = lead.post(address, data=body | {"valid_until": "2025-01-01"})
    assert wrong.status_code == 422


def test_what_is_missing_is_named_and_nothing_goes_out(
    visit: Visit, papers: dict[str, str], land: Territory
) -> None:
    teacher = visit("teacher")
    address = f"/papers/{papers['draft_plan_id']}"
    assert "Nome del responsabile genitoriale" in teacher.get(address).text
    answer = teacher.post(f"{address}/move", data={"action": "open"})
    assert (answer.status_code, "Manca ancora qualcosa." in answer.text) == (409, True)
    assert "Chi firma per l'azienda" in answer.text


# --- plans ------------------------------------------------------------------------------------------------------------


def test_student_and_guardian_read_and_sign(visit: Visit, papers: dict[str, str], database: Database) -> None:
    student, address = visit("student"), f"/papers/{papers['plan_id']}"
    assert "Aspetta la tua firma" in student.get("/papers").text
    page = student.get(address).text
    assert "Cabla quadri." in page
    assert "Scarpe e occhiali." in page
    wrong = student.post(f"{address}/sign", data={"digest": digest_on(page), "code": "AAAA-AAAA"})
    assert (wrong.status_code, "Il codice non è giusto" in wrong.text) == (403, True)
    assert "Ha firmato" in sign(student, database, address)
    nobody, link = visit(), f"/guardian-signature?t={papers['token']}"
    page = nobody.get(link).text
    assert "Firma di Rita Prova" in page
    digest, token = digest_on(page), {"t": papers["token"]}
    with database.read() as session:  # opening the link has signed nothing
        guardian = session.scalars(sa.select(Signature).where(Signature.role == SignerRole.GUARDIAN)).one()
        assert guardian.signed_at is None
    assert nobody.post("/guardian-signature/code", data=token).status_code == 303
    code = last_code(database)
    assert (
        nobody.post("/guardian-signature", data=token | {"digest": digest, "code": "AAAA-AAAA"}).status_code
        == 403
    )
    done = nobody.post("/guardian-signature", data=token | {"digest": digest, "code": code})
    assert (done.status_code, "Grazie" in done.text) == (200, True)
    assert nobody.get(link).status_code == 404
    assert "Tocca a te firmare" in visit("teacher").get(address).text


def test_a_teacher_hands_out_a_code_that_only_the_student_can_use(
    visit: Visit, papers: dict[str, str]
) -> None:
    teacher, student, address = visit("teacher"), visit("student"), f"/papers/{papers['plan_id']}"
    page = teacher.post(f"{address}/hand-out").text
    [code] = set(CODE.findall(page))
    digest = digest_on(student.get(address).text)
    assert teacher.post(f"{address}/sign", data={"digest": digest, "code": code}).status_code == 409
    assert student.post(f"{address}/sign", data={"digest": digest, "code": code}).status_code == 303
    assert (
        student.post(f"{address}/sign", data={"digest": digest, "code": code}).status_code == 303
    )  # a second click


def test_signatures_on_paper_are_recorded_with_a_file(visit: Visit, papers: dict[str, str]) -> None:
    teacher, address = visit("teacher"), f"/papers/{papers['plan_id']}"
    sent = {"roles": ["student", "guardian"], "signed_on": "2026-01-12"}
    wrong = teacher.post(
        f"{address}/record", data=sent, files={"file": ("a.pdf", b"no pdf", "application/pdf")}
    )
    assert (wrong.status_code, "file PDF" in wrong.text) == (422, True)
    file = {"file": ("a.pdf", b"%PDF-1.7 signed %%EOF", "application/pdf")}
    assert teacher.post(f"{address}/record", data=sent, files=file).status_code == 303
    page = teacher.get(address).text
    assert page.count("su carta, con il file") == 2
    found = re.search(r'href="(/documents/[\w-]+)">Il file firmato', page)
    assert found is not None
    assert teacher.get(found[1]).content == b"%PDF-1.7 signed %%EOF"
    assert visit("other lead").get(found[1]).status_code == 404


def test_the_plans_of_a_class_go_out_together_and_print_as_one(
    visit: Visit, papers: dict[str, str], land: Territory
) -> None:
    teacher, address = visit("teacher"), f"/classes/{land.class_id}/papers"
    page = teacher.get(address).text
    assert ("Rossi Giulia" in page, "Neri Marco" in page, "In attesa di firme" in page) == (True, True, True)
    sent = teacher.post(address, data={"what": "open"})
    assert sent.headers["location"] == f"{address}?left=1"
    assert "è rimasto in bozza" in teacher.get(sent.headers["location"]).text
    printed = teacher.get(f"{address}/print")
    kind = "application/pdf" if printing.has_pdf() else "text/html; charset=utf-8"
    assert (printed.status_code, printed.headers["content-type"]) == (200, kind)
    if printing.has_pdf():
        title = "Progetto formativo individuale"
        wanted = {"title": title, "language": "it", "claims": pdfs.PDF_UA | pdfs.PDF_A}
        assert pdfs.faults(printed.content, **wanted) == []
        assert pdfs.Pdf(printed.content).read_aloud("H1") == [pdfs.squeeze(title)] * 2
    assert visit("company").get(address).status_code == 404
