"""A worker process for the crash tests: notes in table `seen` what it begins and ends."""

from __future__ import annotations

import asyncio
import signal
import sys
from datetime import timedelta

import psycopg

from dispatch.kit.jobs import Job, JobWorker


async def main(url: str, name: str, heartbeat: str, graceful: str) -> None:
    async def note(job: str, what: str) -> None:
        async with await psycopg.AsyncConnection.connect(url) as connection:
            await connection.execute("INSERT INTO seen (job, worker, what) VALUES (%s, %s, %s)", (job, name, what))

    async def sleep(job: Job) -> None:
        await note(str(job.id), "begin")
        await asyncio.sleep(float(job.payload))
        await note(str(job.id), "end")

    worker = JobWorker(
        url,
        {"sleep": sleep},
        heartbeat_timeout=timedelta(seconds=float(heartbeat)),
        poll=timedelta(seconds=0.3),
        graceful=timedelta(seconds=float(graceful)),
        name=name,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.stop)
    await note("", "up")
    await worker.run()


asyncio.run(main(*sys.argv[1:]))
