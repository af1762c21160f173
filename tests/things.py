"""What the tables of calls need of a placement, of a visit, and of a series: by the names of path variables and of `{names}` in bodies."""

from __future__ import annotations

from datetime import timedelta

from app.actors.models import Pledge, Protocol, ProtocolParty
from app.attendances import service_codes
from app.auth.models import Territory
from app.bookings.models import (
    Booking,
    BookingCount,
    BookingMember,
    Quota,
    VisitSession,
)
from app.companies.models import Company
from app.evidence import policies
from app.evidence.models import EvidenceEdition, Outcome, ReportedOutcome
from app.hosting.models import HostingPartner
from app.hours import rules, service_attendance
from app.hours.models import (
    CreditKind,
    DiaryEntry,
    EntryState,
    Evaluation,
    EvaluationMark,
    HourCredit,
    HourEntry,
)
from app.kits.models import Kit, KitCopy
from app.opportunities.models import Kind, Opportunity, OpportunitySpan, Status
from app.placements.models import Party, Placement, State
from app.schools.models import School
from app.series.models import Series, SeriesProposal, SeriesState
from app.settings import Settings
from app.students.models import Student
from tests.factories import ACTOR, NOW, TODAY, Factory


def of_placement(make: Factory, student: Student, opportunity: Opportunity) -> dict[str, str]:
    """A placement in its last week with a day, a line and the host's evaluation; one that is completed; and a credit."""
    make.change(opportunity, seats=4, seats_taken=2)
    worked, finished = (
        _placement(make, student, opportunity, one) for one in (State.RUNNING, State.COMPLETED)
    )
    credit = HourCredit(
        student_id=student.id, kind=CreditKind.VISIT, title="Visita", held_on=TODAY, hours=4, decided_at=NOW,
        decided_by=ACTOR.mark,
    )  # fmt: skip
    make.add(
        ReportedOutcome(
            placement_id=finished.id, outcome=Outcome.CONTRACT, agreed_on=TODAY, reported_for=Party.SCHOOL,
            reported_at=NOW, reported_by=ACTOR.mark,
        )
    )  # fmt: skip
    code = service_attendance.code_at(opportunity.company_id, Settings().secret_key, NOW)
    return parts_of(make, worked) | {
        "finished_placement_id": str(finished.id), "hour_credit_id": str(make.add(credit).id),
        "attendance_code": code.text,
    }  # fmt: skip


def parts_of(make: Factory, placement: Placement) -> dict[str, str]:
    """What hangs on a placement."""
    entry = HourEntry(
        placement_id=placement.id, worked_on=placement.starts_on, state=EntryState.NOTED, student_minutes=60,
        changed_at=NOW, changed_by=ACTOR.mark,
    )  # fmt: skip
    line = DiaryEntry(
        placement_id=placement.id, written_on=placement.starts_on, did="Ho visto l'officina.", written_at=NOW
    )
    evaluation = make.add(
        Evaluation(
            placement_id=placement.id, student_id=placement.student_id, party=Party.COMPANY, would_repeat=True,
            given_at=NOW, given_by=ACTOR.mark,
        )
    )  # fmt: skip
    for criterion in rules.CRITERIA[Party.COMPANY]:
        make.add(EvaluationMark(evaluation_id=evaluation.id, criterion=criterion, mark=3))
    return {
        "worked_placement_id": str(placement.id), "hour_entry_id": str(make.add(entry).id),
        "diary_entry_id": str(make.add(line).id), "evaluation_id": str(evaluation.id),
    }  # fmt: skip


def completed_parts(make: Factory, student: Student, opportunity: Opportunity) -> dict[str, str]:
    """A placement that is completed, with all that hangs on it."""
    return parts_of(make, _placement(make, student, opportunity, State.COMPLETED))


def _placement(make: Factory, student: Student, opportunity: Opportunity, state: State) -> Placement:
    return make.placement(student, opportunity, state=state, starts_on=TODAY - timedelta(days=7))


def of_visit(make: Factory, student: Student, company: Company, **values: str) -> dict[str, str]:
    """A visit with three sessions; in the first the student has booked, and it has a quota. One that is over, too."""
    visit = make.opportunity(
        company,
        kind=Kind.VISIT,
        seats=9,
        seats_taken=1,
        has_sessions=True,
        takes_applications=False,
        **values,
    )
    starts_at = NOW + timedelta(days=300)
    make.add(OpportunitySpan(opportunity_id=visit.id, starts_on=starts_at.date(), ends_on=starts_at.date()))
    first, second, third, over, came = (
        make.add(
            VisitSession(
                opportunity_id=visit.id, starts_at=day, ends_at=day + timedelta(hours=2), seats=3, draw_seed=7,
                created_at=NOW, created_by=ACTOR.mark, state=state, seats_taken=taken,
            )
        )
        for day, state, taken in (
            (starts_at, "planned", 1), (starts_at + timedelta(days=1), "planned", 0),
            (starts_at + timedelta(days=2), "planned", 0), (NOW - timedelta(days=2), "held", 0),
            (NOW - timedelta(days=3), "held", 1),
        )
    )  # fmt: skip
    booking, come = (
        make.add(
            Booking(
                visit_session_id=one.id, kind="single", state=state, student_id=student.id, school_id=student.school_id,
                class_id=student.class_id, people=1, asked_at=NOW, asked_by=ACTOR.mark,
            )
        )
        for one, state in ((first, "booked"), (came, "attended"))
    )  # fmt: skip
    for one in (booking, come):
        make.add(
            BookingMember(visit_session_id=one.visit_session_id, student_id=student.id, booking_id=one.id)
        )
    quota = make.add(
        Quota(
            opportunity_id=visit.id, name="Quarte", year=4, seats=3, seats_taken=1, created_at=NOW, created_by=ACTOR.mark
        )
    )  # fmt: skip
    make.add(BookingCount(booking_id=booking.id, quota_id=quota.id, seats=1))
    return {
        "visit_id": str(visit.id), "visit_session_id": str(first.id), "open_session_id": str(second.id),
        "second_session_id": str(third.id),
        "held_session_id": str(over.id), "came_session_id": str(came.id), "booking_id": str(booking.id), "come_booking_id": str(come.id),
        "booking_code": service_codes.code_of(come.id, Settings().secret_key), "quota_id": str(quota.id),
    }  # fmt: skip


def of_hosting(make: Factory, opportunity: Opportunity) -> dict[str, str]:
    """A company that was asked to host the opportunity together, and one that can be asked."""
    asked, askable = (make.company(municipality_istat=opportunity.municipality_istat) for _ in range(2))
    partner = HostingPartner(
        opportunity_id=opportunity.id, company_id=asked.id, invited_at=NOW, invited_by=ACTOR.mark
    )
    return {
        "partner_id": str(make.add(partner).id), "asked_id": str(asked.id), "askable_id": str(askable.id),
    }  # fmt: skip


def of_kit(
    make: Factory, territory: Territory, company: Company, school: School, istat: str
) -> dict[str, str]:
    """A kit of company and school, and a copy of it that is over: the company's latest, so that a new copy lies there too."""
    kit = make.add(
        Kit(
            territory_id=territory.id, company_id=company.id, school_id=school.id, kind=Kind.INTERNSHIP, title="Banco prova",
            first_year=4, last_year=5, created_at=NOW, created_by=ACTOR.mark,
        )
    )  # fmt: skip
    over = make.opportunity(
        company, municipality_istat=istat, status=Status.CLOSED, created_at=NOW + timedelta(seconds=1)
    )
    made = make.add(
        KitCopy(
            kit_id=kit.id, opportunity_id=over.id, school_id=school.id, copied_at=NOW, copied_by=ACTOR.mark
        )
    )
    return {"kit_id": str(kit.id), "copy_id": str(made.id)}


def of_series(make: Factory, territory: Territory, company: Company, **values: str) -> dict[str, str]:
    """A series that takes proposals, and a visit of the company that is proposed for it."""
    series = make.add(
        Series(
            territory_id=territory.id, name_it="Festa della tecnica", name_en="Days of technology", kind="festival",
            starts_on=TODAY, ends_on=TODAY + timedelta(days=400), state=SeriesState.OPEN, created_at=NOW,
            created_by=ACTOR.mark,
        )
    )  # fmt: skip
    visit = make.opportunity(company, kind=Kind.VISIT, **values)
    proposal = SeriesProposal(
        series_id=series.id, opportunity_id=visit.id, audiences=1, proposed_at=NOW, proposed_by=ACTOR.mark,
        due_at=NOW + timedelta(days=7), contact_name="Rita Bassi", contact_phone="051 000000",
    )  # fmt: skip
    return {
        "series_id": str(series.id), "proposal_id": str(make.add(proposal).id), "proposed_visit_id": str(visit.id),
    }  # fmt: skip


def of_protocol(make: Factory, territory: Territory, company: Company | None) -> dict[str, str]:
    """A protocol of the territory; a company that has signed it promises something."""
    protocol = make.add(
        Protocol(
            territory_id=territory.id, title="Patto", signed_on=TODAY, created_at=NOW, created_by=ACTOR.mark
        )
    )
    if company is not None:
        make.add(
            ProtocolParty(protocol_id=protocol.id, company_id=company.id, pledge=Pledge.VISITS, per_year=4)
        )
    return {"protocol_id": str(protocol.id)}


def of_evidence(make: Factory, territory: str = "Bologna") -> dict[str, str]:
    """A draft of an edition, and one that is released."""
    territory_id = make.territory(territory).id
    line = {
        "indicator": "placed", "grouping": None, "group": "", "way": "at_least", "value": 40, "gap": None,
        "share": {"value": 0.41, "low": 0.29, "high": 0.54},
    }  # fmt: skip
    content = {
        "territory": {"name": territory, "provinces": ["BO"]}, "lines": [line], "all": {"placed": 40, "students": 100},
        "policy": policies.load("")["network"].model_dump(mode="json"),
    }  # fmt: skip
    draft, released = (
        make.add(
            EvidenceEdition(
                territory_id=territory_id, policy="network", start_year=year, number=next(make.numbers), content=content,
                digest="0" * 64, counted_at=NOW, counted_by=ACTOR.mark, released_at=at, released_by=at and ACTOR.mark,
            )
        )
        for year, at in ((2023, None), (2022, NOW))
    )  # fmt: skip
    return {"edition_id": str(draft.id), "released_edition_id": str(released.id)}
