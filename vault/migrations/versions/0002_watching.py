"""Lay down the sums of refusals and the places of the log's lines.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FOUND_BY = ("event", "purpose", "subject", "organisation_id", "service_id", "person", "grant_id", "case_id")


def upgrade() -> None:
    op.create_table(
        "refusal_sums",
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "minute", name=op.f("pk_refusal_sums")),
    )
    op.create_table(
        "log_lines",
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=True),
        sa.Column("subject", sa.LargeBinary(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("log", "at", name=op.f("pk_log_lines")),
    )
    for column in _FOUND_BY:
        op.create_index(op.f(f"ix_log_lines_{column}_log_at"), "log_lines", [column, "log", "at"])
    op.create_index(op.f("ix_log_lines_time"), "log_lines", ["time"])


def downgrade() -> None:
    op.drop_table("log_lines")
    op.drop_table("refusal_sums")
