"""What surrounds every request: an id, security headers, a limit on bodies, a refusal of forged posts, a rate limit.

Plain ASGI, and only one layer of it: each further layer costs a good part of the frame's speed, and what one layer
refuses lacks the headers of the others.
"""

from __future__ import annotations

import re
import secrets
from urllib.parse import urlsplit

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import errors, headers
from app.errors import (
    BadRequest,
    NotAllowed,
    Problem,
    ProblemRenderer,
    ServerError,
    TooLarge,
)
from app.rates import Counted, Rates
from app.settings import Settings

log = structlog.get_logger(__name__)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class Frame:
    """Request-Id, security headers, body limit, no unsafe request from another site; a rate limit below `limited`."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        rates: Rates,
        render: ProblemRenderer,
        limited: tuple[str, ...],
    ) -> None:
        self.app = app
        self.max_body_bytes = settings.max_body_bytes
        self.max_bulk_bytes = settings.max_bulk_bytes
        self.render = render
        self.limited = limited
        self.rates = rates
        self.origin = settings.public_url
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
        counted: Counted | None = None
        if scope["path"].startswith(self.limited):
            counted = await self.rates.count(scope)
        before = counted.client if counted is not None else None
        is_bulk = scope["path"].startswith(self.limited) and scope["path"].endswith("/bulk")
        most = self.max_bulk_bytes if is_bulk else self.max_body_bytes
        has_answered = False
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > most:
                raise _too_large(most)
            return message

        async def dressed(message: Message) -> None:
            nonlocal has_answered
            if message["type"] == "http.response.start":
                has_answered = True
                answered = MutableHeaders(scope=message)
                answered["request-id"] = request_id
                if counted is not None:
                    answered.update((await self.rates.settle(counted, before)).headers())
                    answered["access-control-allow-origin"] = self.origin
                for name, value in self.headers.items():
                    answered.setdefault(name, value)
                if self.is_production:
                    self._guard_cookies(answered)
            await send(message)

        async def answer(message: Message) -> None:
            # The framework turns an error while reading the body into a 400 of its own; ours is the true one.
            if received <= most:
                await dressed(message)

        async def refuse(problem: Problem) -> None:
            errors.note(Request(scope), problem)
            if not has_answered:
                await self.render(Request(scope), problem)(scope, receive, dressed)

        try:
            if counted is not None:
                counted.refuse()
            self._refuse_nul(scope)
            self._refuse_forgery(scope["method"], asked)
            _refuse_length(asked, most)
            await self.app(scope, bounded, answer)
            if received > most:
                await refuse(_too_large(most))
        except Problem as problem:
            await refuse(problem)
        except Exception:
            log.exception("unforeseen", request_id=request_id, route=errors.route(scope))
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

    @staticmethod
    def _refuse_forgery(method: str, asked: Headers) -> None:
        # SameSite cookies are the first wall, this is the second; also without a cookie, lest somebody be signed in
        # as another. Programs send neither header.
        if method in headers.SAFE_METHODS:
            return
        origin = asked.get("origin")
        if asked.get("sec-fetch-site") in {"cross-site", "same-site"} or (
            origin is not None and urlsplit(origin).netloc != asked.get("host")
        ):
            raise NotAllowed("The request came from a page of another site.")


def _refuse_length(headers: Headers, most: int) -> None:
    length = headers.get("content-length", "0")
    if not length.isdecimal():
        raise BadRequest("Content-Length is not a number.")
    if int(length) > most:
        raise _too_large(most)


def _too_large(most: int) -> TooLarge:
    return TooLarge(f"This service takes at most {most} bytes.")
