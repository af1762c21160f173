"""API keys as the API shows them; the secret appears once, in the answer to its creation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.auth.actors import Role
from app.rest import In, Line, Out, Page

Scope = Annotated[str, StringConstraints(max_length=40, pattern=r"^[a-z]+:(read|write)$")]

Name = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]

RequestsPerMinute = Annotated[int, Field(ge=1, le=1_000_000)]


class KeyIn(In):
    """A key to issue; it acts in `role`, for the school, company or territory named, within its scopes."""

    name: Name
    role: Role
    school_id: UUID | None = None
    company_id: UUID | None = None
    territory_id: UUID | None = None
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=40)]
    days: Annotated[int, Field(ge=1, le=730, description="How long the key is valid.")] = 365
    requests_per_minute: RequestsPerMinute | None = Field(
        None, description="Its own rate limit, which only an administrator gives; null is everybody's."
    )


class KeyRotation(In):
    """How a new secret takes the place of the present one."""

    overlap_days: Annotated[
        int, Field(ge=0, le=30, description="How long the present secret lives on; 0 ends it at once.")
    ] = 7


class KeySecretOut(Out):
    """A live secret of a key, without the secret."""

    prefix: Annotated[str, StringConstraints(max_length=12, pattern=r"^[0-9a-f]+$")]
    created_at: datetime
    expires_at: datetime | None = Field(description="The end of the overlap; null lives as long as the key.")
    last_used_at: datetime | None = Field(description="Noted once a day.")


class KeyOut(Out):
    """A key without its secret."""

    id: UUID
    name: Line
    role: Role
    school_id: UUID | None
    company_id: UUID | None
    territory_id: UUID | None
    scopes: Annotated[list[Scope], Field(max_length=40)]
    requests_per_minute: RequestsPerMinute | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="Noted once a day.")
    revoked_at: datetime | None
    secrets: Annotated[list[KeySecretOut], Field(max_length=2)] = Field(description="The newest first.")


class KeyIssued(KeyOut):
    """A key with its new secret. `id` is the client id, and `token` the client secret, of OAuth 2."""

    token: Annotated[
        str, StringConstraints(max_length=80, pattern=r"^btg_[0-9a-f]{8}_[A-Za-z0-9_-]{43}$")
    ] = Field(description="Shown only here; keep it safe.")


class KeyList(Page):
    """API keys, the newest first."""

    items: Annotated[list[KeyOut], Field(max_length=100)]


ProvinceCode = Annotated[str, StringConstraints(min_length=2, max_length=2, pattern="^[A-Z]{2}$")]


class TerritoryIn(In):
    """A territory to coordinate: a name, and the provinces in it."""

    name: Name
    province_codes: Annotated[list[ProvinceCode], Field(min_length=1, max_length=120)]


class TerritoryOut(Out):
    """A territory with its provinces, in the order of their codes."""

    id: UUID
    name: Line
    province_codes: Annotated[list[ProvinceCode], Field(max_length=120)]


class TerritoryList(Page):
    """Territories by name."""

    items: Annotated[list[TerritoryOut], Field(max_length=100)]
