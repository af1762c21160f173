"""Opening a session for somebody who has just shown who they are, by whatever means."""

from __future__ import annotations

from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.auth import service as auth
from app.auth import service_sessions as sessions
from app.auth.models import User
from app.web.ui import View

TRUSTED_DAYS = 30
"""How long a session lasts on a device that the person calls their own."""


def open_session(view: View, session: Session, user: User, *, is_own_device: bool = False) -> tuple[str, int]:
    """A session's token and its hours, in the caller's write block."""
    hours = TRUSTED_DAYS * 24 if is_own_device else view.settings.session_hours
    token = sessions.sign_in(session, user, hours=hours, request_id=errors.request_id(view.request))
    return token, hours


def keep(view: View, response: Response, opened: tuple[str, int]) -> Response:
    """The answer with the session's cookie."""
    token, hours = opened
    response.set_cookie(
        auth.COOKIE, token, httponly=True, samesite="lax", max_age=hours * 3600,
        secure=view.settings.environment == "production",
    )  # fmt: skip
    return response
