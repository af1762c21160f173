"""Rankings as the API shows them."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints

from app.dates import Parts, Weekdays
from app.opportunities.models import Kind, SkillRole
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


class Part(StrEnum):
    """The parts of a score, in the order in which they are added up."""

    SKILLS = "skills"
    CHALLENGE = "challenge"
    LEARNING = "learning"
    INTEREST = "interest"
    TRAVEL = "travel"
    CALENDAR = "calendar"
    PROGRAMME = "programme"
    HOURS = "hours"
    FRESHNESS = "freshness"
    ANSWERS = "answers"


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
    takes_applications: bool = Field(description="Whether students apply for it directly.")


class Explain(StrEnum):
    """How much a line says of itself."""

    SHORT = "short"
    FULL = "full"


Weight = Annotated[float, Field(ge=0, le=100)]
Sum = Annotated[float, Field(ge=0, le=1000)]


class PartLineOut(Out):
    """A part of the score, and what it stands on."""

    part: Part
    value: Share | None = Field(
        description="Null where the part does not apply; its weight counts for nothing then."
    )
    weight: Weight
    points: Sum | None = Field(description="Weight times value.")
    it: Sentence
    en: Sentence


class HeldSkillOut(Out):
    """A skill that the student has."""

    skill_id: Slug
    it: Line
    en: Line
    level: Level
    evidence: Evidence


class SkillLineOut(Out):
    """A skill of the opportunity, how well it is met, and by which of the student's."""

    role: SkillRole
    skill_id: Slug
    it: Line
    en: Line
    level: Level
    met: Share
    held: HeldSkillOut | None = Field(
        description="The held skill that meets it best; null when none comes near."
    )
    interest: Share = Field(description="How near it lies to one of the student's interests.")
    gain: Share | None = Field(description="What being taught it is worth; null where it is not taught.")


class ExplanationOut(Out):
    """How the score adds up: `points` divided by `weight`, over the parts that apply, in their order."""

    parts: Annotated[list[PartLineOut], Field(max_length=20)]
    skills: Annotated[list[SkillLineOut], Field(max_length=300)]
    points: Sum
    weight: Sum
    it: Sentence
    en: Sentence


class MatchOut(Out):
    """One line of a student's ranking."""

    opportunity: OpportunityCard
    score: Share | None = Field(
        description="Null for a student who is not ranked: the list goes by distance."
    )
    parts: PartsOut
    reasons: Annotated[list[ReasonOut], Field(max_length=3)]
    gap: ReasonOut | None
    travel_km: Km | None
    explanation: ExplanationOut | None = Field(
        None, description="With `explain=full` only; otherwise left out."
    )


class WeightsOut(Out):
    """How much each part counts, by kind of opportunity; the sum over the parts that apply is taken as 1."""

    version: Slug
    internship: PartsWeights
    visit: PartsWeights
    training: PartsWeights


class PartsWeights(Out):
    """The weight of each part."""

    skills: Weight
    challenge: Weight
    learning: Weight
    interest: Weight
    travel: Weight
    calendar: Weight
    programme: Weight
    hours: Weight
    freshness: Weight
    answers: Weight


class Making(Out):
    """How a ranking was made: enough to make it again from the same data."""

    algorithm: Slug
    weights: WeightsOut
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)]
    ranked_on: date


class Ranking(Page, Making):
    """A part of a ranking, and how it was made."""


class MatchList(Ranking):
    """A student's ranking, the best first."""

    items: Annotated[list[MatchOut], Field(max_length=100)]


class CandidateSkill(Out):
    """A skill of a candidate."""

    skill_id: Slug
    level: Level
    evidence: Evidence


Year = Annotated[int, Field(ge=1, le=6)]


class CandidateOut(Out):
    """One line of an opportunity's ranking: a student without name, school or municipality.

    Programme, years and province are told as coarsely as it takes for at least three students to share them.
    """

    pseudonym: Annotated[str, StringConstraints(max_length=12, pattern="^[A-Z0-9]{4}-[A-Z0-9]{4}$")]
    programme_id: Slug | None = Field(description="A broader one, or none, where fewer than three share it.")
    year: Year | None = Field(description="Null where fewer than three share it.")
    first_year: Year | None = Field(description="The years that come into question.")
    last_year: Year | None
    province_code: Annotated[str, StringConstraints(max_length=2, pattern="^[A-Z]{2}$")] | None
    skills: Annotated[list[CandidateSkill], Field(max_length=300)]
    availabilities: Annotated[list[SpanOut], Field(max_length=50)]
    score: Share = Field(description="To hundredths.")
    parts: PartsOut = Field(description="To tenths, without those that would say more than the description.")
    reasons: Annotated[list[ReasonOut], Field(max_length=3)]
    gap: ReasonOut | None
    travel_km: Km | None = Field(description="In fives, and at least five.")


class CandidateList(Ranking):
    """An opportunity's candidates, the best first."""

    items: Annotated[list[CandidateOut], Field(max_length=100)]


class VisibilityOut(Out):
    """Whether a student is shown an opportunity, and every rule that says no."""

    is_visible: bool
    rules: Annotated[list[ReasonOut], Field(max_length=20)]


Position = Annotated[int, Field(ge=1, le=100)]
FieldName = Annotated[str, StringConstraints(max_length=40, pattern="^[a-z_]+$")]
FieldNames = Annotated[list[FieldName], Field(max_length=20)]


class StoredRankingIn(In):
    """Which ranking to store."""

    student_id: UUID
    kind: Kind | None = Field(None, description="Only this kind; all three together if left out.")
    limit: Annotated[int, Field(ge=1, le=100, description="How many lines at most.")] = 20


class RankingLineOut(Out):
    """One line of a stored ranking, as it was then."""

    position: Position
    opportunity_id: UUID
    kind: Kind
    title: Line
    company_name: Line
    score: Share
    parts: PartsOut


class StoredMaking(Making):
    """How a ranking was made, and which rule of attendance it followed."""

    attendance: Share = Field(
        description="The least share of an internship's days on which the student must be free."
    )


class StoredRankingOut(StoredMaking):
    """A ranking as it was stored."""

    id: UUID
    student_id: UUID
    kind: Kind | None
    limit: Annotated[int, Field(ge=1, le=100)]
    stored_at: datetime
    expires_at: datetime = Field(description="From then on it is gone.")
    vocabulary: Annotated[str, StringConstraints(max_length=32, pattern="^[0-9a-f]{32}$")] = Field(
        description="Fingerprint of the tree of skills."
    )
    lines: Annotated[list[RankingLineOut], Field(max_length=100)]


class Fate(StrEnum):
    """What has become of a line."""

    KEPT = "kept"
    MOVED = "moved"
    NEW = "new"
    ENTERED = "entered"
    OUTRANKED = "outranked"
    HIDDEN = "hidden"
    GONE = "gone"


class MovedPartOut(Out):
    """A part of a score that was another one then; null where it did not apply, or does not now."""

    part: Part
    before: Share | None
    now: Share | None


class ReplayLineOut(Out):
    """One opportunity of the stored ranking, of today's, or of both."""

    opportunity_id: UUID
    kind: Kind
    title: Line
    company_name: Line
    fate: Fate
    it: Sentence
    en: Sentence
    position_before: Position | None
    position_now: Position | None
    score_before: Share | None
    score_now: Share | None
    parts: Annotated[list[MovedPartOut], Field(max_length=20)] = Field(description="Those that differ.")
    fields: FieldNames = Field(description="What of the opportunity differs.")
    rules: Annotated[list[ReasonOut], Field(max_length=20)] = Field(
        description="The rules that hide it today."
    )


class ReplayOut(Out):
    """A stored ranking beside the ranking of today."""

    ranking_id: UUID
    stored_at: datetime
    before: StoredMaking
    now: StoredMaking
    is_reproduced: bool | None = Field(
        description="Whether the stored values still give the stored scores in their order; null when the algorithm or "
        "the vocabulary is no longer the same."
    )
    causes: Annotated[list[ReasonOut], Field(max_length=20)] = Field(
        description="What differs for all lines."
    )
    student_fields: FieldNames = Field(description="What of the student's profile differs.")
    lines: Annotated[list[ReplayLineOut], Field(max_length=200)] = Field(
        description="Today's lines in their order, then those that today's ranking no longer has."
    )


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
    text: Annotated[str, StringConstraints(min_length=1, max_length=8000, pattern=r"^[^\x00]*$")]


class Recognition(Out):
    """The skills that a text names, in its order; what it says is not needed is left out."""

    skills: Annotated[list[RecognisedSkill], Field(max_length=100)]
