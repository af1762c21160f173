"""People, what they are to whom, their sessions, and API keys."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.auth.actors import Role
from app.db import Base, new_id, text_enum


class User(Base):
    """A person who can sign in: by e-mail address, or by a user name for those who have none."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str | None] = mapped_column(sa.String(254), unique=True)
    username: Mapped[str | None] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    language: Mapped[str] = mapped_column(sa.String(2), default="it")
    password_hash: Mapped[str | None] = mapped_column(sa.String(255))
    is_active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    @property
    def sign_in_name(self) -> str:
        """What the person types to say who they are; whoever has neither address nor user name comes by code only."""
        return self.email or self.username or str(self.id)


class Territory(Base):
    """What a coordinator coordinates: some provinces under a name. It is data; no code knows any of them."""

    __tablename__ = "territories"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(sa.String(120), unique=True)


class TerritoryProvince(Base):
    """A province of a territory; one province may be in several."""

    __tablename__ = "territory_provinces"

    territory_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True
    )
    province_code: Mapped[str] = mapped_column(sa.String(2), primary_key=True)


class Membership(Base):
    """One role of one person, bound to what the role needs and to nothing else."""

    __tablename__ = "memberships"
    __table_args__ = (
        sa.CheckConstraint(
            "(role = 'student') = (student_id IS NOT NULL)"
            " AND (role IN ('teacher', 'school_lead')) = (school_id IS NOT NULL)"
            " AND (role IN ('company_member', 'company_admin', 'training_body')) = (company_id IS NOT NULL)"
            " AND (role = 'coordinator') = (territory_id IS NOT NULL)",
            name="bound_to_role",
        ),
        sa.UniqueConstraint("user_id", "student_id"),
        sa.UniqueConstraint("user_id", "role", "school_id"),
        sa.UniqueConstraint("user_id", "role", "company_id"),
        sa.UniqueConstraint("user_id", "territory_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    school_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("schools.id", ondelete="CASCADE"), index=True
    )
    company_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), index=True
    )
    student_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    territory_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id"), index=True)


class TaughtClass(Base):
    """A class that a teacher's membership covers."""

    __tablename__ = "taught_classes"

    membership_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("memberships.id", ondelete="CASCADE"), primary_key=True
    )
    class_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("classes.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class SignIn(Base):
    """A session of a signed-in person; only a hash of its token is stored.

    `second_factor_at` is empty until the second factor has been given: who needs one can do nothing before.
    """

    __tablename__ = "sign_ins"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    membership_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("memberships.id", ondelete="SET NULL"), index=True
    )
    """The hat that the person wears in this session; of whom has only one, it need not be chosen."""
    how: Mapped[str] = mapped_column(sa.String(20))
    browser: Mapped[str] = mapped_column(sa.String(40))
    is_own_device: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    second_factor_at: Mapped[datetime | None]


class SignInCode(Base):
    """A mailed link and the code beside it, as hashes. Without a person it is there to take time, and opens nothing."""

    __tablename__ = "sign_in_codes"
    __table_args__ = (sa.CheckConstraint("wrong_codes BETWEEN 0 AND 5", name="wrong_codes"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    link_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64), index=True)
    wrong_codes: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class SecondFactor(Base):
    """The secret of a person's code generator, encrypted, and the last time step that was used: none serves twice."""

    __tablename__ = "second_factors"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    sealed_secret: Mapped[str] = mapped_column(sa.String(200))
    last_step: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code on paper for the day on which the code generator is lost; as a hash, for once."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    used_at: Mapped[datetime | None]


class Throttle(Base):
    """How often something was tried in vain: by an account, an address or a device, under a keyed hash."""

    __tablename__ = "throttles"
    __table_args__ = (sa.CheckConstraint("tries >= 0", name="tries"),)

    key: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    tries: Mapped[int]
    tried_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime]


class Identity(Base):
    """Who a person is to a provider of OpenID Connect: the subject never changes, the address may."""

    __tablename__ = "identities"
    __table_args__ = (sa.UniqueConstraint("issuer", "subject"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(sa.String(255))
    subject: Mapped[str] = mapped_column(sa.String(255))
    created_at: Mapped[datetime]


class OidcFlow(Base):
    """A sign-in that a provider is asked for: ends with its first answer, or by itself after ten minutes.

    `browser_hash` binds it to the browser that began it; the state and the browser's secret are stored hashed.
    """

    __tablename__ = "oidc_flows"

    state_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    browser_hash: Mapped[str] = mapped_column(sa.String(64))
    provider: Mapped[str] = mapped_column(sa.String(40))
    nonce: Mapped[str] = mapped_column(sa.String(64))
    verifier: Mapped[str] = mapped_column(sa.String(64))
    next: Mapped[str] = mapped_column(sa.String(500))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class ApiKey(Base):
    """A program that calls on somebody's behalf: a role and scopes bound it, one or two secrets prove that it is it.

    The same thing is called an API key where it is sent as such, and a client where it asks for access tokens.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        sa.CheckConstraint(
            "requests_per_minute IS NULL OR requests_per_minute > 0", name="requests_per_minute"
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(sa.String(120))
    role: Mapped[Role] = mapped_column(text_enum(Role))
    school_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"))
    company_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"))
    territory_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id"))
    scopes: Mapped[str] = mapped_column(sa.String(1000))
    requests_per_minute: Mapped[int | None]
    created_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]


class ApiKeySecret(Base):
    """One secret of a key: a prefix to find it, a hash to check it. Each rotation is a generation.

    The newest one lasts as long as the key (`expires_at` is empty), the one before it to the end of the overlap.
    """

    __tablename__ = "api_key_secrets"

    key_id: Mapped[UUID] = mapped_column(sa.ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    prefix: Mapped[str] = mapped_column(sa.String(12), unique=True)
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class AccessToken(Base):
    """A token that a client was given for its secret (RFC 6749, 4.4); only a hash of it is stored."""

    __tablename__ = "access_tokens"

    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    key_id: Mapped[UUID] = mapped_column(sa.ForeignKey("api_keys.id", ondelete="CASCADE"), index=True)
    scopes: Mapped[str] = mapped_column(sa.String(1000))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class IdempotencyKey(Base):
    """The answer to a POST that created something, kept for a day to answer its repetition."""

    __tablename__ = "idempotency_keys"

    actor: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(sa.Text)
    headers: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(index=True)
