"""From a draft to the last signature, by everybody whose part it is; and all that must not work."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.agreements import rules, service_clock, service_codes, service_effects
from app.agreements import service_agreements as agreements
from app.agreements.models import Agreement, Document, Paper, Signatory, SigningCode
from app.events.models import Event
from app.notifications.models import Notification
from app.placements.models import Placement, State
from app.schools.models import SchoolClass
from tests.app.agreements.land import TOKEN, Land
from tests.factories import NOW
from tests.queries import count_queries

SITE = "http://127.0.0.1:8000"
PDF = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def slug(answer: Any) -> str:
    return str(answer.json()["type"]).removeprefix("/problems/")


def fields(answer: Any) -> list[str]:
    return [fault["field"] for fault in answer.json().get("faults", [])]


# --- agreements -------------------------------------------------------------------------------------------------------


def draft(land: Land, **more: Any) -> Any:
    body = {
        "school_id": str(land.school.id), "company_id": str(land.company.id), "valid_from": "2025-09-01",
        "valid_until": "2028-08-31",
    } | more  # fmt: skip
    return land.call("lead", "POST", "/agreements", json=body)


def test_a_draft_takes_over_what_the_last_agreement_said(land: Land) -> None:
    land.make.agreement(land.school, land.make.company(), insurance_policy="P-77")
    body = draft(land).json()
    assert (body["state"], body["insurance_policy"], body["due_at"]) == (
        "draft",
        "P-77",
        "2026-03-13T09:00:00Z",
    )


def test_an_agreement_goes_from_draft_to_host_to_signatures(land: Land) -> None:
    agreement_id = draft(
        land, insurance_company="Assicura", insurance_policy="P-1", inail_position="I-1"
    ).json()["id"]
    assert land.call("host", "GET", f"/agreements/{agreement_id}").status_code == 404
    assert land.move("lead", agreement_id, "send").json()["state"] == "sent"
    assert (
        land.move("host", agreement_id, "return", note="Manca il numero della polizza.").json()["state"]
        == "draft"
    )
    assert land.call("lead", "GET", f"/agreements/{agreement_id}").json()["host_note"].startswith("Manca")
    land.move("lead", agreement_id, "send")
    opened = land.move("host", agreement_id, "open").json()
    assert [(one["role"], one["name"], one["asked_at"] is not None) for one in opened["signatures"]] == [
        ("host", "Host", True), ("head", "Lead", False),
    ]  # fmt: skip
    assert land.sign("host", agreement_id).json()["state"] == "signing"
    signed = land.sign("lead", agreement_id).json()
    assert (signed["state"], signed["due_at"]) == ("in_force", "2028-09-01T00:00:00Z")
    assert [one["method"] for one in signed["signatures"]] == ["code", "code"]


def test_a_second_draft_with_the_same_host_is_refused(land: Land) -> None:
    assert draft(land).status_code == 201
    assert slug(draft(land)) == "prepared-already"


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"valid_until": "2025-01-01"}, "valid_until"),
        ({"company_id": "00000000-0000-0000-0000-000000000001"}, "company_id"),
    ],
)
def test_an_agreement_that_makes_no_sense_is_refused(land: Land, more: dict[str, str], field: str) -> None:
    answer = draft(land, **more)
    assert (answer.status_code, fields(answer)) == (422, [field])


def test_what_is_missing_is_said_before_it_goes_out(land: Land) -> None:
    agreement_id = draft(land).json()["id"]
    answer = land.move("lead", agreement_id, "open")
    assert (answer.status_code, slug(answer)) == (409, "not-complete")
    assert fields(answer) == ["insurance_company", "insurance_policy", "inail_position"]


def test_nobody_signs_for_an_organisation_that_has_not_said_who(land: Land) -> None:
    with land.make.database.write() as session:
        session.execute(sa.delete(Signatory))
    agreement = land.make.agreement(land.school, land.company)
    assert fields(land.move("lead", agreement.id, "open")) == ["school_signatory", "company_signatory"]
    head = {"name": "Anna Neri", "user_id": str(land.user_id("Lead"))}
    assert land.call("lead", "POST", f"/schools/{land.school.id}/signatory", json=head).json() == head
    host = {"name": "Ugo Bo", "user_id": str(land.user_id("Lead"))}
    refused = land.call("host", "POST", f"/companies/{land.company.id}/signatory", json=host)
    assert (refused.status_code, fields(refused)) == (422, ["user_id"])


def test_a_draft_is_changed_by_its_version_and_nothing_else_is_changed(land: Land) -> None:
    agreement = land.make.agreement(land.school, land.company)
    path, change = f"/agreements/{agreement.id}", {"insurance_policy": "P-2"}
    headers = {"content-type": "application/merge-patch+json", "if-match": '"1"'}
    edited = land.call("lead", "PATCH", path, json=change, headers=headers)
    assert (edited.json()["insurance_policy"], edited.headers["etag"]) == ("P-2", '"2"')
    assert land.call("lead", "PATCH", path, json=change, headers=headers).status_code == 412
    land.move("lead", agreement.id, "open")
    answer = land.call("lead", "PATCH", path, json=change, headers=headers | {"if-match": "*"})
    assert slug(answer) == "wrong-paper-state"


# --- plans ------------------------------------------------------------------------------------------------------------


def test_the_plans_of_a_class_are_made_in_one_go_and_filled(land: Land) -> None:
    placements = [land.placement]
    for _ in range(2):
        student = land.make.student(land.make.get(SchoolClass, land.student.class_id))
        placements.append(land.make.placement(student, land.make.opportunity(land.company)))
    answer = land.call(
        "teacher", "POST", "/training-plans", json={"placement_ids": [str(one.id) for one in placements]}
    )
    assert answer.status_code == 201, answer.text
    first = next(one for one in answer.json()["items"] if one["placement_id"] == str(land.placement.id))
    assert (first["activities"], first["general_training_hours"], first["specific_training_hours"]) == (
        "Cabla quadri elettrici.", 4, 4,
    )  # fmt: skip
    again = land.call("teacher", "POST", "/training-plans", json={"placement_ids": [str(land.placement.id)]})
    assert slug(again) == "prepared-already"


def test_all_plans_are_made_or_none(land: Land) -> None:
    foreign = land.make.placement(land.make.student(), land.make.opportunity())
    ids = [str(land.placement.id), str(foreign.id)]
    answer = land.call("teacher", "POST", "/training-plans", json={"placement_ids": ids})
    assert (answer.status_code, fields(answer)) == (422, ["placement_ids.1"])
    assert land.call("teacher", "GET", "/papers?kind=plan").json()["items"] == []


def test_a_plan_of_a_minor_needs_a_guardian_and_skills(land: Land) -> None:
    [plan] = land.call(
        "teacher", "POST", "/training-plans", json={"placement_ids": [str(land.placement.id)]}
    ).json()["items"]
    assert fields(land.move("teacher", plan["id"], "open")) == ["skills", "guardian_name"]
    land.make.skill()
    change = {
        "skills": [{"skill_id": "plc-programming", "level": 3}], "guardian_name": "Rita Rossi",
        "guardian_email": "rita@example.org",
    }  # fmt: skip
    headers = {"content-type": "application/merge-patch+json", "if-match": '"1"'}
    path = f"/training-plans/{plan['id']}"
    wrong = change | {"skills": [{"skill_id": "no-such-skill", "level": 3}]}
    answer = land.call("teacher", "PATCH", path, json=wrong, headers=headers)
    assert (answer.status_code, fields(answer)) == (422, ["skills.0.skill_id"])
    assert land.call("teacher", "PATCH", path, json=change, headers=headers).headers["etag"] == '"2"'
    assert land.move("teacher", plan["id"], "open").status_code == 200
    assert land.call("host", "GET", path).json()["guardian_name"] is None


def test_everybody_signs_in_order_and_the_placement_is_ready(land: Land) -> None:
    land.make.agreement(land.school, land.company, state="in_force")
    plan_id = land.plan_to_sign()
    assert slug(land.call("lead", "POST", f"/papers/{plan_id}/signing-codes")) == "not-your-turn"
    assert land.sign("student", plan_id).status_code == 200
    assert slug(land.sign("teacher", plan_id, code="AAAA-AAAA")) == "not-your-turn"
    assert land.record(plan_id, "guardian").status_code == 201
    for who in ("teacher", "member", "host"):
        assert land.sign(who, plan_id).json()["state"] == "signing"
        assert land.placement_state() is State.PLANNED
    assert land.sign("lead", plan_id).json()["state"] == "in_force"
    assert land.placement_state() is State.READY
    assert land.call("student", "GET", f"/placements/{land.placement.id}/readiness").json() == {
        "obstacles": []
    }


def test_an_expired_agreement_leaves_the_placement_planned_until_there_is_another(land: Land) -> None:
    short = {"valid_until": land.placement.starts_on}
    land.make.agreement(land.school, land.company, state="in_force", **short)
    plan_id = land.plan_to_sign()
    land.record(plan_id, "student", "guardian", "school_tutor", "host_tutor", "host", "head")
    assert (land.state(plan_id), land.placement_state()) == ("in_force", State.PLANNED)
    readiness = land.call("teacher", "GET", f"/placements/{land.placement.id}/readiness").json()
    assert readiness == {"obstacles": ["no_agreement"]}
    longer = land.make.agreement(land.school, land.company)
    land.move("lead", longer.id, "open")
    land.record(longer.id, "host", "head")
    assert land.placement_state() is State.READY


def test_who_waits_is_told_and_finds_it_in_the_list(land: Land) -> None:
    plan_id = land.plan_to_sign()
    waiting = "/papers?is_waiting_for_me=true"
    assert [one["id"] for one in land.call("student", "GET", waiting).json()["items"]] == [plan_id]
    assert land.call("lead", "GET", waiting).json()["items"] == []
    with land.make.database.read() as session:
        told = session.scalars(sa.select(Notification).where(Notification.kind == "paper_to_sign")).all()
    assert [(one.user_id, one.path) for one in told] == [(land.user_id("Student"), f"/papers/{plan_id}")]


# --- codes and hashes -------------------------------------------------------------------------------------------------


def test_a_wrong_code_counts_and_after_five_the_right_one_is_refused_too(land: Land) -> None:
    plan_id = land.plan_to_sign()
    code = land.code("student", plan_id)
    for _ in range(service_codes.MOST_WRONG_TRIES):
        assert slug(land.sign("student", plan_id, code="AAAA-AAAA")) == "wrong-signing-code"
    assert slug(land.sign("student", plan_id, code=code)) == "wrong-signing-code"
    assert land.sign("student", plan_id).status_code == 200  # a new one opens


def test_a_code_is_for_one_person_for_half_an_hour_and_once(land: Land) -> None:
    plan_id = land.plan_to_sign()
    code = land.code("student", plan_id)
    land.record(plan_id, "guardian")
    assert land.sign("student", plan_id, code=code.lower().replace("-", " ")).status_code == 200
    assert slug(land.sign("student", plan_id, code=code)) == "signed-already"
    assert slug(land.sign("teacher", plan_id, code=code)) == "wrong-signing-code"
    late = land.code("teacher", plan_id)
    with land.make.database.write() as session:
        session.execute(sa.update(SigningCode).values(expires_at=NOW))
    assert slug(land.sign("teacher", plan_id, code=late)) == "wrong-signing-code"
    assert slug(land.call("stranger", "POST", f"/papers/{plan_id}/signing-codes")) == "no-such-paper"
    assert (
        slug(land.call("administrator", "POST", f"/papers/{plan_id}/signing-codes")) == "not-your-signature"
    )


def test_no_more_than_five_codes_an_hour_are_mailed(land: Land) -> None:
    plan_id = land.plan_to_sign()
    for _ in range(service_codes.MOST_AN_HOUR):
        land.code("student", plan_id)
    assert slug(land.call("student", "POST", f"/papers/{plan_id}/signing-codes")) == "too-many-codes"


def test_a_changed_document_needs_new_signatures(land: Land) -> None:
    plan_id = land.plan_to_sign()
    before = land.digest(plan_id)
    land.sign("student", plan_id)
    land.move("teacher", plan_id, "revise")
    headers = {"content-type": "application/merge-patch+json", "if-match": "*"}
    path = f"/training-plans/{plan_id}"
    assert (
        land.call("teacher", "PATCH", path, json={"activities": "Monta."}, headers=headers).status_code == 200
    )
    land.move("teacher", plan_id, "open")
    assert land.digest(plan_id) != before
    code = land.code("student", plan_id)
    assert slug(land.sign("student", plan_id, code=code, digest=before)) == "document-changed"
    assert land.signatures(plan_id)["student"].signed_at is None
    assert land.sign("student", plan_id, code=code).status_code == 200
    versions = [one["version"] for one in land.paper(plan_id)["documents"]]
    assert versions == [2, 1]


def test_days_that_change_while_a_plan_is_signed_stop_it(land: Land) -> None:
    land.make.agreement(land.school, land.company, state="in_force")
    plan_id = land.plan_to_sign()
    headers = {"content-type": "application/merge-patch+json", "if-match": "*"}
    path = f"/placements/{land.placement.id}"
    assert land.call("teacher", "PATCH", path, json={"planned_hours": 72}, headers=headers).status_code == 200
    assert slug(land.sign("student", plan_id)) == "document-changed"
    assert slug(land.record(plan_id, "student")) == "document-changed"
    land.move("teacher", plan_id, "revise")
    land.move("teacher", plan_id, "open")
    land.record(plan_id, "student", "guardian", "school_tutor", "host_tutor", "host", "head")
    assert land.placement_state() is State.READY


def test_a_signed_plan_that_no_longer_says_the_days_prepares_nothing(land: Land) -> None:
    plan_id = land.plan_to_sign()
    land.record(plan_id, "student", "guardian", "school_tutor", "host_tutor", "host", "head")
    headers = {"content-type": "application/merge-patch+json", "if-match": "*"}
    path = f"/placements/{land.placement.id}"
    assert land.call("teacher", "PATCH", path, json={"planned_hours": 72}, headers=headers).status_code == 200
    land.make.agreement(land.school, land.company, state="in_force")
    assert keep(land, 0)["placements_ready"] == 0
    assert land.call("teacher", "GET", f"{path}/readiness").json() == {"obstacles": ["plan_outdated"]}


# --- elsewhere --------------------------------------------------------------------------------------------------------


def test_an_uploaded_file_is_kept_beside_what_was_signed(land: Land) -> None:
    plan_id = land.plan_to_sign()
    file = base64.b64encode(PDF).decode()
    answer = land.record(plan_id, "guardian", "student", archive_number=None, file=file)
    assert answer.status_code == 201, answer.text
    signed = {one["role"]: one for one in answer.json()["signatures"] if one["method"]}
    assert {one["method"] for one in signed.values()} == {"file"}
    copy = land.call("student", "GET", f"/documents/{signed['guardian']['file_id']}")
    assert (copy.content, copy.headers["content-type"]) == (PDF, "application/pdf")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"MZ this is no PDF", "not a PDF"),
        (PDF[:-7], "cut off"),
        (PDF.replace(b"/Type", b"/Encrypt 3 0 R/Type"), "password"),
        (PDF.replace(b"/Type", b"/OpenAction<</S/JavaScript>>/Type"), "active content"),
        (PDF + b" " * rules.MOST_FILE_BYTES + b"%%EOF", "larger"),
    ],
)
def test_a_file_that_is_no_record_of_a_signature_is_refused(land: Land, content: bytes, why: str) -> None:
    plan_id = land.plan_to_sign()
    answer = land.record(plan_id, "student", archive_number=None, file=base64.b64encode(content).decode())
    assert (answer.status_code, fields(answer)) == (422, ["file"])
    assert why in answer.text or why == "larger"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"signed_on": "2026-01-13"}, "signed_on"),
        ({"signed_on": "2026-01-11"}, "signed_on"),
        ({"archive_number": None}, "archive_number"),
        ({"file": base64.b64encode(PDF).decode()}, "archive_number"),
        ({"archive_number": None, "file": "AAAAA"}, "file"),
    ],
)
def test_a_signature_elsewhere_has_a_day_and_one_proof(land: Land, body: dict[str, Any], field: str) -> None:
    answer = land.record(land.plan_to_sign(), "student", **body)
    assert (answer.status_code, fields(answer)) == (422, [field])


def test_elsewhere_keeps_to_the_order_and_to_who_signs(land: Land) -> None:
    plan_id = land.plan_to_sign()
    assert slug(land.record(plan_id, "head")) == "not-your-turn"
    assert land.record(plan_id, "student").status_code == 201
    assert slug(land.record(plan_id, "student")) == "signed-already"
    agreement = land.make.agreement(land.school, land.company)
    land.move("lead", agreement.id, "open")
    assert fields(land.record(agreement.id, "student")) == ["roles"]
    assert slug(land.record(plan_id, "guardian", who="member")) == "not-your-paper"


# --- amendments and ends ----------------------------------------------------------------------------------------------


def ready(land: Land) -> str:
    land.make.agreement(land.school, land.company, state="in_force")
    plan_id = land.plan_to_sign()
    land.record(plan_id, "student", "guardian", "school_tutor", "host_tutor", "host", "head")
    assert land.placement_state() is State.READY
    return plan_id


def amend(land: Land, **body: Any) -> Any:
    return land.call("teacher", "POST", f"/placements/{land.placement.id}/amendments", json=body)


def test_new_dates_are_signed_by_all_and_then_hold(land: Land) -> None:
    plan_id = ready(land)
    amendment_id = amend(land, ends_on="2026-02-27", planned_hours=112).json()["id"]
    opened = land.move("teacher", amendment_id, "open").json()
    assert len(opened["signatures"]) == 6
    assert land.placement_state() is State.PLANNED  # until it is signed
    roles = ("student", "guardian", "school_tutor", "host_tutor", "host", "head")
    assert land.record(amendment_id, *roles).json()["state"] == "in_force"
    assert land.placement_state() is State.READY
    with land.make.database.read() as session:
        placement = session.get_one(Placement, land.placement.id)
        assert (str(placement.ends_on), placement.planned_hours) == ("2026-02-27", 112)
        assert str(session.get_one(Paper, UUID(plan_id)).due_at) == "2026-02-28 00:00:00+00:00"


def test_a_new_tutor_needs_the_tutor_the_host_and_the_head(land: Land) -> None:
    ready(land)
    amendment_id = amend(land, host_tutor_id=str(land.user_id("Host"))).json()["id"]
    opened = land.move("teacher", amendment_id, "open").json()
    assert [one["role"] for one in opened["signatures"]] == ["host_tutor", "host", "head"]
    land.record(amendment_id, "host_tutor", "host", "head")
    host = land.user_id("Host")
    with land.make.database.read() as session:
        assert session.get_one(Placement, land.placement.id).host_tutor_id == host


def test_an_amendment_that_is_given_up_lets_the_placement_be_ready_again(land: Land) -> None:
    ready(land)
    amendment_id = amend(land, daily_hours=6).json()["id"]
    land.move("teacher", amendment_id, "open")
    land.move("teacher", amendment_id, "end")
    assert (land.state(amendment_id), land.placement_state()) == ("ended", State.READY)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "starts_on"),
        ({"ends_on": "2026-01-15"}, "ends_on"),
        ({"daily_hours": 8}, "daily_hours"),
        ({"school_tutor_id": "00000000-0000-0000-0000-000000000001"}, "school_tutor_id"),
    ],
)
def test_an_amendment_that_changes_nothing_or_nonsense_is_refused(
    land: Land, body: dict[str, Any], field: str
) -> None:
    answer = amend(land, **body)
    assert (answer.status_code, fields(answer)) == (422, [field])


def test_an_early_end_is_noted_and_ends_the_placement(land: Land) -> None:
    note = {"ended_on": "2026-01-10", "party": "student", "reason": "moved", "text": "Continua altrove."}
    path = f"/placements/{land.placement.id}/interruption"
    assert slug(land.call("teacher", "POST", path, json=note)) == "wrong-state"
    with land.make.database.write() as session:
        placement = session.get_one(Placement, land.placement.id)
        placement.state, placement.starts_on = State.RUNNING, NOW.date() - timedelta(days=5)
    early = land.call("teacher", "POST", path, json=note | {"ended_on": "2026-01-01"})
    assert (early.status_code, fields(early)) == (422, ["ended_on"])
    made = land.call("teacher", "POST", path, json=note)
    assert (made.status_code, made.json()["kind"]) == (201, "interruption")
    assert land.placement_state() is State.INTERRUPTED
    assert land.call("host", "GET", f"/documents/{made.json()['id']}").status_code == 200
    assert land.call("stranger", "GET", f"/documents/{made.json()['id']}").status_code == 404


# --- clocks -----------------------------------------------------------------------------------------------------------


def keep(land: Land, days: float) -> dict[str, int]:
    return service_clock.keep(land.make.database, NOW + timedelta(days=days), SITE)


def test_silence_ends_every_state(land: Land) -> None:
    agreement = land.make.agreement(land.school, land.company, due_at=None)
    land.move("lead", agreement.id, "send")
    assert keep(land, 13)["papers_lapsed"] == 0
    assert keep(land, 14)["papers_lapsed"] == 1
    assert land.state(agreement.id) == "draft"
    assert keep(land, 14)["papers_lapsed"] == 0
    assert keep(land, 80)["papers_lapsed"] == 1
    assert land.state(agreement.id) == "ended"


def test_an_agreement_expires_after_its_last_day(land: Land) -> None:
    agreement = land.make.agreement(
        land.school, land.company, state="in_force", due_at=NOW + timedelta(days=3)
    )
    keep(land, 2)
    assert land.state(agreement.id) == "in_force"
    keep(land, 3)
    assert land.state(agreement.id) == "expired"


def test_whoever_forgets_to_sign_is_reminded_three_times(land: Land) -> None:
    plan_id = land.plan_to_sign()
    counts = [keep(land, days)["signatures_reminded"] for days in (4, 5, 5, 10, 15, 20, 25)]
    assert counts == [0, 2, 0, 2, 2, 0, 0]
    assert land.signatures(plan_id)["student"].reminders == rules.MOST_REMINDERS
    assert "Promemoria" in land.last_mail().body_text


def test_a_guardian_gets_a_link_that_a_reminder_replaces(land: Land) -> None:
    land.plan_to_sign()
    mail = land.last_mail()
    assert mail.to_address == "rita@example.org"
    [first] = TOKEN.findall(mail.body_text)
    keep(land, 5)
    [second] = TOKEN.findall(land.last_mail().body_text)
    with land.make.database.read() as session:
        assert service_codes.look(session, first) is None
        assert service_codes.look(session, second) is not None


# --- documents --------------------------------------------------------------------------------------------------------


def test_the_database_itself_refuses_to_change_a_document(land: Land) -> None:
    plan_id = land.plan_to_sign()
    for change in ({"content": b"other"}, {"digest": "0" * 64}, {"version": 9}):
        with pytest.raises(sa.exc.DBAPIError), land.make.database.write() as session, session.begin_nested():
            session.execute(sa.update(Document).where(Document.subject_id == UUID(plan_id)).values(**change))
    with land.make.database.write() as session:  # who made it can be forgotten
        session.execute(sa.update(Document).values(made_by="user:gone"))


def test_events_tell_what_happened_and_no_name(land: Land) -> None:
    plan_id = land.plan_to_sign()
    land.sign("student", plan_id)
    with land.make.database.read() as session:
        events = session.scalars(sa.select(Event).where(Event.object_id == plan_id).order_by(Event.id)).all()
    assert [one.action for one in events] == ["paper.moved", "paper.signed"]
    assert "Rossi" not in str([one.data for one in events])


def test_the_agreement_is_found_for_all_its_days_only(land: Land) -> None:
    found = land.make.agreement(land.school, land.company, state="in_force")
    with land.make.database.read() as session:
        for starts_on, ends_on, expected in (
            (found.valid_from, found.valid_until, found.id),
            (found.valid_from - timedelta(days=1), found.valid_until, None),
            (found.valid_from, found.valid_until + timedelta(days=1), None),
        ):
            one: Agreement | None = agreements.in_force(
                session, land.school.id, land.company.id, starts_on, ends_on
            )
            assert (one.id if one else None) == expected


def test_obstacles_of_many_take_as_many_statements_as_of_one(land: Land) -> None:
    others = [land.make.placement(land.make.student(), land.make.opportunity()) for _ in range(2)]
    found = [land.placement, *others]
    counts = []
    for some in (found[:1], found):
        with land.make.database.read() as session, count_queries(land.make.database) as queries:
            told = service_effects.obstacles_of(session, some)
        counts.append(queries.count)
        assert told[land.placement.id] == ("no_agreement", "no_plan")
    assert counts[0] == counts[1]


def test_papers_are_listed_in_one_statement(land: Land) -> None:
    counts = []
    for _ in range(2):
        land.make.agreement(land.school, land.make.company())
        with count_queries(land.make.database) as queries:
            listed = land.call("lead", "GET", "/papers").json()["items"]
        counts.append((len(listed), queries.count))
    assert (counts[0][0], counts[1][0]) == (1, 2)
    assert counts[0][1] == counts[1][1]


def test_what_the_law_forbids_keeps_a_placement_from_being_ready(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    land.make.agreement(land.school, land.company, state="in_force")
    plan_id = land.plan_to_sign()
    seen: list[Any] = []

    def forbid(_table: object, facts: Any, _on: object) -> list[str]:
        seen.append((facts.is_agreement_known, facts.agreement.covers_days, facts.agreement.is_insured))
        return ["forbidden"]

    monkeypatch.setattr(service_effects.laws, "check", forbid)
    monkeypatch.setattr(service_effects.laws, "forbidden", lambda found: found)
    land.record(plan_id, "student", "guardian", "school_tutor", "host_tutor", "host", "head")
    assert (land.state(plan_id), land.placement_state()) == ("in_force", State.PLANNED)
    assert set(seen) == {(True, True, True)}
    monkeypatch.undo()
    assert keep(land, 0)["placements_ready"] == 1
