"""Pages that need nobody signed in."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.web.sign_in import demo_users
from app.web.ui import InView

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_home(view: InView) -> Response:
    """What the service is."""
    with view.open_read() as session:
        has_personas = bool(demo_users(view, session))
    return view.show("public/home.html", has_personas=has_personas)


@router.get("/privacy")
def show_privacy(view: InView) -> Response:
    """What is kept of whom, and who sees it."""
    return _plain(view, "public/privacy.html")


@router.get("/accessibility")
def show_accessibility(view: InView) -> Response:
    """How accessible the pages are."""
    view.greet()
    return view.show("public/accessibility.html", email=view.settings.contact_email)


@router.get("/terms")
def show_terms(view: InView) -> Response:
    """What people may expect."""
    return _plain(view, "public/terms.html")


@router.get("/attributions")
def show_attributions(view: InView) -> Response:
    """Whose data and software this stands on."""
    return _plain(view, "public/attributions.html")


def _plain(view: InView, template: str) -> Response:
    view.greet()
    return view.show(template)
