"""Keeping the job tables small: pgqueuer logs each change of a job and never removes what it logged."""

from __future__ import annotations

import asyncio
import logging
import random

import psycopg

from dispatch.kit.jobs.driver import PoolDriver
from dispatch.kit.jobs.schema import LOG, QUEUE

log = logging.getLogger(__name__)

# Failures stay for a month, for whoever has to find out; the rest only for as long as somebody debugs a live system.
_SWEEP_LOG = f"""
DELETE FROM {LOG} WHERE id IN (
    SELECT id FROM {LOG}
    WHERE (status <> 'failed' AND created < now() - interval '10 minutes') OR created < now() - interval '30 days'
    LIMIT 20000
)
"""
_SWEEP_HELD = f"DELETE FROM {QUEUE} WHERE status = 'failed' AND updated < now() - interval '30 days'"


async def sweep(driver: PoolDriver) -> None:
    for statement in (_SWEEP_LOG, _SWEEP_HELD):
        await driver.execute(statement)


async def keep_house(driver: PoolDriver, *, every: float = 60.0) -> None:
    """Sweep about each `every` seconds, for ever."""
    while True:
        # Uneven, so that many workers do not sweep at the same moment.
        await asyncio.sleep(every * random.uniform(0.7, 1.3))
        try:
            await sweep(driver)
        except psycopg.Error as error:
            # Nothing depends on one sweep; the next one does the work of both.
            log.warning("jobs: the log could not be swept: %s", error)
