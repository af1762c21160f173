"""The red button on pages: a student's journey with and without scripts, a family's with its code, and who reads what."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.concerns.models import Concern, Stage
from app.students.models import Student
from tests.factories import Factory
from tests.web.conftest import Site
from tests.web.territory import Territory

Visit = Callable[..., TestClient]


def page(client: TestClient, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text[:300]
    return answer.text


def follow(answer: Any) -> str:
    assert answer.status_code == 303, answer.text[:500]
    return str(answer.headers["location"])


def test_the_button_is_one_tap_away_from_every_page_of_a_student(visit: Visit, land: Territory) -> None:
    client = visit("student")
    own = [f"/students/{land.student_id}{name}" for name in ("", "/wishes", "/hours", "/profile")]
    for path in (*own, "/placements", f"/placements/{land.placement_id}", "/papers", "/inbox"):
        assert f'href="/students/{land.student_id}/concerns"' in page(client, path)
    assert f"concerns?placement={land.placement_id}" in page(client, f"/placements/{land.placement_id}")
    assert "/concerns" not in page(visit("company"), f"/placements/{land.placement_id}")


def test_a_student_reports_reads_an_answer_and_closes(visit: Visit, land: Territory) -> None:
    client, lead = visit("student"), visit("lead")
    path = f"/students/{land.student_id}/concerns"
    sent = {"placement_id": str(land.placement_id), "kind": "safety", "text": "Senza guanti.\r\nAlla pressa."}
    receipt = follow(client.post(path, data=sent))
    shown = page(client, receipt)
    assert "La tua segnalazione è arrivata." in shown
    assert "Senza guanti.\nAlla pressa." in shown
    assert follow(client.post(path, data=sent)) == receipt  # sent twice: one
    address = receipt.partition("?")[0]
    assert address in page(lead, "/concerns")
    assert follow(lead.post(f"{address}/messages", data={"text": "Arrivo subito."})) == f"{address}#thread"
    assert "Arrivo subito." in page(client, address)
    assert f'action="{address}/close"' not in page(lead, address)
    assert lead.post(f"{address}/close", data={"reason": "Risolto."}).status_code == 403
    follow(client.post(f"{address}/close"))
    assert "È chiusa dal" in page(client, address)
    assert address in page(lead, "/concerns?closed=1")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"text": "  "}, "Serve almeno una frase."),
        ({"text": "x" * 2001}, "Il testo è troppo lungo: al massimo 2.000 segni."),
        ({"kind": ""}, "Manca una scelta: che cosa succede?"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_that_was_written_is_lost(
    visit: Visit, land: Territory, change: dict[str, str], told: str
) -> None:
    sent = {
        "placement_id": str(land.placement_id),
        "kind": "hours",
        "text": "Dieci ore.",
        "skips_tutor": "true",
    }
    answer = visit("student").post(
        f"/students/{land.student_id}/concerns", data={k: v for k, v in (sent | change).items() if v}
    )
    assert (answer.status_code, told in answer.text) == (422, True)
    assert re.search(r'name="skips_tutor"[^>]* checked', answer.text)
    if "kind" in change:
        assert "Dieci ore.</textarea>" in answer.text


def test_the_company_finds_nothing(visit: Visit, land: Territory) -> None:
    client = visit("company")
    assert client.get(f"/concerns/{land.concern_id}").status_code == 404
    assert "Nessuna segnalazione aperta" in page(client, "/concerns")


def test_a_coordinator_asks_for_the_name(visit: Visit, land: Territory) -> None:
    client = visit("coordinator")
    address = f"/concerns/{land.concern_id}"
    assert "Giulia" not in page(client, address)
    assert client.post(f"{address}/name", data={"reason": " "}).status_code == 422
    follow(client.post(f"{address}/name", data={"reason": "Chiamo la famiglia."}))
    assert "Riguarda Giulia Rossi" in page(client, address)


def test_an_administrator_needs_a_reason(visit: Visit, land: Territory) -> None:
    client = visit("administrator")
    address = f"/concerns/{land.concern_id}"
    refused = client.post(f"{address}/close", data={"reason": ""})
    assert (refused.status_code, 'aria-describedby="reason-wrong"' in refused.text) == (422, True)
    follow(client.post(f"{address}/close", data={"reason": "Doppione."}))
    assert "Doppione." in page(client, address)


# --- families ---------------------------------------------------------------------------------------------------------


def test_a_family_reports_writes_and_closes_with_its_code(
    visit: Visit, land: Territory, make: Factory
) -> None:
    client = visit()
    code = {"code": land.family_code}
    first = client.post("/family", data=code)
    assert (first.status_code, "Lavora senza guanti." in first.text) == (200, True)
    assert "Marco" not in first.text  # whoever finds a code learns no name
    placement_id, *_ = re.findall(r'name="placement_id"[^>]* value="([^"]+)"', first.text)
    sent = code | {"placement_id": placement_id, "kind": "hours", "text": "Torna a casa alle nove."}
    reported = client.post("/family/report", data=sent)
    assert "Torna a casa alle nove." in reported.text
    with make.database.read() as session:
        concern = session.scalars(sa.select(Concern).where(Concern.text == sent["text"])).one()
    message = code | {"concern_id": str(concern.id), "text": "E adesso?"}
    assert "E adesso?" in client.post("/family/message", data=message).text
    assert client.post("/family/message", data=message | {"text": ""}).status_code == 422
    client.post("/family/close", data=code | {"concern_id": str(concern.id)})
    row = make.get(Concern, concern.id)
    assert row is not None
    assert (row.stage, row.closed_by) == (Stage.CLOSED, f"family:{land.classmate_id}")


def test_a_family_touches_nothing_else(visit: Visit, land: Territory) -> None:
    client = visit()
    theirs = {"code": land.family_code, "concern_id": str(land.concern_id)}
    assert client.post("/family/close", data=theirs).status_code == 404
    assert client.post("/family/message", data=theirs | {"text": "Ciao"}).status_code == 404
    sent = {"code": land.family_code, "placement_id": str(land.placement_id), "kind": "other", "text": "Ciao"}
    assert client.post("/family/report", data=sent).status_code == 404


def test_wrong_codes_have_to_wait(visit: Visit) -> None:
    client = visit()
    statuses = [client.post("/family", data={"code": f"AAAA-{number}"}).status_code for number in range(33)]
    assert statuses[0] == 403
    assert statuses[-1] == 429


def test_staff_make_and_end_a_code_that_is_shown_once(visit: Visit, land: Territory, make: Factory) -> None:
    lead, path = visit("lead"), f"/students/{land.classmate_id}"
    made = lead.post(f"{path}/family-code")
    [code] = re.findall(r'class="slip-code">([^<]+)<', made.text)
    assert code not in page(lead, f"{path}/concerns")
    client = visit()
    assert client.post("/family", data={"code": code}).status_code == 200
    assert (
        client.post("/family", data={"code": land.family_code}).status_code == 403
    )  # it ended with the new one
    follow(lead.post(f"{path}/family-code/remove"))
    assert client.post("/family", data={"code": code}).status_code == 403
    with make.database.write() as session:
        session.get_one(Student, land.classmate_id).born_on = date(2000, 1, 1)
    assert lead.post(f"{path}/family-code").status_code == 409
    assert "Il codice per la famiglia" not in page(lead, f"{path}/concerns")


# --- in a browser -----------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
def test_from_a_students_page_to_the_receipt(browse: Callable[..., Any], site: Site, scripts: bool) -> None:
    shown = browse("classmate", size="phone", scripts=scripts)
    shown.goto(f"/students/{site.land.classmate_id}/wishes")
    shown.click("a:has-text('Aiuto')")
    shown.check("input[value=tasks]")
    shown.fill("#text", f"Sempre lo stesso lavoro, {'con' if scripts else 'senza'} programmi.")
    shown.click("button:has-text('Invia la segnalazione')")
    shown.wait_for_selector(".alert-success")
    assert "Che cosa succede adesso" in shown.inner_text("main")
    shown.emulate_media(media="print")
    assert not shown.is_visible("#message")
    assert shown.is_visible("ol.path-steps")
