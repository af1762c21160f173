"""Cookies: which the service sets, and how; in production for this host alone, and over HTTPS only."""

from __future__ import annotations

from datetime import timedelta

from starlette.responses import Response

from app.auth import devices
from app.auth import service as auth
from app.settings import Settings
from app.web import language as languages

LANGUAGE = "bottega_language"
_YEAR = timedelta(days=365)


def put(response: Response, name: str, value: str, settings: Settings, *, lasts: timedelta) -> None:
    """Set a cookie that no script reads and no other site's form sends."""
    response.set_cookie(
        auth.cookie_name(name, is_production=_is_production(settings)), value, httponly=True, samesite="lax",
        secure=_is_production(settings), path="/", max_age=int(lasts.total_seconds()),
    )  # fmt: skip


def drop(response: Response, name: str, settings: Settings) -> None:
    """Take a cookie away."""
    response.delete_cookie(
        auth.cookie_name(name, is_production=_is_production(settings)), httponly=True, samesite="lax",
        secure=_is_production(settings), path="/",
    )  # fmt: skip


def keep_device(response: Response, device: devices.Device, settings: Settings) -> None:
    """Let the browser remember who has signed in on it."""
    put(response, devices.COOKIE, device.cookie(), settings, lasts=timedelta(days=devices.DAYS))


def keep_language(response: Response, code: str, settings: Settings) -> None:
    """Let the browser remember the language; under its plain name, for it guards nothing."""
    if code in languages.NAMES:
        response.set_cookie(
            LANGUAGE, code, max_age=int(_YEAR.total_seconds()), httponly=True, samesite="lax",
            secure=_is_production(settings),
        )  # fmt: skip


def _is_production(settings: Settings) -> bool:
    return settings.environment == "production"
