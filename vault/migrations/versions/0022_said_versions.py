"""Keep which version of a grant was made on the citizen's spoken word, so that it can be undone.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("grants", sa.Column("said_version", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("grants", "said_version")
