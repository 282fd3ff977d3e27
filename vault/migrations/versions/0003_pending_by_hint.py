"""Let a request that waits be found by what the service asked for, so that known and unknown people are the same.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NAME = "uq_access_requests_one_pending"


def upgrade() -> None:
    op.drop_index(_NAME, table_name="access_requests")
    with op.batch_alter_table("access_requests") as table:
        table.add_column(sa.Column("hint_index", sa.LargeBinary(), nullable=True))
    _one_pending("service_id", "purpose", "hint_index")


def downgrade() -> None:
    op.drop_index(_NAME, table_name="access_requests")
    with op.batch_alter_table("access_requests") as table:
        table.drop_column("hint_index")
    _one_pending("citizen_id", "service_id", "purpose")


def _one_pending(*columns: str) -> None:
    pending = sa.text("state = 'pending'")
    op.create_index(
        _NAME, "access_requests", list(columns), unique=True, sqlite_where=pending, postgresql_where=pending
    )
