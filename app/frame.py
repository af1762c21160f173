"""What surrounds every request: an id, security headers, a limit on bodies, a refusal of forged posts, a rate limit.

Plain ASGI, and only one layer of it: each further layer costs a good part of the frame's speed, and what one layer
refuses lacks the headers of the others.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

import structlog
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import headers
from app.errors import (
    BadRequest,
    NotAllowed,
    Problem,
    ProblemRenderer,
    ServerError,
    TooLarge,
    TooManyRequests,
)
from app.settings import Settings

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class Frame:
    """Request-Id, security headers, body limit, no unsafe request from another site; a rate limit below `limited`."""

    def __init__(self, app: ASGIApp, settings: Settings, render: ProblemRenderer, limited: str) -> None:
        self.app = app
        self.max_body_bytes = settings.max_body_bytes
        self.render = render
        self.limited = limited
        self.rate = RateLimit(settings)
        self.headers = headers.of_every_answer(settings)
        self.is_production = settings.environment == "production"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if self.is_production:
            scope = {**scope, "headers": headers.known_cookies(scope["headers"])}
        asked = Headers(scope=scope)
        given = asked.get("request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(12)
        scope["bottega.request_id"] = request_id
        told = self.rate.count(scope) if scope["path"].startswith(self.limited) else {}
        has_answered = False
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_body_bytes:
                raise self._too_large()
            return message

        async def dressed(message: Message) -> None:
            nonlocal has_answered
            if message["type"] == "http.response.start":
                has_answered = True
                answered = MutableHeaders(scope=message)
                answered["request-id"] = request_id
                answered.update(told)
                for name, value in self.headers.items():
                    answered.setdefault(name, value)
                if self.is_production:
                    self._guard_cookies(answered)
            await send(message)

        async def answer(message: Message) -> None:
            # The framework turns an error while reading the body into a 400 of its own; ours is the true one.
            if received <= self.max_body_bytes:
                await dressed(message)

        async def refuse(problem: Problem) -> None:
            if not has_answered:
                await self.render(Request(scope), problem)(scope, receive, dressed)

        try:
            self.rate.refuse(told)
            self._refuse_nul(scope)
            self._refuse_forgery(scope["method"], asked)
            self._refuse_length(asked)
            await self.app(scope, bounded, answer)
            if received > self.max_body_bytes:
                await refuse(self._too_large())
        except Problem as problem:
            await refuse(problem)
        except Exception:
            log.exception("unforeseen", request_id=request_id, path=scope["path"])
            await refuse(ServerError())

    @staticmethod
    def _guard_cookies(answered: MutableHeaders) -> None:
        cookies = answered.getlist("set-cookie")
        del answered["set-cookie"]
        for cookie in cookies:
            answered.append("set-cookie", headers.guarded_cookie(cookie))

    @staticmethod
    def _refuse_nul(scope: Scope) -> None:
        # No database keeps it, and no address needs it.
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            raise BadRequest("The address has a NUL character in it.")

    def _refuse_length(self, asked: Headers) -> None:
        length = asked.get("content-length", "0")
        if not length.isdecimal():
            raise BadRequest("Content-Length is not a number.")
        if int(length) > self.max_body_bytes:
            raise self._too_large()

    def _too_large(self) -> TooLarge:
        return TooLarge(f"This service takes at most {self.max_body_bytes} bytes.")

    @staticmethod
    def _refuse_forgery(method: str, asked: Headers) -> None:
        # SameSite cookies are the first wall, this is the second; also without a cookie, lest somebody be signed in
        # as another. Programs send neither header.
        if method in _SAFE_METHODS:
            return
        origin = asked.get("origin")
        if asked.get("sec-fetch-site") in {"cross-site", "same-site"} or (
            origin is not None and urlsplit(origin).netloc != asked.get("host")
        ):
            raise NotAllowed("The request came from a page of another site.")


class RateLimit:
    """So many requests a minute for a key or an address, told in each answer."""

    def __init__(self, settings: Settings) -> None:
        self.item = RateLimitItemPerMinute(settings.rate_limit_per_minute)
        self.limiter = FixedWindowRateLimiter(MemoryStorage())
        self.origin = settings.public_url

    def count(self, scope: Scope) -> dict[str, str]:
        """Count the request; what its answer tells of the limit. Nothing remains, and a wait, when it is over."""
        caller = _caller(scope)
        is_within = self.limiter.hit(self.item, caller)
        reset_time, remaining = self.limiter.get_window_stats(self.item, caller)
        seconds = str(max(0, int(reset_time - time.time())))
        told = {
            "ratelimit-limit": str(self.item.amount),
            "ratelimit-remaining": str(remaining),
            "ratelimit-reset": seconds,
            "access-control-allow-origin": self.origin,
        }
        return told if is_within else told | {"retry-after": seconds}

    @staticmethod
    def refuse(told: Mapping[str, str]) -> None:
        """Raise TooManyRequests when the limit is over."""
        if "retry-after" in told:
            raise TooManyRequests(f"Come back in {told['retry-after']} s.")


def _caller(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"authorization":
            # The key's prefix only: enough to tell callers apart, and no secret in memory longer than needed.
            return value[:32].decode("latin-1")  # type: ignore[no-any-return]
    client = scope.get("client")
    return client[0] if client else "unknown"
