"""Answering candidates on one page, several at once."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.answers import service as answers
from app.answers.models import Reason, Verdict
from app.answers.rules import Given
from app.disclosures import service as disclosures
from app.matches import service as matches
from app.web import company, posting_forms
from app.web.company import Told
from app.web.posting_forms import Fields, InFields
from app.web.ui import InView

router = APIRouter(include_in_schema=False)

MOST_ANSWERS = 50


@router.post("/opportunities/{opportunity_id}/answers")
def give(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """Store the answers that were ticked, all or none; what is wrong comes back with what was ticked."""
    with view.read() as (session, actor):
        question = matches.ask_for_candidates(session, actor, view.engine, opportunity_id)
    sent = _sent(fields)
    found = matches.find_candidates(view.engine, question, sent.keys())
    given = [
        Given(found[one], verdict, reason if verdict is Verdict.NO else None, version)
        for one, (verdict, reason, version) in sent.items()
        if one in found
    ]
    told = Told.NOTHING if not given else Told.SAVED
    try:
        with view.write() as (session, actor):
            days = view.settings.disclosure_days
            answers.give(session, actor, opportunity_id, given, now=view.now(), days=days)
    except answers.UnfitAnswer:
        told = Told.NO_REASON
    except answers.AnsweredMeanwhile:
        told = Told.MEANWHILE
    except disclosures.TooManyWaiting:
        told = Told.TOO_MANY
    except disclosures.AskedAlready:
        told = Told.ASKED
    if told is Told.SAVED:
        return view.go(f"/opportunities/{opportunity_id}/candidates?told={told}")
    ticked = {one: (verdict, reason) for one, (verdict, reason, _) in sent.items()}
    after = posting_forms.text(fields, "after", 400) or None
    return company.candidates(view, opportunity_id, after, told=told, ticked=ticked)


def _sent(fields: Fields) -> dict[str, tuple[Verdict, Reason | None, int]]:
    sent = {}
    for pseudonym in dict.fromkeys(fields.getlist("pseudonym")[:MOST_ANSWERS]):
        verdict = posting_forms.text(fields, f"verdict-{pseudonym}", 10)
        reason = posting_forms.text(fields, f"reason-{pseudonym}", 40)
        if verdict in list(Verdict):
            sent[str(pseudonym)] = (
                Verdict(verdict), Reason(reason) if reason in list(Reason) else None,
                posting_forms.number(fields, f"version-{pseudonym}"),
            )  # fmt: skip
    return sent
