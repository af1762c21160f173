"""Every step that people take with applications, several at once: all or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from app import errors
from app.applications import rules, service, service_hosts, service_reading, service_steps
from app.applications.models import Application, ApplicationEnd, ApplicationState
from app.applications.rules import ApplicationAction, Caps
from app.applications.service_reading import Seen
from app.auth.actors import Actor
from app.events import service as events
from app.opportunities.models import Opportunity
from app.placements.models import Party


class UnfitMoves(errors.Invalid):
    """An unknown application, the same one twice, or a reason that does not go with the step."""

    title = "The step is not valid"


class MovedMeanwhile(errors.Conflict):
    """Somebody else has changed an application since it was read; `faults` names each."""

    title = "Somebody else has moved it meanwhile"


class WrongStep(errors.Conflict):
    """An application is in a state that does not allow this; `faults` names each."""

    title = "Not in this state"


class Wanted(NamedTuple):
    """Which application is to move; `version` is the one that was read, None whatever it is."""

    application_id: UUID
    version: int | None = None


def move(
    session: Session,
    actor: Actor,
    action: ApplicationAction,
    wanted: Sequence[Wanted],
    *,
    reason: ApplicationEnd | None = None,
    now: datetime,
    caps: Caps,
) -> list[Seen]:
    """Take one step with each of these; to repeat it changes nothing.

    Raises UnfitMoves, NotYourApplication, MovedMeanwhile, WrongStep, and what a step raises: Full, TutorsFull, OpportunityClosed,
    Clashes, PlacedAlready, and of a restored one what applying raises.
    """
    ids = [one.application_id for one in wanted]
    seen = {
        one.application.id: one for one in service_reading.find(session, actor, ids, scope="placements:write")
    }
    _refuse_unfit(action, ids, seen, reason)
    if action is ApplicationAction.ACCEPT:  # its tutors are counted: the host comes before all else
        service_hosts.lock(session, {one.application.company_id for one in seen.values()})
    locked = service_steps.lock_applications(session, ids, with_others=action is ApplicationAction.CONFIRM)
    if any(not rules.may(one.party, action, one.application.ended_for) for one in seen.values()):
        raise service.NotYourApplication(f"{action} is for another side to do.")
    todo = {one.id for one in locked if not rules.is_done(action, one)}
    _refuse_overtaken(action, wanted, {one.id: one for one in locked if one.id in todo})
    for application in locked:
        if application.id in todo:
            party = seen[application.id].party
            _take(session, actor, application, action, party=party, reason=reason, now=now, caps=caps)
    return [seen[one] for one in ids]


def _take(
    session: Session,
    actor: Actor,
    application: Application,
    action: ApplicationAction,
    *,
    party: Party,
    reason: ApplicationEnd | None,
    now: datetime,
    caps: Caps,
) -> None:
    if application.state not in rules.TRANSITIONS[action]:
        raise service_steps.Clashes  # a yes to another one of this call has just ended it
    if action is ApplicationAction.RESTORE:
        _restore(session, actor, application, now, caps)
        return
    after = rules.after(action, application)
    if action is ApplicationAction.CONFIRM:
        service_steps.refuse_clash(session, application.student_id, application, application.id)
    if action in rules.SAYS:
        rules.say(application, rules.SAYS[action], actor.mark, now)
    if after is application.state:
        session.flush()
        events.record(session, actor, "application.approved", application.id)
        return
    if after is ApplicationState.ACCEPTED:
        service_hosts.require_room(session, application)
    reason = ApplicationEnd.STUDENT_CHANGED if action is ApplicationAction.WITHDRAW else reason
    service_steps.take(session, actor, application, after, now=now, party=party, reason=reason)
    if action is ApplicationAction.CONFIRM:
        service_steps.release(session, actor, application, now)


def _restore(session: Session, actor: Actor, application: Application, now: datetime, caps: Caps) -> None:
    """Begin again: nobody has said yes, and what the company has had once is no new contact."""
    opportunity = session.get_one(Opportunity, application.opportunity_id)
    service.refuse_closed(opportunity, now.date())
    if application.starts_on <= now.date():
        raise WrongStep("Its first day is over.")
    others = service_steps.others(session, application.student_id, application.id)
    if any(one.opportunity_id == application.opportunity_id for one in others):
        raise WrongStep("Another one for the same opportunity is open.")
    service.refuse_crowd(session, application.student_id, caps)
    service_steps.refuse_clash(session, application.student_id, application, application.id)
    before = application.state
    rules.unsay(application)
    service.send(session, application, caps, now)
    data = {"from": before.value, "to": application.state.value}
    events.record(session, actor, "application.restored", application.id, data)


def _refuse_unfit(
    action: ApplicationAction, ids: Sequence[UUID], known: Collection[UUID], reason: ApplicationEnd | None
) -> None:
    faults = []
    allowed = rules.REASONS.get(action)
    if allowed is None and reason is not None:
        faults.append(("reason", f"{action} has no reason"))
    elif allowed is not None and reason not in allowed:
        faults.append(("reason", f"{action} needs one of: {', '.join(sorted(allowed))}"))
    for number, one in enumerate(ids):
        if one not in known:
            faults.append((f"items.{number}.application_id", "no application of yours has this id"))
        elif one in ids[:number]:
            faults.append((f"items.{number}.application_id", "stands there twice"))
    if faults:
        raise UnfitMoves(faults=_told(faults))


def _refuse_overtaken(
    action: ApplicationAction, wanted: Sequence[Wanted], locked: Mapping[UUID, Application]
) -> None:
    todo = [
        (number, one, locked[one.application_id])
        for number, one in enumerate(wanted)
        if one.application_id in locked
    ]
    stale = [
        (f"items.{number}.version", f"the application has version {row.version} by now")
        for number, one, row in todo
        if one.version not in (None, row.version)
    ]
    if stale:
        raise MovedMeanwhile(faults=_told(stale))
    wrong = [
        (
            f"items.{number}.application_id",
            f"an application in the state {row.state} cannot do this: {action}",
        )
        for number, _, row in todo
        if row.state not in rules.TRANSITIONS[action]
    ]
    if wrong:
        raise WrongStep(faults=_told(wrong))


def _told(faults: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"in": "body", "field": field, "detail": detail} for field, detail in faults]
