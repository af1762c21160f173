"""`/api/v1`: one application out of the packages' routers, and the document that describes it."""

from __future__ import annotations

from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.telemetry import TelemetryConfig
from pydantic import Field
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from app import bulk_api as bulk
from app import errors, headers, openapi, rest
from app.accounts import api as accounts
from app.actors import api as actors
from app.actors import protocols_api as protocols
from app.agreements import api as agreements
from app.agreements import signing_api as signing
from app.answers import api as answers
from app.appetites import api as appetites
from app.applications import api as applications
from app.attendances import api as attendances
from app.auth import api as auth
from app.auth import oauth_api as oauth
from app.auth import service as auth_service
from app.auth import territories_api as territories
from app.benefits import api as benefits
from app.boards import api as boards
from app.bookings import api as bookings
from app.bookings import repeating_api as repeating
from app.bulk_changes import api as bulk_changes
from app.calendars import api as calendars
from app.class_tests import api as class_tests
from app.class_visits import api as class_visits
from app.companies import api as companies
from app.companies import members_api as company_members
from app.companies import sectors_api as sectors
from app.concerns import api as concerns
from app.disclosures import api as disclosures
from app.events import api as events
from app.evidence import api as evidence
from app.hosting import api as hosting
from app.hours import api as hours
from app.hours import evaluations_api as evaluations
from app.invitations import api as invitations
from app.jobs import api as jobs
from app.kits import api as kits
from app.laws import api as laws
from app.matches import api as matches
from app.matches import texts_api as texts
from app.network import api as network
from app.notifications import api as notifications
from app.opportunities import api as opportunities
from app.placements import api as placements
from app.placements import tutors_api as tutors
from app.places import api as places
from app.postings import api as postings
from app.privacy import api as privacy
from app.programmes import api as programmes
from app.recommendations import api as recommendations
from app.roll_overs import api as roll_overs
from app.rounds import api as rounds
from app.rounds import runs_api as round_runs
from app.schools import api as schools
from app.search import api as search
from app.series import api as series
from app.settings import Settings
from app.skills import api as skills
from app.students import api as students
from app.students import codes_api as codes
from app.wishes import api as wishes

PREFIX = "/api/v1"
VERSION = "1.0.0"
# Addresses of pages about minors are for no collector of traces; `/status` and the log tell how the service is.
NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}
# The busiest first: a path is compared with one after the other.
ROUTERS = (
    matches.router, bulk.router, students.router, opportunities.router, companies.router, places.router, skills.router,
    programmes.router, sectors.router, schools.router, events.router, auth.router, oauth.router, codes.router,
    company_members.router, invitations.router, accounts.router, territories.router, disclosures.router, privacy.router,
    jobs.router, notifications.router, search.router,
    wishes.router,
    answers.router, applications.router, attendances.router, bookings.router, class_tests.router, class_visits.router, repeating.router, series.router, hosting.router, kits.router, postings.router, texts.router,
    recommendations.router, bulk_changes.router, boards.router,
    network.router, actors.router, protocols.router, appetites.router, benefits.router, evidence.router,
    hours.router, evaluations.router,
    rounds.router, round_runs.router,
    agreements.router, signing.router,
    placements.router, placements.counts_router, tutors.router, calendars.router, laws.router,
    concerns.router, roll_overs.router,
)  # fmt: skip


class StatusOut(rest.Out):
    """The service is up and reaches its database."""

    status: rest.Slug = Field(description="Always `ok`; anything else is a problem document.")
    version: rest.Slug


def read_status(call: rest.InCall) -> StatusOut:
    """Answers `ok` when the service runs and its database answers."""
    with call.open():
        return StatusOut(status="ok", version=VERSION)


async def read_openapi(request: Request) -> Response:
    """The document of this API, written once; not an operation of it."""
    state = request.app.state
    if not hasattr(state, "document"):
        state.document = JSONResponse(document(state.settings)).body
    return Response(state.document, media_type="application/json", headers={"cache-control": "max-age=300"})


@cache
def routes() -> list[BaseRoute]:
    """The operations, built once for all applications: what is an application's own stands in its state."""
    whole = APIRouter(
        generate_unique_id_function=lambda route: route.name, default_response_class=JSONResponse
    )
    whole.get("/status", tags=["service"], summary="Is the service up?")(read_status)
    whole.get("/openapi.json", include_in_schema=False)(read_openapi)
    for router in ROUTERS:
        whole.include_router(router)
    return whole.routes


def build() -> FastAPI:
    """The API application."""
    app = FastAPI(
        routes=routes(),
        telemetry=NO_TELEMETRY,
        title="Bottega",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    errors.install(app)
    app.add_exception_handler(rest.Replay, _replay)
    return app


def _replay(_request: Request, error: Exception) -> Response:
    assert isinstance(error, rest.Replay)  # noqa: S101 -- registered for Replay only
    return error.response


def document(settings: Settings) -> dict[str, Any]:
    """The OpenAPI 3.1 document of the API application."""
    return openapi.complete(
        get_openapi(title="Bottega", version=VERSION, openapi_version="3.1.0", routes=routes()),
        server=settings.public_url + PREFIX,
        email=settings.contact_email,
        cookie=headers.cookie_name(auth_service.COOKIE, settings),
    )
