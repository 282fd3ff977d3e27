"""Name passkeys and devices; keep recovery codes, letter codes, unfinished bindings and recoveries in person.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("passkeys", sa.Column("sealed_name", sa.LargeBinary(), nullable=True))
    op.add_column("sign_ins", sa.Column("device", sa.String(length=200), nullable=True))
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "code_index", name=op.f("pk_recovery_codes")),
    )
    op.create_table(
        "letter_codes",
        sa.Column("code_index", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("code_index", name=op.f("pk_letter_codes")),
    )
    op.create_index(op.f("ix_letter_codes_account_id"), "letter_codes", ["account_id"], unique=False)
    op.create_table(
        "bindings",
        sa.Column("binding_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("subject_index", sa.LargeBinary(), nullable=False),
        sa.Column("assurance", sa.String(length=200), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("binding_hash", name=op.f("pk_bindings")),
    )
    op.create_table(
        "recoveries",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("recovery_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("first_by", sa.Uuid(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("sealed_first", sa.LargeBinary(), nullable=False),
        sa.Column("second_by", sa.Uuid(), nullable=True),
        sa.Column("second_at", sa.BigInteger(), nullable=True),
        sa.Column("sealed_second", sa.LargeBinary(), nullable=True),
        sa.Column("ready_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", "recovery_id", name=op.f("pk_recoveries")),
    )


def downgrade() -> None:
    for table in ("recoveries", "bindings", "letter_codes", "recovery_codes"):
        op.drop_table(table)
    op.drop_column("sign_ins", "device")
    op.drop_column("passkeys", "sealed_name")
