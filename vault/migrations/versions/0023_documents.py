"""Keep documents: what there is of each, its sealed pieces, and what is on its way in.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "documents",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(200), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("sealed_digest", sa.LargeBinary(), nullable=False),
        sa.Column("content_digest", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("row_mac", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "document_id", name=op.f("pk_documents")),
    )
    op.create_index(op.f("ix_documents_citizen_id_record_id"), "documents", ["citizen_id", "record_id"])
    op.create_table(
        "document_pieces",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "document_id", "number", name=op.f("pk_document_pieces")),
    )
    op.create_table(
        "uploads",
        sa.Column("citizen_id", sa.Uuid(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("citizen_id", "document_id", name=op.f("pk_uploads")),
    )
    op.create_index(op.f("ix_uploads_begun_at"), "uploads", ["begun_at"])


def downgrade() -> None:
    op.drop_table("uploads")
    op.drop_table("document_pieces")
    op.drop_table("documents")
