"""Rankings as the API shows them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.dates import Parts, Weekdays
from app.opportunities.models import Kind
from app.rest import In, IstatCode, Level, Line, Out, Page, Slug
from app.skills.schemas import SkillRef
from app.students.models import Evidence

Share = Annotated[float, Field(ge=0, le=1)]
Sentence = Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\x00]*$")]
Km = Annotated[float, Field(ge=0, le=3000)]


class PartsOut(Out):
    """The named parts of a score; a part that does not apply to this kind is left out."""

    skills: Share | None = None
    challenge: Share | None = None
    learning: Share | None = None
    interest: Share | None = None
    travel: Share | None = None
    calendar: Share | None = None
    programme: Share | None = None
    hours: Share | None = None
    freshness: Share | None = None
    answers: Share | None = None
    chance: Share | None = None


class ReasonOut(Out):
    """A reason or a gap, as a code and in words."""

    code: Slug
    it: Sentence
    en: Sentence


class SpanOut(Out):
    """Days, weekdays and parts of the day."""

    starts_on: date
    ends_on: date
    weekdays: Weekdays
    parts: Parts


class OpportunityCard(Out):
    """What a card shows of an opportunity."""

    id: UUID
    kind: Kind
    title: Line
    company_id: UUID
    company_name: Line
    municipality_name: Line | None
    province_code: Annotated[str, StringConstraints(max_length=2, pattern="^[A-Z]{2}$")] | None
    is_online: bool
    spans: Annotated[list[SpanOut], Field(max_length=100)]
    hours: Annotated[int, Field(ge=0, le=5000)]
    seats_free: Annotated[int, Field(ge=0, le=100_000)]
    closes_on: date | None


class MatchOut(Out):
    """One line of a student's ranking."""

    opportunity: OpportunityCard
    score: Share
    parts: PartsOut
    reasons: Annotated[list[ReasonOut], Field(max_length=3)]
    gap: ReasonOut | None
    travel_km: Km | None


class WeightsOut(Out):
    """How much each part counts, by kind of opportunity; the sum over the parts that apply is taken as 1."""

    version: Slug
    internship: PartsWeights
    visit: PartsWeights
    training: PartsWeights


class PartsWeights(Out):
    """The weight of each part."""

    skills: Annotated[float, Field(ge=0, le=100)]
    challenge: Annotated[float, Field(ge=0, le=100)]
    learning: Annotated[float, Field(ge=0, le=100)]
    interest: Annotated[float, Field(ge=0, le=100)]
    travel: Annotated[float, Field(ge=0, le=100)]
    calendar: Annotated[float, Field(ge=0, le=100)]
    programme: Annotated[float, Field(ge=0, le=100)]
    hours: Annotated[float, Field(ge=0, le=100)]
    freshness: Annotated[float, Field(ge=0, le=100)]
    answers: Annotated[float, Field(ge=0, le=100)]
    chance: Annotated[float, Field(ge=0, le=100)] = 0.0


class Ranking(Page):
    """How a ranking was made: enough to make it again."""

    algorithm: Slug
    weights: WeightsOut
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)]
    ranked_on: date


class MatchList(Ranking):
    """A student's ranking, the best first."""

    items: Annotated[list[MatchOut], Field(max_length=100)]


class CandidateSkill(Out):
    """A skill of a candidate."""

    skill_id: Slug
    level: Level
    evidence: Evidence


class CandidateOut(Out):
    """One line of an opportunity's ranking: a student without name, school or municipality."""

    pseudonym: Annotated[str, StringConstraints(max_length=12, pattern="^[A-Z0-9]{4}-[A-Z0-9]{4}$")]
    programme_id: Slug | None
    year: Annotated[int, Field(ge=1, le=6)]
    province_code: Annotated[str, StringConstraints(max_length=2, pattern="^[A-Z]{2}$")]
    skills: Annotated[list[CandidateSkill], Field(max_length=300)]
    availabilities: Annotated[list[SpanOut], Field(max_length=50)]
    score: Share
    parts: PartsOut
    reasons: Annotated[list[ReasonOut], Field(max_length=3)]
    gap: ReasonOut | None
    travel_km: Km | None = Field(description="Rounded to whole kilometres.")


class CandidateList(Ranking):
    """An opportunity's candidates, the best first."""

    items: Annotated[list[CandidateOut], Field(max_length=100)]


class VisibilityOut(Out):
    """Whether a student is shown an opportunity, and every rule that says no."""

    is_visible: bool
    rules: Annotated[list[ReasonOut], Field(max_length=20)]


class SkillLevelOut(Out):
    """A skill at a level, with its name in both languages."""

    skill_id: Slug
    level: Level
    it: Line
    en: Line


SkillLevels = Annotated[list[SkillLevelOut], Field(max_length=300)]


class StepOut(Out):
    """A module of a training path: what to take, when, and what it adds to what the student has by then."""

    opportunity: OpportunityCard
    spans: Annotated[list[SpanOut], Field(max_length=100)] = Field(
        description="The period or session to take, or all lessons; none when it has no dates."
    )
    starts_on: date
    ends_on: date
    hours: Annotated[int, Field(ge=0, le=5000)]
    travel_km: Km | None
    adds: SkillLevels


class PathOut(Out):
    """A training path: modules in their order, what they close and what they open."""

    steps: Annotated[list[StepOut], Field(max_length=400)]
    hours: Annotated[int, Field(ge=0, le=5000)]
    travel_km: Annotated[float, Field(ge=0, le=10_000_000)] = Field(
        description="Of all days together, there and back."
    )
    adds: SkillLevels
    closes: SkillLevels
    open: SkillLevels
    missing_levels: Annotated[int, Field(ge=0, le=10_000)]
    least_missing_levels: Annotated[int, Field(ge=0, le=10_000)] = Field(
        description="No path within the hours leaves fewer levels missing."
    )
    opportunities_gained: Annotated[int, Field(ge=0, le=10_000_000)]
    opportunity_ids: Annotated[list[UUID], Field(max_length=100)] = Field(
        description="Of those that come into reach, the first hundred."
    )
    is_best: bool = Field(description="Whether the search was complete; nothing better exists then.")
    it: Sentence
    en: Sentence


class PathList(Ranking):
    """Training paths for a student, the best first."""

    items: Annotated[list[PathOut], Field(max_length=100)]
    goal: Annotated[str, StringConstraints(max_length=120, pattern=r"^[a-z]+(:[A-Za-z0-9._:-]+)?$")]
    hidden_by: Annotated[list[ReasonOut], Field(max_length=20)] = Field(
        description="Rules that hide the wished opportunity; no path changes them."
    )


class CountOut(Out):
    """How many students, rounded down to a multiple of five so that nobody can be told from it."""

    at_least: Annotated[int, Field(ge=0, le=100_000_000, multiple_of=5)]
    it: Sentence
    en: Sentence


class PlaceCountOut(Out):
    """A municipality that at least five of them come from."""

    municipality_istat: IstatCode
    name: Line
    students: CountOut


class ObstacleOut(ReasonOut):
    """What alone keeps at least five students away."""

    students: CountOut


class ChangeOut(ReasonOut):
    """A small change that would bring at least five students more than it shuts out."""

    gained: CountOut
    lost: CountOut


class ReachOut(Out):
    """How many students an opportunity fits, where they come from, and what small change would widen it."""

    visible: CountOut = Field(description="Students whom no rule keeps away.")
    fit: CountOut = Field(description="Those who have what is required, too.")
    places: Annotated[list[PlaceCountOut], Field(max_length=10_000)]
    elsewhere: CountOut = Field(description="All who come from municipalities with fewer than five of them.")
    obstacles: Annotated[list[ObstacleOut], Field(max_length=20)]
    changes: Annotated[list[ChangeOut], Field(max_length=200)]
    algorithm: Slug
    ranked_on: date


Offset = Annotated[int, Field(ge=0, le=8000)]


class RecognitionIn(In):
    """What somebody has typed, exactly as it stands: the answer counts its characters."""

    model_config = ConfigDict(str_strip_whitespace=False)

    text: Annotated[str, StringConstraints(min_length=1, max_length=8000, pattern=r"^[^\x00]*$")]
    language: Literal["it", "en"] | None = Field(None, description="Guessed from the text if left out.")
    limit: Annotated[int, Field(ge=1, le=100, description="How many skills at most, the surest.")] = 20


class RecognisedSkill(Out):
    """A skill that the text names, and where."""

    skill: SkillRef
    score: Share
    start: Offset = Field(description="Unicode characters before it.")
    end: Offset = Field(description="Unicode characters up to its end.")
    text: Annotated[str, StringConstraints(min_length=1, max_length=8000)]


class Recognition(Out):
    """The skills that a text names, in its order; what it says is not needed is left out."""

    skills: Annotated[list[RecognisedSkill], Field(max_length=100)]
