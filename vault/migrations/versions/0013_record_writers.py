"""Keep with each version the service and the officer who wrote it here.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("record_versions") as table:
        table.add_column(sa.Column("service_id", sa.Uuid(), nullable=True))
        table.add_column(sa.Column("sealed_author", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("record_versions") as table:
        table.drop_column("sealed_author")
        table.drop_column("service_id")
