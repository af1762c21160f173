"""Agreements, training plans, amendments; their documents and signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_FIXED = "content, digest, media_type, data, kind, subject_id, language, version, made_at"
"""Of a document; who made it can be forgotten, and the row goes with the student."""


def upgrade() -> None:
    op.create_table(
        "signatories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.CheckConstraint(
            "(school_id IS NULL) <> (company_id IS NULL)", name=op.f("ck_signatories_of_one_organisation")
        ),
        of("signatories", "company_id", "companies", on_delete="CASCADE"),
        of("signatories", "school_id", "schools", on_delete="CASCADE"),
        of("signatories", "user_id", "users", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatories")),
        sa.UniqueConstraint("company_id", name=op.f("uq_signatories_company_id")),
        sa.UniqueConstraint("school_id", name=op.f("uq_signatories_school_id")),
    )
    op.create_index(op.f("ix_signatories_user_id"), "signatories", ["user_id"], unique=False)
    op.create_table(
        "documents",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            among("documentkind", "agreement", "plan", "amendment", "interruption", "signed_copy"),
            nullable=False,
        ),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=True),
        sa.Column("language", among("language", "it", "en"), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("length(digest) = 64", name=op.f("ck_documents_sha256")),
        sa.CheckConstraint("version >= 1", name=op.f("ck_documents_version")),
        of("documents", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint(
            "subject_id",
            "kind",
            "language",
            "version",
            name=op.f("uq_documents_subject_id_kind_language_version"),
        ),
    )
    op.create_index(op.f("ix_documents_student_id"), "documents", ["student_id"], unique=False)
    op.create_table(
        "interruptions",
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=False),
        sa.Column("party", among("party", "student", "company", "school", "service"), nullable=False),
        sa.Column(
            "reason",
            among(
                "endreason",
                "student_changed",
                "company_changed",
                "school_changed",
                "left_school",
                "not_ready",
                "unsafe",
                "too_little_attended",
                "moved",
            ),
            nullable=False,
        ),
        sa.Column("text", sa.String(length=1000), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(length=80), nullable=False),
        of("interruptions", "placement_id", "placements", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("placement_id", name=op.f("pk_interruptions")),
    )
    op.create_table(
        "papers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", among("paperkind", "agreement", "plan", "amendment"), nullable=False),
        sa.Column(
            "state",
            among("paperstate", "draft", "sent", "signing", "in_force", "superseded", "expired", "ended"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column("student_id", sa.Uuid(), nullable=True),
        sa.Column("document_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'agreement') = (placement_id IS NULL) AND (placement_id IS NULL) = (student_id IS NULL)",
            name=op.f("ck_papers_of_a_placement"),
        ),
        sa.CheckConstraint(
            "(state = 'ended') = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_by IS NULL)",
            name=op.f("ck_papers_end_pair"),
        ),
        sa.CheckConstraint(
            "(state IN ('draft', 'sent', 'signing', 'in_force')) = (due_at IS NOT NULL)",
            name=op.f("ck_papers_open_has_clock"),
        ),
        sa.CheckConstraint(
            "state <> 'sent' OR kind = 'agreement'", name=op.f("ck_papers_only_agreements_are_sent")
        ),
        sa.CheckConstraint(
            "state NOT IN ('signing', 'in_force') OR document_id IS NOT NULL",
            name=op.f("ck_papers_signed_version"),
        ),
        of("papers", "company_id", "companies"),
        of("papers", "document_id", "documents", on_delete="CASCADE"),
        of("papers", "placement_id", "placements", on_delete="CASCADE"),
        of("papers", "school_id", "schools"),
        of("papers", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
    )
    op.create_index(op.f("ix_papers_company_id"), "papers", ["company_id"], unique=False)
    op.create_index("ix_papers_created_at_id", "papers", ["created_at", "id"], unique=False)
    op.create_index(op.f("ix_papers_document_id"), "papers", ["document_id"], unique=False)
    op.create_index(
        "ix_papers_due_at",
        "papers",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('draft', 'sent', 'signing', 'in_force')"),
        postgresql_where=sa.text("state IN ('draft', 'sent', 'signing', 'in_force')"),
    )
    op.create_index(op.f("ix_papers_placement_id"), "papers", ["placement_id"], unique=False)
    op.create_index(op.f("ix_papers_school_id"), "papers", ["school_id"], unique=False)
    op.create_index(op.f("ix_papers_student_id"), "papers", ["student_id"], unique=False)
    op.create_index(
        "uq_papers_agreement_prepared",
        "papers",
        ["school_id", "company_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'agreement' AND state IN ('draft', 'sent', 'signing')"),
        postgresql_where=sa.text("kind = 'agreement' AND state IN ('draft', 'sent', 'signing')"),
    )
    op.create_index(
        "uq_papers_plan_in_force",
        "papers",
        ["placement_id"],
        unique=True,
        sqlite_where=sa.text("state = 'in_force' AND kind = 'plan'"),
        postgresql_where=sa.text("state = 'in_force' AND kind = 'plan'"),
    )
    op.create_index(
        "uq_papers_prepared",
        "papers",
        ["placement_id", "kind"],
        unique=True,
        sqlite_where=sa.text("state IN ('draft', 'signing')"),
        postgresql_where=sa.text("state IN ('draft', 'signing')"),
    )
    op.create_table(
        "agreements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("insurance_company", sa.String(length=120), nullable=False),
        sa.Column("insurance_policy", sa.String(length=80), nullable=False),
        sa.Column("inail_position", sa.String(length=40), nullable=False),
        sa.Column(
            "privacy_role",
            among("privacyrole", "controller", "joint_controller", "processor"),
            nullable=False,
        ),
        sa.Column("host_note", sa.String(length=1000), nullable=False),
        sa.CheckConstraint("valid_from <= valid_until", name=op.f("ck_agreements_days_in_order")),
        of("agreements", "id", "papers", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
    )
    op.create_table(
        "amendments",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("weekdays", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.Time(), nullable=True),
        sa.Column("ends_at", sa.Time(), nullable=True),
        sa.Column("daily_hours", sa.Double(), nullable=True),
        sa.Column("planned_hours", sa.Integer(), nullable=True),
        sa.Column("school_tutor_id", sa.Uuid(), nullable=True),
        sa.Column("host_tutor_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name=op.f("ck_amendments_times_pair")),
        sa.CheckConstraint(
            "starts_on IS NULL OR ends_on IS NULL OR starts_on <= ends_on",
            name=op.f("ck_amendments_days_in_order"),
        ),
        sa.CheckConstraint(
            "weekdays IS NULL OR weekdays BETWEEN 1 AND 127", name=op.f("ck_amendments_weekdays")
        ),
        of("amendments", "host_tutor_id", "users", on_delete="SET NULL"),
        of("amendments", "id", "papers", on_delete="CASCADE"),
        of("amendments", "school_tutor_id", "users", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_amendments")),
    )
    op.create_index(op.f("ix_amendments_host_tutor_id"), "amendments", ["host_tutor_id"], unique=False)
    op.create_index(op.f("ix_amendments_school_tutor_id"), "amendments", ["school_tutor_id"], unique=False)
    op.create_table(
        "signatures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("paper_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            among("signerrole", "student", "guardian", "school_tutor", "host_tutor", "host", "head"),
            nullable=False,
        ),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("link_hash", sa.String(length=64), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.String(length=80), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=True),
        sa.Column("method", among("method", "code", "file", "archive"), nullable=True),
        sa.Column("archive_number", sa.String(length=80), nullable=True),
        sa.Column("file_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "(method = 'archive') = (archive_number IS NOT NULL)", name=op.f("ck_signatures_archive_number")
        ),
        sa.CheckConstraint("(method = 'file') = (file_id IS NOT NULL)", name=op.f("ck_signatures_file")),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL) AND (signed_at IS NULL) = (method IS NULL) AND (signed_at IS NULL) = (signed_on IS NULL)",
            name=op.f("ck_signatures_signed_whole"),
        ),
        sa.CheckConstraint("reminders >= 0", name=op.f("ck_signatures_reminders")),
        of("signatures", "document_id", "documents", on_delete="CASCADE"),
        of("signatures", "file_id", "documents", on_delete="CASCADE"),
        of("signatures", "paper_id", "papers", on_delete="CASCADE"),
        of("signatures", "user_id", "users", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatures")),
        sa.UniqueConstraint("document_id", "role", name=op.f("uq_signatures_document_id_role")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_signatures_link_hash")),
    )
    op.create_index(op.f("ix_signatures_file_id"), "signatures", ["file_id"], unique=False)
    op.create_index(op.f("ix_signatures_paper_id"), "signatures", ["paper_id"], unique=False)
    op.create_index(op.f("ix_signatures_user_id"), "signatures", ["user_id"], unique=False)
    op.create_index(
        "ix_signatures_waiting",
        "signatures",
        ["asked_at"],
        unique=False,
        sqlite_where=sa.text("signed_at IS NULL"),
        postgresql_where=sa.text("signed_at IS NULL"),
    )
    op.create_table(
        "training_plans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("activities", sa.String(length=4000), nullable=False),
        sa.Column("safety_measures", sa.String(length=2000), nullable=False),
        sa.Column("general_training_hours", sa.Integer(), nullable=False),
        sa.Column("specific_training_hours", sa.Integer(), nullable=False),
        sa.Column("guardian_name", sa.String(length=120), nullable=True),
        sa.Column("guardian_email", sa.String(length=254), nullable=True),
        of("training_plans", "id", "papers", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_training_plans")),
    )
    op.create_table(
        "plan_skills",
        sa.Column("plan_id", sa.Uuid(), nullable=False),
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 4", name=op.f("ck_plan_skills_level")),
        of("plan_skills", "plan_id", "training_plans", on_delete="CASCADE"),
        of("plan_skills", "skill_id", "skills"),
        sa.PrimaryKeyConstraint("plan_id", "skill_id", name=op.f("pk_plan_skills")),
    )
    op.create_index(op.f("ix_plan_skills_skill_id"), "plan_skills", ["skill_id"], unique=False)
    op.create_table(
        "signing_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("signature_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("wrong_tries", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("wrong_tries BETWEEN 0 AND 5", name=op.f("ck_signing_codes_wrong_tries")),
        of("signing_codes", "signature_id", "signatures", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_codes")),
    )
    op.create_index(op.f("ix_signing_codes_expires_at"), "signing_codes", ["expires_at"], unique=False)
    op.create_index(op.f("ix_signing_codes_signature_id"), "signing_codes", ["signature_id"], unique=False)
    _guard_documents()


def _guard_documents() -> None:
    if op.get_bind().dialect.name == "sqlite":
        stop = "SELECT RAISE(ABORT, 'documents never change')"
        op.execute(
            f"CREATE TRIGGER documents_no_update BEFORE UPDATE OF {_FIXED} ON documents BEGIN {stop}; END"
        )
        return
    op.execute(
        f"CREATE TRIGGER documents_no_update BEFORE UPDATE OF {_FIXED} ON documents"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    for table in (
        "signing_codes", "plan_skills", "training_plans", "signatures", "amendments", "agreements", "papers", "interruptions", "documents", "signatories",
    ):  # fmt: skip
        op.drop_table(table)
