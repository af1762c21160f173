"""Let a key have two secrets, ask for access tokens, and have a limit of its own; give classes external ids."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import of

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key_secrets",
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("prefix", sa.String(length=12), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        of("api_key_secrets", "key_id", "api_keys", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("key_id", "generation", name=op.f("pk_api_key_secrets")),
        sa.UniqueConstraint("prefix", name=op.f("uq_api_key_secrets_prefix")),
    )
    op.execute(
        "INSERT INTO api_key_secrets (key_id, generation, prefix, secret_hash, created_at, last_used_at)"
        " SELECT id, 1, prefix, secret_hash, created_at, last_used_at FROM api_keys"
    )
    op.create_table(
        "access_tokens",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", sa.String(length=1000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        of("access_tokens", "key_id", "api_keys", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_access_tokens")),
    )
    with op.batch_alter_table("access_tokens", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_access_tokens_key_id"), ["key_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_access_tokens_expires_at"), ["expires_at"], unique=False)

    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("requests_per_minute", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_api_keys_requests_per_minute"), "requests_per_minute IS NULL OR requests_per_minute > 0"
        )
        batch_op.drop_constraint(op.f("uq_api_keys_prefix"), type_="unique")
        batch_op.drop_column("prefix")
        batch_op.drop_column("secret_hash")

    with op.batch_alter_table("classes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("source", sa.String(length=40), nullable=True))
        batch_op.add_column(sa.Column("external_id", sa.String(length=80), nullable=True))
    op.create_index(
        "ix_classes_school_id_source_external_id",
        "classes",
        ["school_id", "source", "external_id"],
        unique=True,
    )


def downgrade() -> None:
    op.drop_index("ix_classes_school_id_source_external_id", table_name="classes")
    with op.batch_alter_table("classes", schema=None) as batch_op:
        batch_op.drop_column("external_id")
        batch_op.drop_column("source")

    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("prefix", sa.String(length=12), nullable=True))
        batch_op.add_column(sa.Column("secret_hash", sa.String(length=64), nullable=True))
    newest = "SELECT {} FROM api_key_secrets WHERE key_id = api_keys.id ORDER BY generation DESC LIMIT 1"
    # A revoked key has no secrets left, and the old table has no room for it.
    op.execute("DELETE FROM api_keys WHERE id NOT IN (SELECT key_id FROM api_key_secrets)")
    op.execute(
        f"UPDATE api_keys SET prefix = ({newest.format('prefix')}), secret_hash = ({newest.format('secret_hash')})"  # noqa: S608 -- two names of columns
    )
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.alter_column("prefix", existing_type=sa.String(length=12), nullable=False)
        batch_op.alter_column("secret_hash", existing_type=sa.String(length=64), nullable=False)
        batch_op.create_unique_constraint(op.f("uq_api_keys_prefix"), ["prefix"])
        batch_op.drop_constraint(op.f("ck_api_keys_requests_per_minute"), type_="check")
        batch_op.drop_column("reminded_at")
        batch_op.drop_column("requests_per_minute")

    with op.batch_alter_table("access_tokens", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_access_tokens_expires_at"))
        batch_op.drop_index(batch_op.f("ix_access_tokens_key_id"))

    op.drop_table("access_tokens")
    op.drop_table("api_key_secrets")
