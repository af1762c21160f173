"""Sessions of visits, quotas and bookings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visit_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", among("sessionstate", "planned", "cancelled", "held"), nullable=False),
        sa.Column("room", sa.String(length=200), nullable=False),
        sa.Column("online_link", sa.String(length=500), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("note", sa.String(length=1000), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("seats_taken", sa.Integer(), nullable=False),
        sa.Column("smallest_group", sa.Integer(), nullable=True),
        sa.Column("draw_seed", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("seats_taken BETWEEN 0 AND seats", name=op.f("ck_visit_sessions_seats")),
        sa.CheckConstraint("smallest_group >= 1", name=op.f("ck_visit_sessions_smallest_group")),
        sa.CheckConstraint("starts_at < ends_at", name=op.f("ck_visit_sessions_times_in_order")),
        of("visit_sessions", "opportunity_id", "opportunities", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_sessions")),
    )
    op.create_index("ix_visit_sessions_ends_at", "visit_sessions", ["ends_at"], unique=False)
    op.create_index(
        "ix_visit_sessions_opportunity_id_starts_at",
        "visit_sessions",
        ["opportunity_id", "starts_at", "id"],
        unique=False,
    )
    op.create_table(
        "bookings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_session_id", sa.Uuid(), nullable=False),
        sa.Column("kind", among("bookingkind", "single", "group"), nullable=False),
        sa.Column(
            "state",
            among(
                "bookingstate",
                "held",
                "booked",
                "waiting",
                "offered",
                "cancelled",
                "declined",
                "expired",
                "attended",
                "absent",
            ),
            nullable=False,
        ),
        sa.Column("student_id", sa.Uuid(), nullable=True),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("adults", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column(
            "end_reason",
            among("bookingend", "own_choice", "no_answer", "no_seat", "session_cancelled", "student_gone"),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'single') = (adults = 0 AND people = 1)", name=op.f("ck_bookings_single_is_one")
        ),
        sa.CheckConstraint(
            "(state IN ('cancelled', 'declined', 'expired')) = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (end_reason IS NULL)",
            name=op.f("ck_bookings_end_whole"),
        ),
        sa.CheckConstraint(
            "(state IN ('held', 'waiting', 'offered')) = (due_at IS NOT NULL)",
            name=op.f("ck_bookings_open_has_clock"),
        ),
        sa.CheckConstraint(
            "kind = 'single' OR student_id IS NULL", name=op.f("ck_bookings_student_of_single")
        ),
        sa.CheckConstraint("passes >= 0", name=op.f("ck_bookings_passes")),
        sa.CheckConstraint("people > adults AND adults >= 0", name=op.f("ck_bookings_people")),
        of("bookings", "class_id", "classes"),
        of("bookings", "school_id", "schools"),
        of("bookings", "student_id", "students", on_delete="CASCADE"),
        of("bookings", "visit_session_id", "visit_sessions", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bookings")),
    )
    op.create_index(op.f("ix_bookings_class_id"), "bookings", ["class_id"], unique=False)
    op.create_index(
        "ix_bookings_due_at",
        "bookings",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_bookings_student_id"), "bookings", ["student_id"], unique=False)
    op.create_index(
        "ix_bookings_visit_session_id_state", "bookings", ["visit_session_id", "state"], unique=False
    )
    op.create_table(
        "quotas",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("visit_session_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("programme_id", sa.String(length=80), nullable=True),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("seats_taken", sa.Integer(), nullable=False),
        sa.Column("most_groups", sa.Integer(), nullable=True),
        sa.Column("groups_taken", sa.Integer(), nullable=False),
        sa.Column("keeps", sa.Boolean(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "NOT keeps OR (visit_session_id IS NOT NULL AND seats IS NOT NULL AND most_groups IS NULL)",
            name=op.f("ck_quotas_kept_in_session"),
        ),
        sa.CheckConstraint(
            "groups_taken BETWEEN 0 AND coalesce(most_groups, groups_taken)", name=op.f("ck_quotas_groups")
        ),
        sa.CheckConstraint("released_at IS NULL OR keeps", name=op.f("ck_quotas_released_if_kept")),
        sa.CheckConstraint(
            "seats IS NOT NULL OR most_groups IS NOT NULL", name=op.f("ck_quotas_limits_something")
        ),
        sa.CheckConstraint(
            "seats_taken BETWEEN 0 AND coalesce(seats, seats_taken)", name=op.f("ck_quotas_seats")
        ),
        of("quotas", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("quotas", "programme_id", "programmes"),
        of("quotas", "school_id", "schools"),
        of("quotas", "visit_session_id", "visit_sessions", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotas")),
    )
    op.create_index(op.f("ix_quotas_opportunity_id"), "quotas", ["opportunity_id"], unique=False)
    op.create_index(op.f("ix_quotas_visit_session_id"), "quotas", ["visit_session_id"], unique=False)
    op.create_table(
        "booking_counts",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("quota_id", sa.Uuid(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("groups", sa.Integer(), nullable=False),
        sa.CheckConstraint("seats >= 0 AND groups BETWEEN 0 AND 1", name=op.f("ck_booking_counts_counts")),
        of("booking_counts", "booking_id", "bookings", on_delete="CASCADE"),
        of("booking_counts", "quota_id", "quotas", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("booking_id", "quota_id", name=op.f("pk_booking_counts")),
    )
    op.create_index(op.f("ix_booking_counts_quota_id"), "booking_counts", ["quota_id"], unique=False)
    op.create_table(
        "booking_members",
        sa.Column("visit_session_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        of("booking_members", "booking_id", "bookings", on_delete="CASCADE"),
        of("booking_members", "student_id", "students", on_delete="CASCADE"),
        of("booking_members", "visit_session_id", "visit_sessions", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("visit_session_id", "student_id", name=op.f("pk_booking_members")),
    )
    op.create_index(op.f("ix_booking_members_booking_id"), "booking_members", ["booking_id"], unique=False)
    op.create_index(op.f("ix_booking_members_student_id"), "booking_members", ["student_id"], unique=False)
    op.add_column(
        "opportunities", sa.Column("has_sessions", sa.Boolean(), server_default=sa.false(), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("opportunities", "has_sessions")
    op.drop_table("booking_members")
    op.drop_table("booking_counts")
    op.drop_table("quotas")
    op.drop_table("bookings")
    op.drop_table("visit_sessions")
