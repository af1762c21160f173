"""Rules of law, declarations of hosts and safety trainings as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field, StringConstraints

from app.dates import Day
from app.laws.models import Measure, Severity, TrainingKind
from app.placements.models import Risk
from app.rest import In, Line, Out, Page, Patch
from app.schools.models import SchoolKind

Code = Annotated[str, StringConstraints(min_length=3, max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
Jurisdiction = Annotated[str, StringConstraints(min_length=2, max_length=5, pattern=r"^IT(-[0-9]{2})?$")]
Message = Annotated[str, StringConstraints(min_length=3, max_length=500, pattern=r"^[^\x00-\x1f]+$")]
Link = Annotated[str, StringConstraints(min_length=8, max_length=300, pattern=r"^https://[^\s\x00-\x1f]+$")]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Thresholds = Annotated[dict[str, Any], Field(max_length=10)]
Kinds = Annotated[list[SchoolKind], Field(max_length=10, json_schema_extra={"uniqueItems": True})]
THRESHOLDS = (
    "What the measure needs: `hours`; `share`; `hours`, `from_age`, `under_age`; `begins_at`, `ends_at`, `under_age`; `age`; "
    "`low`, `medium`, `high`; `side`; or nothing."
)


class LawRuleIn(In):
    """A new version of a rule, or the first of a new one. What was written before stays."""

    code: Code = Field(description="Of a rule that there is: a new version of it.")
    measure: Measure
    parameters: Thresholds = Field(default_factory=dict, description=THRESHOLDS)
    severity: Severity
    is_repealed: bool = Field(
        default=False, description="True: from its first day on the rule no longer holds."
    )
    starts_on: Day = Field(
        description="Today at the earliest; placements that begin earlier stay as they were."
    )
    ends_on: Day | None = Field(
        None, description="Of an exception; afterwards the version before holds again."
    )
    jurisdiction: Jurisdiction = Field("IT", description="IT, or a region by its ISTAT code: IT-08.")
    applies_to: Kinds = Field(default_factory=list, description="Kinds of study path; empty for all.")
    source: Line = Field(description="The law, with its number.")
    link: Link | None = None
    is_recalled: bool = Field(default=False, description="True: shown as to be verified by the school.")
    message_it: Message = Field(description="With the measure's values in braces.")
    message_en: Message

    def columns(self) -> dict[str, Any]:
        """The rule as the table holds it."""
        return self.model_dump() | {"applies_to": " ".join(self.applies_to)}


class LawRuleOut(Out):
    """One version of a rule."""

    id: UUID
    code: Code
    rule_version: Version = Field(validation_alias="version")
    measure: Measure
    parameters: Thresholds = Field(description=THRESHOLDS)
    severity: Severity
    is_repealed: bool
    starts_on: Day
    ends_on: Day | None
    jurisdiction: Jurisdiction
    applies_to: Kinds
    source: Line
    link: Link | None
    is_recalled: bool
    message_it: Message
    message_en: Message
    created_at: datetime
    created_by: Line


class LawRuleList(Page):
    """Rules by code, each version after the other."""

    items: Annotated[list[LawRuleOut], Field(max_length=100)]


class HostActivityIn(In):
    """Something that is done at the host, or at one site of it."""

    name: Annotated[str, StringConstraints(min_length=2, max_length=160, pattern=r"^[^\x00-\x1f]+$")]
    is_high_risk: bool = Field(default=False, description="The host's own risk assessment names it so.")
    site_id: UUID | None = None


class HostActivityOut(Out):
    """Something that is done at the host, or at one site of it."""

    id: UUID
    name: Line
    is_high_risk: bool
    site_id: UUID | None


RegisterNumber = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9./ -]+$")]


class HostSafetyPatch(Patch):
    """What a host declares anew."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"activities"})

    assessed_on: Day | None = Field(None, description="The day of its risk assessment (DVR).")
    risk: Risk | None = None
    register_number: RegisterNumber | None = Field(
        None, description="In the national register of hosts (RASL)."
    )
    registered_on: Day | None = None
    activities: Annotated[list[HostActivityIn], Field(max_length=100)] | None = Field(
        None, description="The whole list; what stays keeps its id."
    )


class HostSafetyOut(Out):
    """What a host declares of its safety."""

    company_id: UUID
    assessed_on: Day | None
    risk: Risk | None
    register_number: RegisterNumber | None
    registered_on: Day | None
    activities: Annotated[list[HostActivityOut], Field(max_length=200)]
    declared_at: datetime | None
    version: Version = Field(description="0: nothing has been declared yet.")


class SafetyTrainingsIn(In):
    """One training of several students."""

    student_ids: Annotated[list[UUID], Field(min_length=1, max_length=200)]
    kind: TrainingKind
    risk: Risk | None = Field(None, description="Of specific training.")
    hours: Annotated[float, Field(gt=0, le=100)]
    held_on: Day
    held_by: Annotated[str, StringConstraints(min_length=2, max_length=120, pattern=r"^[^\x00-\x1f]+$")]


class SafetyTrainingOut(Out):
    """A student's safety training."""

    id: UUID
    student_id: UUID
    kind: TrainingKind
    risk: Risk | None
    hours: Annotated[float, Field(gt=0, le=100)]
    held_on: Day
    held_by: Line
    recorded_at: datetime


class SafetyTrainingsOut(Out):
    """What was written down."""

    trainings: Annotated[list[SafetyTrainingOut], Field(max_length=200)]


class SafetyTrainingList(Page):
    """A student's safety trainings, the latest first."""

    items: Annotated[list[SafetyTrainingOut], Field(max_length=100)]
