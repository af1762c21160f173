"""Access tokens for programs: OAuth 2.0 client credentials (RFC 6749, 4.4) and revocation (RFC 7009).

A client is an API key: its id is the client id, any of its live secrets the client secret.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth import scopes as all_scopes
from app.auth.models import AccessToken
from app.auth.service import TOKEN_MARK, BadCredentials, Use, check_secret, hash_token, note_use, use_of

LIVES = timedelta(hours=1)
GRANT = "client_credentials"


class OAuthError(Exception):
    """An error as RFC 6749, 5.2 writes it: `code` is one of its words."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code, self.description = code, description

    @property
    def status(self) -> int:
        """401 for a client that is not known, 400 for all else."""
        return 401 if self.code == "invalid_client" else 400


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: a key and one of its live secrets."""

    id: UUID
    name: str
    scopes: frozenset[str]
    ends_at: datetime
    use: Use | None


@dataclass(frozen=True, slots=True)
class Issued:
    """A new access token: shown once, stored nowhere."""

    token: str
    seconds: int
    scopes: str


def authenticate(session: Session, client_id: str, secret: str, now: datetime) -> Client:
    """The client behind these credentials; which part was wrong is not said. Raises OAuthError."""
    try:
        row = check_secret(session, secret, now)
    except BadCredentials as error:
        raise OAuthError("invalid_client", "The client id or secret is not valid.") from error
    if not secrets.compare_digest(str(row.id).encode(), client_id.lower().encode()):
        raise OAuthError("invalid_client", "The client id or secret is not valid.")
    ends = min(moment for moment in (row.expires_at, row.ends_at) if moment is not None)
    return Client(row.id, row.name, frozenset(row.scopes.split()), ends, use_of(row, now))


def issue_token(session: Session, client: Client, wanted: str | None, now: datetime) -> Issued:
    """A token for the scopes wanted, or for all of the client's; it ends after an hour, or with its secret.

    Raises OAuthError when the client has not all of these scopes.
    """
    may = all_scopes.expand(client.scopes)
    asked = frozenset(wanted.split(" ")) - {""} if wanted else client.scopes
    excessive = sorted(asked - may)
    if excessive or not asked:
        raise OAuthError("invalid_scope", "The client has not all of these scopes.")
    token = f"{TOKEN_MARK}_{secrets.token_urlsafe(32)}"
    ends = min(now + LIVES, client.ends_at)
    granted = " ".join(sorted(asked))
    session.add(
        AccessToken(
            token_hash=hash_token(token), key_id=client.id, scopes=granted, created_at=now, expires_at=ends
        )
    )
    if client.use is not None:
        note_use(session, client.use, now)
    return Issued(token, int((ends - now).total_seconds()), granted)


def revoke_token(session: Session, client: Client, token: str) -> None:
    """End one of the client's tokens; another's, or none, changes nothing and is not told apart."""
    session.execute(
        sa.delete(AccessToken).where(
            AccessToken.token_hash == hash_token(token), AccessToken.key_id == client.id
        )
    )
