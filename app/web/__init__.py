"""The pages."""

from __future__ import annotations

from functools import cache

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from app import errors
from app.auth import form_tokens
from app.auth import service as auth
from app.settings import Settings


def mount(app: FastAPI) -> None:
    """Add the pages to the service. Raises MissingFilesError in production without the browser files."""
    from app.web import files

    settings: Settings = app.state.settings
    if settings.environment == "production":
        files.require()
    app.router.routes.extend(routes())
    app.mount(files.PREFIX, files.load())


@cache
def routes() -> list[BaseRoute]:
    """The pages, built once for all applications: what is an application's own stands in its state."""
    from app.web import (
        account,
        actors,
        answers,
        appetites,
        applications,
        areas,
        benefits,
        bookings,
        calendars,
        class_hours,
        class_import,
        class_papers,
        class_tests,
        codes,
        company,
        concerns,
        coordinator,
        disclosures,
        evaluations,
        evidence,
        families,
        feeds,
        guardian,
        guests,
        hats,
        host_hours,
        hosting,
        inbox,
        invited,
        jobs,
        keys,
        kits,
        laws,
        maps,
        needs,
        oidc,
        outcomes,
        own_access,
        paper_drafts,
        papers,
        passing,
        people,
        placement,
        placement_board,
        placement_changes,
        portfolio,
        postings,
        privacy,
        protocols,
        public,
        recommending,
        renewals,
        repeating,
        reports,
        review,
        round_students,
        rounds,
        school_years,
        search,
        second_factor,
        series,
        sessions,
        sign_in,
        student,
        student_hours,
        student_profile,
        student_skills,
        teacher,
        undo,
        validation,
        visit_after,
        visit_day,
        visits,
        wishes,
    )  # fmt: skip

    whole = APIRouter()
    for audience in (
        public, sign_in, second_factor, own_access, account, student, company, appetites, benefits, bookings, sessions, visits, visit_day, visit_after, teacher, hats, codes, people, invited,
        oidc, disclosures, review, privacy, keys, maps, jobs, inbox, search, passing, guests, series, hosting, kits, student_profile, student_skills,
        wishes, concerns, families, postings, renewals, answers, applications, validation, recommending, undo, class_import, school_years, coordinator, actors, areas, portfolio, protocols,
        placement, placement_board, placement_changes, laws, calendars, class_tests, feeds, repeating,
        student_hours, host_hours, class_hours, evaluations, reports, outcomes, evidence, needs,
        papers, paper_drafts, class_papers, guardian, rounds, round_students,
    ):  # fmt: skip
        whole.include_router(audience.router)
    return whole.routes


def problem_page(request: Request, problem: errors.Problem) -> Response:
    """A problem as a page for people; whoever only has to sign in is sent there, and back afterwards."""
    from app.web import cookies, ui, words

    if isinstance(problem, auth.SecondFactorMissing):
        return ui.go_to_sign_in(request, "/second-factor")
    if isinstance(problem, errors.NotSignedIn) and request.method == "GET":
        response: Response = ui.go_to_sign_in(request)
        cookies.drop(response, auth.COOKIE, request.app.state.settings)
        return response
    if isinstance(problem, auth.HatMissing) and request.method == "GET":
        return ui.go_to_hats(request)
    if problem.faults and all(fault.get("in") == "path" for fault in problem.faults):
        problem = errors.NotFound()  # an address with a malformed id leads nowhere
    view = getattr(request.state, "view", None) or ui.View(request)
    response = view.show(
        "shared/problem.html",
        status=problem.status,
        trouble=words.OLD_FORM
        if isinstance(problem, form_tokens.FormTokenMissing)
        else words.trouble(problem.status),
        problem_status=problem.status,
        request_id=errors.request_id(request),
        sign_in="/sign-in",
    )
    response.headers.update(problem.headers)
    return response
