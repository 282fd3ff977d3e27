"""Keep what the watchers read of late, what staff are near to, and what was found.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INDEXES = {
    "watched_acts": (
        ("officer", "time"),
        ("team", "time"),
        ("person", "time"),
        ("subject", "time"),
        ("service_id", "time"),
        ("time",),
    ),
    "tie_marks": (("made_at",),),
    "findings": (("scope", "part"), ("state", "found_at")),
    "finding_notes": (("finding_id", "number"),),
}
_UNIQUE = {("findings", "scope")}


def upgrade() -> None:
    _acts()
    _ties()
    _findings()
    for table, indexes in _INDEXES.items():
        for columns in indexes:
            name = f"ix_{table}_{'_'.join(columns)}"
            op.create_index(name, table, list(columns), unique=(table, columns[0]) in _UNIQUE)


def _acts() -> None:
    op.create_table(
        "watched_acts",
        sa.Column("log", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=200), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("officer", sa.LargeBinary(), nullable=False),
        sa.Column("team", sa.LargeBinary(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("person", sa.LargeBinary(), nullable=True),
        sa.Column("subject", sa.LargeBinary(), nullable=True),
        sa.Column("matter", sa.LargeBinary(), nullable=True),
        sa.Column("ties", sa.String(length=200), nullable=False),
        sa.Column("emergency", sa.Boolean(), nullable=False),
        sa.Column("fresh", sa.Boolean(), nullable=False),
        sa.Column("explained", sa.Boolean(), nullable=True),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("log", "at", name="pk_watched_acts"),
    )
    op.create_table(
        "watch_states",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("log", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("followed", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_watch_states"),
    )


def _ties() -> None:
    op.create_table(
        "staff_ties",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_ties", sa.LargeBinary(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_staff_ties"),
    )
    op.create_table(
        "marked_people",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("sealed_reason", sa.LargeBinary(), nullable=False),
        sa.Column("marked_at", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", name="pk_marked_people"),
    )
    op.create_table(
        "tie_marks",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("surnames", sa.Text(), nullable=False),
        sa.Column("postcodes", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", name="pk_tie_marks"),
    )


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("scope", sa.LargeBinary(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("grave", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("closed_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("finding_id", name="pk_findings"),
    )
    op.create_table(
        "finding_notes",
        sa.Column("note_id", sa.Uuid(), nullable=False),
        sa.Column("finding_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("to", sa.Uuid(), nullable=True),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("note_id", name="pk_finding_notes"),
    )


def downgrade() -> None:
    for table in ("finding_notes", "findings", "tie_marks", "marked_people", "staff_ties", "watch_states"):
        op.drop_table(table)
    op.drop_table("watched_acts")
