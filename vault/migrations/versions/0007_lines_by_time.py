"""Find the log's lines by what they say and when, newest first.

Revision ID: 0007
Revises: 0006
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_FOUND_BY = ("event", "purpose", "subject", "organisation_id", "service_id", "person", "grant_id", "case_id")


def upgrade() -> None:
    for column in _FOUND_BY:
        op.drop_index(op.f(f"ix_log_lines_{column}_log_at"), table_name="log_lines")
        op.create_index(op.f(f"ix_log_lines_{column}_time_log_at"), "log_lines", [column, "time", "log", "at"])
    op.drop_index(op.f("ix_log_lines_time"), table_name="log_lines")
    op.create_index(op.f("ix_log_lines_time_log_at"), "log_lines", ["time", "log", "at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_log_lines_time_log_at"), table_name="log_lines")
    op.create_index(op.f("ix_log_lines_time"), "log_lines", ["time"])
    for column in _FOUND_BY:
        op.drop_index(op.f(f"ix_log_lines_{column}_time_log_at"), table_name="log_lines")
        op.create_index(op.f(f"ix_log_lines_{column}_log_at"), "log_lines", [column, "log", "at"])
