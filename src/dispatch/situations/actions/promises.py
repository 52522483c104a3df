"""Writes about the next update that was promised to everybody."""

from __future__ import annotations

from datetime import datetime

from dispatch.kit import clock
from dispatch.kit.db import Tx
from dispatch.kit.events import Subject, record
from dispatch.situations.events import UpdatePromised
from dispatch.situations.models import Situation


async def promise_update(t: Tx, situation: Situation, at: datetime | None) -> None:
    """Show from now on when the next update comes; None: none is promised. The caller holds the situation's lock."""
    if situation.next_update_at == at:
        return
    situation.next_update_at, situation.changed_at = at, clock.now()
    await t.flush()
    await record(
        t,
        UpdatePromised(when=f"for {at:%Y-%m-%d %H:%M} UTC" if at else "no more"),
        about=Subject(situation.kind, situation.id),
    )
