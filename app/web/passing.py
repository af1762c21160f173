"""Pages for whoever passes by: what public companies offer, and what search engines ask for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID
from xml.sax.saxutils import escape

from fastapi import APIRouter, Form
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app import rest
from app.bookings import service_overview
from app.bookings.models import VisitSession
from app.companies import service as companies
from app.dates import mask_to_parts, mask_to_weekdays
from app.hosting import service as rotations
from app.opportunities import service_public as offers
from app.opportunities.models import Kind, Opportunity, OpportunitySpan
from app.opportunities.service_public import Offer
from app.rest import Cursor, IstatCode
from app.web import files, hosting, language
from app.web.maps import Point
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

CARDS = 12
COMPANIES = 30
MOST_ADDRESSES = 20_000
PAGES = (
    "/",
    "/open",
    "/open/companies",
    "/series",
    "/contact",
    "/privacy",
    "/accessibility",
    "/terms",
    "/attributions",
)
PRIVATE = (
    "/api/", "/students/", "/classes/", "/sign-in", "/account", "/inbox", "/jobs", "/search", "/start", "/calendar-feeds", "/papers", "/documents/", "/guardian-signature",
    "/guest-booking",
)  # fmt: skip


@router.get("/open")
def show_offers(
    view: InView, kind: Kind | None = None, place: IstatCode | None = None, after: Cursor = None
) -> Response:
    """What is open, the latest first, with the same places as a map and as a list."""
    position = rest.decode_cursor(after, datetime, UUID)
    today = view.now().date()
    with view.open_read() as session:
        found = offers.search(session, today=today, kind=kind, istat=place, after=position, limit=CARDS + 1)
        places = offers.places(session, today=today, kind=kind)
    last = found[CARDS - 1] if len(found) > CARDS else None
    return view.show(
        "open/offers.html",
        offers=found[:CARDS],
        next_cursor=rest.encode_cursor(last.published_at, last.id) if last else None,
        kind=kind,
        place=next((one for one in places if one.istat == place), None),
        points=[
            Point(
                f"{one.name} ({one.province_code})", view.address(place=one.istat, after=None), one.latitude,
                one.longitude, one.count, note=_how_many(view, one.count),
                tone=str(kind or "internship"),
            )
            for one in places
        ],
        provinces={one.province_code for one in places},
        is_first=position is None,
    )  # fmt: skip


def _how_many(view: View, count: int) -> str:
    texts = language.catalogue(view.language)
    return str(texts.ngettext("%(num)d proposta", "%(num)d proposte", count) % {"num": count})


@router.get("/open/opportunities/{opportunity_id}")
def show_offer(view: InView, opportunity_id: UUID) -> Response:
    """One of them, also in the words of schema.org."""
    with view.open_read() as session:
        offer = offers.read(session, opportunity_id, today=view.now().date())
        plan = rotations.of_opportunity(session, session.get_one(Opportunity, offer.id))
        sessions = service_overview.to_come(session, [offer.id], view.now()).get(offer.id, [])
    linked = linked_data(view, offer)
    return view.show(
        "open/offer.html", offer=offer, spans=told_spans(offer), sessions=sessions,
        linked=linked if not sessions else _graph(view, linked, sessions), **hosting.shown(plan),
    )  # fmt: skip


@router.get("/open/companies")
def show_companies(view: InView, after: Cursor = None) -> Response:
    """Companies that chose to be public, by name."""
    position = rest.decode_cursor(after, str, UUID)
    with view.open_read() as session:
        found = offers.companies(session, after=position, limit=COMPANIES + 1)
    last = found[COMPANIES - 1] if len(found) > COMPANIES else None
    return view.show(
        "open/companies.html",
        companies=found[:COMPANIES],
        next_cursor=rest.encode_cursor(last.search_key, last.id) if last else None,
    )


@router.get("/open/companies/{company_id}")
def show_company(view: InView, company_id: UUID) -> Response:
    """One of them, with what it offers."""
    today = view.now().date()
    with view.open_read() as session:
        company, sites = offers.company(session, company_id)
        found = offers.search(session, today=today, company_id=company_id, limit=CARDS)
    return view.show("open/company.html", company=company, sites=sites, offers=found)


@router.post("/companies/{company_id}/public")
def choose_public(
    view: InView, company_id: UUID, is_public: Annotated[bool | None, Form()] = None
) -> Response:
    """Let those who do not sign in see the company and what it offers, or no longer."""
    with view.write() as (session, actor):
        company = companies.get_for_change(session, actor, company_id)
        companies.edit(session, actor, company, {"is_public": is_public is True})
    return view.go(f"/companies/{company_id}")


@router.get("/contact")
def show_contact(view: InView) -> Response:
    """Whom to write to, and about what."""
    view.greet()
    return view.show("public/contact.html", email=view.settings.contact_email)


# --- for search engines -----------------------------------------------------------------------------------------------


@router.get("/robots.txt")
async def read_robots(view: InView) -> Response:
    """What they may read: what everybody may. Async because it reads nothing."""
    refused = "".join(f"Disallow: {path}\n" for path in PRIVATE)
    return PlainTextResponse(f"User-agent: *\n{refused}\nSitemap: {view.settings.public_url}/sitemap.xml\n")


@router.get("/favicon.ico")
async def find_icon() -> Response:
    """Where browsers look for a picture beside what cannot name one: a PDF, a calendar. Async because it reads nothing."""
    return RedirectResponse(files.load().address("icon.svg"), 308)


@router.get("/sitemap.xml")
def read_sitemap(view: InView) -> Response:
    """Every page that needs nobody signed in."""
    with view.open_read() as session:
        found = offers.addresses(session, today=view.now().date(), limit=MOST_ADDRESSES)
        hosts = offers.companies(session, limit=MOST_ADDRESSES)
    site = view.settings.public_url
    lines = [f"<url><loc>{escape(site + path)}</loc></url>" for path in PAGES]
    lines += [f"<url><loc>{site}/open/companies/{company.id}</loc></url>" for company in hosts]
    lines += [
        f"<url><loc>{site}/open/opportunities/{key}</loc><lastmod>{moment.date().isoformat()}</lastmod></url>"
        for key, moment in found
    ]
    text = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>',
                      '<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', *lines, "</urlset>", ""])  # fmt: skip
    return Response(text, media_type="application/xml")


def linked_data(view: View, offer: Offer) -> dict[str, Any]:
    """The opportunity as a JobPosting or an Event of schema.org; an internship says that it is one."""
    address = f"{view.settings.public_url}/open/opportunities/{offer.id}"
    organisation = {"@type": "Organization", "name": offer.company_name,
                    "url": f"{view.settings.public_url}/open/companies/{offer.company_id}"}  # fmt: skip
    place: dict[str, Any] = {
        "@type": "Place",
        "address": {
            "@type": "PostalAddress", "addressLocality": offer.municipality_name,
            "addressRegion": offer.region_name, "addressCountry": "IT",
        },
    }  # fmt: skip
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "url": address,
        "description": offer.text or offer.title,
    }
    if offer.kind is Kind.INTERNSHIP:
        told |= {
            "@type": "JobPosting", "title": offer.title, "employmentType": "INTERN",
            "datePosted": offer.published_at.date().isoformat(), "hiringOrganization": organisation,
            "totalJobOpenings": offer.seats_free,
        }  # fmt: skip
        if offer.closes_on:
            told["validThrough"] = offer.closes_on.isoformat()
        told |= {"jobLocationType": "TELECOMMUTE"} if offer.is_online else {"jobLocation": place}
        return told
    told |= {"@type": "Event" if offer.kind is Kind.VISIT else "EducationEvent", "name": offer.title,
             "organizer": organisation, "isAccessibleForFree": True}  # fmt: skip
    mode = "Online" if offer.is_online else "Offline"
    told |= {
        "eventAttendanceMode": f"https://schema.org/{mode}EventAttendanceMode",
        "location": {"@type": "VirtualLocation", "url": address} if offer.is_online else place,
        "remainingAttendeeCapacity": offer.seats_free,
    }
    if offer.spans:
        told |= {
            "startDate": min(span.starts_on for span in offer.spans).isoformat(),
            "endDate": max(span.ends_on for span in offer.spans).isoformat(),
        }
    return told


def _graph(view: View, event: dict[str, Any], sessions: Sequence[VisitSession]) -> dict[str, Any]:
    """One Event for each session; where it is online, the link is for those who have booked."""
    common = {name: value for name, value in event.items() if name != "@context"}
    found = [
        common | {
            "@id": f"{event['url']}#{one.id}", "startDate": view.local(one.starts_at).isoformat(),
            "endDate": view.local(one.ends_at).isoformat(), "inLanguage": one.language,
            "eventStatus": "https://schema.org/EventScheduled", "maximumAttendeeCapacity": one.seats,
            "remainingAttendeeCapacity": one.seats - one.seats_taken,
        } | booking_action(view, one.id, is_open=one.is_open_to_guests)
        for one in sessions
    ]  # fmt: skip
    return {"@context": event["@context"], "@graph": found}


def booking_action(view: View, visit_session_id: UUID, *, is_open: bool) -> dict[str, Any]:
    """Where everybody books a session, if it takes guests."""
    if not is_open:
        return {}
    address = f"{view.settings.public_url}/open/visit-sessions/{visit_session_id}"
    return {"potentialAction": {"@type": "ReserveAction", "target": address}}


def told_spans(offer: Offer) -> list[dict[str, Any]]:
    """The spans with names of weekdays and parts, as the writer of a language takes them."""
    return [_told(span) for span in offer.spans]


def _told(span: OpportunitySpan) -> dict[str, Any]:
    return {
        "starts_on": span.starts_on, "ends_on": span.ends_on, "weekdays": mask_to_weekdays(span.weekdays),
        "parts": mask_to_parts(span.parts), "starts_at": span.starts_at, "ends_at": span.ends_at,
    }  # fmt: skip
