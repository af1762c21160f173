"""What a rule looks at, and what it finds: pure, over facts that somebody else has gathered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from string import Formatter
from typing import Any, Literal, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.auth.actors import Actor
from app.laws.models import Measure, Severity, TrainingKind
from app.placements.models import Risk

# --- what rules are held against --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Training:
    """Safety training that has been had."""

    kind: TrainingKind
    hours: float
    held_on: date
    risk: Risk | None = None


@dataclass(frozen=True, slots=True)
class Agreed:
    """What the agreement between school and host says of the placement's days."""

    covers_days: bool
    is_insured: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """A placement as the rules see it. What is None is not known, and what is not known is not found fault with.

    `track` is the kind of study path, `age` that of the first day, `weekdays` a bit set of `app.dates`. `hours_before`
    were credited in earlier placements, `hours_owed` is what the school says where no ledger does. Loads count the
    students whom the tutor follows at the same time, this one included.
    """

    starts_on: date
    ends_on: date
    weekdays: int
    daily_hours: float
    planned_hours: int
    age: int
    track: str
    risk: Risk = Risk.LOW
    jurisdictions: frozenset[str] = frozenset({"IT"})
    starts_at: time | None = None
    ends_at: time | None = None
    hours_before: float | None = None
    hours_owed: int = 0
    attended_hours: float | None = None
    tutors: frozenset[str] = frozenset()
    tutors_away: frozenset[str] = frozenset()
    host_tutor_load: int = 0
    school_tutor_load: int = 0
    school_tutor_most: int | None = None
    is_assessed: bool = False
    banned_activities: tuple[str, ...] = ()
    trainings: tuple[Training, ...] = ()
    agreement: Agreed | None = None
    is_agreement_known: bool = False
    register_number: str | None = None


class Rule(Protocol):
    """One version of a rule, as the table holds it."""

    @property
    def id(self) -> UUID: ...
    @property
    def code(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def measure(self) -> Measure: ...
    @property
    def parameters(self) -> dict[str, Any]: ...
    @property
    def severity(self) -> Severity: ...
    @property
    def is_repealed(self) -> bool: ...
    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date | None: ...
    @property
    def jurisdiction(self) -> str: ...
    @property
    def applies_to(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def link(self) -> str | None: ...
    @property
    def is_recalled(self) -> bool: ...
    @property
    def message_it(self) -> str: ...
    @property
    def message_en(self) -> str: ...


R = TypeVar("R", bound=Rule)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule finds, with the rule that it cites."""

    rule_id: UUID
    code: str
    version: int
    severity: Severity
    source: str
    link: str | None
    is_recalled: bool
    message_it: str
    message_en: str

    def say(self, language: str) -> str:
        """The finding in words; Italian unless it is English."""
        return self.message_en if language == "en" else self.message_it


# --- parameters -------------------------------------------------------------------------------------------------------


class Parameters(BaseModel):
    """The thresholds of a rule: of each measure its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoParameters(Parameters):
    """Nothing to set: it is so or it is not."""


class Hours(Parameters):
    """Hours in all."""

    hours: float = Field(gt=0, le=5000)


class Share(Parameters):
    """A part of the whole."""

    share: float = Field(gt=0, le=1)


class HoursByAge(Parameters):
    """The most hours of who is at least so old and younger than that."""

    hours: float = Field(gt=0, le=168)
    from_age: int = Field(0, ge=0, le=99)
    under_age: int = Field(99, ge=1, le=99)


class Night(Parameters):
    """The hours of the night, by the clock of the place, for who is younger than that."""

    begins_at: time
    ends_at: time
    under_age: int = Field(ge=1, le=99)


class Age(Parameters):
    """Completed years."""

    age: int = Field(ge=1, le=99)


class ByRisk(Parameters):
    """A number for each risk."""

    low: int = Field(ge=0, le=1000)
    medium: int = Field(ge=0, le=1000)
    high: int = Field(ge=0, le=1000)

    def of(self, risk: Risk) -> int:
        """The number for a risk."""
        number: int = getattr(self, risk.value)
        return number


class Side(Parameters):
    """Whose tutor."""

    side: Literal["school", "host"]


Values = Mapping[str, Any]
"""What fills a message."""


# --- measures ---------------------------------------------------------------------------------------------------------


def _minimum_hours(given: Hours, facts: Facts) -> Values | None:
    before = facts.hours_before
    if before is None:  # no ledger: what the school says is owed
        before = max(0.0, given.hours - facts.hours_owed)
    missing = given.hours - before - facts.planned_hours
    return {"hours": given.hours, "missing": missing} if missing > 0 else None


def _attended_share(given: Share, facts: Facts) -> Values | None:
    attended = facts.attended_hours
    if attended is None or attended >= given.share * facts.planned_hours:
        return None
    return {
        "percent": given.share * 100, "attended": attended, "planned": facts.planned_hours,
        "needed": given.share * facts.planned_hours,
    }  # fmt: skip


def _is_of_age(given: HoursByAge, facts: Facts) -> bool:
    return given.from_age <= facts.age < given.under_age


def _daily_hours(given: HoursByAge, facts: Facts) -> Values | None:
    if not _is_of_age(given, facts) or facts.daily_hours <= given.hours:
        return None
    return {"hours": given.hours, "planned": facts.daily_hours, "age": facts.age}


def _weekly_hours(given: HoursByAge, facts: Facts) -> Values | None:
    weekly = facts.daily_hours * facts.weekdays.bit_count()
    if not _is_of_age(given, facts) or weekly <= given.hours:
        return None
    return {"hours": given.hours, "planned": weekly, "age": facts.age}


def _night(given: Night, facts: Facts) -> Values | None:
    if facts.starts_at is None or facts.ends_at is None or facts.age >= given.under_age:
        return None
    # A day's work begins and ends on one day; the night reaches over midnight, or lies after it.
    if given.begins_at > given.ends_at:
        is_at_night = facts.starts_at < given.ends_at or facts.ends_at > given.begins_at
    else:
        is_at_night = facts.starts_at < given.ends_at and facts.ends_at > given.begins_at
    if not is_at_night:
        return None
    return {"begins": f"{given.begins_at:%H:%M}", "ends": f"{given.ends_at:%H:%M}", "age": facts.age}


def _minimum_age(given: Age, facts: Facts) -> Values | None:
    return {"least": given.age, "age": facts.age} if facts.age < given.age else None


def _host_tutor_load(given: ByRisk, facts: Facts) -> Values | None:
    most = given.of(facts.risk)
    return {"load": facts.host_tutor_load, "most": most} if facts.host_tutor_load > most else None


def _school_tutor_load(_given: NoParameters, facts: Facts) -> Values | None:
    most = facts.school_tutor_most
    if most is None or facts.school_tutor_load <= most:
        return None
    return {"load": facts.school_tutor_load, "most": most}


def _tutor_named(given: Side, facts: Facts) -> Values | None:
    return {} if given.side not in facts.tutors else None


def _tutor_present(given: Side, facts: Facts) -> Values | None:
    return {} if given.side in facts.tutors_away else None


def _risk_assessment(_given: NoParameters, facts: Facts) -> Values | None:
    return None if facts.is_assessed else {}


def _banned_activity(_given: NoParameters, facts: Facts) -> Values | None:
    return {"activities": ", ".join(facts.banned_activities)} if facts.banned_activities else None


def _general_training(given: Hours, facts: Facts) -> Values | None:
    return _lacks(facts, given.hours, lambda one: one.kind is TrainingKind.GENERAL)


def _specific_training(given: ByRisk, facts: Facts) -> Values | None:
    order = list(Risk)

    def counts(one: Training) -> bool:
        # Who has been trained for a higher risk has been trained for a lower one too.
        return one.risk is not None and order.index(one.risk) >= order.index(facts.risk)

    return _lacks(facts, given.of(facts.risk), counts)


def _lacks(facts: Facts, hours: float, counts: Callable[[Training], bool]) -> Values | None:
    had = sum(one.hours for one in facts.trainings if counts(one) and one.held_on <= facts.starts_on)
    return {"hours": hours, "had": had} if had < hours else None


def _insurance(_given: NoParameters, facts: Facts) -> Values | None:
    is_insured = facts.agreement is not None and facts.agreement.is_insured
    return {} if facts.is_agreement_known and not is_insured else None


def _agreement(_given: NoParameters, facts: Facts) -> Values | None:
    is_covered = facts.agreement is not None and facts.agreement.covers_days
    return {} if facts.is_agreement_known and not is_covered else None


def _register(_given: NoParameters, facts: Facts) -> Values | None:
    return None if facts.register_number else {}


@dataclass(frozen=True, slots=True)
class Way:
    """How a measure is taken: the parameters that it needs, and the names that its message may fill in."""

    parameters: type[Parameters]
    find: Callable[[Any, Facts], Values | None]
    names: frozenset[str] = frozenset()


WAYS: Mapping[Measure, Way] = {
    Measure.MINIMUM_HOURS: Way(Hours, _minimum_hours, frozenset({"hours", "missing"})),
    Measure.ATTENDED_SHARE: Way(
        Share, _attended_share, frozenset({"percent", "attended", "planned", "needed"})
    ),
    Measure.DAILY_HOURS: Way(HoursByAge, _daily_hours, frozenset({"hours", "planned", "age"})),
    Measure.WEEKLY_HOURS: Way(HoursByAge, _weekly_hours, frozenset({"hours", "planned", "age"})),
    Measure.NIGHT: Way(Night, _night, frozenset({"begins", "ends", "age"})),
    Measure.MINIMUM_AGE: Way(Age, _minimum_age, frozenset({"least", "age"})),
    Measure.HOST_TUTOR_LOAD: Way(ByRisk, _host_tutor_load, frozenset({"load", "most"})),
    Measure.SCHOOL_TUTOR_LOAD: Way(NoParameters, _school_tutor_load, frozenset({"load", "most"})),
    Measure.TUTOR_NAMED: Way(Side, _tutor_named),
    Measure.TUTOR_PRESENT: Way(Side, _tutor_present),
    Measure.RISK_ASSESSMENT: Way(NoParameters, _risk_assessment),
    Measure.BANNED_ACTIVITY: Way(NoParameters, _banned_activity, frozenset({"activities"})),
    Measure.GENERAL_TRAINING: Way(Hours, _general_training, frozenset({"hours", "had"})),
    Measure.SPECIFIC_TRAINING: Way(ByRisk, _specific_training, frozenset({"hours", "had"})),
    Measure.INSURANCE: Way(NoParameters, _insurance),
    Measure.AGREEMENT: Way(NoParameters, _agreement),
    Measure.REGISTER: Way(NoParameters, _register),
}


# --- evaluation -------------------------------------------------------------------------------------------------------

_BY_SEVERITY = list(Severity)


def in_force(rules: Iterable[R], on: date) -> list[R]:
    """Of each code the version that holds on a day, by code."""
    found: dict[str, R] = {}
    for rule in rules:
        if rule.starts_on <= on and (rule.ends_on is None or on <= rule.ends_on):
            other = found.get(rule.code)
            if other is None or (other.starts_on, other.version) < (rule.starts_on, rule.version):
                found[rule.code] = rule
    return [found[code] for code in sorted(found) if not found[code].is_repealed]


def most_per_host_tutor(
    rules: Iterable[Rule],
    on: date,
    risks: Collection[Risk],
    *,
    among: Collection[Severity] = frozenset(Severity),
) -> int | None:
    """The fewest students of a host's tutor that rules of such severities allow at one of the risks; None without a rule."""
    measured = in_force([one for one in rules if one.measure is Measure.HOST_TUTOR_LOAD], on)
    limits = [ByRisk.model_validate(one.parameters) for one in measured if one.severity in among]
    return min((limit.of(risk) for limit in limits for risk in risks), default=None)


def check(rules: Iterable[Rule], facts: Facts, on: date) -> list[Finding]:
    """What the rules of a day find, the gravest first."""
    findings = [
        finding
        for rule in in_force(rules, on)
        if rule.jurisdiction in facts.jurisdictions and _is_for(rule, facts.track)
        if (finding := _finding(rule, facts)) is not None
    ]
    return sorted(findings, key=lambda one: (_BY_SEVERITY.index(one.severity), one.code))


def forbidden(findings: Collection[Finding]) -> list[Finding]:
    """Those that keep a placement from beginning."""
    return [one for one in findings if one.severity is Severity.FORBIDS]


def _is_for(rule: Rule, track: str) -> bool:
    return not rule.applies_to or track in rule.applies_to.split()


def _finding(rule: Rule, facts: Facts) -> Finding | None:
    way = WAYS[rule.measure]
    values = way.find(way.parameters.model_validate(rule.parameters), facts)
    if values is None:
        return None
    shown = {name: f"{value:g}" if isinstance(value, float) else value for name, value in values.items()}
    return Finding(
        rule.id, rule.code, rule.version, rule.severity, rule.source, rule.link, rule.is_recalled,
        rule.message_it.format(**shown), rule.message_en.format(**shown),
    )  # fmt: skip


# --- who, and what makes sense ----------------------------------------------------------------------------------------


def can_change(actor: Actor) -> bool:
    """The law is the same for all schools of an installation, so whoever runs it writes it down."""
    return actor.is_administrator


def unknown_names(measure: Measure, message: str) -> list[str]:
    """Names in braces that the measure has no value for; a text whose braces do not match has the whole of itself."""
    try:
        parts = list(Formatter().parse(message))
    except ValueError:
        return [message]
    names = (name for _, name, _, _ in parts if name is not None)
    has_more = any(spec or conversion for _, name, spec, conversion in parts if name is not None)
    return [message] if has_more else sorted({name for name in names if name not in WAYS[measure].names})
