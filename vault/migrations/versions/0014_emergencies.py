"""Lay down emergencies, and say which officers look at them afterwards.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "emergencies",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("emergency_id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("stated_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("followed_by", sa.Uuid(), nullable=True),
        sa.Column("followed_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "emergency_id", name=op.f("pk_emergencies")),
    )
    op.create_index(op.f("ix_emergencies_emergency_id"), "emergencies", ["emergency_id"], unique=True)
    op.create_index(op.f("ix_emergencies_service_id_due_at"), "emergencies", ["service_id", "due_at"])
    op.create_index(op.f("ix_emergencies_account_id_stated_at"), "emergencies", ["account_id", "stated_at"])
    with op.batch_alter_table("accounts") as table:
        table.add_column(sa.Column("supervises", sa.Boolean(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("accounts") as table:
        table.drop_column("supervises")
    op.drop_index(op.f("ix_emergencies_account_id_stated_at"), "emergencies")
    op.drop_index(op.f("ix_emergencies_service_id_due_at"), "emergencies")
    op.drop_index(op.f("ix_emergencies_emergency_id"), "emergencies")
    op.drop_table("emergencies")
