"""The running sandbox: the workspaces' state with everything that acts on it."""

import asyncio
import contextlib
from collections.abc import Container, Coroutine, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .calls import ApiCall, Ledger, Log, Sent
from .clock import Clock
from .faults import Faults
from .ids import Ids
from .live import Live
from .outside import Outside
from .rates import Rates
from .state import App, Channel, Message, State, User, Workspace
from .subscriptions import Subscriptions

if TYPE_CHECKING:
    from .delivery import Delivery
    from .oauth import Grant
    from .openid import Identity
    from .socket_mode import Ticket


@dataclass
class Trigger:
    app_id: str
    team_id: str
    user_id: str
    expires: float
    channel_id: str | None
    # The modal the person acted in; `views.push` puts the next one on top of it.
    view_id: str | None
    used: bool = False


@dataclass
class ResponseUrl:
    app_id: str
    user_id: str
    channel_id: str
    expires: float
    uses: int
    message_ts: str | None = None
    ephemeral: bool = False
    thread_ts: str | None = None


class Sandbox:
    def __init__(
        self,
        *,
        base_url: str = "http://127.0.0.1:8100",
        seed: int | None = None,
        rates: bool = False,
        patience: float = 1.0,
    ) -> None:
        # How many times Slack's three seconds an app has, for answers and for triggers: a loaded machine is no slow app.
        self.patience = patience
        self.base_url = base_url.rstrip("/")
        self.state = State()
        self.clock = Clock()
        self.ids = Ids(seed)
        self.faults = Faults()
        self.rates = Rates(self.clock, enabled=rates)
        self.subscriptions = Subscriptions(self.clock)
        self.live = Live()
        self.calls: Log[ApiCall] = Log()
        self.sent: Log[Sent] = Log()
        # Where every call is written down, if anywhere.
        self.ledger: Ledger | None = None
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.deliveries: dict[str, Delivery] = {}
        self.tickets: dict[str, Ticket] = {}
        self.grants: dict[str, Grant] = {}
        self.identities: dict[str, Identity] = {}
        # refresh token -> the token it replaces
        self.refreshes: dict[str, str] = {}
        # person -> ephemeral messages they were shown, and "ts person" -> what they chose in a message; both only for
        # as long as the sandbox runs, as in Slack's client.
        self.whispered: dict[str, list[Message]] = {}
        self.message_values: dict[str, dict[str, dict[str, Any]]] = {}
        # person -> how often their modals changed, so that a caller can see that something opened.
        self.view_changes: dict[str, int] = {}
        # app -> set once the next event has reached it: an event held back for that goes out then.
        self.overtaking: dict[str, asyncio.Event] = {}
        # upload key -> file id.
        self.uploads: dict[str, str] = {}
        # "channel thread" -> what an assistant says it is doing.
        self.statuses: dict[str, str] = {}
        self.version = 0
        # Events not yet acknowledged or given up.
        self.outgoing: set[asyncio.Task[Any]] = set()
        # How many of them only wait: for their next attempt, or because a fault holds them back.
        self.resting = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self.outside = Outside()

    # -- running ---------------------------------------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        self.live.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.outside.close()

    def reset(self) -> None:
        """Forget everything but seed, settings and the clock."""
        for task in self._tasks:
            task.cancel()
        self.state = State()
        self.faults.replace([], None)
        self.calls = Log()
        self.sent = Log()
        self.triggers.clear()
        self.response_urls.clear()
        self.deliveries.clear()
        self.tickets.clear()
        self.grants.clear()
        self.identities.clear()
        self.refreshes.clear()
        self.statuses.clear()
        self.whispered.clear()
        self.message_values.clear()
        self.uploads.clear()
        self.overtaking.clear()
        self.subscriptions.forget()
        # Whoever looks at a page here sees that everything is gone.
        self.tell("reset")

    def touched(self) -> None:
        self.version += 1

    @property
    def sending(self) -> int:
        """Events on their way to an app at this moment."""
        return len(self.outgoing) - self.resting

    @contextlib.contextmanager
    def rest(self) -> Iterator[None]:
        """An event waits for as long as the block runs."""
        self.resting += 1
        try:
            yield
        finally:
            self.resting -= 1

    # -- looking things up -----------------------------------------------------------------------------------------

    def now(self) -> int:
        return int(self.clock.now())

    def ts(self) -> str:
        return self.ids.ts(self.clock.now())

    def new_id(self, prefix: str) -> str:
        tables: dict[str, Container[str]] = {
            "U": self.state.users,
            "C": self.state.channels,
            "D": self.state.channels,
            "T": self.state.workspaces,
            "A": self.state.apps,
            "V": self.state.views,
        }
        # Only ids given from outside can clash.
        while (fresh := self.ids.new(prefix)) in tables.get(prefix, ()):
            pass
        return fresh

    def workspace(self, team: str) -> Workspace:
        return self.state.workspaces[team]

    def user(self, user_id: str) -> User:
        return self.state.users[user_id]

    def channel(self, channel_id: str) -> Channel:
        return self.state.channels[channel_id]

    def app(self, app_id: str) -> App:
        return self.state.apps[app_id]

    def bot_user(self, app: App) -> User:
        return self.state.users[app.bot_user_id]

    # -- telling ---------------------------------------------------------------------------------------------------

    def tell(self, kind: str, *, to: set[str] | None = None, **ids: str | None) -> None:
        self.touched()
        self.live.tell(kind, to=to, **ids)

    def tell_members(self, kind: str, channel: Channel) -> None:
        self.tell(kind, to=None if channel.kind == "public" else set(channel.members), channel=channel.id)
