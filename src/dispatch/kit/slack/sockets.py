"""Which process holds the socket of which app: one is enough, and another takes over when it dies.

`slack_socket` is global, one row per app and process: a lease for fifteen seconds, renewed every five, and how the
socket does. A process started for an app by name (`dispatch server slack`) goes before those that look after all apps.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import aiohttp
import structlog
from sqlalchemy import ForeignKey, Integer, Text, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Mapped, mapped_column

from dispatch.kit.db import Base, Database, OrgId, Read
from dispatch.kit.errors import ProviderError, Refused
from dispatch.kit.slack import payloads
from dispatch.kit.slack.dispatcher import Came, Dispatcher
from dispatch.kit.slack.payloads import Malformed
from dispatch.kit.slack.registry import Answer, Installation
from dispatch.kit.slack.routing import fitting
from dispatch.kit.slack.socket_mode import Envelope, Health, SocketMode

log = structlog.get_logger()

LEASE: Final = 15.0
RENEW: Final = 5.0
#: Seconds until an app is tried again whose token Slack refused; a new token is tried at once.
REFUSED_PAUSE: Final = 300.0

OpenLink = Callable[[Installation], Awaitable[str]]


class SlackSocket(Base):
    """A process's socket of one app. Ids, times and error codes only."""

    __tablename__ = "slack_socket"

    #: A hash of the app-level token.
    app_key: Mapped[str] = mapped_column(Text, primary_key=True)
    holder: Mapped[str] = mapped_column(Text, primary_key=True)
    org_id: Mapped[OrgId] = mapped_column(ForeignKey("organization.id", ondelete="CASCADE"))
    instance_id: Mapped[int]
    named: Mapped[bool]
    lease_until: Mapped[datetime]
    connected_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]
    connections: Mapped[int] = mapped_column(Integer)
    trouble: Mapped[str] = mapped_column(Text)


# The database's clock: the processes may be on several machines.
_OTHERS = text("""
select count(*) from slack_socket
where app_key = :key and holder <> :holder and lease_until > clock_timestamp() and (named or not :named_only)
""")
_KEEP = text("""
insert into slack_socket
  (app_key, holder, org_id, instance_id, named, lease_until, connected_at, heard_at, connections, trouble)
values (:key, :holder, :org, :instance, :named, clock_timestamp() + make_interval(secs => :lease), :connected, :heard,
        :connections, :trouble)
on conflict (app_key, holder) do update
set org_id = excluded.org_id, instance_id = excluded.instance_id, lease_until = excluded.lease_until,
    connected_at = excluded.connected_at, heard_at = excluded.heard_at, connections = excluded.connections,
    trouble = excluded.trouble
""")
_FORGET_DEAD = text("delete from slack_socket where app_key = :key and lease_until < clock_timestamp()")
_LEAVE = text("delete from slack_socket where app_key = :key and holder = :holder")
_HEALTH = text("""
select count(*) filter (where connected) as connected, count(*) filter (where trouble <> '') as troubled,
       coalesce(max(silent), 0) as silent
from (
  select app_key, bool_or(connections > 0 and lease_until > clock_timestamp()) as connected, max(trouble) as trouble,
         extract(epoch from clock_timestamp() - max(heard_at)) as silent
  from slack_socket group by app_key
) apps
""")


@dataclass(frozen=True)
class SocketHealth:
    """Over all apps: how many are connected, how many have trouble, and the longest silence in seconds."""

    connected: int
    troubled: int
    silent_seconds: float


async def health(t: Read) -> SocketHealth:
    """`t` is a system transaction."""
    row = (await t.execute(_HEALTH)).one()
    return SocketHealth(row.connected, row.troubled, float(row.silent))


class AppSocket:
    """The socket of one app with its lease."""

    def __init__(
        self, db: Database, dispatcher: Dispatcher, installation: Installation, *,
        open_link: OpenLink, session: aiohttp.ClientSession, holder: str, named: bool,
    ) -> None:  # fmt: skip
        self.installation = installation
        self._db = db
        self._dispatcher = dispatcher
        self._values: dict[str, Any] = {
            "key": app_key(installation), "holder": holder, "org": installation.org,
            "instance": installation.instance_id, "named": named, "lease": LEASE,
        }  # fmt: skip
        self.socket = SocketMode(lambda: open_link(installation), session=session, answer=self._answered)

    async def claim(self) -> bool:
        """Whether this process may open the app's socket now. A named one always may."""
        async with self._db.system() as t:
            await t.execute(
                text("select pg_advisory_xact_lock(hashtext(:key))"), {"key": f"socket {self._values['key']}"}
            )
            await t.execute(_FORGET_DEAD, self._values)
            if not self._values["named"] and await self._others(t, named_only=False):
                return False
            await t.execute(_KEEP, self._values | _shown(self.socket.health))
            return True

    async def renew(self) -> bool:
        """Whether it may go on: False when a process started for this app by name took over."""
        async with self._db.system() as t:
            if not self._values["named"] and await self._others(t, named_only=True):
                return False
            await t.execute(_KEEP, self._values | _shown(self.socket.health))
            return True

    async def leave(self) -> None:
        """Others may take over at once."""
        with suppress(OperationalError, InterfaceError, PoolTimeout):
            async with self._db.system() as t:
                await t.execute(_LEAVE, self._values)

    async def _others(self, t: Read, *, named_only: bool) -> bool:
        return bool((await t.execute(_OTHERS, self._values | {"named_only": named_only})).scalar())

    async def _answered(self, envelope: Envelope) -> Answer:
        """One envelope, given to the dispatcher. What is malformed is acknowledged: it would not get better."""
        payload = envelope.get("payload")
        if not isinstance(payload, dict):
            log.warning("socket_envelope_without_payload")
            return None
        kind = envelope.get("type")
        inside = payloads.part(payload, "event") if kind == "events_api" else payload
        channel = payloads.channel_of(inside) if kind == "events_api" else payloads.place_of(inside)
        team = payloads.team_of(payload)
        look = await self._dispatcher.installations.look(self.installation.org_slug, team=team, channel=channel)
        ours = [each for each in look.own if each.app_token == self.installation.app_token]
        verified = fitting(ours, team=team, app=payloads.app_of(payload))
        if not verified:
            raise Refused("No enabled Slack plugin serves this workspace and app.")
        came = Came(look, verified)
        try:
            if kind == "events_api":
                await self._dispatcher.event(came, payload)
            elif kind == "slash_commands":
                return await self._dispatcher.command(came, payload)
            elif kind == "interactive":
                return await self._dispatcher.interactive(came, payload)
        except Malformed as why:
            log.warning("socket_envelope_malformed", reason=str(why))
        return None


@dataclass
class _Running:
    app: AppSocket
    task: asyncio.Task[None]
    #: Monotonic; when a refused app is tried again.
    again_at: float = field(default=0.0)


class Sockets:
    """Looks after the sockets of all apps with an app-level token, as long as no other process does.

    Args:
        holder: names this process, such as host and process id.
        every: seconds between looks.
    """

    def __init__(
        self, db: Database, dispatcher: Dispatcher, *,
        open_link: OpenLink, session: aiohttp.ClientSession, holder: str, every: float = RENEW,
    ) -> None:  # fmt: skip
        self._db = db
        self._dispatcher = dispatcher
        self._open_link = open_link
        self._session = session
        self._holder = holder
        self._every = every
        self._running: dict[str, _Running] = {}

    async def run(self) -> None:
        """Until cancelled; then what is under way is acknowledged first."""
        try:
            while True:
                try:
                    await self._look()
                except (OperationalError, InterfaceError, PoolTimeout) as why:
                    log.warning("sockets_wait_for_database", error=type(why).__name__)
                except Exception as why:
                    # Whatever it is: without this loop no socket comes back.
                    log.error("sockets_look_failed", exc_info=why)
                await asyncio.sleep(self._every)
        finally:
            await asyncio.gather(*(self._end(key) for key in list(self._running)), return_exceptions=True)

    async def _look(self) -> None:
        wanted = by_app(await self._dispatcher.installations.everywhere())
        for key in [key for key in self._running if key not in wanted]:
            await self._end(key)
        for key, installation in wanted.items():
            running = self._running.get(key)
            if running is None:
                await self._start(key, installation)
            elif not await running.app.renew():
                log.info("socket_left_to_named_process")
                await self._end(key)
            elif running.task.done() and time.monotonic() >= running.again_at:
                running.app.socket = SocketMode(
                    lambda installation=installation: self._open_link(installation),  # type: ignore[misc]
                    session=self._session,
                    answer=running.app._answered,
                )
                running.task = self._spawn(running.app)
                running.again_at = time.monotonic() + REFUSED_PAUSE

    async def _start(self, key: str, installation: Installation) -> None:
        app = AppSocket(
            self._db, self._dispatcher, installation, open_link=self._open_link, session=self._session,
            holder=self._holder, named=False,
        )  # fmt: skip
        if await app.claim():
            self._running[key] = _Running(app, self._spawn(app), time.monotonic() + REFUSED_PAUSE)

    def _spawn(self, app: AppSocket) -> asyncio.Task[None]:
        return asyncio.create_task(_until_refused(app), name="socket")

    async def _end(self, key: str) -> None:
        # Forgotten last, and not awaited itself: should we be cancelled meanwhile, we are, and it is ended once more.
        running = self._running[key]
        running.app.socket.stop()
        await asyncio.wait({running.task})
        if not running.task.cancelled() and (why := running.task.exception()) is not None:
            log.error("socket_failed", exc_info=why)
        await running.app.leave()
        self._running.pop(key, None)


async def _until_refused(app: AppSocket) -> None:
    try:
        await app.socket.run()
    except Refused as why:
        app.socket.health.trouble = why.code or "refused"
        log.error("socket_refused", organization=app.installation.org_slug, code=why.code)


async def run_named(app: AppSocket, stop: asyncio.Event) -> None:
    """One app's socket until `stop` is set; for `dispatch server slack`.

    Raises:
        Refused: Slack does not let us connect.
    """
    await app.claim()
    serving = asyncio.create_task(app.socket.run(), name="socket")
    stopped = asyncio.create_task(stop.wait())
    try:
        while not stopped.done() and not serving.done():
            await asyncio.wait({serving, stopped}, timeout=RENEW, return_when=asyncio.FIRST_COMPLETED)
            try:
                await app.renew()
            except (OperationalError, InterfaceError, PoolTimeout) as why:
                log.warning("sockets_wait_for_database", error=type(why).__name__)
        app.socket.stop()
        await serving
    finally:
        stopped.cancel()
        await app.leave()


def app_key(installation: Installation) -> str:
    return hashlib.sha256(installation.app_token.encode()).hexdigest()[:32]


def by_app(installations: Sequence[Installation]) -> dict[str, Installation]:
    """The first installation of each app that has an app-level token."""
    found: dict[str, Installation] = {}
    for each in installations:
        if each.app_token:
            found.setdefault(app_key(each), each)
    return found


def _shown(of: Health) -> dict[str, Any]:
    def moment(seconds: float | None) -> datetime | None:
        return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

    return {
        "connected": moment(of.connected_at), "heard": moment(of.heard_at), "connections": of.connections,
        "trouble": of.trouble[:200],
    }  # fmt: skip


__all__ = ["AppSocket", "ProviderError", "SlackSocket", "SocketHealth", "Sockets", "by_app", "health", "run_named"]
