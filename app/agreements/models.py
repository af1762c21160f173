"""Papers that are signed, the documents that are made of them, and their signatures."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum
from app.placements.models import EndReason, Party


class PaperKind(StrEnum):
    """What is signed. An agreement serves many students, a plan one, an amendment changes what a plan has fixed."""

    AGREEMENT = "agreement"
    PLAN = "plan"
    AMENDMENT = "amendment"


class PaperState(StrEnum):
    """The life of a paper: draft (→ sent, to be checked by the host) → signing → in_force → expired; or ended, or superseded."""

    DRAFT = "draft"
    SENT = "sent"
    SIGNING = "signing"
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    ENDED = "ended"


class SignerRole(StrEnum):
    """As what somebody signs."""

    STUDENT = "student"
    GUARDIAN = "guardian"
    SCHOOL_TUTOR = "school_tutor"
    HOST_TUTOR = "host_tutor"
    HOST = "host"
    HEAD = "head"


class PrivacyRole(StrEnum):
    """What the host is in data protection; the school decides with its officer."""

    CONTROLLER = "controller"
    JOINT_CONTROLLER = "joint_controller"
    PROCESSOR = "processor"


class Method(StrEnum):
    """How somebody has signed: here with a code; or elsewhere, kept as an uploaded file or as paper in an archive."""

    CODE = "code"
    FILE = "file"
    ARCHIVE = "archive"


class DocumentKind(StrEnum):
    """What a document is. A signed copy is what somebody has uploaded."""

    AGREEMENT = "agreement"
    PLAN = "plan"
    AMENDMENT = "amendment"
    INTERRUPTION = "interruption"
    SIGNED_COPY = "signed_copy"


class Language(StrEnum):
    """In which language a document is made."""

    ITALIAN = "it"
    ENGLISH = "en"


class Signatory(Base):
    """Who signs for a school (its head teacher) or for a host (its legal representative). Without an account, elsewhere."""

    __tablename__ = "signatories"
    __table_args__ = (
        sa.CheckConstraint("(school_id IS NULL) <> (company_id IS NULL)", name="of_one_organisation"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("schools.id", ondelete="CASCADE"), unique=True
    )
    company_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), unique=True
    )
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))


_OPEN = "state IN ('draft', 'sent', 'signing', 'in_force')"
_PREPARED_AGREEMENT = "kind = 'agreement' AND state IN ('draft', 'sent', 'signing')"


class Paper(Base):
    """Something to be signed. `document_id` is the version that is signed; a draft has none.

    `due_at` is the clock of an open state (`rules.AT_DUE`). A plan and an amendment are of one placement; their school,
    company and student are the placement's.
    """

    __tablename__ = "papers"
    __table_args__: Any = (
        sa.CheckConstraint(
            "(kind = 'agreement') = (placement_id IS NULL) AND (placement_id IS NULL) = (student_id IS NULL)",
            name="of_a_placement",
        ),
        sa.CheckConstraint(f"({_OPEN}) = (due_at IS NOT NULL)", name="open_has_clock"),
        sa.CheckConstraint("state NOT IN ('signing', 'in_force') OR document_id IS NOT NULL", name="signed_version"),
        sa.CheckConstraint("state <> 'sent' OR kind = 'agreement'", name="only_agreements_are_sent"),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_by IS NULL)", name="end_pair"
        ),
        sa.Index("ix_papers_due_at", "due_at", sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN)),
        # At most one of a kind is prepared at a time for a placement, or for a school and a host; one plan is in force.
        sa.Index(
            "uq_papers_prepared", "placement_id", "kind", unique=True,
            sqlite_where=sa.text("state IN ('draft', 'signing')"),
            postgresql_where=sa.text("state IN ('draft', 'signing')"),
        ),
        sa.Index(
            "uq_papers_agreement_prepared", "school_id", "company_id", unique=True,
            sqlite_where=sa.text(_PREPARED_AGREEMENT), postgresql_where=sa.text(_PREPARED_AGREEMENT),
        ),
        sa.Index(
            "uq_papers_plan_in_force", "placement_id", unique=True,
            sqlite_where=sa.text("state = 'in_force' AND kind = 'plan'"),
            postgresql_where=sa.text("state = 'in_force' AND kind = 'plan'"),
        ),
        sa.Index("ix_papers_created_at_id", "created_at", "id"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[PaperKind] = mapped_column(text_enum(PaperKind))
    state: Mapped[PaperState] = mapped_column(text_enum(PaperState), default=PaperState.DRAFT)
    due_at: Mapped[datetime | None]
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("schools.id"), index=True)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id"), index=True)
    placement_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("placements.id", ondelete="CASCADE"), index=True
    )
    student_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    document_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version, "polymorphic_on": "kind", "with_polymorphic": "*"}


class Agreement(Paper):
    """Between a school and a host, for many students. `host_note` is what the host wants changed in a draft.

    `inail_position` is the insurance position under which the students are covered.
    """

    __tablename__ = "agreements"
    __table_args__ = (sa.CheckConstraint("valid_from <= valid_until", name="days_in_order"),)
    __mapper_args__ = {"polymorphic_identity": PaperKind.AGREEMENT}

    id: Mapped[UUID] = mapped_column(sa.ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    insurance_company: Mapped[str] = mapped_column(sa.String(120), default="")
    insurance_policy: Mapped[str] = mapped_column(sa.String(80), default="")
    inail_position: Mapped[str] = mapped_column(sa.String(40), default="")
    privacy_role: Mapped[PrivacyRole] = mapped_column(text_enum(PrivacyRole), default=PrivacyRole.CONTROLLER)
    host_note: Mapped[str] = mapped_column(sa.String(1000), default="")


class TrainingPlan(Paper):
    """What one student does and learns in one placement. Days, hours and tutors are the placement's."""

    __tablename__ = "training_plans"
    __mapper_args__ = {"polymorphic_identity": PaperKind.PLAN}

    id: Mapped[UUID] = mapped_column(sa.ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)
    activities: Mapped[str] = mapped_column(sa.String(4000), default="")
    safety_measures: Mapped[str] = mapped_column(sa.String(2000), default="")
    general_training_hours: Mapped[int] = mapped_column(default=0)
    specific_training_hours: Mapped[int] = mapped_column(default=0)
    guardian_name: Mapped[str | None] = mapped_column(sa.String(120))
    guardian_email: Mapped[str | None] = mapped_column(sa.String(254))


class PlanSkill(Base):
    """A skill to gain in a placement, and the level to come to."""

    __tablename__ = "plan_skills"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 4", name="level"),)

    plan_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("training_plans.id", ondelete="CASCADE"), primary_key=True
    )
    skill_id: Mapped[str] = mapped_column(sa.ForeignKey("skills.id"), primary_key=True, index=True)
    level: Mapped[int]


class Amendment(Paper):
    """What changes in a placement, once everybody concerned has signed. An empty column changes nothing."""

    __tablename__ = "amendments"
    __table_args__ = (
        sa.CheckConstraint(
            "starts_on IS NULL OR ends_on IS NULL OR starts_on <= ends_on", name="days_in_order"
        ),
        sa.CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name="times_pair"),
        sa.CheckConstraint("weekdays IS NULL OR weekdays BETWEEN 1 AND 127", name="weekdays"),
    )
    __mapper_args__ = {"polymorphic_identity": PaperKind.AMENDMENT}

    id: Mapped[UUID] = mapped_column(sa.ForeignKey("papers.id", ondelete="CASCADE"), primary_key=True)
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    weekdays: Mapped[int | None]
    starts_at: Mapped[time | None]
    ends_at: Mapped[time | None]
    daily_hours: Mapped[float | None]
    planned_hours: Mapped[int | None]
    school_tutor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    host_tutor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )


class Interruption(Base):
    """The note of an early end: on which day, for which side, why; a document without signatures."""

    __tablename__ = "interruptions"

    placement_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("placements.id", ondelete="CASCADE"), primary_key=True
    )
    ended_on: Mapped[date]
    party: Mapped[Party] = mapped_column(text_enum(Party))
    reason: Mapped[EndReason] = mapped_column(text_enum(EndReason))
    text: Mapped[str] = mapped_column(sa.String(1000), default="")
    written_at: Mapped[datetime]
    written_by: Mapped[str] = mapped_column(sa.String(80))


class Document(Base):
    """Bytes that never change, with their SHA-256 (`digest`). What they are made of stands in `data`; an upload has none.

    `subject_id` is the paper's id, or the placement's where the document is about it alone. With the student go the
    documents about the student.
    """

    __tablename__ = "documents"
    __table_args__ = (
        sa.UniqueConstraint("subject_id", "kind", "language", "version"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("length(digest) = 64", name="digest"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[DocumentKind] = mapped_column(text_enum(DocumentKind))
    subject_id: Mapped[UUID]
    student_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    language: Mapped[Language] = mapped_column(text_enum(Language))
    version: Mapped[int]
    media_type: Mapped[str] = mapped_column(sa.String(40))
    digest: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    data: Mapped[dict[str, Any] | None]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(sa.String(80))


class Signature(Base):
    """A signature under one version of a paper, wanted or made. Those of a lower `position` come first.

    `user_id` is who is to sign here; a guardian, and whoever has no account, has none. `asked_at` is when the turn came.
    """

    __tablename__ = "signatures"
    __table_args__ = (
        sa.UniqueConstraint("document_id", "role"),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL) AND (signed_at IS NULL) = (method IS NULL)"
            " AND (signed_at IS NULL) = (signed_on IS NULL)",
            name="signed_whole",
        ),
        sa.CheckConstraint("(method = 'archive') = (archive_number IS NOT NULL)", name="archive_number"),
        sa.CheckConstraint("(method = 'file') = (file_id IS NOT NULL)", name="file"),
        sa.CheckConstraint("reminders >= 0", name="reminders"),
        sa.Index(
            "ix_signatures_waiting", "asked_at",
            sqlite_where=sa.text("signed_at IS NULL"), postgresql_where=sa.text("signed_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    paper_id: Mapped[UUID] = mapped_column(sa.ForeignKey("papers.id", ondelete="CASCADE"), index=True)
    document_id: Mapped[UUID] = mapped_column(sa.ForeignKey("documents.id", ondelete="CASCADE"))
    role: Mapped[SignerRole] = mapped_column(text_enum(SignerRole))
    position: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(120))
    user_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    link_hash: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    asked_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[str | None] = mapped_column(sa.String(80))
    signed_on: Mapped[date | None]
    method: Mapped[Method | None] = mapped_column(text_enum(Method))
    archive_number: Mapped[str | None] = mapped_column(sa.String(80))
    file_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("documents.id", ondelete="CASCADE"), index=True
    )


class SigningCode(Base):
    """A mailed code with which one person makes one signature, as a keyed hash; for half an hour and once."""

    __tablename__ = "signing_codes"
    __table_args__ = (sa.CheckConstraint("wrong_tries BETWEEN 0 AND 5", name="wrong_tries"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    signature_id: Mapped[UUID] = mapped_column(sa.ForeignKey("signatures.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    wrong_tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
