"""The pages."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response

from app import errors


def mount(app: FastAPI) -> None:
    """Add the pages to the service."""


def problem_page(request: Request, problem: errors.Problem) -> Response:
    """A problem as a page for people."""
    return HTMLResponse(problem.title, problem.status)
