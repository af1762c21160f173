"""Texts over the API: which skills one names, and where that of an opportunity disagrees with its form."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.matches import service_texts as texts
from app.matches.recognition import Recogniser, shown
from app.matches.schemas import Recognition, RecognitionIn
from app.matches.schemas_texts import TextCheck
from app.rest import InCall, answers
from app.skills import service as skills

router = APIRouter(tags=["matches"])


async def _recogniser(request: Request) -> Recogniser:
    recogniser: Recogniser = request.app.state.recogniser
    return recogniser


InRecogniser = Annotated[Recogniser, Depends(_recogniser)]


@router.post(
    "/skills/recognise",
    summary="Find the skills that a text names",
    operation_id="recognise_skills",
    response_model=Recognition,
    responses=answers(422),
)
def recognise_skills(call: InCall, recogniser: InRecogniser, body: RecognitionIn) -> Response:
    """Skills of the vocabulary in a text in Italian or English, with their places; nothing is kept."""
    with call.read(needs_hat=False) as (session, _actor):
        vocabulary = recogniser.ask(session)
    found = recogniser.find(vocabulary, body.text, body.language, body.limit)
    with call.open() as session:
        refs = skills.refs(session, [one.id for one in found])
    return _answer({"skills": [shown(one, refs[one.id]) for one in found if one.id in refs]})


@router.get(
    "/opportunities/{opportunity_id}/text-check",
    summary="Where an opportunity's text and its form disagree",
    response_model=TextCheck,
    responses=answers(401, 403, 404, 422),
)
def read_text_check(call: InCall, recogniser: InRecogniser, opportunity_id: UUID) -> Response:
    """The skills that the text names, and questions for whoever has written it; nothing is changed."""
    with call.read() as (session, actor):
        question = texts.ask(session, actor, recogniser, opportunity_id)
    found = texts.check(recogniser, question)
    with call.open() as session:
        refs = texts.refs(session, found)
    return _answer(
        {
            "skills": [shown(one, refs[one.id]) for one in found.skills if one.id in refs],
            "disagreements": [texts.shown(question, one) for one in found.conflicts],
        }
    )


def _answer(body: object) -> Response:
    # As in the other routes of this package: the service's plain values are sent as they are.
    return Response(orjson.dumps(body), media_type="application/json")
