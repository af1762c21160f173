"""Everything an operator can set, read from `BOTTEGA_*` environment variables."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEVELOPMENT_SECRET = "for-development-only-never-in-production"  # noqa: S105 -- refused in production below


class OidcProvider(BaseModel):
    """A provider of OpenID Connect that people may sign in with."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$")
    """Stands in the redirect address: `/sign-in/with/KEY/back`."""
    label_it: str = Field(min_length=1, max_length=60)
    label_en: str = Field(min_length=1, max_length=60)
    issuer: str = Field(max_length=255, pattern=r"^https?://[^\s?#]+$")
    client_id: str = Field(min_length=1, max_length=255)
    client_secret: SecretStr
    scopes: str = Field("openid email", max_length=200, pattern=r"^openid( |$)")
    domains: tuple[Annotated[str, StringConstraints(to_lower=True, pattern=r"^[^@\s]+\.[^@\s]+$")], ...] = (
        Field(min_length=1)
    )
    """Only addresses of these domains find an account the first time."""
    email_claim: str = Field("email", max_length=80)
    verified_claim: str = Field("email_verified", max_length=80)
    """Must be true for the address to count."""
    is_second_factor: bool = False
    """Whether the provider's own second factor (`amr` with `mfa`, or an `acr` of `strong_acr`) is enough for ours."""
    strong_acr: tuple[str, ...] = ()


class Settings(BaseSettings):
    """One value per field; the operator guide lists them from the descriptions here."""

    model_config = SettingsConfigDict(env_prefix="BOTTEGA_", frozen=True)

    environment: Literal["development", "production"] = Field(
        "development", description="In production, default secrets are refused and cookies need HTTPS."
    )
    database_url: str = Field(
        "sqlite:///var/bottega.sqlite3",
        description="`sqlite:///path` for one school, `postgresql+psycopg://…` for the network.",
    )
    threads: int = Field(
        2, ge=1, le=64, description="Worker threads, and database connections, of one process."
    )
    secret_key: SecretStr = Field(
        SecretStr(DEVELOPMENT_SECRET),
        min_length=32,
        description="Makes the pseudonyms that companies see, and guards second factors. Changing it changes every"
        " pseudonym, and everybody has to set up the second factor anew.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", max_length=200, description="Address under which people reach the service."
    )
    contact_email: str = Field(
        "maintainers@bottega.example",
        max_length=254,
        description="Whom integrators write to; stands in the API's document.",
    )
    max_body_bytes: int = Field(
        5 * 1024 * 1024, ge=1024, description="Largest request body; a larger one is answered 413."
    )
    rate_limit_per_minute: int = Field(
        1200, ge=1, description="Requests a minute for each API key, or for each address without one."
    )
    outgoing_allowed: str = Field(
        "",
        max_length=2000,
        description="Names and networks inside the organisation that calls to others may reach, separated by commas;"
        " all else must be on the public internet. In development plain http is taken to a loopback address named here.",
    )
    outgoing_seconds: float = Field(
        10, gt=0, le=60, description="Longest time that a call to another service may take as a whole."
    )
    outgoing_max_bytes: int = Field(
        1024 * 1024, ge=1024, description="Largest answer that is read from another service."
    )
    rate_limit_storage: str = Field(
        "memory://",
        pattern=r"^(memory://|rediss?://.+)$",
        max_length=300,
        description="Where requests are counted: `memory://`, each process for itself, or `redis://host:6379/0`,"
        " all together (extra `redis`). Without an answer from there, each counts for itself.",
    )
    max_bulk_bytes: int = Field(
        64 * 1024 * 1024, ge=1024, description="Largest file of a bulk load; a larger one is answered 413."
    )
    session_hours: int = Field(
        12,
        ge=1,
        le=12,
        description="Hours after which a person signs in again, but on a device of their own.",
    )
    time_zone: str = Field(
        "Europe/Rome", max_length=60, description="The territory's; decides which day it is when ranking."
    )
    matching_seed: int = Field(
        0, ge=0, le=2**31 - 1, description="Decides the order of equal scores; stands in every ranking."
    )
    ranking_days: int = Field(
        365,
        ge=1,
        le=3650,
        description="Days after which a stored ranking is forgotten; the worker deletes it.",
    )
    look_delay_seconds: float = Field(
        5.0,
        ge=0,
        le=60,
        description="How long looks at rankings are gathered before they are written together.",
    )
    look_days: int = Field(
        730, ge=30, le=3650, description="Days after which a look at a profile is forgotten."
    )
    erasure_hours: int = Field(
        12, ge=0, le=24, description="Hours in which a person can think better of being forgotten."
    )
    student_grace_days: int = Field(
        120,
        ge=0,
        le=730,
        description="Days after the end of a class's school year after which students who are still in it are archived.",
    )
    student_keep_days: int = Field(
        365, ge=30, le=3650, description="Days after which an archived student is forgotten."
    )
    student_idle_months: int = Field(
        24, ge=6, le=120, description="Months without any activity after which a student is archived."
    )
    account_idle_months: int = Field(
        24, ge=6, le=120, description="Months without signing in after which an account is forgotten."
    )
    retention_warning_days: int = Field(
        30, ge=1, le=180, description="Days before the end of somebody's data on which they are warned."
    )
    event_years: int = Field(
        5, ge=1, le=20, description="Years after which events no longer say which person did them."
    )

    notification_days: int = Field(
        180, ge=7, le=3650, description="Days after which what somebody was told leaves their inbox."
    )
    review_days: int = Field(
        5, ge=1, le=60, description="Working days within which a company's profile is to be answered."
    )
    lessons_end_on: str = Field(
        "06-06",
        pattern=r"^0[567]-(0[1-9]|[12][0-9]|30)$",
        description="Last day of lessons of a school year, as month and day: alarms about hours count the weeks to it.",
    )
    company_new_days: int = Field(
        30, ge=1, le=365, description="Days after its approval for which a company counts as new."
    )
    company_silent_days: int = Field(
        60, ge=1, le=3650, description="Days without a sign of life after which a company counts as silent."
    )
    company_dormant_days: int = Field(
        365, ge=2, le=3650, description="Days without a sign of life after which a company counts as dormant."
    )
    company_ask_months: int = Field(
        4,
        ge=3,
        le=24,
        description="A company that went quiet is asked whether it hosts at most once in so many months.",
    )
    series_contact_days: int = Field(
        60, ge=0, le=365, description="Days after a series in which it is kept who was there for its events."
    )
    company_note_days: int = Field(
        730, ge=30, le=3650, description="Days after which a coordinator's note about a company is forgotten."
    )
    students_per_seat: int = Field(
        5,
        ge=1,
        le=100,
        description="An opportunity with fewer fitting students for each free seat is told to coordinators as one that few want.",
    )
    booking_hold_minutes: int = Field(
        15, ge=1, le=1440, description="Minutes for which seats of a session are held before they are booked."
    )
    booking_offer_hours: int = Field(
        48,
        ge=1,
        le=336,
        description="Hours for which a seat that came free is offered to who is next on the waiting list.",
    )
    disclosure_days: int = Field(
        30,
        ge=1,
        le=365,
        description="Days for which a company's request for a name stays open, and an accepted one shows it.",
    )
    concern_tutor_days: int = Field(
        3,
        ge=1,
        le=30,
        description="Days after which a reported problem passes from the school's tutor to its lead.",
    )
    concern_school_days: int = Field(
        7,
        ge=1,
        le=60,
        description="Days after which a reported problem passes from the school to the territory's coordinators.",
    )
    concern_territory_days: int = Field(
        5,
        ge=1,
        le=60,
        description="Days after which it passes from them to whoever runs the service, and is told to them again.",
    )
    concern_keep_days: int = Field(
        730, ge=30, le=3650, description="Days after its closing on which a reported problem is forgotten."
    )

    applications_per_student: int = Field(
        5, ge=1, le=50, description="Applications of one student that may be open at the same time."
    )
    policies_folder: str = Field(
        "",
        max_length=500,
        description="Folder with policies of one's own (TOML): indicators, areas, publisher.",
    )
    contacts_per_month: int = Field(
        10,
        ge=1,
        le=1000,
        description="Applications that a company is sent in a month, of all schools together; it may choose less. The"
        " others wait for the next month.",
    )

    smtp_url: SecretStr | None = Field(
        None,
        description="Mail server: `smtps://user:password@host:465`, `smtp+starttls://user:password@host:587`, or"
        " `smtp://localhost:25`. Without one, development prints mails on the console and production keeps them waiting.",
    )
    mail_from: str = Field(
        "Bottega <no-reply@bottega.example>", max_length=254, description="Sender of the service's mails."
    )

    @model_validator(mode="after")
    def _refuse_silence_after_dormancy(self) -> Self:
        if self.company_silent_days >= self.company_dormant_days:
            raise ValueError("BOTTEGA_COMPANY_SILENT_DAYS must be less than BOTTEGA_COMPANY_DORMANT_DAYS")
        return self

    @model_validator(mode="after")
    def _refuse_unsafe_mail(self) -> Self:
        if self.smtp_url is None:
            return self
        parts = urlsplit(self.smtp_url.get_secret_value())
        if parts.scheme not in ("smtp", "smtp+starttls", "smtps") or not parts.hostname:
            raise ValueError(
                "BOTTEGA_SMTP_URL must begin with smtp://, smtp+starttls:// or smtps:// and name a host"
            )
        is_near = parts.hostname in ("localhost", "127.0.0.1", "::1")
        if parts.scheme == "smtp" and parts.username and not is_near:
            raise ValueError(
                "BOTTEGA_SMTP_URL would send a password in clear: use smtp+starttls:// or smtps://"
            )
        return self

    oidc: tuple[OidcProvider, ...] = Field(
        (), max_length=10, description="Providers of OpenID Connect as a JSON list; see accounts-people.md."
    )

    @model_validator(mode="after")
    def _refuse_bad_providers(self) -> Self:
        keys = [provider.key for provider in self.oidc]
        if len(set(keys)) != len(keys):
            raise ValueError("BOTTEGA_OIDC: two providers have the same key")
        if self.environment == "production" and any(
            not provider.issuer.startswith("https://") for provider in self.oidc
        ):
            raise ValueError("BOTTEGA_OIDC: an issuer must begin with https:// in production")
        return self

    @model_validator(mode="after")
    def _refuse_default_secrets(self) -> Self:
        if self.environment == "production" and self.secret_key.get_secret_value() == DEVELOPMENT_SECRET:
            raise ValueError("BOTTEGA_SECRET_KEY must be set in production")
        return self


Clock = Callable[[], datetime]
"""Tells the moment, in the territory's time zone."""


def local_clock(settings: Settings) -> Clock:
    """The real clock."""
    zone = ZoneInfo(settings.time_zone)
    return lambda: datetime.now(zone)
