"""How Alembic meets our tables: on a connection that `vault.migrations` opened with our own settings, or not at all."""

from alembic import context

from vault.migrations import METADATA

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations with `citizen-vault init`, which opens the database as the vault does")
context.configure(
    connection=connection,
    target_metadata=METADATA,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
)
context.run_migrations()
