"""Let a second officer print letters with a code, and give the two who agree to a sign-in link a half each.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter_orders",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_letter_orders")),
        sa.UniqueConstraint("order_id", name=op.f("uq_letter_orders_order_id")),
    )
    with op.batch_alter_table("links") as table:
        table.add_column(sa.Column("code_index", sa.LargeBinary(), nullable=True))
    with op.batch_alter_table("registry_changes") as table:
        table.add_column(sa.Column("code_index", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("registry_changes") as table:
        table.drop_column("code_index")
    with op.batch_alter_table("links") as table:
        table.drop_column("code_index")
    op.drop_table("letter_orders")
