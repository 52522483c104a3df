"""Transactions over pooled connections: nobody goes on in what somebody else left open."""

from __future__ import annotations

from sqlalchemy import text

from dispatch.kit.db import Database, OrgId


async def test_a_connection_left_inside_a_transaction_is_put_aside(database: str) -> None:
    db = Database(database, pool=1)
    try:
        async with db.engine.connect() as left:
            raw = (await left.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.execute("begin; select set_config('app.org_id', '1', true)")
            # Given back behind SQLAlchemy's back: it knows nothing of a transaction, so it ends none.
            pid = raw.info.backend_pid
        async with db.read(OrgId(2)) as t:
            row = (await t.execute(text("select pg_backend_pid() as pid, current_setting('app.org_id') as org"))).one()
        assert row.org == "2"
        assert row.pid != pid
    finally:
        await db.close()
