"""Accounts without an address, codes for students, invitations, hats, and identities of OpenID Connect."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

ROLES = (
    "student", "teacher", "school_lead", "company_member", "company_admin", "coordinator", "administrator",
)  # fmt: skip


def upgrade() -> None:
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=True)
        batch_op.add_column(sa.Column("username", sa.String(length=40), nullable=True))
        batch_op.create_unique_constraint(batch_op.f("uq_users_username"), ["username"])
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.add_column(sa.Column("membership_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_sign_ins_membership_id_memberships"), "memberships", ["membership_id"], ["id"],
            ondelete="SET NULL",
        )  # fmt: skip
        batch_op.create_index(batch_op.f("ix_sign_ins_membership_id"), ["membership_id"], unique=False)
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        of("identities", "user_id", "users", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identities")),
        sa.UniqueConstraint("issuer", "subject", name=op.f("uq_identities_issuer_subject")),
    )
    with op.batch_alter_table("identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_identities_user_id"), ["user_id"], unique=False)
    op.create_table(
        "oidc_flows",
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("verifier", sa.String(length=64), nullable=False),
        sa.Column("next", sa.String(length=500), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name=op.f("pk_oidc_flows")),
    )
    with op.batch_alter_table("oidc_flows", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_oidc_flows_expires_at"), ["expires_at"], unique=False)
    _create_student_codes()
    _create_invitations()


def _create_student_codes() -> None:
    op.create_table(
        "student_codes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "used_at IS NULL OR ended_at IS NULL", name=op.f("ck_student_codes_used_or_ended")
        ),
        of('student_codes', 'student_id', 'students', on_delete='CASCADE'),
        of('student_codes', 'made_by', 'users', on_delete='SET NULL'),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_student_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_student_codes_code_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_student_codes_student_id"), "student_codes", ["student_id"], unique=False)
    is_open = sa.text("used_at IS NULL AND ended_at IS NULL")
    op.create_index(
        "uq_student_codes_open", "student_codes", ["student_id"], unique=True, sqlite_where=is_open,
        postgresql_where=is_open,
    )  # fmt: skip


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column(
            "role", among('role', *ROLES),
            nullable=False,
        ),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_by", sa.Uuid(), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "role IN ('teacher', 'school_lead', 'company_member', 'company_admin', 'coordinator')"
            " AND (role IN ('teacher', 'school_lead')) = (school_id IS NOT NULL)"
            " AND (role IN ('company_member', 'company_admin')) = (company_id IS NOT NULL)",
            name=op.f("ck_invitations_bound_to_role"),
        ),
        sa.CheckConstraint(
            "accepted_at IS NULL OR revoked_at IS NULL", name=op.f("ck_invitations_accepted_or_revoked")
        ),
        sa.CheckConstraint(
            "accepted_by IS NULL OR accepted_at IS NOT NULL", name=op.f("ck_invitations_accepted_pair")
        ),
        of('invitations', 'school_id', 'schools', on_delete='CASCADE'),
        of('invitations', 'company_id', 'companies', on_delete='CASCADE'),
        of('invitations', 'invited_by', 'users', on_delete='SET NULL'),
        of('invitations', 'accepted_by', 'users', on_delete='SET NULL'),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invitations_code_hash")),
    )  # fmt: skip
    op.create_index(op.f("ix_invitations_school_id"), "invitations", ["school_id"], unique=False)
    op.create_index(op.f("ix_invitations_company_id"), "invitations", ["company_id"], unique=False)
    op.create_table(
        "invited_classes",
        sa.Column("invitation_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        of('invited_classes', 'invitation_id', 'invitations', on_delete='CASCADE'),
        of('invited_classes', 'class_id', 'classes', on_delete='CASCADE'),
        sa.PrimaryKeyConstraint("invitation_id", "class_id", name=op.f("pk_invited_classes")),
    )  # fmt: skip
    op.create_index(op.f("ix_invited_classes_class_id"), "invited_classes", ["class_id"], unique=False)


def downgrade() -> None:
    op.drop_table("invited_classes")
    op.drop_table("invitations")
    op.drop_table("student_codes")
    op.drop_table("oidc_flows")
    op.drop_table("identities")
    with op.batch_alter_table("sign_ins", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_ins_membership_id"))
        batch_op.drop_constraint(batch_op.f("fk_sign_ins_membership_id_memberships"), type_="foreignkey")
        batch_op.drop_column("membership_id")
    # An account without an address keeps its place, under one that no mail can reach.
    op.execute("UPDATE users SET email = CAST(id AS VARCHAR(36)) || '@no-mail.invalid' WHERE email IS NULL")
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_users_username"), type_="unique")
        batch_op.drop_column("username")
        batch_op.alter_column("email", existing_type=sa.String(length=254), nullable=False)
