"""The yardstick: a bare `SELECT 1` over the same server and driver, nothing else. Machines differ; beside it figures compare.

python -m bench.raw PORT DATABASE_URL
"""

from __future__ import annotations

import sys
from typing import Any

import uvicorn
from psycopg_pool import AsyncConnectionPool

from dispatch.kit.db import libpq_url


class SelectOne:
    """The smallest ASGI application that asks the database."""

    def __init__(self, url: str) -> None:
        self._pool = AsyncConnectionPool(
            libpq_url(url), min_size=8, max_size=8, open=False, kwargs={"autocommit": True}
        )

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await self._pool.open(wait=True)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self._pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        async with self._pool.connection() as connection:
            found = await (await connection.execute("select 1")).fetchone()
        body = str(found and found[0]).encode()
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-length", str(len(body)).encode())]}
        )
        await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        SelectOne(sys.argv[2]), host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False, loop="uvloop",
        http="httptools",
    )  # fmt: skip
