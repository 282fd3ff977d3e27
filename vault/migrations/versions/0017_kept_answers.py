"""Keep for a day what services were answered under an idempotency key.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "kept_answers",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("request_digest", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "service_id", "key_hash", name=op.f("pk_kept_answers")),
    )
    op.create_index(op.f("ix_kept_answers_answered_at"), "kept_answers", ["answered_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_kept_answers_answered_at"), table_name="kept_answers")
    op.drop_table("kept_answers")
