from alembic import context
from sqlalchemy import Connection, create_engine, text

from dispatch.schema import metadata


def run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    # A restore: inside its transaction, so that everything is there or nothing.
    run(given)
else:
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        # A migration that waits for a lock stops everybody behind it: rather fail and be run again.
        connection.execute(text("set lock_timeout = '5s'"))
        # Two processes that start at once: the second waits here and finds nothing left to do.
        connection.execute(text("select pg_advisory_lock(7241000)"))
        connection.commit()
        run(connection)
        connection.execute(text("select pg_advisory_unlock(7241000)"))
        connection.commit()
    engine.dispose()
