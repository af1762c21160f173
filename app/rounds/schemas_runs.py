"""Runs, boards and trials as the API shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field

from app.opportunities.models import Kind
from app.placements.schemas import FindingOut
from app.rest import In, Line, Out, Page, Slug
from app.rounds import rules
from app.rounds.models import RoundRun, RunMode
from app.rounds.schemas import Count, MaxWishes, Period, RunNumber
from app.rounds.service_board import Board, BoardLine, Seated, Tally
from app.rounds.service_loads import Loads
from app.rounds.service_publishing import Published
from app.rounds.service_reasons import Explanation, Inquiry
from app.rounds.service_reasons import Reason as Why
from app.rounds.service_trying import Outcome, Wanted
from app.students.schemas import PersonalName

MOST_TEXT = 2000
LawText = Annotated[str, Field(min_length=1, max_length=MOST_TEXT, pattern=r"^[^\x00]*$")]
Share = Annotated[float, Field(ge=0, le=1)]
Sum = Annotated[float, Field(ge=-1e12, le=1e12)]


class SaidOut(Out):
    """A cause in both languages."""

    code: Slug
    it: Line
    en: Line


class CodeCount(Out):
    """How often."""

    code: Slug
    count: Count


class LevelOut(Out):
    """An aim of an optimal run: what was reached, and what no result can better."""

    name: Line
    value: Sum
    bound: Sum


class ExposureOut(Out):
    """What companies of a size offer and get."""

    size: Slug
    opportunities: Count
    used: Count
    seats: Count
    filled: Count
    share_of_seats: Share
    share_of_placed: Share


class RunReport(Out):
    """How sound, stable and fair a run is; counts over everybody who takes part."""

    is_valid: bool
    is_stable: bool
    violations: Annotated[list[CodeCount], Field(max_length=50)]
    blocking: Annotated[list[CodeCount], Field(max_length=50)] = Field(
        description="Students who would rather have a seat that could be theirs, by the reason."
    )
    could_open: Count
    lost_pins: Count = Field(description="Pins to what had no free seat any more.")
    by_wish: Annotated[list[Count], Field(max_length=10)] = Field(
        description="Students who got their first wish, their second, and so on."
    )
    beyond: Count = Field(description="Students placed beyond their wishes.")
    unplaced: Count
    envy: Count
    justified_envy: Count
    placed_share: Share
    levels: Annotated[list[LevelOut], Field(max_length=20)]
    exposure: Annotated[list[ExposureOut], Field(max_length=20)]

    @classmethod
    def of(cls, report: dict[str, Any]) -> Self:
        """From what the run has kept."""
        counts = {
            name: [CodeCount(code=code, count=count) for code, count in report[name].items()]
            for name in ("violations", "blocking")
        }
        kept = {name: report[name] for name in cls.model_fields}
        return cls.model_validate(kept | counts)


class ClassTallyOut(Out):
    """A class of a run in numbers."""

    class_id: UUID
    students: Count
    placed: Count
    first_wish: Count
    beyond: Count
    proposed: Count


class RoundRunOut(Out):
    """A run: how it was made, and what came out."""

    number: RunNumber
    mode: RunMode
    near_number: RunNumber | None
    seed: Count
    is_wishes_only: bool
    algorithm: Slug
    ranked_on: date
    students: Count
    placed: Count
    seconds: Annotated[float, Field(ge=0, le=1e6)]
    created_at: datetime
    report: RunReport
    classes: Annotated[list[ClassTallyOut], Field(max_length=rules.MOST_CLASSES)] = Field(
        description="Those that are yours."
    )

    @classmethod
    def of(cls, run: RoundRun, tallies: list[Tally]) -> Self:
        """From the row and its numbers."""
        own = {name: getattr(run, name) for name in cls.model_fields if hasattr(run, name)}
        classes = [ClassTallyOut.model_validate(one) for one in tallies]
        return cls(**own | {"report": RunReport.of(run.report), "classes": classes})


class RoundRunList(Page):
    """The runs of a round, the latest first."""

    items: Annotated[list[RoundRunOut], Field(max_length=100)]


class RunStarted(Out):
    """The run, or the job that computes it when there are many students."""

    run: RoundRunOut | None
    job_id: UUID | None


class RunReplay(Out):
    """Whether a run done again gives the same."""

    is_reproduced: bool | None = Field(description="Null: students have been deleted since.")
    elsewhere: Count = Field(description="Students who would sit elsewhere.")


class SeatOut(Out):
    """Where a run puts a student, and why."""

    opportunity_id: UUID
    title: Line
    company_name: Line
    kind: Kind
    starts_on: date | None
    ends_on: date | None
    wish: MaxWishes | None = Field(description="Which wish has come true; null: none of them.")
    score: Share | None
    parts: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(json_schema_extra={"maxProperties": 20})
    reasons: Annotated[list[SaidOut], Field(max_length=3)]
    gap: SaidOut | None
    is_proposed: bool
    findings: Annotated[list[FindingOut], Field(max_length=50)]

    @classmethod
    def of(cls, seated: Seated) -> Self:
        """From the service's line."""
        own = {name: getattr(seated, name) for name in cls.model_fields if hasattr(seated, name)}
        days = seated.days._asdict() if seated.days else {"starts_on": None, "ends_on": None}
        said = {"parts": {}, "reasons": [], "gap": None} | {
            name: value for name, value in seated.said.items() if name != "travel_km"
        }
        return cls(
            **own | {"findings": [FindingOut.model_validate(one) for one in seated.findings]}, **days, **said
        )


class RoundLineOut(Out):
    """Where a student stands in a run."""

    student_id: UUID
    given_name: PersonalName
    family_name: PersonalName
    wishes: Count
    is_in_run: bool = Field(description="False: came later, or has something else on these days.")
    seat: SeatOut | None
    pin_id: UUID | None
    bans: Count

    @classmethod
    def of(cls, line: BoardLine) -> Self:
        """From the service's line."""
        own = {name: getattr(line, name) for name in cls.model_fields if hasattr(line, name)}
        return cls(**own, seat=None if line.seated is None else SeatOut.of(line.seated))


class RoundBoard(Out):
    """A class of a round by name."""

    round_id: UUID
    class_id: UUID
    run_number: RunNumber
    students: Annotated[list[RoundLineOut], Field(max_length=1000)]

    @classmethod
    def of(cls, board: Board) -> Self:
        """From the service's board."""
        return cls(
            round_id=board.seen.round.id, class_id=board.class_id, run_number=board.run.number,
            students=[RoundLineOut.of(line) for line in board.lines],
        )  # fmt: skip


class HostLoadOut(Out):
    """Tutors of a host over all schools of the round; `kept_out` would rather be there, where a seat is free.

    A host stands here once for each of its internships' days that do not meet.
    """

    company_id: UUID
    company_name: Line
    starts_on: date
    ends_on: date
    most: Count = Field(description="Students of this round whom its tutors can follow together.")
    used: Count
    kept_out: Count


class TutorLoadOut(Out):
    """A tutor of your school; `proposed` is how many of the run's students would be even."""

    user_id: UUID
    name: PersonalName
    students: Count = Field(description="Open placements in the school year.")
    most_students: Count
    proposed: Count


class SchoolLoadOut(Out):
    """The tutors of your school; who is `kept_out` has no seat because they can follow nobody more."""

    school_id: UUID
    school_name: Line
    most: Count | None = Field(description="Null: the school has decided nothing, and there is no limit.")
    used: Count
    kept_out: Count
    tutors: Annotated[list[TutorLoadOut], Field(max_length=2000)]


class RoundTutors(Out):
    """How many students the tutors would follow by the chosen run, the bottlenecks first."""

    run_number: RunNumber
    hosts: Annotated[list[HostLoadOut], Field(max_length=5000)]
    schools: Annotated[list[SchoolLoadOut], Field(max_length=rules.MOST_CLASSES)]

    @classmethod
    def of(cls, loads: Loads) -> Self:
        """From the service's answer."""
        return cls.model_validate(loads)


class WhyNotOut(Out):
    """Why a student does not have a seat there."""

    opportunity_id: UUID
    title: Line
    wish: MaxWishes | None
    why: SaidOut

    @classmethod
    def of(cls, reason: Why) -> Self:
        """From the service's reason."""
        return cls(
            opportunity_id=reason.opportunity_id,
            title=reason.title,
            wish=reason.wish,
            why=SaidOut(**reason.why),
        )


class RemedyOut(Out):
    """What would give the student a seat."""

    kind: Slug = Field(
        description="`widen` (5 km more), `week_later`, `week_earlier`, `one_more_seat` or `one_more_tutor`."
    )
    opportunity_id: UUID
    title: Line
    wish: MaxWishes | None
    score: Share | None
    choices: Count = Field(description="Opportunities where the same would help.")


class StudentResult(Out):
    """One student of a round: where, why not elsewhere, and what would help."""

    line: RoundLineOut
    why_not: Annotated[list[WhyNotOut], Field(max_length=10)]
    asked: WhyNotOut | None = Field(description="Why not at the opportunity that you asked about.")
    remedies: Annotated[list[RemedyOut], Field(max_length=3)]

    @classmethod
    def of(cls, inquiry: Inquiry, found: Explanation) -> Self:
        """From the service's answer."""
        return cls(
            line=RoundLineOut.of(inquiry.line),
            why_not=[WhyNotOut.of(one) for one in found.wishes],
            asked=None if found.asked is None else WhyNotOut.of(found.asked),
            remedies=[
                RemedyOut(**one._asdict(), title=inquiry.titles.get(str(one.opportunity_id), "-"))
                for one in found.remedies
            ],
        )


class TrialChangeIn(In):
    """A pin or a ban to try; without an opportunity, no pin any more."""

    student_id: UUID
    opportunity_id: UUID | None = None
    is_ban: bool = False
    period: Period | None = None


class TrialIn(In):
    """What to try; nothing of it is kept."""

    changes: Annotated[list[TrialChangeIn], Field(min_length=1, max_length=50)]

    def wanted(self) -> list[Wanted]:
        """What the service takes."""
        return [Wanted(one.student_id, one.opportunity_id, one.is_ban, one.period) for one in self.changes]


class PlaceOut(Out):
    """Where somebody sits."""

    opportunity_id: UUID
    title: Line
    company_name: Line
    wish: MaxWishes | None


class ShiftOut(Out):
    """A student who would sit elsewhere."""

    student_id: UUID
    given_name: PersonalName
    family_name: PersonalName
    before: PlaceOut | None
    after: PlaceOut | None


class TallyOut(Out):
    """A result in a line."""

    placed: Count
    unplaced: Count
    by_wish: Annotated[list[Count], Field(max_length=10)]
    beyond: Count


class TrialOut(Out):
    """What would change: your students by name, all others as a number."""

    before: TallyOut
    after: TallyOut
    shifts: Annotated[list[ShiftOut], Field(max_length=5000)]
    elsewhere: Count = Field(description="Students of others who would sit elsewhere.")

    @classmethod
    def of(cls, outcome: Outcome) -> Self:
        """From the service's outcome."""
        return cls(
            before=TallyOut(**outcome.before), after=TallyOut(**outcome.after), elsewhere=outcome.elsewhere,
            shifts=[ShiftOut.model_validate(one) for one in outcome.shifts],
        )  # fmt: skip


class ForbiddenOut(Out):
    """A seat that a rule of law forbids; `detail` cites it."""

    student_id: UUID
    code: Slug
    detail: LawText


class PublishedOut(Out):
    """What became of a class."""

    class_id: UUID
    proposals: Count
    problem: Line | None = Field(description="What kept the whole class back.")
    forbidden: Annotated[list[ForbiddenOut], Field(max_length=1000)] = Field(
        description="Seats that the law forbids: each of them keeps the class back."
    )

    @classmethod
    def of(cls, done: Published) -> Self:
        """From the service's line."""
        problem = None if done.problem is None else done.problem.detail[:200]
        faults = [] if done.problem is None else [one for one in done.problem.faults if "student_id" in one]
        forbidden = [
            ForbiddenOut(student_id=one["student_id"], code=one["code"], detail=one["detail"][:MOST_TEXT])
            for one in faults
        ]
        return cls(class_id=done.class_id, proposals=done.proposals, problem=problem, forbidden=forbidden)


class Publication(Out):
    """What was published; a class with a problem can be tried again."""

    classes: Annotated[list[PublishedOut], Field(max_length=rules.MOST_CLASSES)]
