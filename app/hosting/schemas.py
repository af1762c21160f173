"""Shared opportunities as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.dates import ClockTime, Day
from app.hosting.models import HostingPartner, PartnerReason, PartnerState
from app.hosting.rules import MOST_STATIONS, PartnerAction, Stop
from app.hosting.service import Seen
from app.opportunities.models import Opportunity
from app.rest import In, IstatCode, Line, Out, Page, Patch

Learns = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
StationHours = Annotated[int, Field(ge=1, le=5000)]
PlanVersion = Annotated[int, Field(ge=0, le=2**31 - 1)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]
Expected = Annotated[int, Field(ge=0, le=100_000)]
Short = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00-\x1f]*$")]

TIMES = "Only of a station of one day; both or neither."
GAPS = "Whether there may be days of the opportunity on which no station has the students."
OVERLAPS = "Whether a student may be at two stations on the same days."


class RotationStationIn(In):
    """One stop: at the lead company, or at one that was asked."""

    company_id: UUID
    site_id: UUID | None = Field(None, description="Of that company; null is its main site.")
    starts_on: Day
    ends_on: Day
    starts_at: ClockTime | None = Field(None, description=TIMES)
    ends_at: ClockTime | None = Field(None, description=TIMES)
    hours: StationHours
    learns: Learns = Field("", description="What one learns there, for students.")

    def stop(self) -> Stop:
        """As it is checked."""
        return Stop(**self.model_dump())


class HostingPatch(Patch):
    """Changes of the plan. `stations` replace all that are there; an empty list takes the plan away."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"stations", "allows_gaps", "allows_overlaps"})

    stations: Annotated[list[RotationStationIn], Field(max_length=MOST_STATIONS)] | None = None
    allows_gaps: bool | None = Field(None, description=GAPS)
    allows_overlaps: bool | None = Field(None, description=OVERLAPS)


class HostingPartnerIn(In):
    """A company of the same territory that is asked to take part."""

    company_id: UUID


class HostingPartnerMoveIn(In):
    """One step with a partner."""

    action: PartnerAction = Field(
        description="The partner's: `accept`, `decline` with a reason. The lead company's: `invite` again, `withdraw`."
    )
    reason: PartnerReason | None = Field(None, description="Goes with `decline`.")
    tutor_id: UUID | None = Field(
        None,
        description="With `accept`: who of the company follows the students; they count for this tutor's limit.",
    )
    version: Version = Field(description="The one that you have read; another one is refused with 409.")


class RotationStationOut(Out):
    """One stop: where, when, for how many hours, and what is learnt there."""

    company_id: UUID
    company_name: Line
    site_id: UUID | None
    municipality_istat: IstatCode | None
    municipality_name: Line | None
    starts_on: Day
    ends_on: Day
    starts_at: ClockTime | None
    ends_at: ClockTime | None
    hours: StationHours
    learns: Learns


class HostingPartnerOut(Out):
    """A company that was asked to take part."""

    id: UUID
    company_id: UUID
    company_name: Line
    state: PartnerState
    reason: PartnerReason | None = Field(description="For the lead company and the partner.")
    tutor_id: UUID | None = Field(description="For the lead company and the partner.")
    invited_at: datetime
    answered_at: datetime | None
    actions: Annotated[list[PartnerAction], Field(max_length=4)] = Field(description="What you can do now.")
    version: Version

    @classmethod
    def of(cls, partner: HostingPartner, seen: Seen) -> Self:
        """What the reader may see of it."""
        is_told = seen.is_lead or partner.company_id in seen.own
        return cls(
            id=partner.id, company_id=partner.company_id, company_name=seen.plan.names[partner.company_id],
            state=partner.state, reason=partner.reason if is_told else None,
            tutor_id=partner.tutor_id if is_told else None, invited_at=partner.invited_at,
            answered_at=partner.answered_at, actions=seen.actions(partner), version=partner.version,
        )  # fmt: skip


class RotationObstacleOut(Out):
    """What keeps the plan from being settled."""

    field: Short
    detail: Short


class HostingOut(Out):
    """A rotation plan. Whoever neither leads nor was asked reads its stations once it is settled."""

    opportunity_id: UUID
    company_id: UUID = Field(
        description="The lead company: it offers the opportunity and sees its candidates."
    )
    is_settled: bool = Field(
        description="Whether the plan holds together and each company has agreed: what is agreed from now on keeps it."
    )
    allows_gaps: bool = Field(description=GAPS)
    allows_overlaps: bool = Field(description=OVERLAPS)
    stations: Annotated[list[RotationStationOut], Field(max_length=MOST_STATIONS)]
    partners: Annotated[list[HostingPartnerOut], Field(max_length=20)] = Field(
        description="For the lead company all, for a partner its own line and those that have agreed."
    )
    obstacles: Annotated[list[RotationObstacleOut], Field(max_length=100)] = Field(
        description="For the lead company and the partners."
    )
    version: PlanVersion = Field(description="0 before there is a plan.")

    @classmethod
    def of(cls, seen: Seen) -> Self:
        """What the reader may see of it."""
        plan, rotation = seen.plan, seen.plan.rotation
        return cls(
            opportunity_id=plan.opportunity.id, company_id=plan.opportunity.company_id, is_settled=plan.is_settled,
            allows_gaps=rotation is not None and rotation.allows_gaps,
            allows_overlaps=rotation is not None and rotation.allows_overlaps,
            stations=[_station(one, seen) for one in seen.stops],
            partners=[HostingPartnerOut.of(one, seen) for one in seen.partners],
            obstacles=[
                RotationObstacleOut(field=one.field, detail=one.detail)
                for one in (plan.obstacles if seen.is_inside else ())
            ],
            version=0 if rotation is None else rotation.version,
        )  # fmt: skip


def _station(stop: Stop, seen: Seen) -> RotationStationOut:
    place = seen.plan.place(stop)
    return RotationStationOut(
        company_id=stop.company_id, company_name=seen.plan.names[stop.company_id], site_id=stop.site_id,
        municipality_istat=place.istat if place else None, municipality_name=place.name if place else None,
        starts_on=stop.starts_on, ends_on=stop.ends_on, starts_at=stop.starts_at, ends_at=stop.ends_at,
        hours=stop.hours, learns=stop.learns,
    )  # fmt: skip


class HostingInvitationOut(Out):
    """What a company was asked to share."""

    partner_id: UUID
    opportunity_id: UUID
    opportunity_title: Line
    lead_name: Line
    state: PartnerState
    invited_at: datetime

    @classmethod
    def of(cls, partner: HostingPartner, opportunity: Opportunity, lead_name: str) -> Self:
        """From the rows."""
        return cls(
            partner_id=partner.id, opportunity_id=opportunity.id, opportunity_title=opportunity.title,
            lead_name=lead_name, state=partner.state, invited_at=partner.invited_at,
        )  # fmt: skip


class HostingInvitationList(Page):
    """What a company was asked to share, the latest first."""

    items: Annotated[list[HostingInvitationOut], Field(max_length=100)]
