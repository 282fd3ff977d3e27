"""Keep since when each of the issuer's keys signs where the log covers it.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "issuer_keys",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("signs_from", sa.BigInteger(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_issuer_keys")),
    )


def downgrade() -> None:
    op.drop_table("issuer_keys")
