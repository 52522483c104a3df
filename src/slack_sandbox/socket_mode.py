"""Socket Mode: tickets, connections, envelopes, acknowledgements, refresh."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from .delivery import LIMIT, Ack, AskKind
from .sandbox import Sandbox
from .state import App

Json = dict[str, Any]
CONNECTION_LIMIT = 10
LIFETIME = 18_060
DEBUG_LIFETIME = 360
WARNING = 10
TICKET_LIFETIME = 30
_TYPES = {"command": "slash_commands", "interactive": "interactive", "options": "interactive"}


@dataclass
class Ticket:
    app_id: str
    expires: float
    debug: bool


@dataclass(eq=False)
class Connection:
    socket: WebSocket
    # envelope_id -> the answer being waited for.
    waiting: dict[str, asyncio.Future[Json]] = field(default_factory=dict)
    retiring: bool = False

    async def send(self, frame: Json) -> None:
        await self.socket.send_text(orjson.dumps(frame).decode())


def new_ticket(box: Sandbox, app: App, *, debug: bool) -> str:
    value = box.ids.secret("ticket")
    box.tickets[value] = Ticket(app.id, box.clock.now() + TICKET_LIFETIME, debug)
    address = box.base_url.replace("http", "ws", 1)
    return f"{address}/link/?ticket={value}&app_id={app.id}" + ("&debug_reconnects=true" if debug else "")


class SocketDelivery:
    """Any of an app's open sockets may get any payload."""

    def __init__(self, box: Sandbox, app_id: str) -> None:
        self._box = box
        self._app_id = app_id
        self._connections: list[Connection] = []
        self._turn = 0

    async def send_event(self, envelope: Json, *, attempt: int, reason: str | None) -> Ack:
        retry: Json = {"retry_attempt": attempt, "retry_reason": reason or ""}
        return await self._exchange(
            {"type": "events_api", "accepts_response_payload": False, "payload": envelope, **retry}
        )

    async def ask(self, kind: AskKind, payload: Json, *, url: str | None) -> Ack:
        # Slack reads an answer to commands, options and submissions, and ignores one to buttons and shortcuts.
        answers = kind in ("command", "options") or payload.get("type") == "view_submission"
        return await self._exchange({"type": _TYPES[kind], "accepts_response_payload": answers, "payload": payload})

    async def _exchange(self, frame: Json) -> Ack:
        began = time.perf_counter()

        def ack(status: int, **more: Any) -> Ack:
            return Ack(status, round((time.perf_counter() - began) * 1000), **more)

        tried: set[int] = set()
        while True:
            usable = [one for one in self._usable if id(one) not in tried]
            if not usable:
                return ack(0, error="dispatch_failed", headers=(("reason", "connection_failed"),))
            self._turn += 1
            connection = usable[self._turn % len(usable)]
            tried.add(id(connection))
            try:
                reply = await self._sent(connection, frame, LIMIT * self._box.patience - (time.perf_counter() - began))
            except TimeoutError:
                return ack(0, error="operation_timeout", headers=(("reason", "timeout"),))
            except (WebSocketDisconnect, RuntimeError, ConnectionError):
                continue  # that socket closed before it acknowledged: any other may have it
            body = reply.get("payload") if frame["accepts_response_payload"] else None
            return ack(200, body="" if body is None else body)

    async def _sent(self, connection: Connection, frame: Json, limit: float) -> Json:
        envelope_id = self._box.ids.secret("envelope")[:36]
        answer: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        connection.waiting[envelope_id] = answer
        try:
            await connection.send({"envelope_id": envelope_id, **frame})
            return await asyncio.wait_for(answer, limit)
        finally:
            connection.waiting.pop(envelope_id, None)

    # -- connections -----------------------------------------------------------------------------------------------

    async def serve(self, socket: WebSocket, *, lifetime: float) -> None:
        connection = Connection(socket)
        self._connections.append(connection)
        aging = self._box.spawn(self._age(connection, lifetime))
        try:
            await connection.send(self._hello(lifetime))
            while True:
                self._heard(connection, await socket.receive_text())
        except (WebSocketDisconnect, RuntimeError):
            return
        finally:
            aging.cancel()
            self._connections.remove(connection)
            for answer in connection.waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("the socket closed"))

    def _hello(self, lifetime: float) -> Json:
        return {
            "type": "hello",
            "num_connections": self.count,
            "debug_info": {"host": "sandbox", "build_number": 1, "approximate_connection_time": int(lifetime)},
            "connection_info": {"app_id": self._app_id},
        }

    def _heard(self, connection: Connection, text: str) -> None:
        try:
            frame = orjson.loads(text)
        except orjson.JSONDecodeError:
            return  # Slack ignores frames it cannot read.
        answer = connection.waiting.get(frame.get("envelope_id", "")) if isinstance(frame, dict) else None
        if answer is not None and not answer.done():
            answer.set_result(frame)

    async def _age(self, connection: Connection, lifetime: float) -> None:
        await self._box.clock.sleep(lifetime - WARNING)
        await self.disconnect(connection, "warning")
        await self._box.clock.sleep(WARNING)
        await self.disconnect(connection, "refresh_requested")

    @property
    def full(self) -> bool:
        return self.count >= CONNECTION_LIMIT

    @property
    def count(self) -> int:
        return len(self._usable)

    @property
    def _usable(self) -> list[Connection]:
        return [one for one in self._connections if not one.retiring]

    async def disconnect(self, connection: Connection, reason: str) -> None:
        if connection.socket.application_state != WebSocketState.CONNECTED:
            return
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):  # it may close under our hands
            await connection.send({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
            if reason != "warning":
                connection.retiring = True
                await connection.socket.close()

    async def disconnect_all(self, reason: str) -> int:
        connections = list(self._connections)
        for connection in connections:
            await self.disconnect(connection, reason)
        return len(connections)

    async def drop(self) -> int:
        connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await connection.socket.close(1011)
        return len(connections)


async def link(box: Sandbox, socket: WebSocket) -> None:
    """The address apps.connections.open hands out; each ticket opens one socket."""
    from .delivery import delivery_of  # noqa: PLC0415 - delivery chooses between HTTP and this module

    ticket = box.tickets.pop(socket.query_params.get("ticket", ""), None)
    if ticket is None or ticket.expires < box.clock.now() or ticket.app_id not in box.state.apps:
        await socket.close(4001)
        return
    delivery = delivery_of(box, box.app(ticket.app_id))
    if not isinstance(delivery, SocketDelivery):
        await socket.close(4001)
        return
    await socket.accept()
    if delivery.full:
        await socket.send_text(orjson.dumps({"type": "disconnect", "reason": "too_many_websockets"}).decode())
        await socket.close()
        return
    await delivery.serve(socket, lifetime=DEBUG_LIFETIME if ticket.debug else LIFETIME)
