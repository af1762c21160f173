"""A company's page, and the candidates for what it offers."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.answers import rules as answer_rules
from app.answers import service as answers
from app.answers.models import Reason, Verdict
from app.auth.actors import Role
from app.companies import access, sectors
from app.companies import rules as company_rules
from app.companies import service as companies
from app.disclosures import rules as disclosure_rules
from app.events.service_looks import LookKind
from app.hosting import service as rotations
from app.invitations import rules as invitation_rules
from app.matches import rules as match_rules
from app.matches import service as matches
from app.matches import service_counts as counts
from app.opportunities import service as opportunities
from app.opportunities.models import Status
from app.places import service as places
from app.postings import rules as posting_rules
from app.postings import service as postings
from app.programmes import service as programmes
from app.rest import Cursor, decode_cursor
from app.skills import service as skills
from app.web import company_words, disclosures, hosting
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

CARDS = 10
MOST_LISTED = 100
MOST_ANSWERS = 1000


@router.get("/companies/{company_id}")
def show_company(view: InView, company_id: UUID) -> Response:
    """Who it is, where, and what it offers, by state."""
    with view.read() as (session, actor):
        row = companies.read(session, actor, company_id)
        [company] = companies.show(session, actor, [row])
        provinces = access.provinces_of(session, actor, company_id)
        found = opportunities.search(session, actor, company_id=company_id, limit=MOST_LISTED)
        offers = opportunities.show(session, found)
        istats = {site.municipality_istat for site in company.sites}
        place_names = places.names(
            session, istats | {offer.municipality_istat for offer in offers if offer.municipality_istat}
        )
        numbers: dict[UUID, tuple[int, int]] = {}
        question, renewed = None, frozenset[UUID]()
        if actor.is_of_company(company_id):
            question = counts.ask(session, actor, view.engine, found)
            answered = answers.answered(session, question.opportunity_ids)
            renewed = postings.renewed(session, company_id)
    if question is not None:
        numbers = counts.candidates(view.engine, question, answered)
    by_status = {status: [offer for offer in offers if offer.status is status] for status in Status}
    return view.show(
        "company/company.html",
        company=company,
        sector_titles={
            (one.ateco_code, one.ateco_edition): sectors.title(one.ateco_code, one.ateco_edition)
            for one in company.sectors
            if sectors.is_known(one.ateco_code, one.ateco_edition)
        },
        by_status={status: group for status, group in by_status.items() if group},
        place_names=place_names,
        is_own=company_rules.is_insider(actor, row, provinces),
        numbers=numbers,
        can_renew=posting_rules.can_renew,
        renewed=renewed,
        works_here=actor.is_of_company(company_id),
        can_decide=company_rules.can_decide(actor, row, provinces),
        can_edit=company_rules.can_edit(actor, row, provinces),
        today=view.now().date(),
        can_see_candidates=lambda kind: match_rules.can_see_candidates(actor, company_id, kind),
        most_listed=MOST_LISTED,
        has_keys=actor.is_of_company(company_id, as_admin=True),
        has_people=company_rules.can_manage_people(actor, company_id)
        or invitation_rules.can_invite(
            actor,
            Role.COMPANY_ADMIN,
            company_id=company_id,
            is_overseen=company_rules.is_overseen(actor, row, provinces),
        ),
    )


class Told(StrEnum):
    """What the page of candidates says of the answers that were sent last."""

    SAVED = "saved"
    NOTHING = "nothing"
    NO_REASON = "no_reason"
    MEANWHILE = "meanwhile"
    TOO_MANY = "too_many"
    ASKED = "asked"


@router.get("/opportunities/{opportunity_id}/candidates")
def show_candidates(
    view: InView, opportunity_id: UUID, after: Cursor = None, told: Told | None = None
) -> Response:
    """Whom the opportunity fits, the best first, without names, and what the company has said of each."""
    return candidates(view, opportunity_id, after, told=told)


def candidates(
    view: View,
    opportunity_id: UUID,
    after: str | None,
    *,
    told: Told | None = None,
    ticked: Mapping[str, tuple[Verdict, Reason | None]] | None = None,
) -> Response:
    """The page; `ticked` are answers that could not be stored, and `told` says why."""
    [offset] = decode_cursor(after, int) or (0,)
    with view.read() as (session, actor):
        row = opportunities.read(session, actor, opportunity_id)
        [opportunity] = opportunities.show(session, [row])
        question = matches.ask_for_candidates(session, actor, view.engine, opportunity_id)
        asked_for = disclosures.listed(view, session, actor, opportunity_id=opportunity_id)
        plan = rotations.of_opportunity(session, row)
        _, given = answers.search(session, actor, opportunity_id, limit=MOST_ANSWERS)
    shown: list[UUID] = []
    page = matches.candidates_page(view.engine, question, limit=CARDS, offset=max(0, offset), shown=shown)
    view.looked(LookKind.CANDIDATE, shown, about_id=opportunity_id, company_id=question.company_id)
    found = page["items"]
    with view.open_read() as session:
        labels = skills.refs(session, {skill["skill_id"] for one in found for skill in one["skills"]})
        titles = programmes.titles(session, {one["programme_id"] for one in found if one["programme_id"]})
    asked = {need.skill_id for need in [*opportunity.required, *opportunity.wanted, *opportunity.taught]}
    return view.show(
        "company/candidates.html",
        status=200 if told in (None, Told.SAVED) else 409,
        opportunity=opportunity,
        asked=asked,
        asked_for={one.pseudonym: one.state for one in asked_for},
        can_answer=answer_rules.can_answer(actor, row.company_id, row.kind),
        given={one.pseudonym: one for one in answers.show(given, view.engine, row.company_id)},
        ticked=ticked or {},
        told=told,
        waiting=sum(one.state == disclosure_rules.State.WAITING for one in asked_for),
        most_waiting=disclosure_rules.most_waiting(opportunity.seats),
        company_words=company_words,
        page=page,
        after=after or "",
        is_first=offset <= 0,
        labels=labels,
        programme_titles=titles,
        **hosting.shown(plan),
    )
