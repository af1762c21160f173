"""The rule table: asking it, reading it, and writing a new version of a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import ValidationError
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.laws import rules
from app.laws.models import LawRule, Measure
from app.laws.rules import Facts, Finding


class NoSuchRule(errors.NotFound):
    """No rule has this id."""

    title = "No such rule"


class NotYourRule(errors.NotAllowed):
    """The law is written down by administrators."""

    title = "Only administrators change rules of law"


class UnfitRule(errors.Invalid):
    """Parameters, days or messages that do not make a rule; `faults` names each."""

    title = "The rule is not valid"


# --- asking -----------------------------------------------------------------------------------------------------------


def check(session: Session, facts: Facts, on: date) -> list[Finding]:
    """What the rules that hold on a day find in a placement, the gravest first; each names its rule."""
    return rules.check(table(session), facts, on)


def table(session: Session) -> Sequence[LawRule]:
    """Every version of every rule: for whoever checks many placements."""
    return session.scalars(sa.select(LawRule)).all()


def parameters(session: Session, measure: Measure, on: date, track: str = "") -> rules.Parameters | None:
    """The thresholds of a measure on a day, for a kind of study path; None where no rule holds."""
    of_measure = session.scalars(sa.select(LawRule).where(LawRule.measure == measure)).all()
    return parameters_among(of_measure, measure, on, track)


def parameters_among(
    among: Sequence[LawRule], measure: Measure, on: date, track: str = ""
) -> rules.Parameters | None:
    """The same out of rules that have been read: for whoever asks for many days."""
    for rule in rules.in_force([one for one in among if one.measure is measure], on):
        if not rule.applies_to or track in rule.applies_to.split():
            return rules.WAYS[measure].parameters.model_validate(rule.parameters)
    return None


def share(session: Session, on: date) -> float:
    """How much of a project's hours must be attended for it to count; 0 where no rule holds."""
    found = parameters(session, Measure.ATTENDED_SHARE, on)
    return found.share if isinstance(found, rules.Share) else 0.0


def minimum_hours(session: Session, track: str, on: date) -> float:
    """How many hours a study path of this kind needs for the diploma; 0 where no rule holds."""
    found = parameters(session, Measure.MINIMUM_HOURS, on, track)
    return found.hours if isinstance(found, rules.Hours) else 0.0


# --- reading ----------------------------------------------------------------------------------------------------------


def search(
    session: Session,
    actor: Actor,
    *,
    on: date | None = None,
    code: str | None = None,
    after: tuple[str, int] | None = None,
    limit: int,
) -> list[LawRule]:
    """Rules by code, each version after the other; with `on` those alone that hold on that day."""
    auth.require_scope(actor, "placements:read")
    query = sa.select(LawRule).order_by(LawRule.code, LawRule.version)
    if code is not None:
        query = query.where(LawRule.code == code)
    found: Sequence[LawRule] = session.scalars(query).all()
    if on is not None:
        found = rules.in_force(found, on)
    return [one for one in found if after is None or (one.code, one.version) > after][:limit]


def read(session: Session, actor: Actor, rule_id: UUID) -> LawRule:
    """One version of a rule. Raises NoSuchRule."""
    auth.require_scope(actor, "placements:read")
    rule = session.get(LawRule, rule_id)
    if rule is None:
        raise NoSuchRule
    return rule


# --- writing ----------------------------------------------------------------------------------------------------------


def create(session: Session, actor: Actor, values: Mapping[str, Any], *, now: datetime) -> LawRule:
    """Write a new version of a rule, or the first of a new one; what was written before stays as it is.

    It holds from today on at the earliest, so that placements that have begun stay as they were. Raises NotYourRule and
    UnfitRule.
    """
    auth.require_scope(actor, "placements:write")
    if not rules.can_change(actor):
        raise NotYourRule
    faults = list(_faults(values, now.date()))
    # Versions of one rule are numbered one after the other; whoever writes at the same time meets the unique key.
    before = session.scalars(
        sa.select(LawRule).where(LawRule.code == values["code"]).order_by(LawRule.version.desc()).limit(1)
    ).first()
    if before is not None and before.measure is not values["measure"]:
        faults.append(("measure", f"the rule looks at {before.measure}; another measure needs another code"))
    if faults:
        raise UnfitRule(faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults])
    typed = rules.WAYS[values["measure"]].parameters.model_validate(values["parameters"])
    rule = LawRule(
        **{**values, "parameters": typed.model_dump(mode="json")}, version=1 if before is None else before.version + 1, created_at=now.astimezone(UTC),
        created_by=actor.mark,
    )  # fmt: skip
    session.add(rule)
    session.flush()
    told = {"code": rule.code, "version": rule.version, "starts_on": rule.starts_on.isoformat()}
    events.record(session, actor, "law_rule.created", rule.id, told)
    return rule


def _faults(values: Mapping[str, Any], today: date) -> list[tuple[str, str]]:
    faults = []
    if values["starts_on"] < today:
        faults.append(("starts_on", "lies in the past: placements that have begun stay as they were"))
    if values["ends_on"] is not None and values["ends_on"] < values["starts_on"]:
        faults.append(("ends_on", "lies before starts_on"))
    measure: Measure = values["measure"]
    try:
        rules.WAYS[measure].parameters.model_validate(values["parameters"])
    except ValidationError as error:
        faults += [
            (".".join(("parameters", *map(str, fault["loc"]))), fault["msg"]) for fault in error.errors()
        ]
    known = ", ".join(sorted(rules.WAYS[measure].names)) or "none"
    for name in ("message_it", "message_en"):
        if rules.unknown_names(measure, values[name]):
            faults.append((name, f"names in braces that this measure has: {known}"))
    return faults
