"""The cookies that pages set; `app.frame` names and guards them for production."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from app.auth import devices
from app.settings import Settings
from app.web import language as languages

LANGUAGE = "bottega_language"
_YEAR = timedelta(days=365)


def put(response: Response, name: str, value: str, settings: Settings, *, lasts: timedelta) -> None:
    """Set a cookie that no script reads and no other site's form sends."""
    response.set_cookie(
        name, value, httponly=True, samesite="lax", secure=settings.environment == "production",
        max_age=int(lasts.total_seconds()),
    )  # fmt: skip


def drop(response: Response, name: str, settings: Settings) -> None:
    """Take a cookie away."""
    response.delete_cookie(name, httponly=True, samesite="lax", secure=settings.environment == "production")


def keep_device(response: Response, device: devices.Device, settings: Settings) -> None:
    """Let the browser remember who has signed in on it."""
    put(response, devices.COOKIE, device.cookie(), settings, lasts=timedelta(days=devices.DAYS))


def keep_language(response: Response, code: str, settings: Settings) -> None:
    """Let the browser remember the language."""
    if code in languages.NAMES:
        put(response, LANGUAGE, code, settings, lasts=_YEAR)
