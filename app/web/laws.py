"""Rules of law to read and to write anew, what a host declares, and the safety trainings of a class."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import Response

from app.companies import service as companies
from app.events.service_looks import LookKind
from app.laws import rules, service
from app.laws import service_hosts as hosts
from app.laws import service_trainings as trainings
from app.laws.models import LawRule, Severity, TrainingKind
from app.laws.schemas import HostSafetyPatch, LawRuleIn
from app.placements.models import Risk
from app.schools import classes
from app.students import rules as student_rules
from app.students import service as students
from app.web import placement_forms as forms
from app.web import placement_words
from app.web.placement import Done
from app.web.posting_forms import Fields, InFields, text
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_RULES = 500
MOST_STUDENTS = 100
EMPTY_ROWS = 4

# --- rules ------------------------------------------------------------------------------------------------------------


@router.get("/law-rules")
def show_rules(view: InView, done: Done = "") -> Response:
    """Every rule as it holds today, with what is to come and what was."""
    return _rules(view, done=done)


def _rules(
    view: View, *, status: int = 200, done: str = "", wrong: Sequence[forms.Wrong] = (), code: str = ""
) -> Response:
    with view.read() as (session, actor):
        table = service.search(session, actor, limit=MOST_RULES)
    today = view.now().date()
    by_code: dict[str, list[LawRule]] = {}
    for one in table:
        by_code.setdefault(one.code, []).append(one)
    present = {one.code: one for one in rules.in_force(table, today)}
    return view.show(
        "placement/rules.html", status=status, by_code=by_code, present=present, today=today, terms=placement_words,
        severities=list(Severity), fields_of={one: list(way.parameters.model_fields) for one, way in rules.WAYS.items()},
        names_of={one: sorted(way.names) for one, way in rules.WAYS.items()}, can_change=rules.can_change(actor),
        done=done, wrong=wrong, wrong_code=code, plain=_plain,
    )  # fmt: skip


def _plain(message: str) -> str:
    """A message without the values that a placement would fill in."""
    return re.sub(r"\{\w+\}", "…", message)


@router.post("/law-rules/{rule_id}/version")
def write_rule(view: InView, fields: InFields, rule_id: UUID) -> Response:
    """A new version of a rule, from the version that the form showed."""
    code = ""
    try:
        with view.write() as (session, actor):
            before = service.read(session, actor, rule_id)
            code = before.code
            given = LawRuleIn.model_validate(_rule(fields, before))
            service.create(session, actor, given.columns(), now=view.now())
    except (forms.Unreadable, service.UnfitRule) as problem:
        return _rules(view, status=422, wrong=forms.wrong(problem.faults), code=code)
    except ValidationError as error:
        faults = [{"field": ".".join(map(str, one["loc"]))} for one in error.errors()]
        return _rules(view, status=422, wrong=forms.wrong(faults), code=code)
    return view.go("/law-rules?done=rule")


def _rule(fields: Fields, before: LawRule) -> dict[str, Any]:
    """The new version as the API takes it; what the form does not show stays as it was."""
    names = rules.WAYS[before.measure].parameters.model_fields
    written = ("severity", "starts_on", "ends_on", "source", "link", "message_it", "message_en")
    given: dict[str, Any] = {name: text(fields, name, 1000) or None for name in written}
    return given | {
        "code": before.code, "measure": before.measure, "jurisdiction": before.jurisdiction,
        "applies_to": before.applies_to.split(),
        "parameters": {name: text(fields, f"p-{name}", 20) for name in names},
        "is_recalled": "is_recalled" in fields, "is_repealed": "is_repealed" in fields,
    }  # fmt: skip


# --- hosts ------------------------------------------------------------------------------------------------------------


@router.get("/companies/{company_id}/safety")
def show_safety(view: InView, company_id: UUID, done: Done = "") -> Response:
    """What a host declares of its safety; the host writes it, everybody else reads it."""
    return _safety(view, company_id, done=done)


def _safety(
    view: View, company_id: UUID, *, status: int = 200, done: str = "", wrong: Sequence[forms.Wrong] = ()
) -> Response:
    with view.read() as (session, actor):
        declared = hosts.read(session, actor, company_id)
        company = companies.read(session, actor, company_id)
        sites = hosts.sites_of(session, company_id)
    return view.show(
        "company/safety.html", status=status, company=company, declared=declared, sites=sites, risks=list(Risk),
        terms=placement_words, can_declare=hosts.can_declare(actor, company_id), empty_rows=EMPTY_ROWS, done=done,
        wrong=wrong,
    )  # fmt: skip


@router.post("/companies/{company_id}/safety")
def declare(view: InView, fields: InFields, company_id: UUID) -> Response:
    """The whole declaration at once: an activity whose name is emptied is no longer done."""
    try:
        patch = HostSafetyPatch.model_validate(_declaration(fields))
        with view.write() as (session, actor):
            hosts.edit(session, actor, company_id, patch.changes(), now=view.now())
    except (forms.Unreadable, hosts.UnfitSafety) as problem:
        return _safety(view, company_id, status=422, wrong=forms.wrong(problem.faults))
    except ValidationError as error:
        faults = [{"field": ".".join(map(str, one["loc"]))} for one in error.errors()]
        return _safety(view, company_id, status=422, wrong=forms.wrong(faults))
    return view.go(f"/companies/{company_id}/safety?done=declared")


def _declaration(fields: Fields) -> dict[str, Any]:
    names = ("assessed_on", "risk", "register_number", "registered_on")
    given: dict[str, Any] = {name: text(fields, name, 80) or None for name in names}
    rows = min(forms.whole(fields, "rows", 0, 200), 200)
    activities = [
        {
            "name": text(fields, f"name-{row}", 200),
            "is_high_risk": f"high-{row}" in fields,
            "site_id": text(fields, f"site-{row}", 40) or None,
        }
        for row in range(rows)
        if text(fields, f"name-{row}", 200)
    ]
    return given | {"activities": activities}


# --- trainings --------------------------------------------------------------------------------------------------------


@router.get("/classes/{class_id}/trainings")
def show_trainings(view: InView, class_id: UUID, done: Done = "") -> Response:
    """The safety trainings of a class, and a form for one more of several students."""
    return _trainings(view, class_id, done=done)


def _trainings(
    view: View, class_id: UUID, *, status: int = 200, done: str = "", wrong: Sequence[forms.Wrong] = ()
) -> Response:
    with view.read() as (session, actor):
        school_class = classes.get(session, actor, class_id, scope="students:read")
        if not student_rules.can_place(actor, school_class):
            raise trainings.NotYourTrainings
        found = students.search(session, actor, class_id=class_id, limit=MOST_STUDENTS)
        people = [one.student for one in found]
        had = trainings.of_many(session, [one.id for one in people])
    view.looked(LookKind.PROFILE, [one.id for one in people])
    return view.show(
        "teacher/trainings.html", status=status, school_class=school_class, people=people, had=had,
        kinds=list(TrainingKind), risks=list(Risk), terms=placement_words, done=done, wrong=wrong,
        today=view.now().date(),
    )  # fmt: skip


@router.post("/classes/{class_id}/trainings")
def record_training(view: InView, fields: InFields, class_id: UUID) -> Response:
    """One training of those who were ticked."""
    try:
        with view.write() as (session, actor):
            school_class = classes.get(session, actor, class_id, scope="students:read")
            if not student_rules.can_place(actor, school_class):
                raise trainings.NotYourTrainings
            trainings.create(
                session, actor, forms.identifiers(fields, "student_ids"), _training(fields), now=view.now()
            )
    except (forms.Unreadable, trainings.UnfitTraining) as problem:
        return _trainings(view, class_id, status=422, wrong=forms.wrong(problem.faults))
    return view.go(f"/classes/{class_id}/trainings?done=training")


def _training(fields: Fields) -> dict[str, Any]:
    kind = text(fields, "kind", 20)
    general = TrainingKind.GENERAL.value
    if kind != general and kind not in list(Risk):  # the form offers the risks as kinds of specific training
        raise forms.Unreadable("kind")
    held_by = text(fields, "held_by", 120)
    if not fields.getlist("student_ids"):
        raise forms.Unreadable("student_ids")
    if len(held_by) < 2:
        raise forms.Unreadable("held_by")
    return {
        "kind": TrainingKind.GENERAL if kind == general else TrainingKind.SPECIFIC,
        "risk": None if kind == general else Risk(kind),
        "hours": forms.number(fields, "hours", 0.25, 100),
        "held_on": forms.needed_day(fields, "held_on"),
        "held_by": held_by,
    }
