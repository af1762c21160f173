"""Where the text of an opportunity and its form disagree, and what a form that follows the text would be."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Role
from app.db import Database
from app.matches import service_texts as texts
from app.matches.recognition import Recogniser
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity, OpportunitySkill, OpportunitySpan, SkillRole, Status
from app.opportunities.schemas import OpportunityPatch
from tests.factories import ACTOR, TODAY, Factory

PLC = "plc-programming"


def offer(make: Factory, text: str, role: SkillRole | None = None) -> Opportunity:
    make.skill(PLC)
    make.municipality("037032", name="Imola", latitude=44.35, longitude=11.7, population=69000)
    opportunity = make.opportunity(
        text=text, hours=80, status=Status.DRAFT, published_at=None, published_by=None
    )
    if role is not None:
        make.add(OpportunitySkill(opportunity_id=opportunity.id, skill_id=PLC, role=role, level=3))
    return opportunity


@pytest.mark.parametrize(
    ("text", "role", "code", "field", "value"),
    [
        ("Non serve plc programming.", SkillRole.REQUIRED, "skill_denied", "required", []),
        ("È indispensabile plc programming.", None, "skill_unlisted", "required", [{"skill_id": PLC, "level": 2}]),
        ("È indispensabile plc programming.", SkillRole.WANTED, "skill_stronger", "required", [{"skill_id": PLC, "level": 3}]),
        ("Gradita plc programming.", SkillRole.REQUIRED, "skill_weaker", "wanted", [{"skill_id": PLC, "level": 3}]),
        ("Solo maggiorenni.", None, "min_age", "min_age", 18),
        ("Fino a 17 anni.", None, "max_age", "max_age", 17),
        ("Sono 120 ore.", None, "hours", "hours", 120),
        ("Tre posti.", None, "seats", "seats", 3),
        ("Vi aspettiamo a Imola.", None, "place", "municipality_istat", "037032"),
    ],
)  # fmt: skip
def test_a_form_that_follows_the_text_ends_the_disagreement(
    database: Database, make: Factory, text: str, role: SkillRole | None, code: str, field: str, value: object
) -> None:
    opportunity, recogniser = offer(make, text, role), Recogniser()

    def found() -> tuple[texts.TextQuestion, list[Any]]:
        with database.read() as session:
            question = texts.ask(session, ACTOR, recogniser, opportunity.id)
        return question, [one for one in texts.check(recogniser, question).conflicts if one.code == code]

    question, [conflict] = found()
    change = texts.as_the_text_says(question, conflict)
    assert change is not None
    assert change[field] == value
    with database.write() as session:
        row = opportunities.get_for_change(session, ACTOR, opportunity.id)
        opportunities.edit(
            session, ACTOR, row, OpportunityPatch.model_validate(change).changes(), today=TODAY
        )
    assert found()[1] == []


@pytest.mark.parametrize("text", ["Zero posti, cioè 0 posti.", "Cominciamo il 3 settembre."])
def test_some_disagreements_only_a_person_ends(database: Database, make: Factory, text: str) -> None:
    opportunity, recogniser = offer(make, text), Recogniser()
    make.add(OpportunitySpan(opportunity_id=opportunity.id, starts_on=TODAY, ends_on=TODAY))
    with database.read() as session:
        question = texts.ask(session, ACTOR, recogniser, opportunity.id)
    [conflict] = texts.check(recogniser, question).conflicts
    assert texts.as_the_text_says(question, conflict) is None
    assert texts.shown(question, conflict)["fields"] == []


def test_the_check_is_told_and_nothing_changes(client: TestClient, make: Factory) -> None:
    opportunity = offer(make, "Un po' di plc programming: tre posti.")
    headers = make.bearer(Role.COMPANY_MEMBER, company_id=opportunity.company_id)
    body = client.get(f"/api/v1/opportunities/{opportunity.id}/text-check", headers=headers).json()
    assert [(one["skill"]["id"], one["text"]) for one in body["skills"]] == [(PLC, "plc programming")]
    assert body["disagreements"] == [
        {
            "code": "seats", "field": "seats", "start": 27, "end": 36, "text": "tre posti", "fields": ["seats"],
            "it": "Il testo parla di 3 posti, il modulo di 2.", "en": "The text says 3 seats, the form 2.",
        }
    ]  # fmt: skip
    assert client.get(f"/api/v1/opportunities/{opportunity.id}", headers=headers).json()["version"] == 1
    make.change(opportunity, text="")
    empty = client.get(f"/api/v1/opportunities/{opportunity.id}/text-check", headers=headers).json()
    assert empty == {"skills": [], "disagreements": []}
