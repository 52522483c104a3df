"""The sandbox itself: calls, deliveries, faults, clock, settings, state."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field, field_validator

from .. import snapshot
from ..delivery import delivery_of
from ..errors import Impossible
from ..faults import KINDS, Fault
from ..socket_mode import SocketDelivery
from . import Box, Json, installed

router = APIRouter(prefix="/sandbox", tags=["sandbox"])


class FaultIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    target: str
    kind: str
    seconds: float | None = Field(None, ge=0)
    retry_after: int | None = Field(None, ge=0)
    count: int | None = Field(None, ge=0)
    probability: float | None = Field(None, ge=0, le=1)
    team: str | None = None

    @field_validator("kind")
    @classmethod
    def known(cls, kind: str) -> str:
        if kind not in KINDS and not (kind.startswith("error:") and len(kind) > 6):
            raise ValueError(f"one of {', '.join(KINDS)} or error:<slack_error>")
        return kind


class FaultsIn(BaseModel):
    faults: list[FaultIn]
    seed: int | None = None


class Time(BaseModel):
    """Seconds to skip; `running` stops the clock, so that only skipping moves it, or starts it again."""

    advance: float = Field(0, ge=0)
    running: bool | None = None


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rates: bool | None = None
    commercial: bool | None = None
    events_per_hour: int | None = Field(
        None, ge=1, description="with rates on, events beyond are dropped with app_rate_limited"
    )
    events_failing_from: int | None = Field(
        None, ge=1, description="attempts in an hour before failing ones end a subscription"
    )


class Link(BaseModel):
    """`refresh_requested`, `warning`, `link_disabled` or `drop` (without a word)."""

    reason: str = "refresh_requested"


@router.get("/calls")
async def calls(box: Box, since: int = 0, limit: Annotated[int | None, Query(ge=1)] = None) -> Json:
    """Web API calls numbered above `since`, in the order they ended; the first `limit` of them."""
    return {"calls": box.calls.since(since, limit)}


@router.get("/deliveries")
async def deliveries(box: Box, since: int = 0) -> Json:
    """Attempts to reach apps; how many events are still under way (retries included), and on the wire at this moment."""
    return {"deliveries": box.sent.since(since), "pending": len(box.outgoing), "sending": box.sending}


@router.get("/faults")
async def faults(box: Box) -> Json:
    """The faults set now; `count` is what is left."""
    return {"faults": [asdict(fault) for fault in box.faults.active], "seed": box.faults.seed}


@router.put("/faults")
async def set_faults(body: FaultsIn, box: Box) -> Json:
    """Replaces all faults; an empty list ends them."""
    box.faults.replace([Fault(**one.model_dump()) for one in body.faults], body.seed)
    return await faults(box)


@router.post("/clock")
async def advance(body: Time, box: Box) -> Json:
    """Skips seconds, stops the clock or starts it again."""
    if body.running is not None:
        (box.clock.start if body.running else box.clock.stop)()
    if body.advance:
        box.clock.advance(body.advance)
    return {"now": box.clock.now(), "offset": box.clock.offset, "running": box.clock.running}


@router.get("/clock")
async def clock(box: Box) -> Json:
    """The sandbox's time: seconds since 1970, and how far it is ahead of the wall."""
    return {"now": box.clock.now(), "offset": box.clock.offset, "running": box.clock.running}


@router.get("/settings")
async def settings(box: Box) -> Json:
    """What is set now."""
    return {
        "rates": box.rates.enabled,
        "commercial": box.rates.commercial,
        "events_per_hour": box.subscriptions.hourly,
        "events_failing_from": box.subscriptions.failing_from,
    }


@router.put("/settings")
async def set_settings(body: Settings, box: Box) -> Json:
    """Changes what is named; answers all settings."""
    if body.rates is not None:
        box.rates.enabled = body.rates
    if body.commercial is not None:
        box.rates.commercial = body.commercial
    if body.events_per_hour is not None:
        box.subscriptions.hourly = body.events_per_hour
    if body.events_failing_from is not None:
        box.subscriptions.failing_from = body.events_failing_from
    return await settings(box)


@router.post("/reset")
async def reset(box: Box) -> Json:
    """Forgets everything but seed, settings and the clock."""
    box.reset()
    return {"ok": True}


@router.get("/snapshot")
async def take(box: Box) -> Json:
    """The whole state, grouped by workspace."""
    return snapshot.take(box)


@router.put("/snapshot")
async def put(saved: Annotated[dict[str, Any], Body()], box: Box) -> Json:
    """Puts a snapshot in the place of everything. 422 when it is none."""
    snapshot.restore(box, saved)
    return {"ok": True, "workspaces": list(box.state.workspaces)}


@router.get("/apps/{app}/socket")
async def socket(app: str, box: Box) -> Json:
    """How many Socket Mode connections the app holds."""
    delivery = delivery_of(box, installed(box, app))
    return {"connections": delivery.count if isinstance(delivery, SocketDelivery) else 0}


@router.post("/apps/{app}/socket")
async def disturb_socket(app: str, body: Link, box: Box) -> Json:
    """Sends every open socket of the app a disconnect, or drops them."""
    found = installed(box, app)
    delivery = delivery_of(box, found)
    if not isinstance(delivery, SocketDelivery):
        raise Impossible("not_socket_mode", found.name)
    if body.reason == "drop":
        return {"connections": await delivery.drop()}
    found.socket_link_disabled = body.reason == "link_disabled"
    return {"connections": await delivery.disconnect_all(body.reason)}
