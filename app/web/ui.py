"""What every page stands on: one request with its language and its reader, and the templates."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import Depends, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.orm import Session
from starlette.responses import HTMLResponse, RedirectResponse, Response

from app import errors
from app.auth import form_tokens
from app.auth import service as auth
from app.auth.actors import Actor
from app.db import Database
from app.events.service_looks import LookKind
from app.headers import SAFE_METHODS
from app.matches.engine import Engine
from app.matches.survey import Surveyor
from app.notifications import service as notifications
from app.rest import Call
from app.settings import Settings
from app.web import files, language, maps, words

LANGUAGE_COOKIE = "bottega_language"
TEMPLATES = Path(__file__).parent / "templates"
_PACK_FROM = 1000
_POSTING_FORM = re.compile(r"""<form\b(?=[^>]*\bmethod=["']?post\b)[^>]*>""")


@cache
def templates(code: str) -> Environment:
    """The templates in one language."""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
    )
    writer = language.Writer(code)
    environment.install_gettext_translations(writer.texts, newstyle=True)  # type: ignore[attr-defined]
    for name in ("day", "weekday", "number", "listed", "clock", "written"):
        environment.filters[name] = getattr(writer, name)
    environment.filters["capital"] = _capital
    environment.filters["uuid"] = UUID
    environment.filters["outlines_address"] = maps.address
    environment.filters["label_of"] = lambda skill_id, labels: _capital(
        writer.written(labels[skill_id].label)
    )
    environment.globals.update(
        write=writer,
        words=words,
        maps=maps,
        language=code,
        other_language=next(other for other in language.NAMES if other != code),
        language_names=language.NAMES,
        static=files.load().address,
    )
    return environment


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class View:
    """One request for a page: who asks, in which language, and the answer."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.actor: Actor | None = None
        self.unread = 0
        self.language = language.choose(
            request.query_params.get("lang"),
            request.cookies.get(LANGUAGE_COOKIE),
            request.headers.get("accept-language", ""),
        )
        # Pages ask for no scopes, so they are for people only.
        self._call = Call(request, takes_keys=False)
        request.state.view = self

    @property
    def settings(self) -> Settings:
        settings: Settings = self.request.app.state.settings
        return settings

    @property
    def engine(self) -> Engine:
        engine: Engine = self.request.app.state.engine
        return engine

    @property
    def database(self) -> Database:
        """For work that opens blocks of its own."""
        return self._call.database

    @property
    def surveyor(self) -> Surveyor:
        surveyor: Surveyor = self.request.app.state.surveyor
        return surveyor

    @property
    def has_session(self) -> bool:
        """Whether the browser brings a session, valid or not."""
        return self.session_cookie is not None

    @property
    def session_cookie(self) -> str | None:
        """The token of the browser's session."""
        return self._call.session_cookie()

    @property
    def client_address(self) -> str:
        """The network address that the request came from."""
        return self.request.client.host if self.request.client else "unknown"

    @property
    def request_id(self) -> str:
        """The id under which the log tells of this request."""
        return errors.request_id(self.request)

    def now(self) -> datetime:
        """The moment, in the territory's time zone."""
        return self._call.now()

    def local(self, moment: datetime) -> datetime:
        """A moment as the clocks of the territory show it."""
        return moment.astimezone(ZoneInfo(self.settings.time_zone))

    @contextmanager
    def read(self, *, needs_hat: bool = True) -> Iterator[tuple[Session, Actor]]:
        """A read block, and who is signed in. Raises NotSignedIn, and HatMissing unless none is needed."""
        with self._call.read(needs_hat=needs_hat) as (session, actor):
            self._meet(session, actor)
            yield session, actor

    @contextmanager
    def write(self, *, needs_hat: bool = True) -> Iterator[tuple[Session, Actor]]:
        """A write block, and who is signed in. Raises NotSignedIn, and HatMissing unless none is needed."""
        with self._call.write(needs_hat=needs_hat) as (session, actor):
            self._meet(session, actor)
            yield session, actor

    def looked(self, kind: LookKind, student_ids: Iterable[UUID], **about: UUID | None) -> None:
        """Note that the reader has seen these students; no block may be open."""
        if self.actor is not None:
            self._call.looked(self.actor, kind, student_ids, **about)

    def looking_at_many(self) -> AbstractContextManager[None]:
        """What is noted within is written at once, and not line by line."""
        return self._call.looking_at_many()

    @contextmanager
    def open_read(self) -> Iterator[Session]:
        """A read block for a page that needs nobody signed in; whoever is, is greeted."""
        with self._call.database.read() as session:
            self._greet(session)
            yield session

    @contextmanager
    def open_write(self) -> Iterator[Session]:
        """A write block that needs nobody signed in."""
        with self._call.database.write() as session:
            yield session

    def greet(self) -> None:
        """Find out who is signed in, for a page that needs nothing else from the database."""
        if self.has_session:
            with self.open_read():
                pass

    def _greet(self, session: Session) -> None:
        if self.has_session and self.actor is None:
            try:
                actor, _ = auth.identify(
                    session, bearer=None, cookie=self.session_cookie, request_id=self.request_id, now=self.now()
                )  # fmt: skip
            except errors.NotSignedIn:
                return
            self._meet(session, actor)

    def _meet(self, session: Session, actor: Actor) -> None:
        """Remember who reads, and how much waits in their inbox: the header of every page says both."""
        if self.actor is None and actor.id is not None:
            self.unread = notifications.count_unread(session, actor.id)
        self.request.scope[errors.ACTOR_KEY] = actor.mark
        self.actor = actor

    def text(self, message: str) -> str:
        """A marked text in the page's language."""
        return str(language.catalogue(self.language).gettext(message))

    def address(self, **changes: Any) -> str:
        """This page's address with some of its query changed; None takes a field out."""
        query = dict(self.request.query_params) | changes
        filled = {name: value for name, value in query.items() if value is not None}
        return self.request.url.path + (f"?{urlencode(filled)}" if filled else "")

    def show(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """The page."""
        text = templates(self.language).get_template(template).render(view=self, actor=self.actor, **context)
        text, new_browser = self._with_form_tokens(text)
        body, headers = text.encode(), {"vary": "Accept-Encoding, Accept-Language, Cookie"}
        # Compressed here: the one secret of a page, the token of its forms, is masked anew each time.
        if len(body) > _PACK_FROM and "gzip" in self.request.headers.get("accept-encoding", ""):
            body, headers["content-encoding"] = gzip.compress(body, 5), "gzip"
        response = HTMLResponse(body, status, headers)
        if new_browser is not None:
            response.set_cookie(
                form_tokens.BROWSER_COOKIE, new_browser, httponly=True, samesite="lax",
                secure=self.settings.environment == "production",
            )  # fmt: skip
        return response

    def _with_form_tokens(self, text: str) -> tuple[str, str | None]:
        """The page with a token in every form that posts, so that none can be forgotten; and a browser's new cookie."""
        if not _POSTING_FORM.search(text):
            return text, None
        bound_to, new_browser = form_tokens.holder(self.request.cookies), None
        if bound_to is None:
            new_browser = form_tokens.new_browser()
            bound_to = form_tokens.holder({form_tokens.BROWSER_COOKIE: new_browser})
        assert bound_to is not None  # noqa: S101 -- for the type checker; the line above has made one
        token = form_tokens.issue(self.settings, bound_to)
        field = f'<input type="hidden" name="{form_tokens.FIELD}" value="{token}">'
        return _POSTING_FORM.sub(lambda form: form[0] + field, text), new_browser

    def go(self, address: str) -> RedirectResponse:
        """Send the browser on after a POST."""
        return RedirectResponse(address, 303)


async def _view(request: Request) -> View:
    # Async although it mostly waits for nothing: a plain function would cost a hop to a thread.
    view = View(request)
    if request.method not in SAFE_METHODS:
        token = request.headers.get(form_tokens.HEADER) or (await request.form()).get(form_tokens.FIELD)
        form_tokens.require(view.settings, request.cookies, token)
    return view


InView = Annotated[View, Depends(_view)]


def safe_next(given: str | None, default: str = "/start") -> str:
    """The address of a page of this service, or the default: a link must not lead people elsewhere after signing in."""
    if not given or len(given) > 500 or not given.startswith("/") or given.startswith(("//", "/\\")):
        return default
    if any(ord(sign) < 32 or sign == "\\" for sign in given):
        return default
    parts = urlsplit(given)
    return given if not parts.scheme and not parts.netloc else default


def go_to_hats(request: Request) -> RedirectResponse:
    """Send the browser to choose a hat, with the way back."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/hat?next={quote(path, safe='')}", 303)


def go_to_sign_in(request: Request, page: str = "/sign-in") -> RedirectResponse:
    """Send the browser to the sign-in page, with the way back."""
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"{page}?next={quote(path, safe='')}", 303)
