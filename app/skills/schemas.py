"""Skills and occupations as the API shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.rest import LanguageCode, Line, Out, Page, Prose, Slug
from app.skills.models import SkillKind

MAX_LABELS = 200
"""Labels of one concept in one language."""
LANGUAGES_AT_MOST = 40

Text = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f]+$")]
"""A label of an occupation: these are longer than those of skills."""
Address = Annotated[str, StringConstraints(max_length=200, pattern=r"^https?://[^\s]+$")]
Code = Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=r"^[A-Z0-9.]+$")]
InEachLanguage = Field(max_length=LANGUAGES_AT_MOST)
Preferred = Annotated[dict[LanguageCode, Line], InEachLanguage]
AllLabels = Annotated[dict[LanguageCode, Annotated[list[Line], Field(max_length=MAX_LABELS)]], InEachLanguage]


class SkillRef(Out):
    """A skill as others speak of it: with the preferred label of each language."""

    id: Slug
    kind: SkillKind
    broader_id: Slug | None
    label: Preferred


class SkillFound(SkillRef):
    """A skill, and the label under which it was found; null where nothing was searched for."""

    found_as: Line | None


class SkillList(Page):
    """Skills that answer a search, the nearest first; without one, in the vocabulary's order."""

    items: Annotated[list[SkillFound], Field(max_length=100)]


class SkillOut(Out):
    """A skill with all its labels, the preferred one first, and its place in the tree (nearest broader first)."""

    id: Slug
    kind: SkillKind
    scheme: Slug = Field(description="`bottega` for the curated vocabulary, `esco` for what was imported.")
    esco_uri: Address | None
    label: Preferred
    labels: AllLabels
    description: Annotated[dict[LanguageCode, Prose], InEachLanguage]
    broader: Annotated[list[SkillRef], Field(max_length=20)]
    narrower: Annotated[list[SkillRef], Field(max_length=5000)]
    related: Annotated[list[SkillRef], Field(max_length=5000)]


class OccupationRef(Out):
    """An ESCO occupation or an ISCO-08 group, with the preferred label of each language."""

    id: Slug
    code: Code | None
    label: Annotated[dict[LanguageCode, Text], InEachLanguage]


class OccupationFound(OccupationRef):
    """An occupation, and the label under which it was found."""

    found_as: Text


class OccupationList(Page):
    """Occupations that answer a search, the nearest first."""

    items: Annotated[list[OccupationFound], Field(max_length=100)]


class OccupationOut(OccupationRef):
    """An occupation with all its labels and the ISCO-08 groups that it lies in, the narrowest first."""

    esco_uri: Address
    labels: Annotated[dict[LanguageCode, Annotated[list[Text], Field(max_length=MAX_LABELS)]], InEachLanguage]
    description: Annotated[dict[LanguageCode, Prose], InEachLanguage]
    groups: Annotated[list[OccupationRef], Field(max_length=4)]
