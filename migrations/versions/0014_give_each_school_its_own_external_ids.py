"""Give each school its own external ids: two schools may use the same system, with the same numbers for students."""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

EVERYWHERE, BY_SCHOOL = ["source", "external_id"], ["source", "external_id", "school_id"]


def upgrade() -> None:
    _replace(EVERYWHERE, BY_SCHOOL)


def downgrade() -> None:
    # Where two schools have the same, the first keeps it; the others' source gets the school's code, so that none is lost.
    op.execute(
        "UPDATE students SET source = substr(source, 1, 29) || '.' ||"
        " (SELECT code FROM schools WHERE schools.id = students.school_id)"
        " WHERE EXISTS (SELECT 1 FROM students AS other WHERE other.source = students.source"
        " AND other.external_id = students.external_id AND other.id < students.id)"
    )
    _replace(BY_SCHOOL, EVERYWHERE)


def _replace(old: list[str], new: list[str]) -> None:
    with op.batch_alter_table("students", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f(f"uq_students_{'_'.join(old)}"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f(f"uq_students_{'_'.join(new)}"), new)
