"""What a text and its form say, as the API shows it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.matches.schemas import Offset, RecognisedSkill, Sentence
from app.rest import Out, Slug

Piece = Annotated[str, StringConstraints(min_length=1, max_length=8000, pattern=r"^[^\x00]*$")]


class DisagreementOut(Out):
    """A question: the text says one thing, the form another."""

    code: Slug
    field: Slug = Field(description="What of the form it is about.")
    start: Offset = Field(description="Unicode characters of the text before it.")
    end: Offset
    text: Piece
    it: Sentence
    en: Sentence
    fields: Annotated[list[Slug], Field(max_length=5)] = Field(
        description="What a form that follows the text would change; none where only a person knows."
    )


class TextCheck(Out):
    """What the text of an opportunity names, and where it disagrees with the form."""

    skills: Annotated[list[RecognisedSkill], Field(max_length=100)]
    disagreements: Annotated[list[DisagreementOut], Field(max_length=1000)]
