"""A company's page, and the candidates for what it offers."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.auth.actors import Role
from app.companies import access, sectors
from app.companies import rules as company_rules
from app.companies import service as companies
from app.disclosures import rules as disclosure_rules
from app.events.service_looks import LookKind
from app.invitations import rules as invitation_rules
from app.matches import rules as match_rules
from app.matches import service as matches
from app.opportunities import service as opportunities
from app.opportunities.models import Status
from app.places import service as places
from app.programmes import service as programmes
from app.rest import Cursor, decode_cursor
from app.skills import service as skills
from app.web import disclosures
from app.web.ui import InView

router = APIRouter(include_in_schema=False)

CARDS = 10
MOST_LISTED = 100


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


@router.get("/opportunities/{opportunity_id}/candidates")
def show_candidates(view: InView, opportunity_id: UUID, after: Cursor = None) -> Response:
    """Whom the opportunity fits, the best first, without names."""
    [offset] = decode_cursor(after, int) or (0,)
    with view.read() as (session, actor):
        row = opportunities.read(session, actor, opportunity_id)
        [opportunity] = opportunities.show(session, [row])
        question = matches.ask_for_candidates(session, actor, view.engine, opportunity_id)
        told = disclosures.listed(view, session, actor, opportunity_id=opportunity_id)
    shown: list[UUID] = []
    page = matches.candidates_page(view.engine, question, limit=CARDS, offset=max(0, offset), shown=shown)
    view.looked(LookKind.CANDIDATE, shown, about_id=opportunity_id, company_id=question.company_id)
    candidates = page["items"]
    with view.open_read() as session:
        labels = skills.refs(
            session, {skill["skill_id"] for candidate in candidates for skill in candidate["skills"]}
        )
        titles = programmes.titles(
            session, {candidate["programme_id"] for candidate in candidates if candidate["programme_id"]}
        )
    asked = {need.skill_id for need in [*opportunity.required, *opportunity.wanted, *opportunity.taught]}
    return view.show(
        "company/candidates.html",
        opportunity=opportunity,
        asked=asked,
        asked_for={one.pseudonym: one.state for one in told},
        can_ask=disclosure_rules.can_ask(actor, row.company_id, row.kind),
        page=page,
        is_first=offset <= 0,
        labels=labels,
        programme_titles=titles,
    )
