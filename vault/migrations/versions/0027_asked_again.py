"""Find by what name a service asked before, so that it waits after a no; keep how a decider had proved who they are.

Revision ID: 0027
Revises: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_access_requests_hint_index"), "access_requests", ["hint_index"])
    op.add_column("grants", sa.Column("proven_at", sa.BigInteger(), nullable=True))
    op.add_column("grants", sa.Column("proven_by", sa.String(length=40), nullable=True))


def downgrade() -> None:
    for name in ("proven_by", "proven_at"):
        with op.batch_alter_table("grants") as table:
            table.drop_column(name)
    op.drop_index(op.f("ix_access_requests_hint_index"), "access_requests")
