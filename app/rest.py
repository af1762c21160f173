"""The API's conventions, declared once: the call, lists with cursors, versions of objects, repeated posts, bounded fields."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from typing import Annotated, Any, ClassVar, TypeVar
from uuid import UUID

from fastapi import Depends, Header, Query, Request
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import addresses, errors, rates
from app.auth import form_tokens
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import IdempotencyKey
from app.db import Database
from app.events.service_looks import LookKind, Looks
from app.headers import SAFE_METHODS
from app.rates import Counted

MERGE_PATCH = "application/merge-patch+json"

# --- fields -----------------------------------------------------------------------------------------------------------

Item = TypeVar("Item")

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
"""One line of text."""
Prose = Annotated[str, StringConstraints(max_length=8000, pattern=r"^[^\x00]*$")]
"""Text of several lines."""
Slug = Annotated[
    str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
]
"""A readable id: of a skill, a programme, an integrator's record."""
Email = Annotated[
    str, StringConstraints(min_length=3, max_length=addresses.LONGEST, pattern=addresses.PATTERN)
]
IstatCode = Annotated[str, StringConstraints(min_length=6, max_length=6, pattern=r"^[0-9]{6}$")]
"""A municipality."""
LanguageCode = Annotated[str, StringConstraints(min_length=2, max_length=2, pattern=r"^[a-z]{2}$")]
"""ISO 639-1."""
Level = Annotated[int, Field(ge=1, le=4)]
"""1 initial, 2 base, 3 intermediate, 4 advanced."""


def _refuse_truth(value: Any) -> Any:
    if isinstance(value, bool):
        raise PydanticCustomError("number_type", "Input should be a number, not true or false")
    return value


_REFUSES_TRUTH = {"type": "no-info", "function": _refuse_truth}


def _without_truth(schema: Any) -> Any:
    """The same schema with numbers that refuse true and false, which the library takes for 1 and 0."""
    if isinstance(schema, list | tuple):
        return type(schema)(_without_truth(one) for one in schema)
    if not isinstance(schema, dict) or schema.get("function", {}) == _REFUSES_TRUTH:
        return schema
    if schema.get("type") in ("int", "float"):
        return core_schema.no_info_before_validator_function(_refuse_truth, schema)
    return {name: _without_truth(part) for name, part in schema.items()}


class In(BaseModel):
    """What comes in: unknown fields are faults, not noise, and true is no number."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        schema: CoreSchema = _without_truth(handler(source))
        return schema


class Out(BaseModel):
    """What goes out."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Patch(In):
    """A JSON merge patch (RFC 7396): a field left out stays, a field set to null is emptied.

    Fields named in `never_empty` cannot be set to null.
    """

    never_empty: ClassVar[frozenset[str]] = frozenset()

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        # The fields may be left out, which null stands for in the class; to send null is a fault, so none is declared.
        schema = handler(core_schema)
        properties = handler.resolve_ref_schema(schema).get("properties", {})
        for name in cls.never_empty & set(properties):
            field = properties[name]
            field.pop("default", None)
            for one in field.pop("anyOf", ()):  # gone when the schema is asked for again
                field |= one if one != {"type": "null"} else {}
        return schema

    def changes(self) -> dict[str, Any]:
        """The fields that the caller sent; what lies within them is whole, defaults included."""
        sent = {name: value for name, value in self.model_dump().items() if name in self.model_fields_set}
        empty = sorted(name for name, value in sent.items() if value is None and name in self.never_empty)
        if empty:
            raise errors.Invalid(
                "A field that must have a value was set to null.",
                faults=[{"in": "body", "field": name, "detail": "must have a value"} for name in empty],
            )
        return sent


class Page(Out):
    """A part of a list; `next_cursor` is null on the last one."""

    next_cursor: Annotated[str, StringConstraints(max_length=400, pattern=r"^[A-Za-z0-9_-]+$")] | None = None


# --- lists ------------------------------------------------------------------------------------------------------------

Limit = Annotated[int, Query(ge=1, le=100, description="How many items at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=400, pattern=r"^[A-Za-z0-9_-]+$", description="`next_cursor` of the page before."),
]


class BadCursor(errors.Invalid):
    """The cursor is not one that this list has given out."""

    title = "Not a cursor of this list"


def encode_cursor(*values: str | int | float | UUID | datetime | date) -> str:
    """A cursor that says after which sort values the next page begins."""
    text = json.dumps(values, separators=(",", ":"), default=str)
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def page_of(lines: Sequence[Item], limit: int, cursor: str | None) -> tuple[Sequence[Item], str | None]:
    """The page of a list that is there whole, and the cursor of the next, which goes by position; raises `BadCursor`."""
    [position] = decode_cursor(cursor, int) or (0,)
    first = max(0, position)
    behind = first + limit
    return lines[first:behind], encode_cursor(behind) if len(lines) > behind else None


def decode_cursor(cursor: str | None, *kinds: type) -> tuple[Any, ...] | None:
    """The sort values in a cursor, each of its kind; raises `BadCursor`."""
    if cursor is None:
        return None
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        pairs = zip(kinds, values if isinstance(values, list) else (), strict=True)
        return tuple(_sort_value(kind, value) for kind, value in pairs)
    except (binascii.Error, ValueError, TypeError, OverflowError) as error:
        fault = {"in": "query", "field": "cursor", "detail": "not a cursor of this list"}
        raise BadCursor(faults=[fault]) from error


def _sort_value(kind: type, written: object) -> Any:
    if type(written) is not (str if kind in (UUID, datetime, date) else kind):
        raise TypeError
    value: Any = written
    if kind is UUID:
        return UUID(value)
    if kind is date:
        return date.fromisoformat(value)
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    if (kind is int and abs(value) >= 2**63) or (kind is str and "\0" in value):
        raise ValueError  # no database could compare it
    return value


# --- the call ---------------------------------------------------------------------------------------------------------


class Replay(Exception):  # noqa: N818 -- not a failure: the answer that was given before
    """A POST has been answered before under the same Idempotency-Key."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


class KeyReused(errors.Invalid):
    """The Idempotency-Key stands for another request."""

    title = "The Idempotency-Key was used for another request"


class StillRunning(errors.Conflict):
    """The first call under this Idempotency-Key has not been answered yet."""

    title = "The same call is still running"


class Call:
    """One request as an endpoint sees it: blocks that know the actor. Programs are nobody where no keys are taken."""

    def __init__(self, request: Request, *, takes_keys: bool = True) -> None:
        self.request = request
        self.takes_keys = takes_keys
        self.database: Database = request.app.state.database
        self._kept: IdempotencyKey | None = None

    def now(self) -> datetime:
        """The moment, in the territory's time zone."""
        moment: datetime = self.request.app.state.clock()
        return moment

    def session_cookie(self) -> str | None:
        """The token of the browser's session, if it brings one."""
        return self.request.cookies.get(auth.COOKIE)

    def looked(
        self, actor: Actor, kind: LookKind, student_ids: Iterable[UUID], *, about_id: UUID | None = None,
        company_id: UUID | None = None,
    ) -> None:  # fmt: skip
        """Note, after the answer has been computed, that the actor has seen these students; no block may be open."""
        self._looks().see(
            actor, kind, student_ids, self.now().date(), about_id=about_id, company_id=company_id
        )

    def looking_at_many(self) -> AbstractContextManager[None]:
        """What is noted within is written at once, and not line by line."""
        return self._looks().together()

    def _looks(self) -> Looks:
        looks: Looks = self.request.app.state.looks
        return looks

    @contextmanager
    def open(self) -> Iterator[Session]:
        """A read block for published reference data: whoever calls, but not with wrong credentials."""
        use = None
        with self.database.read() as session:
            if "authorization" in self.request.headers:
                _, use = self._identify(session)
            yield session
        self._note(use)

    @contextmanager
    def read(self, *, needs_hat: bool = True) -> Iterator[tuple[Session, Actor]]:
        """A read block, and who is calling. Raises HatMissing."""
        with self.database.read() as session:
            actor, use = self._identify(session, needs_hat=needs_hat)
            yield session, actor
        self._note(use)

    def _note(self, use: auth.Use | None) -> None:
        if use is not None:
            with self.database.write() as session:
                auth.note_use(session, use, self.now())

    @contextmanager
    def write(self, *, needs_hat: bool = True) -> Iterator[tuple[Session, Actor]]:
        """A write block, and who is calling. Raises HatMissing."""
        with self.database.write() as session:
            actor, use = self._identify(session, needs_hat=needs_hat)
            if use is not None:
                auth.note_use(session, use, self.now())
            yield session, actor

    @contextmanager
    def create(self, body: BaseModel) -> Iterator[tuple[Session, Actor]]:
        """A write block for a POST that creates: a repetition under one Idempotency-Key gets the first answer."""
        with self.write() as (session, actor):
            self._replay(session, actor, body)
            yield session, actor

    def _identify(self, session: Session, *, needs_hat: bool = True) -> tuple[Actor, auth.Use | None]:
        counted: Counted | None = self.request.scope.get(rates.SCOPE_KEY)
        try:
            actor, use = auth.identify(
                session,
                bearer=self.request.headers.get("authorization") if self.takes_keys else None,
                cookie=self.session_cookie(),
                request_id=errors.request_id(self.request),
                now=self.now(),
            )
        except errors.NotSignedIn:
            if counted is not None:
                counted.forget()
            raise
        self.request.scope[errors.ACTOR_KEY] = actor.mark
        if counted is not None and actor.kind == "key":
            counted.recognise(rates.Client(f"key:{actor.id}", actor.requests_per_minute))
        if needs_hat and actor.must_choose:
            raise auth.HatMissing("You have several roles here: choose one on the start page.")
        return actor, use

    def _replay(self, session: Session, actor: Actor, body: BaseModel) -> None:
        key = self.request.headers.get("idempotency-key")
        if key is None:
            return
        owner = f"{actor.kind}:{actor.id}"
        digest = hashlib.sha256(f"{self.request.method} {self.request.url.path}\n".encode())
        digest.update(body.model_dump_json().encode())
        now = self.now()
        kept = session.get(IdempotencyKey, (owner, key))
        if kept is not None and kept.created_at < now - auth.KEPT_FOR:
            session.delete(kept)
            session.flush()
            kept = None
        if kept is None:
            fresh = IdempotencyKey(
                actor=owner,
                key=key,
                fingerprint=digest.hexdigest(),
                status=0,
                body="",
                headers="{}",
                created_at=now,
            )
            session.add(fresh)
            try:
                session.flush()
            except IntegrityError as error:
                raise StillRunning from error
            self._kept = fresh
            return
        if kept.status == 0:
            raise StillRunning
        if kept.fingerprint != digest.hexdigest():
            raise KeyReused
        raise Replay(
            Response(kept.body, kept.status, json.loads(kept.headers), media_type="application/json")
        )

    def created(self, out: BaseModel, *, location: str, version: int | None = None) -> Response:
        """Answer 201 with the new object, its address and its version."""
        headers = {"location": f"{self.request.scope.get('root_path', '')}{location}"}
        if version is not None:
            headers["etag"] = etag(version)
        body = out.model_dump_json()
        if self._kept is not None:
            self._kept.status, self._kept.body, self._kept.headers = 201, body, json.dumps(headers)
        return Response(body, 201, headers, media_type="application/json")


async def _call(request: Request) -> Call:
    # Async although it waits for nothing: a plain function would cost a hop to a thread.
    _refuse_media(request)
    _refuse_cookie_alone(request)
    return Call(request)


def _refuse_cookie_alone(request: Request) -> None:
    # A browser sends cookies by itself, so a change in a person's name needs what only a page of ours can add.
    if request.method in SAFE_METHODS or "authorization" in request.headers:
        return
    if auth.COOKIE in request.cookies:
        token = request.headers.get(form_tokens.HEADER)
        form_tokens.require(request.app.state.settings, request.cookies, token)


def _refuse_media(request: Request) -> None:
    taken = getattr(request.scope["route"], "body_field", None)
    if taken is not None:
        given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if given != taken.field_info.media_type:
            raise errors.UnsupportedMedia(f"Send {taken.field_info.media_type}.")


InCall = Annotated[Call, Depends(_call)]

IdempotencyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key", min_length=8, max_length=200, pattern=r"^[\x21-\x7e]+$",
        description="Makes a repetition of this call harmless for 24 hours.",
    ),
]  # fmt: skip

# --- versions ---------------------------------------------------------------------------------------------------------


def etag(version: int) -> str:
    """An object's version as an entity tag."""
    return f'"{version}"'


IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match", max_length=40, pattern=r'^(\*|"[0-9]+")$', description="The ETag that you read."
    ),
]


def expect_version(if_match: str | None, version: int) -> None:
    """Refuse a change of an object that has changed since the caller read it."""
    if if_match is None:
        raise errors.ConditionMissing("Send If-Match with the ETag of the version that you change.")
    if if_match not in ("*", etag(version)):
        raise errors.Stale(f"The present version is {etag(version)}.")


def with_etag(out: BaseModel, version: int, *, status: int = 200) -> Response:
    """An answer that carries the object's version."""
    return Response(out.model_dump_json(), status, {"etag": etag(version)}, media_type="application/json")


# --- documentation ----------------------------------------------------------------------------------------------------


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare the problems that an operation can answer with; `app.api` fills in the common ones."""
    return {status: {"description": _titles[status]} for status in statuses}


_titles: Mapping[int, str] = {
    kind.status: kind.title
    for kind in (
        errors.BadRequest, errors.NotSignedIn, errors.NotAllowed, errors.NotFound, errors.Conflict, errors.Stale,
        errors.TooLarge, errors.UnsupportedMedia, errors.Invalid, errors.ConditionMissing, errors.TooManyRequests,
        errors.ServerError, errors.Unavailable,
    )
}  # fmt: skip
