"""Whether an answer of the API is one that its OpenAPI document declares.

`check(response)` finds the operation by the request's method and path. The `client` fixture sends every answer through
it, so that each test of the API is a test of the document too.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from functools import cache, partial
from typing import Any
from uuid import UUID

import httpx2
from jsonschema_rs import Draft202012Validator

from app import api
from app.settings import Settings

Json = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
PROBLEM = "application/problem+json"

FORMATS: dict[str, Callable[[str], object]] = {
    "uuid": UUID,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "date-time": lambda text: datetime.fromisoformat(text).utcoffset().total_seconds(),  # type: ignore[union-attr]
}


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        return read(text) is not None
    except (ValueError, AttributeError):
        return False


@cache
def document() -> Json:
    """The document as the API sends it."""
    settings = Settings()
    return api.document(settings)


def operations() -> Iterator[tuple[str, str, Json]]:
    """Path, method and operation, for all operations of the document."""
    for path, item in document()["paths"].items():
        yield from ((path, method, item[method]) for method in METHODS if method in item)


@cache
def _by_pattern() -> list[tuple[str, re.Pattern[str], Json]]:
    # Paths without variables come first: /things/mine is not the thing with the id "mine".
    ordered = sorted(operations(), key=lambda one: one[0].count("{"))
    return [
        (method, re.compile(re.sub(r"\{\w+\}", "[^/]+", api.PREFIX + path)), operation)
        for path, method, operation in ordered
    ]


def operation_of(method: str, path: str) -> Json | None:
    """The operation that a request goes to, if the document has one."""
    for of_method, pattern, operation in _by_pattern():
        if of_method == method.lower() and pattern.fullmatch(path):
            return operation
    return None


def whole(node: Any) -> Any:
    """A part of the document with every reference replaced by what it stands for; none may lead back to itself."""
    if isinstance(node, list):
        return [whole(one) for one in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        found: Any = document()
        for name in node["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return whole(found)
    return {name: whole(value) for name, value in node.items()}


@cache
def _declared(operation_id: str, status: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an answer's body must be for each media type, and its headers."""
    [operation] = [one for _, _, one in operations() if one["operationId"] == operation_id]
    response = whole(operation["responses"][status])
    bodies = {media: _validator(body["schema"]) for media, body in response.get("content", {}).items()}
    headers = {
        name: (header["schema"]["type"], _validator(header["schema"]))
        for name, header in response.get("headers", {}).items()
    }
    return bodies, headers


@cache
def problem() -> Draft202012Validator:
    """What every problem must be, of operations that do not exist too."""
    return _validator(whole({"$ref": "#/components/schemas/Problem"}))


def _validator(schema: Json) -> Draft202012Validator:
    formats = {name: partial(_reads, read) for name, read in FORMATS.items()}
    return Draft202012Validator(schema, formats=formats, validate_formats=True)


def check(response: httpx2.Response) -> None:
    """Fail unless the answer's status, media type, headers and body are declared for its operation."""
    request = response.request
    path = request.url.path
    if not path.startswith(api.PREFIX + "/") or path == f"{api.PREFIX}/openapi.json":
        return
    if path.startswith(f"{api.PREFIX}/oauth/"):
        return  # in the words of other standards, and not in the document
    response.read()
    where = f"{request.method} {path} → {response.status_code}"
    media = response.headers.get("content-type", "").partition(";")[0]
    operation = operation_of(request.method, path)
    if operation is None:
        assert response.status_code >= 400, f"{where}: the document has no such operation"
        assert media == PROBLEM, f"{where}: {media}"
        _fits(problem(), response.json(), where)
        assert response.status_code != 405 or response.headers.get("allow"), f"{where}: no Allow"
        return
    name, status = operation["operationId"], str(response.status_code)
    assert status in operation["responses"], f"{where}: {name} does not declare this status. {response.text}"
    bodies, headers = _declared(name, status)
    if bodies:
        assert media in bodies, f"{where}: {name} does not declare {media}"
        if media.endswith("json"):
            for body in _bodies(media, response):
                _fits(bodies[media], body, where)
    else:
        assert not response.content, f"{where}: {name} declares no body"
    for header, (kind, validator) in headers.items():
        assert header in response.headers, f"{where}: {name} declares the header {header}"
        value = response.headers[header]
        _fits(validator, int(value) if kind == "integer" else value, f"{where}, {header}")


def _bodies(media: str, response: httpx2.Response) -> list[Any]:
    """The answer's documents: each line of NDJSON is one."""
    if media == "application/x-ndjson":
        return [json.loads(line) for line in response.text.splitlines()]
    return [response.json()]


def _fits(validator: Draft202012Validator, value: Any, where: str) -> None:
    fault = next(iter(validator.iter_errors(value)), None)
    assert fault is None, f"{where}: {fault.instance_path}: {fault.message}"
