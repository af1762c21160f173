"""Completing the OpenAPI document that FastAPI derives: what all operations have in common is said here, once.

Follows the interoperability guidelines of the Italian public administration and the OWASP API security rules, as far
as a document can: problems, rate limits and request ids on every answer, security on every operation, and a format and
bounds on every value.
"""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from app.auth import scopes
from app.errors import LONGEST_TEXT, MOST_FAULTS

Json = dict[str, Any]

DESCRIPTION = (
    "Students of technical schools and the companies of their territory find each other. Every list has cursors, "
    "every ranking explains itself, every change is recorded."
)
PUBLIC_TAGS = {"service", "places", "skills", "programmes", "sectors", "schools", "territories", "calendars"}
INT32, INT64 = 2**31 - 1, 2**53 - 1
_METHODS = ("get", "post", "put", "patch", "delete")
_PROBLEMS_OF_ALL = (400, 401, 429, 500, 503)
_PROBLEMS_OF_ACTORS = (403,)
ANY_ACTOR = {"recognise_skills"}
"""Operations that ask for no scope: whoever is known may call them."""
OF_NO_VERSION = {
    "create_student_codes",
    "create_skill_validations",
    "create_recommendations",
    "create_company_note",
    "create_hour_credits",
    "create_training_plans",
    "choose_company_signatory",
    "create_amendment",
    "create_interruption",
    "create_session_run",
}
"""Operations below an object with a version that neither change it nor share its version."""
_CLIENT = (
    "A token for a key's id and secret, which lasts an hour; for the next one, ask again. Tokens are opaque and looked "
    "up at each call; they are no JSON Web Tokens, so RFC8725 does not apply to them."
)
_FORMAT_LENGTHS = {"uuid": 36, "date": 10, "date-time": 40, "time": 20, "email": 254}


def complete(document: Json, *, server: str, email: str, cookie: str) -> Json:
    """The document with the common parts filled in; changes and returns it."""
    document["info"] |= {
        "summary": "Matches students with internships, visits and training paths.",
        "description": DESCRIPTION,
        "termsOfService": server.removesuffix("/api/v1") + "/terms",
        "contact": {"name": "Bottega maintainers", "url": server.removesuffix("/api/v1"), "email": email},
        "license": {
            "name": "EUPL-1.2",
            "url": "https://interoperable-europe.ec.europa.eu/collection/eupl/eupl-text-eupl-12",
        },
        "x-summary": "Matches students with internships, visits and training paths.",
        "x-api-id": "bottega-v1",
    }
    document["servers"] = [
        {"url": server, "description": "This installation (production)", "x-internal": False}
    ]
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= _PROBLEM_SCHEMAS
    components["headers"] = _HEADERS
    components["securitySchemes"] = {
        "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer btg_…`."},
        "session": {
            "type": "apiKey", "in": "cookie", "name": cookie, "description": "A signed-in person; to change something, add the `form_token` of any page as `Form-Token`.",
        },
        "client": {
            "type": "oauth2",
            "description": _CLIENT,
            "flows": {
                "clientCredentials": {
                    "tokenUrl": f"{server}/oauth/token",
                    # No refresh token comes with it (RFC 6749, 4.4.3): a program asks again where it asked first.
                    "refreshUrl": f"{server}/oauth/token",
                    "scopes": {scope: _said(scope) for scope in sorted(scopes.ALL)},
                }
            },
        },
    }  # fmt: skip
    tags: dict[str, Json] = {}
    versioned = _versioned(document["paths"])
    for path, method, operation in _operations(document):
        _complete_operation(operation, is_versioned=(path, method) in versioned)
        tags |= {tag: {"name": tag, "description": f"Operations on {tag}."} for tag in operation["tags"]}
    document["tags"] = [tags[name] for name in sorted(tags)]
    for schema in _schemas(document):
        _bound(schema)
    return document


def _said(scope: str) -> str:
    noun, _, verb = scope.partition(":")
    return f"{'See' if verb == 'read' else 'Change'} {noun}."


def _operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield path, method, item[method]


def _versioned(paths: Json) -> set[tuple[str, str]]:
    """Operations that answer with one object which is changed under If-Match: they send its version as ETag.

    They read or change it at its own address, create it in its collection, or act on it (`POST /things/{id}/verb`).
    """
    objects = {path for path, item in paths.items() if "412" in item.get("patch", {}).get("responses", ())}
    posted = {
        path
        for path, item in paths.items()
        # What can be listed, removed again, or has an address of its own, is a thing of its own, not a verb.
        if path.rpartition("/")[0] in objects
        and not path.endswith("}")
        and item.keys().isdisjoint({"get", "delete"})
        and "/" + path.rpartition("/")[2] not in paths
    }
    posted |= {path.rpartition("/")[0] for path in objects}
    posted -= {
        path for path in posted if paths.get(path, {}).get("post", {}).get("operationId") in OF_NO_VERSION
    }
    return {(path, method) for path in objects for method in ("get", "patch")} | {
        (path, "post") for path in posted
    }


def _complete_operation(operation: Json, *, is_versioned: bool) -> None:
    # What is published can be read without an actor; what can be refused to an actor needs one.
    is_public = not PUBLIC_TAGS.isdisjoint(operation["tags"]) and "403" not in operation["responses"]
    operation["security"] = [{}] if is_public else [{"apiKey": []}, {"client": []}, {"session": []}]
    operation.setdefault("description", operation["summary"])
    responses: Json = operation["responses"]
    is_fed = bool(operation.get("parameters") or operation.get("requestBody"))
    problems = {int(code) for code in responses if int(code) >= 400}
    is_for_all = is_public or operation["operationId"] in ANY_ACTOR
    problems |= {*_PROBLEMS_OF_ALL, *(() if is_for_all else _PROBLEMS_OF_ACTORS), *((422,) if is_fed else ())}
    problems |= {413, 415} if operation.get("requestBody") else set()
    for problem in problems:
        responses[str(problem)] = _problem_response(problem)
    for parameter in operation.get("parameters", ()):
        _complete_parameter(parameter)
    for code, response in responses.items():
        names = [*_HEADERS_OF_ALL, *_HEADERS_OF_STATUS.get(code, ())]
        if is_versioned and code in ("200", "201"):
            names.append("ETag")
        response["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}
    for body in responses["200"].get("content", {}).values() if "200" in responses else ():
        # The framework takes whatever is not JSON for text; a line of it is one of several objects.
        body["schema"].pop("type" if "anyOf" in body["schema"] else "", None)
    operation["responses"] = dict(sorted(responses.items()))


def _complete_parameter(parameter: Json) -> None:
    # In an address there is no null, only left out; and the frame refuses NUL characters everywhere.
    schema = parameter["schema"]
    stated = [one for one in schema.pop("anyOf", ()) if one.get("type") != "null"]
    for one in stated:
        schema |= one
    if schema.get("type") == "string" and not {"pattern", "format", "enum"} & set(schema):
        schema["pattern"] = r"^[^\x00]*$"
    name = parameter["name"]
    parameter.setdefault("description", f"The {name.removesuffix('_id').replace('_', ' ')}'s id.")


def _problem_response(code: int) -> Json:
    return {
        "description": HTTPStatus(code).phrase,
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _schemas(node: Any) -> Iterator[Json]:
    """Every schema with a type, wherever it stands in the document."""
    if isinstance(node, dict):
        if isinstance(node.get("type"), str) and node["type"] not in ("http", "apiKey", "oauth2"):
            yield node
        for child in list(node.values()):
            yield from _schemas(child)
    elif isinstance(node, list):
        for child in node:
            yield from _schemas(child)


def _bound(schema: Json) -> None:
    """Say the format of numbers, and the bounds that a format or an integer's width implies."""
    schema.pop("title", None) if not isinstance(schema.get("title"), dict) else None
    kind = schema["type"]
    if kind == "integer":
        for name in ("minimum", "maximum"):
            exclusive = schema.pop(f"exclusive{name.capitalize()}", None)
            if exclusive is not None:
                schema[name] = exclusive + (1 if name == "minimum" else -1)
        schema.setdefault("minimum", -INT32 if schema.get("maximum", 0) <= INT32 else -INT64)
        schema.setdefault("maximum", INT32)
        is_narrow = schema["maximum"] <= INT32 and schema["minimum"] >= -INT32
        schema.setdefault("format", "int32" if is_narrow else "int64")
    elif kind == "number":
        schema.setdefault("format", "double")
    elif kind == "string" and "enum" not in schema and "const" not in schema:
        length = _FORMAT_LENGTHS.get(schema.get("format", ""))
        if length is not None:
            schema.setdefault("maxLength", length)


def _header(description: str, schema: Json) -> Json:
    return {"description": description, "schema": schema}


_COUNT: Json = {"type": "integer", "format": "int32", "minimum": 0, "maximum": INT32}
_HEADERS: Json = {
    "Request-Id": _header(
        "Names this call in logs and events; yours if you sent one.",
        {"type": "string", "maxLength": 64, "pattern": "^[A-Za-z0-9._-]{8,64}$"},
    ),
    "RateLimit-Limit": _header("Requests a minute.", _COUNT),
    "RateLimit-Remaining": _header("Requests left in this minute.", _COUNT),
    "RateLimit-Reset": _header("Seconds until the minute begins anew.", _COUNT),
    "Retry-After": _header("Seconds to wait.", _COUNT),
    "ETag": _header(
        "The object's version, for If-Match.", {"type": "string", "maxLength": 40, "pattern": '^"[0-9]+"$'}
    ),
    "Location": _header(
        "The new object's address.", {"type": "string", "format": "uri-reference", "maxLength": 400}
    ),
    "WWW-Authenticate": _header(
        "How to identify yourself.", {"type": "string", "maxLength": 80, "pattern": "^Bearer$"}
    ),
    "Access-Control-Allow-Origin": _header(
        "Browsers may call from pages of this installation only.",
        {"type": "string", "format": "uri", "maxLength": 200},
    ),
}
_HEADERS_OF_STATUS = {
    "201": ("Location",), "401": ("WWW-Authenticate",), "429": ("Retry-After",), "503": ("Retry-After",),
}  # fmt: skip
_HEADERS_OF_ALL = (
    "Request-Id", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Access-Control-Allow-Origin",
)  # fmt: skip

_TEXT: Json = {"type": "string", "maxLength": LONGEST_TEXT, "pattern": r"^[^\x00]*$"}
_PROBLEM_SCHEMAS: Json = {
    "Problem": {
        "type": "object",
        "description": "What went wrong (RFC 9457).",
        "additionalProperties": False,
        "required": ["type", "title", "status", "detail", "request_id"],
        "properties": {
            "type": {
                "type": "string",
                "format": "uri-reference",
                "maxLength": 200,
                "pattern": "^/problems/[a-z-]+$",
            },
            "title": _TEXT,
            "status": {"type": "integer", "format": "int32", "minimum": 400, "maximum": 599},
            "detail": _TEXT,
            "request_id": _TEXT,
            "faults": {
                "type": "array",
                "maxItems": MOST_FAULTS,
                "items": {"$ref": "#/components/schemas/Fault"},
            },
        },
    },
    "Fault": {
        "type": "object",
        "description": "One field or row that is wrong.",
        "additionalProperties": False,
        "required": ["in", "field", "detail"],
        "properties": {"in": _TEXT, "field": _TEXT, "detail": _TEXT},
    },
}
