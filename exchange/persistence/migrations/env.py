"""Runs migrations over the connection that `exchange.persistence.migrate` hands to Alembic."""

from alembic import context
from sqlalchemy import text

from exchange.persistence.tables.every import metadata

connection = context.config.attributes["connection"]
connection.execute(
    text("SET lock_timeout = '5s'")
)  # rather fail than hold up everybody behind a waiting lock
connection.commit()
context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
