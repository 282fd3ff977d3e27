"""Lay down notices, how each citizen wants mail, and mail on its way.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=False),
        sa.Column("occasion", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "kind", "about", "occasion", name=op.f("pk_notices")),
    )
    op.create_table(
        "notice_choices",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("mail", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", name=op.f("pk_notice_choices")),
    )
    op.create_table(
        "outgoing_mail",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=True),
        sa.Column("by_letter", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", name=op.f("pk_outgoing_mail")),
    )
    op.create_index(op.f("ix_outgoing_mail_due_at"), "outgoing_mail", ["due_at"])


def downgrade() -> None:
    op.drop_table("outgoing_mail")
    op.drop_table("notice_choices")
    op.drop_table("notices")
