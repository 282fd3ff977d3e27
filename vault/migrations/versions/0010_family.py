"""Say what an authority covers, whom it names, and how it is handed over; no row was ever written before.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def _old() -> list[sa.Column[object]]:
    return [
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("authority_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("powers", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=True),
        sa.Column("holder_account_id", sa.Uuid(), nullable=True),
        sa.Column("sealed_evidence", sa.LargeBinary(), nullable=True),
        sa.Column("seen_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
    ]


def _new() -> list[sa.Column[object]]:
    return [
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("invite_hash", sa.LargeBinary(), nullable=True),
        sa.Column("invite_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("frozen_at", sa.BigInteger(), nullable=True),
        sa.Column("reviewed", sa.Boolean(), nullable=False),
        sa.Column("seen_second", sa.Uuid(), nullable=True),
    ]


def upgrade() -> None:
    op.drop_table("authorities")
    op.create_table(
        "authorities",
        *_old(),
        *_new(),
        sa.PrimaryKeyConstraint("citizen_id", "authority_id", name=op.f("pk_authorities")),
        sa.UniqueConstraint("invite_hash", name=op.f("uq_authorities_invite_hash")),
    )
    op.create_index(op.f("ix_authorities_holder_account_id"), "authorities", ["holder_account_id"])


def downgrade() -> None:
    op.drop_table("authorities")
    op.create_table(
        "authorities",
        *_old(),
        sa.PrimaryKeyConstraint("citizen_id", "authority_id", name=op.f("pk_authorities")),
    )
