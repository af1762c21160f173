"""What can go wrong, and how it is told: problem+json (RFC 9457) to programs, a page to people.

A package subclasses one of the five kinds beside the function that raises it. The class name, in kebab case, is the
problem's type; `docs/problem-types.md` lists them all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

log = structlog.get_logger(__name__)

type_prefix = "/problems/"

MOST_FAULTS, LONGEST_TEXT = 1000, 2000
"""What a problem tells at most: callers send fields by the thousand, and names without end."""

ProblemRenderer = Callable[[Request, "Problem"], Response]


class Problem(Exception):  # noqa: N818 -- RFC 9457's own word
    """An answer other than success. `faults` names each field or row that is wrong."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"

    def __init__(
        self,
        detail: str = "",
        *,
        faults: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.faults = [dict(fault) for fault in faults]
        self.headers = dict(headers or {})

    @classmethod
    def slug(cls) -> str:
        """The last part of the problem's type: the class name in kebab case."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def body(self, request_id: str) -> dict[str, Any]:
        """The problem document."""
        document: dict[str, Any] = {
            "type": type_prefix + self.slug(),
            "title": self.title,
            "status": self.status,
            "detail": told(self.detail),
            "request_id": request_id,
        }
        if self.faults:
            document["faults"] = [
                {name: told(str(text)) for name, text in fault.items()} for fault in self.faults[:MOST_FAULTS]
            ]
        return document


def told(text: str) -> str:
    """A text that may be the caller's, as it can be told back: without NUL, and not without end."""
    return text.replace("\0", "\ufffd")[:LONGEST_TEXT]


class NotFound(Problem):
    """It does not exist, or not for this actor."""

    status = 404
    title = "Not found"


class NotAllowed(Problem):
    """The actor is known, sees the thing, and may not do this."""

    status = 403
    title = "Not allowed"


class Conflict(Problem):
    """Well formed, but the state it meets cannot change that way."""

    status = 409
    title = "Conflict with the present state"


class WrongState(Conflict):
    """The thing's state does not allow that."""

    title = "Not in this state"


class Invalid(Problem):
    """Malformed input; `faults` says where."""

    status = 422
    title = "The input is not valid"


class Unavailable(Problem):
    """Nothing is wrong with the request; try again."""

    status = 503
    title = "Not available now"


class NotSignedIn(Problem):
    """No actor stands behind the request."""

    status = 401
    title = "Sign in first"

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class BadRequest(Problem):
    """Not readable as HTTP or as the media type that it claims."""

    status = 400
    title = "The request cannot be read"


class NoSuchMethod(Problem):
    """The path exists, the method does not."""

    status = 405
    title = "Method not allowed"


class Stale(Problem):
    """The object has changed since it was read (If-Match)."""

    status = 412
    title = "Changed since you read it"


class TooLarge(Problem):
    """The body is larger than this service takes."""

    status = 413
    title = "The body is too large"


class UnsupportedMedia(Problem):
    """The body's media type is not one that this operation takes."""

    status = 415
    title = "Media type not supported"


class ConditionMissing(Problem):
    """A change of a shared object needs If-Match."""

    status = 428
    title = "Say which version you change"


class TooManyRequests(Problem):
    """Over the rate limit; Retry-After says when to come back."""

    status = 429
    title = "Too many requests"


class ServerError(Problem):
    """Our fault; says nothing but a request id."""

    status = 500
    title = "Something went wrong on our side"


_by_status: dict[int, type[Problem]] = {
    kind.status: kind
    for kind in (
        BadRequest, NotAllowed, NotFound, Conflict, TooLarge, UnsupportedMedia, Invalid, TooManyRequests, Unavailable,
    )
}  # fmt: skip


ACTOR_KEY = "bottega.actor"
"""Where a request's scope says who is calling, once that is known."""
_TOLD_TO_THE_LOG = frozenset({NotSignedIn.status, NotAllowed.status, Invalid.status})


def request_id(request: Request) -> str:
    """The id that stands in the answer's `Request-Id`, in the log and in the events."""
    return str(request.scope.get("bottega.request_id", ""))


def note(request: Request, problem: Problem) -> None:
    """A line in the log for what may be an attempt: wrong credentials, what is not allowed, and what is malformed."""
    if problem.status in _TOLD_TO_THE_LOG and type(problem) is not NotSignedIn:
        note_refusal(request, problem.slug(), problem.status)


def note_refusal(request: Request, problem: str, status: int) -> None:
    """A line that says who tried, if that is known, and on which operation, and nothing of what was sent."""
    log.info(
        "refused",
        problem=problem,
        status=status,
        actor=request.scope.get(ACTOR_KEY, ""),
        method=request.method.lower(),
        route=route(request.scope),
        request_id=request_id(request),
    )


def route(scope: Mapping[str, Any]) -> str:
    """Which page or operation it was, without what the address had in it: a log must not repeat it."""
    return str(getattr(scope.get("route"), "path", ""))


def as_json(request: Request, problem: Problem) -> Response:
    """The problem as `application/problem+json`."""
    return JSONResponse(
        problem.body(request_id(request)),
        status_code=problem.status,
        headers=problem.headers,
        media_type="application/problem+json",
    )


def install(app: FastAPI, render: ProblemRenderer = as_json) -> None:
    """Answer every failure of `app`, the framework's own included, through `render`."""

    def handle_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)  # noqa: S101 -- for the type checker; registered for Problem only
        note(request, error)
        return render(request, error)

    def handle_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101
        problem = _from_validation(error)
        note(request, problem)
        return render(request, problem)

    def handle_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101
        if error.status_code == NoSuchMethod.status:
            allowed = _methods_of(request) or (error.headers or {}).get("Allow", "")
            return render(request, NoSuchMethod(headers={"Allow": allowed}))
        kind = _by_status.get(error.status_code, NotFound if error.status_code < 500 else ServerError)
        detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
        return render(request, kind(detail, headers=error.headers))

    def handle_busy(request: Request, error: Exception) -> Response:
        log.warning("database_busy", kind=type(error).__name__, request_id=request_id(request))
        return render(request, Unavailable("The database is busy; try again.", headers={"Retry-After": "1"}))

    def handle_integrity(request: Request, error: Exception) -> Response:
        # The last wall: services check first and name the field; here two writers met, or an id leads nowhere.
        log.warning("integrity", kind=type(error).__name__, request_id=request_id(request))
        return render(request, Conflict("It exists already, or it refers to something that does not exist."))

    def handle_stale(request: Request, _error: Exception) -> Response:
        return render(request, Stale("Somebody else has just changed it; read it again."))

    def handle_unforeseen(request: Request, _error: Exception) -> Response:
        # The framework raises it again behind this answer; the frame notes it.
        return render(request, ServerError())

    app.add_exception_handler(Problem, handle_problem)
    app.add_exception_handler(RequestValidationError, handle_validation)
    app.add_exception_handler(HTTPException, handle_http)
    app.add_exception_handler(IntegrityError, handle_integrity)
    app.add_exception_handler(StaleDataError, handle_stale)
    app.add_exception_handler(OperationalError, handle_busy)
    app.add_exception_handler(PoolTimeout, handle_busy)
    app.add_exception_handler(Exception, handle_unforeseen)


def _methods_of(request: Request) -> str:
    """Every method that the request's path knows; the framework tells those of the first route only."""
    return ", ".join(
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    )


def _from_validation(error: RequestValidationError) -> Problem:
    faults = []
    for fault in error.errors():
        if fault["type"] == "json_invalid":
            return BadRequest(f"The body is not JSON: {fault.get('ctx', {}).get('error', fault['msg'])}.")
        source, *path = fault["loc"]
        faults.append(
            {"in": str(source), "field": ".".join(str(part) for part in path), "detail": fault["msg"]}
        )
    return Invalid(
        f"{len(faults)} {'field is' if len(faults) == 1 else 'fields are'} not valid.", faults=faults
    )
