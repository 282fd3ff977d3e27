"""Lay down the steps of cases, and find a case by its number or its service.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_steps",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("step_id", sa.Uuid(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "step_id", name=op.f("pk_case_steps")),
    )
    op.create_index(op.f("ix_case_steps_citizen_id_case_id"), "case_steps", ["citizen_id", "case_id"])
    op.create_index(op.f("ix_cases_case_id"), "cases", ["case_id"], unique=True)
    op.create_index(op.f("ix_cases_service_id"), "cases", ["service_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_cases_service_id"), "cases")
    op.drop_index(op.f("ix_cases_case_id"), "cases")
    op.drop_index(op.f("ix_case_steps_citizen_id_case_id"), "case_steps")
    op.drop_table("case_steps")
