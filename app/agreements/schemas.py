"""Papers as the API takes and shows them."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from app.agreements import rules
from app.agreements.models import (
    Amendment,
    Document,
    DocumentKind,
    Language,
    Method,
    Paper,
    PaperKind,
    PaperState,
    PrivacyRole,
    Signature,
    SignerRole,
    TrainingPlan,
)
from app.agreements.rules import Action
from app.agreements.service_effects import Obstacle
from app.agreements.service_plans import MOST_AT_ONCE, MOST_SKILLS
from app.dates import ClockTime, Day, WeekdayName, Weekdays, mask_to_weekdays
from app.placements.models import EndReason, Party
from app.placements.schemas import DailyHours, KeptDailyHours
from app.rest import Email, In, Level, Out, Page, Patch, Slug

Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]
ShortLine = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f]*$")]
Number = Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f]*$")]
Position = Annotated[str, StringConstraints(max_length=40, pattern=r"^[^\x00-\x1f]*$")]
ArchiveNumber = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]
Note = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
Activities = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Measures = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
TrainingHours = Annotated[int, Field(ge=0, le=200)]
PlannedHours = Annotated[int, Field(ge=1, le=2000)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Digest = Annotated[str, StringConstraints(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]
Code = Annotated[str, StringConstraints(min_length=8, max_length=20, pattern=r"^[0-9A-Za-z -]+$")]
File = Annotated[
    str,
    StringConstraints(
        min_length=4, max_length=rules.MOST_FILE_BYTES * 4 // 3 + 4, pattern=r"^[A-Za-z0-9+/]+={0,2}$"
    ),
]


# --- papers -----------------------------------------------------------------------------------------------------------


class DocumentOut(Out):
    """One version of a document; its bytes are at `/documents/{id}`."""

    id: UUID
    kind: DocumentKind
    language: Language
    version: Version
    media_type: Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z]+/[a-z-]+$")]
    digest: Digest = Field(description="SHA-256 of the bytes, in hexadecimal.")
    made_at: datetime


class SignatureOut(Out):
    """A signature, wanted or made. Those of a lower position come first."""

    role: SignerRole
    position: Annotated[int, Field(ge=1, le=9)]
    name: ShortLine
    has_account: bool = Field(
        description="Whether the person can sign in the service; a guardian does by mail."
    )
    asked_at: datetime | None = Field(description="Since when it is this person's turn.")
    signed_at: datetime | None = Field(description="When it was made, or written down.")
    signed_on: date | None = Field(description="The day on the paper.")
    method: Method | None
    archive_number: ArchiveNumber | None
    file_id: UUID | None = Field(description="The uploaded file, as a document.")

    @classmethod
    def of(cls, one: Signature) -> Self:
        """From the row."""
        own = {name: getattr(one, name) for name in cls.model_fields if name != "has_account"}
        return cls(**own, has_account=one.user_id is not None)


class PaperBrief(Out):
    """A paper in a list."""

    id: UUID
    kind: PaperKind
    state: PaperState
    due_at: datetime | None = Field(description="When its clock strikes; null when nothing happens any more.")
    school_id: UUID
    company_id: UUID
    placement_id: UUID | None = Field(description="Null for an agreement.")
    document_id: UUID | None = Field(description="The version that is, or was, signed.")
    created_at: datetime


class PaperOut(PaperBrief):
    """A paper with its signatures and all versions of its documents."""

    signatures: Annotated[list[SignatureOut], Field(max_length=6)]
    documents: Annotated[list[DocumentOut], Field(max_length=100)]

    @classmethod
    def whole(cls, paper: Paper, signatures: list[Signature], documents: list[Document]) -> Self:
        """From the rows."""
        own = {name: getattr(paper, name) for name in PaperBrief.model_fields}
        return cls(
            **own,
            signatures=[SignatureOut.of(one) for one in signatures],
            documents=[DocumentOut.model_validate(one) for one in documents[:100]],
        )


class PaperList(Page):
    """Papers, the latest first."""

    items: Annotated[list[PaperBrief], Field(max_length=100)]


class PaperMoveIn(In):
    """What to do with a paper: `send` a draft to the host, `return` it with a note, `open` it for signing, `revise`, `end`."""

    action: Action
    note: Note = Field(default="", description="With `return`: what is to change.")
    language: Language = Field(default=Language.ITALIAN, description="With `open`: of the document.")


# --- agreements -------------------------------------------------------------------------------------------------------


class AgreementIn(In):
    """A new agreement; what is left out is taken from the school's last one."""

    school_id: UUID
    company_id: UUID
    valid_from: Day
    valid_until: Day
    insurance_company: ShortLine | None = None
    insurance_policy: Number | None = None
    inail_position: Position | None = None
    privacy_role: PrivacyRole | None = None

    def given(self) -> dict[str, Any]:
        """What was said."""
        return self.model_dump(exclude_none=True)


class AgreementPatch(Patch):
    """What to change in a draft."""

    never_empty = frozenset(
        {
            "valid_from",
            "valid_until",
            "insurance_company",
            "insurance_policy",
            "inail_position",
            "privacy_role",
        }
    )

    valid_from: Day | None = None
    valid_until: Day | None = None
    insurance_company: ShortLine | None = None
    insurance_policy: Number | None = None
    inail_position: Position | None = None
    privacy_role: PrivacyRole | None = None


class AgreementOut(PaperBrief):
    """An agreement between a school and a host, for many students."""

    valid_from: date
    valid_until: date
    insurance_company: ShortLine
    insurance_policy: Number
    inail_position: Position
    privacy_role: PrivacyRole
    host_note: Note = Field(description="What the host wants changed.")
    version: Version


class SignatoryIn(In):
    """Who signs for the organisation."""

    name: Name
    user_id: UUID | None = Field(
        None, description="The account; without one, signatures are made on paper and recorded."
    )


class SignatoryOut(Out):
    """Who signs for the organisation."""

    name: Name
    user_id: UUID | None


# --- plans ------------------------------------------------------------------------------------------------------------


class PlanSkillIn(In):
    """A skill to gain, and the level to come to."""

    skill_id: Slug
    level: Level


class PlanSkillOut(Out):
    """A skill to gain, and the level to come to."""

    skill_id: Slug
    level: Level


class TrainingPlansIn(In):
    """The placements that need a plan."""

    placement_ids: Annotated[
        list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE, json_schema_extra={"uniqueItems": True})
    ]

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if len(set(self.placement_ids)) != len(self.placement_ids):
            raise ValueError("the same placement stands here twice")
        return self


class TrainingPlanPatch(Patch):
    """What to change in a draft."""

    never_empty = frozenset(
        {"activities", "safety_measures", "general_training_hours", "specific_training_hours", "skills"}
    )

    activities: Activities | None = None
    safety_measures: Measures | None = None
    general_training_hours: TrainingHours | None = None
    specific_training_hours: TrainingHours | None = None
    guardian_name: Name | None = Field(None, description="The legal representative of a minor.")
    guardian_email: Email | None = Field(None, description="Where the link to sign is sent.")
    skills: Annotated[list[PlanSkillIn], Field(max_length=MOST_SKILLS)] | None = None

    def changes(self) -> dict[str, Any]:
        """The fields that were sent, skills as pairs."""
        sent = super().changes()
        if "skills" in sent:
            sent["skills"] = [(one["skill_id"], one["level"]) for one in sent["skills"]]
        return sent


class TrainingPlanOut(PaperBrief):
    """The training plan of one student in one placement."""

    activities: Activities
    safety_measures: Measures
    general_training_hours: TrainingHours
    specific_training_hours: TrainingHours
    guardian_name: Name | None = Field(description="Null for companies.")
    guardian_email: Email | None = Field(description="For the school alone.")
    skills: Annotated[list[PlanSkillOut], Field(max_length=MOST_SKILLS)]
    version: Version

    @classmethod
    def of(cls, plan: TrainingPlan, skills: list[tuple[str, int]], party: Party) -> Self:
        """As somebody sees it who speaks for this party."""
        hidden = {"guardian_name", "guardian_email"} if party is Party.COMPANY else set()
        hidden |= {"guardian_email"} if party is Party.STUDENT else set()
        own = {name: getattr(plan, name) for name in cls.model_fields if name != "skills"}
        own |= dict.fromkeys(hidden)
        return cls(**own, skills=[PlanSkillOut(skill_id=one, level=level) for one, level in skills])


class TrainingPlanList(Out):
    """The drafts that were made."""

    items: Annotated[list[TrainingPlanOut], Field(max_length=MOST_AT_ONCE)]


# --- changes and ends -------------------------------------------------------------------------------------------------


class AmendmentIn(In):
    """What changes in the placement; what is left out stays."""

    starts_on: Day | None = None
    ends_on: Day | None = None
    weekdays: Weekdays | None = None
    starts_at: ClockTime | None = None
    ends_at: ClockTime | None = None
    daily_hours: DailyHours | None = None
    planned_hours: PlannedHours | None = None
    school_tutor_id: UUID | None = None
    host_tutor_id: UUID | None = None

    @model_validator(mode="after")
    def _both_times(self) -> Self:
        if (self.starts_at is None) != (self.ends_at is None):
            raise ValueError("starts_at and ends_at go together")
        return self


class AmendmentOut(PaperBrief):
    """Changes to a placement that hold once everybody concerned has signed."""

    starts_on: date | None
    ends_on: date | None
    weekdays: Annotated[list[WeekdayName], Field(max_length=7)] | None
    starts_at: time | None
    ends_at: time | None
    daily_hours: KeptDailyHours | None
    planned_hours: PlannedHours | None
    school_tutor_id: UUID | None
    host_tutor_id: UUID | None

    @classmethod
    def of(cls, one: Amendment) -> Self:
        """From the row."""
        own = {name: getattr(one, name) for name in cls.model_fields if name != "weekdays"}
        return cls(**own, weekdays=None if one.weekdays is None else mask_to_weekdays(one.weekdays))


class InterruptionIn(In):
    """The note of an early end."""

    ended_on: Day
    party: Party
    reason: EndReason
    text: Note = ""
    language: Language = Language.ITALIAN


class ReadinessOut(Out):
    """What still keeps a placement from beginning; nothing: it is ready, or begins by itself on its day."""

    obstacles: Annotated[list[Obstacle], Field(max_length=5)]


# --- signing ----------------------------------------------------------------------------------------------------------


class SigningCodeOut(Out):
    """A code is on its way by mail."""

    role: SignerRole
    expires_in_minutes: Annotated[int, Field(ge=1, le=60)]


class SignatureIn(In):
    """A signature with a mailed code, under the version that has been read."""

    code: Code
    digest: Digest = Field(
        description="Of the document that you have read: whatever has changed since is not signed."
    )


class SignaturesElsewhereIn(In):
    """Signatures that were made on paper, or in another service: the file, or where the paper is kept."""

    roles: Annotated[
        list[SignerRole], Field(min_length=1, max_length=6, json_schema_extra={"uniqueItems": True})
    ]
    signed_on: Day
    archive_number: ArchiveNumber | None = None
    file: File | None = Field(None, description="A PDF file in base64.")
