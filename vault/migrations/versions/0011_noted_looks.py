"""Lay down which of their own looks citizens made in an hour, so that the log holds one of each.

Revision ID: 0011
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "noted_looks",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("sign_in_hash", sa.LargeBinary(), nullable=False),
        sa.Column("category", sa.String(length=200), nullable=False),
        sa.Column("hour", sa.BigInteger(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("logged_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "sign_in_hash", "category", "hour", name=op.f("pk_noted_looks")),
    )
    op.create_index(op.f("ix_noted_looks_logged_at"), "noted_looks", ["logged_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_noted_looks_logged_at"), table_name="noted_looks")
    op.drop_table("noted_looks")
