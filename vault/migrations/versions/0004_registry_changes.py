"""Keep what a service is for, every version of a purpose, and each change of the registry with its two people.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "service_details",
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("what_for", sa.Text(), nullable=False),
        sa.Column("lgsl", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("service_id", name=op.f("pk_service_details")),
    )
    op.create_table(
        "purpose_versions",
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("approved_first", sa.Uuid(), nullable=True),
        sa.Column("approved_second", sa.Uuid(), nullable=True),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("slug", "version", name=op.f("pk_purpose_versions")),
    )
    op.create_table(
        "registry_changes",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("replaced", sa.Text(), nullable=False),
        sa.Column("base_version", sa.Integer(), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", sa.Uuid(), nullable=True),
        sa.Column("sealed_words", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("sealed_answer", sa.LargeBinary(), nullable=True),
        sa.Column("applied_version", sa.Integer(), nullable=True),
        sa.Column("proposed_leaf", sa.LargeBinary(), nullable=True),
        sa.Column("decided_leaf", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", name=op.f("pk_registry_changes")),
    )
    op.create_index(op.f("ix_registry_changes_state"), "registry_changes", ["state"])
    op.create_index(op.f("ix_registry_changes_subject"), "registry_changes", ["subject"])


def downgrade() -> None:
    op.drop_table("registry_changes")
    op.drop_table("purpose_versions")
    op.drop_table("service_details")
