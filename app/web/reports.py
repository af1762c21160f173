"""The final report of a placement: hours, what the host and the school say, and the skills that were seen.

For the student and the school. Neither the diary nor the student's own evaluation is in it: the paper travels.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.agreements import printing
from app.companies.models import Company
from app.events.service_looks import LookKind
from app.hours import service_evaluations as evaluations
from app.hours import service_ledger as ledgers
from app.hours.service_evaluations import Written
from app.opportunities.models import Opportunity
from app.placements import rules as placement_rules
from app.placements.models import Party
from app.schools.models import School
from app.skills import service as skills
from app.web import hours_words, language, words
from app.web.language import mark as _
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

TITLE = _("Relazione finale del tirocinio")
HEADINGS = {
    "who": _("Chi e dove"),
    "hours": _("Ore"),
    Party.COMPANY: _("Valutazione dell'azienda"),
    Party.SCHOOL: _("Valutazione della scuola"),
    "skills": _("Competenze viste al lavoro"),
}
FACTS = {
    "student": _("Studente"),
    "school": _("Scuola"),
    "company": _("Azienda"),
    "title": _("Tirocinio"),
    "days": _("Giorni"),
    "planned": _("Ore previste"),
    "attended": _("Ore confermate"),
    "counted": _("Ore che valgono per il diploma"),
}
SKILL, LEVEL = _("Competenza"), _("Livello")


@router.get("/placements/{placement_id}/report")
def show_report(view: InView, placement_id: UUID) -> Response:
    """As a PDF, or as a page that prints well in an installation without the library."""
    with view.read() as (session, actor):
        seen, found = evaluations.search(session, actor, placement_id)
        if seen.party not in (Party.STUDENT, Party.SCHOOL):
            raise evaluations.NotYourEvaluation("The report is for the student and the school.")
        if seen.placement.state in placement_rules.OPEN:
            raise evaluations.NotYetTime("The report comes at the end.")
        of_student = ledgers.of_student(session, actor, seen.student.id, today=view.now().date())
        project = next((one for one in of_student.projects if one.placement_id == placement_id), None)
        if project is None:  # it was cancelled: nothing was attended
            raise evaluations.NotYetTime("A cancelled placement has no report.")
        told = [one for one in found if one.evaluation.party is not Party.STUDENT]
        labels = skills.refs(session, {skill_id for one in told for skill_id in one.skills})
        school = session.get_one(School, seen.placement.school_id).name
        company = session.get_one(Company, seen.placement.company_id).name
        title = session.get_one(Opportunity, seen.placement.opportunity_id).title
    view.looked(LookKind.PROFILE, [seen.student.id])
    write = language.Writer(view.language)
    who = {
        "student": f"{seen.student.given_name} {seen.student.family_name}", "school": school, "company": company,
        "title": title, "days": write.days(seen.placement.starts_on, seen.placement.ends_on),
    }  # fmt: skip
    hours = {
        "planned": write.number(project.planned / 60), "attended": write.number(project.confirmed / 60),
        "counted": write.number(project.counted / 60),
    }  # fmt: skip
    seen_skills = [
        [labels[skill_id].label[view.language], view.text(words.LEVELS[level])]
        for one in told
        for skill_id, level in one.skills.items()
    ]
    sections = [
        _section(view, "who", facts=_named(view, who)),
        _section(view, "hours", facts=_named(view, hours)),
    ]
    sections += [_evaluation(view, one) for one in told]
    if seen_skills:
        head = [view.text(SKILL), view.text(LEVEL)]
        sections.append(_section(view, "skills", table={"head": head, "rows": seen_skills}))
    data = {
        "lang": view.language, "title": view.text(TITLE), "sections": sections, "signatures": None, "footer": "",
    }  # fmt: skip
    media_type, content = printing.print_all([data], now=view.now())
    return Response(content, media_type=media_type, headers={"cache-control": "no-store"})


def _evaluation(view: View, one: Written) -> dict[str, Any]:
    facts = [
        [view.text(hours_words.CRITERIA[criterion]), view.text(hours_words.MARKS[mark])]
        for criterion, mark in one.marks.items()
    ]
    return _section(
        view, one.evaluation.party, facts=facts, paragraphs=filter(None, one.evaluation.words.splitlines())
    )


def _named(view: View, values: dict[str, str]) -> list[list[str]]:
    return [[view.text(FACTS[name]), value] for name, value in values.items()]


def _section(
    view: View,
    heading: str,
    *,
    facts: Iterable[list[str]] = (),
    paragraphs: Iterable[str] = (),
    table: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "heading": view.text(HEADINGS[heading]), "facts": list(facts), "paragraphs": list(paragraphs), "items": [],
        "table": table,
    }  # fmt: skip
