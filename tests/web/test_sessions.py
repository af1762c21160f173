"""A host plans the sessions of a visit, says for whom seats are kept, reads the list of the day, and cancels."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from tests.web.territory import Territory

FORM = {
    "day": "2026-02-10", "starts": "09:00", "ends": "11:00", "seats": "20", "room": "Portineria", "language": "it",
    "online_link": "", "note": "Si entra dal cancello 2, senza gradini.", "smallest_group": "",
}  # fmt: skip


def _controls(page: str) -> set[str]:
    """The fields that the box of troubles links to."""
    box = re.search(r'id="troubles".*?</ul>', page, re.DOTALL)
    return set(re.findall(r'href="#(\w+)"', box[0])) if box else set()


def test_a_host_plans_changes_and_cancels_sessions(visit: Callable[..., Any], land: Territory) -> None:
    path = f"/opportunities/{land.visit_id}/sessions"
    assert visit().get(path).headers["location"].startswith("/sign-in")
    assert [visit(who).get(path).status_code for who in ("student", "other company")] == [403, 403]
    assert visit("company").get(f"/opportunities/{land.internship_id}/sessions").status_code == 409
    host = visit("company")
    assert "Nessun turno in programma" in host.get(path).text
    bad = {
        "day": "ieri",
        "starts": "9",
        "ends": "",
        "seats": "0",
        "room": "",
        "language": "?",
        "online_link": "http://x",
    }
    refused = host.post(path, data=bad)
    assert (refused.status_code, _controls(refused.text)) == (
        422,
        {"day", "starts", "ends", "seats", "language", "online_link"},
    )
    for wrong, control in (
        ({"ends": "08:00"}, "ends"), ({"day": "2025-02-10"}, "starts"), ({"smallest_group": "21"}, "smallest_group"),
    ):  # fmt: skip
        refused = host.post(path, data=FORM | wrong)
        assert (refused.status_code, _controls(refused.text), "cancello 2" in refused.text) == (
            422,
            {control},
            True,
        )
    for _ in range(2):  # sent twice, planned once
        assert host.post(path, data=FORM).headers["location"] == f"{path}?done=planned#sessions"
    page = host.get(path).text
    assert ("Un turno" in page, "0 posti presi su 20" in page, "Lingua: Italiano" in page) == (
        True,
        True,
        True,
    )
    [one] = set(re.findall(rf"{path}/([0-9a-f-]{{36}})", page))
    copied = host.get(f"{path}?copy={one}").text
    assert ("Lo stesso turno in un altro giorno" in copied, 'name="day" type="date" value=""' in copied) == (
        True,
        True,
    )
    assert 'value="Portineria"' in copied
    own = host.get(f"{path}/{one}").text
    was = re.search(r'name="was" value="(\w+)"', own)
    assert was
    saved = host.post(f"{path}/{one}", data=FORM | {"seats": "15", "starts": "10:00", "was": was[1]})
    assert saved.headers["location"] == f"{path}/{one}?done=saved"
    stale = host.post(f"{path}/{one}", data=FORM | {"was": was[1]})
    assert (stale.status_code, "Intanto un collega" in stale.text, 'value="10:00"' in stale.text) == (
        409,
        True,
        True,
    )
    assert host.post(f"{path}/{one}", data=FORM | {"seats": "", "was": was[1]}).status_code == 422
    unsure = host.post(f"{path}/{one}/cancel")
    assert (unsure.status_code, _controls(unsure.text)) == (422, {"confirm"})
    assert (
        host.post(f"{path}/{one}/cancel", data={"confirm": "yes"})
        .headers["location"]
        .endswith("done=cancelled")
    )
    gone = host.get(f"{path}/{one}").text
    assert ("Annullato" in gone, "Annulla questo turno" in gone) == (True, False)
    late = host.post(f"{path}/{one}", data=FORM | {"was": "x"})
    assert (late.status_code, "Intanto un collega" in late.text) == (409, True)


def test_seats_are_kept_in_plain_words(visit: Callable[..., Any], land: Territory) -> None:
    path = f"/opportunities/{land.visit_id}"
    host = visit("coordinator")  # who coordinates may do the same
    host.post(f"{path}/sessions", data=FORM)
    [one] = set(re.findall(r"/sessions/([0-9a-f-]{36})", host.get(f"{path}/sessions").text))
    keep = {
        "sort": "keep",
        "number": "10",
        "school_id": str(land.school_id),
        "visit_session_id": one,
        "until": "2026-02-06",
    }
    for _ in range(2):
        assert host.post(f"{path}/quotas", data=keep).headers["location"].endswith("done=quota#quotas")
    assert host.post(f"{path}/quotas", data={"sort": "groups", "number": "2"}).status_code == 303
    page = host.get(f"{path}/sessions").text
    assert "10 posti tenuti per la scuola Istituto tecnico Aldini, fino al 6 febbraio 2026" in page
    assert ("Al massimo 2 gruppi per tutti" in page, page.count("/remove")) == (True, 2)
    for wrong, control in (
        ({"sort": ""}, "sort"), ({"number": "0"}, "number"), ({"school_id": ""}, "school_id"), ({"year": "x"}, "year"),
        ({"visit_session_id": ""}, "visit_session_id"), ({"until": "2025-01-01"}, "until"),
    ):  # fmt: skip
        refused = host.post(f"{path}/quotas", data=keep | wrong)
        assert (refused.status_code, _controls(refused.text)) == (422, {control}), wrong
    many = host.post(f"{path}/quotas", data=keep | {"number": "11", "school_id": "", "year": "4"})
    assert (many.status_code, "già presi o tenuti" in many.text) == (409, True)
    quota = re.search(r"10 posti tenuti.*?/quotas/([0-9a-f-]{36})/remove", page, re.DOTALL)
    assert quota
    host.post(f"{path}/quotas/{quota[1]}/remove")
    assert "posti tenuti per la scuola" not in host.get(f"{path}/sessions").text


def test_the_list_of_the_day_has_schools_and_numbers_and_no_name(
    visit: Callable[..., Any], land: Territory
) -> None:
    path = f"/opportunities/{land.full_id}/sessions"
    host = visit("company")
    page = host.get(path).text
    assert ("In lista d'attesa 5 persone" in page, "1 posto è offerto" in page) == (True, True)
    visit("student").post(f"/bookings/{land.offered_id}/move", data={"action": "decline", "version": "1"})
    page = host.get(f"{path}/{land.session_id}").text
    assert ("Ancora nessuno ha prenotato." in page, "Giulia" in page) == (True, False)
    assert "Escono dalla lista d'attesa 5 persone. Tutti ricevono un avviso." in " ".join(page.split())


def test_everybody_finds_the_sessions_of_a_public_visit(visit: Callable[..., Any], land: Territory) -> None:
    path = f"/open/opportunities/{land.visit_id}"
    host, anybody = visit("company"), visit()
    assert json.loads(_linked(anybody.get(path).text))["@type"] == "Event"  # no session yet: one event
    for day in ("2026-03-27", "2026-03-30"):  # before and after the clocks change
        link = {"online_link": "https://meet.example.org/secret"}
        host.post(f"/opportunities/{land.visit_id}/sessions", data=FORM | link | {"day": day})
    page = anybody.get(path).text
    graph = json.loads(_linked(page))["@graph"]
    assert [(one["@type"], one["startDate"], one["endDate"]) for one in graph] == [
        ("Event", "2026-03-27T09:00:00+01:00", "2026-03-27T11:00:00+01:00"),
        ("Event", "2026-03-30T09:00:00+02:00", "2026-03-30T11:00:00+02:00"),
    ]
    assert [one["remainingAttendeeCapacity"] for one in graph] == [20, 20]
    assert ("venerdì 27 marzo 2026, 09:00–11:00" in page, "cancello 2" in page, "secret" in page) == (
        True,
        True,
        False,
    )


def _linked(page: str) -> str:
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert found
    return found[1]
