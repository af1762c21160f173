"""The token endpoint of OAuth 2, in the words of its own standards: RFC 6749 (4.4, 5), RFC 7009, RFC 8414.

Not part of the OpenAPI document, whose conventions it cannot keep (problem documents, Idempotency-Key): that one names
it under `securitySchemes`, which is where generated clients look for it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl, unquote_plus

from fastapi import APIRouter, Depends, Request
from sqlalchemy.orm import Session
from starlette.responses import JSONResponse, Response

from app import errors
from app.auth import scopes
from app.auth import service_oauth as oauth
from app.auth.service_oauth import OAuthError
from app.rest import InCall
from app.settings import Settings

router = APIRouter(prefix="/oauth", include_in_schema=False)

FORM = "application/x-www-form-urlencoded"
MOST_BYTES = 8192
_CLOSED = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Fields = dict[str, str]


async def _fields(request: Request) -> Fields | OAuthError:
    """The form's fields, or why it cannot be read. Async although the endpoint is not: it waits for the body."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        return OAuthError("invalid_request", f"Send {FORM}.")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            return OAuthError("invalid_request", "The form is too long.")
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=20)
    except ValueError:
        return OAuthError("invalid_request", "The form cannot be read.")
    fields = dict(pairs)
    if len(fields) < len(pairs):
        return OAuthError("invalid_request", "A field stands there twice.")
    # A field without a value counts as left out (RFC 6749, 3.2).
    return {name: value for name, value in fields.items() if value}


InForm = Annotated[Fields | OAuthError, Depends(_fields)]


@router.post("/token")
def create_token(call: InCall, form: InForm) -> Response:
    """An access token for a client's id and secret."""

    def issue(session: Session, client: oauth.Client, fields: Fields) -> dict[str, Any]:
        if "grant_type" not in fields:
            raise OAuthError("invalid_request", "grant_type is missing.")
        if fields["grant_type"] != oauth.GRANT:
            raise OAuthError("unsupported_grant_type", f"Only {oauth.GRANT} is given here.")
        issued = oauth.issue_token(session, client, fields.get("scope"), call.now())
        return {
            "access_token": issued.token, "token_type": "Bearer", "expires_in": issued.seconds, "scope": issued.scopes,
        }  # fmt: skip

    return _answer(call, form, issue)


@router.post("/revoke")
def revoke_token(call: InCall, form: InForm) -> Response:
    """End a token before its time."""

    def revoke(session: Session, client: oauth.Client, fields: Fields) -> dict[str, Any]:
        if "token" not in fields:
            raise OAuthError("invalid_request", "token is missing.")
        oauth.revoke_token(session, client, fields["token"])
        return {}

    return _answer(call, form, revoke)


def _answer(
    call: InCall, form: Fields | OAuthError, act: Callable[[Session, oauth.Client, Fields], dict[str, Any]]
) -> Response:
    basic = call.request.headers.get("authorization")
    try:
        if isinstance(form, OAuthError):
            raise form
        client_id, secret = _credentials(basic, form)
        with call.database.write() as session:
            body = act(session, oauth.authenticate(session, client_id, secret, call.now()), form)
    except OAuthError as error:
        errors.note_refusal(call.request, error.code, error.status)
        headers = dict(_CLOSED)
        if error.status == 401 and basic is not None:
            headers["WWW-Authenticate"] = 'Basic realm="oauth"'
        return JSONResponse(
            {"error": error.code, "error_description": error.description}, error.status, headers
        )
    return JSONResponse(body, 200, _CLOSED)


def _credentials(basic: str | None, fields: Fields) -> tuple[str, str]:
    """Client id and secret from the header or from the form, never from both (RFC 6749, 2.3)."""
    in_form = {"client_id", "client_secret"} & fields.keys()
    if basic is None:
        if in_form != {"client_id", "client_secret"}:
            raise OAuthError("invalid_client", "Send the client id and secret.")
        return fields["client_id"], fields["client_secret"]
    if "client_secret" in fields:
        raise OAuthError("invalid_request", "Send the credentials in the header or in the form, not in both.")
    scheme, _, encoded = basic.partition(" ")
    try:
        pair = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        pair = ""
    client_id, mark, secret = pair.partition(":")
    if scheme.lower() != "basic" or not mark:
        raise OAuthError("invalid_client", "The Authorization header is not Basic with client id and secret.")
    return unquote_plus(client_id), unquote_plus(secret)


def metadata(settings: Settings, prefix: str) -> dict[str, Any]:
    """What a client needs to know to get a token (RFC 8414)."""
    base = settings.public_url + prefix
    methods = ["client_secret_basic", "client_secret_post"]
    return {
        "issuer": settings.public_url,
        "token_endpoint": f"{base}/oauth/token",
        "token_endpoint_auth_methods_supported": methods,
        "revocation_endpoint": f"{base}/oauth/revoke",
        "revocation_endpoint_auth_methods_supported": methods,
        "grant_types_supported": [oauth.GRANT],
        "response_types_supported": [],
        "scopes_supported": sorted(scopes.ALL),
        "service_documentation": f"{base}/openapi.json",
    }
