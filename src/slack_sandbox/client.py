"""A small typed client of the test side: one method for each of its calls."""

import json
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, cast

import aiohttp

from .answers import (
    Attempt,
    Call,
    Closed,
    Deliveries,
    Faults,
    Installed,
    Keys,
    Made,
    Offered,
    Outcome,
    Person,
    Room,
    Seen,
    Settings,
    Time,
    Verified,
    Workspace,
)

Json = dict[str, Any]
Shape = TypeVar("Shape")

__all__ = ["Attempt", "Call", "Keys", "Outcome", "Person", "Refused", "Room", "SandboxClient", "Seen"]


class Refused(Exception):
    """The sandbox said no: `error` is its word for it, `status` the HTTP status, `body` the whole answer."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body
        self.error = body.get("error", "") if isinstance(body, dict) else ""
        super().__init__(f"{status} {body}")


class SandboxClient:
    """Talks to the sandbox at `base_url`. Every method raises Refused when the sandbox says no.

    People, channels, apps and messages are named by their Slack ids (`ts` for messages); times are seconds. One client
    belongs to one event loop; it is closed by `async with` or `close()`.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        # What an SDK takes as its base_url.
        self.api_url = f"{self.base_url}/api/"
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes its connections; a later call opens new ones."""
        if self._http is not None:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None or self._http.closed:
            self._http = aiohttp.ClientSession()
        return self._http

    async def call(self, verb: str, path: str, body: Any = None, **query: Any) -> Json:
        """Any call of the test side by its path below `/sandbox/`; `as_` stands for the query argument `as`."""
        asked = {key.rstrip("_"): str(value) for key, value in query.items() if value is not None}
        url = f"{self.base_url}/sandbox/{path}"
        async with self._session().request(verb, url, json=body, params=asked) as answer:
            shown: Any = await answer.json(content_type=None)
            if answer.status >= 400:
                raise Refused(answer.status, shown)
            result: Json = shown
            return result

    async def _as(self, shape: type[Shape], verb: str, path: str, body: Any = None, **query: Any) -> Shape:
        """The answer, which has this `shape`."""
        return cast(Shape, await self.call(verb, path, body, **query))

    # -- seeding ---------------------------------------------------------------------------------------------------

    async def workspace(self, team: Json, users: Sequence[Json], channels: Sequence[Json] = ()) -> Made:
        """Makes a workspace, or with the id of an existing one changes it and adds what is new.

        `team`: name, domain, and if wanted id, profile_fields, approves_connections. Users: name, and if wanted id,
        real_name, email, tz, profile, is_bot, is_admin, is_restricted, is_ultra_restricted, deleted, shares_email
        (with people met by Slack Connect); the first one is an admin. Channels: name, is_private, members (ids, names or
        addresses).
        """
        return await self._as(
            Made, "POST", "workspaces", {"team": team, "users": list(users), "channels": list(channels)}
        )

    async def workspaces(self) -> list[Workspace]:
        """All workspaces with their people and installed apps."""
        rows: list[Workspace] = (await self.call("GET", "workspaces"))["workspaces"]
        return rows

    async def app(self, team: str, manifest: Json) -> Keys:
        """Installs an app. One of the same name in this workspace gets the new manifest and keeps its tokens.

        Refused with `invalid_manifest` and the `errors` when the manifest is not one Slack takes.
        """
        return await self._as(Keys, "POST", "apps", {"team": team, "manifest": manifest})

    async def channel(self, team: str, name: str, *, creator: str, is_private: bool = False) -> Room:
        """A person makes a channel. Refused with Slack's word when the name is taken or no name."""
        body = {"team": team, "name": name, "creator": creator, "is_private": is_private}
        return await self._as(Room, "POST", "channels", body)

    async def add_user(self, team: str, name: str, **fields: Any) -> Person:
        """Somebody joins the workspace (`team_join`); `fields` as in `workspace`."""
        return await self._as(Person, "POST", "users", {"team": team, "name": name, **fields})

    async def change_user(self, user: str, **change: Any) -> Person:
        """`user_change`: real_name, email, tz, profile, presence, `deleted`, made a guest or an admin."""
        return await self._as(Person, "PATCH", f"users/{user}", change)

    # -- what admins do --------------------------------------------------------------------------------------------

    async def rename_channel(self, channel: str, name: str, *, by: str) -> Room:
        """Slack keeps the old name in `previous_names`."""
        return await self._as(Room, "POST", f"channels/{channel}/rename", {"by": by, "name": name})

    async def archive_channel(self, channel: str, *, by: str) -> Room:
        """Not `#general`. Of an archived channel nothing happens."""
        return await self._as(Room, "POST", f"channels/{channel}/archive", {"by": by})

    async def unarchive_channel(self, channel: str, *, by: str) -> Room:
        """The person who does it is a member afterwards."""
        return await self._as(Room, "POST", f"channels/{channel}/unarchive", {"by": by})

    async def delete_channel(self, channel: str, *, by: str) -> None:
        """For good; only by an admin."""
        await self.call("DELETE", f"channels/{channel}", by=by)

    async def share_channel(self, channel: str, team: str, *, by: str, new_id: bool = False) -> Room:
        """Slack Connect: shares the channel with another workspace (`channel_shared`, with `new_id` `channel_id_changed`)."""
        return await self._as(
            Room, "POST", f"channels/{channel}/connections", {"team": team, "by": by, "new_id": new_id}
        )

    async def unshare_channel(self, channel: str, team: str, *, by: str) -> Room:
        """Ends the sharing (`channel_unshared`); the other workspace's people leave."""
        return await self._as(Room, "DELETE", f"channels/{channel}/connections/{team}", by=by)

    async def shared_invitations(self, team: str) -> list[Json]:
        """Every Slack Connect invitation this workspace sent or got, oldest first; answered ones included."""
        rows: list[Json] = (await self.call("GET", "shared_invitations", team=team))["invitations"]
        return rows

    async def invite_shared(
        self, user: str, channel: str, *, to: str | None = None, email: str | None = None, external_limited: bool = True
    ) -> Json:
        """This person offers a channel to another workspace, to somebody by account (`to`) or by `email`."""
        body = {"channel": channel, "to": to, "email": email, "external_limited": external_limited}
        return await self.call("POST", f"users/{user}/shared_invitations", body)

    async def answer_invitation(
        self,
        user: str,
        invite: str,
        answer: Literal["accept", "approve", "decline"],
        *,
        channel_name: str | None = None,
        is_private: bool = False,
    ) -> Json:
        """`accept` (with the channel's name there), or as an admin `approve` or `decline`."""
        body = {"answer": answer, "channel_name": channel_name, "is_private": is_private}
        return await self.call("POST", f"users/{user}/shared_invitations/{invite}", body)

    async def uninstall(self, app: str) -> None:
        """Removes an app (by id, bot user or name): `app_uninstalled` and `tokens_revoked`, then its tokens die."""
        await self.call("DELETE", f"apps/{app}")

    async def revoke_tokens(self, app: str, kind: Literal["bot", "user"] = "bot") -> int:
        """Revokes the app's `bot` or `user` tokens (`tokens_revoked`); answers how many."""
        return int((await self.call("POST", f"apps/{app}/revoke", kind=kind))["revoked"])

    async def switch_events(self, app: str, *, enabled: bool | None = None, delayed: bool | None = None) -> Installed:
        """Event subscriptions on or off, and whether failed ones come again hourly for a day."""
        return await self._as(Installed, "PUT", f"apps/{app}/events", {"enabled": enabled, "delayed": delayed})

    async def verify_events(self, app: str) -> Verified:
        """Sends `url_verification` to the app's event address."""
        return await self._as(Verified, "POST", f"apps/{app}/verify")

    async def sockets(self, app: str) -> int:
        """How many Socket Mode connections the app holds."""
        return int((await self.call("GET", f"apps/{app}/socket"))["connections"])

    async def disturb_sockets(
        self, app: str, reason: Literal["refresh_requested", "warning", "link_disabled", "drop"] = "refresh_requested"
    ) -> int:
        """Sends every open socket of the app a `disconnect` with this reason, or drops them without a word; answers how many."""
        return int((await self.call("POST", f"apps/{app}/socket", {"reason": reason}))["connections"])

    # -- people ----------------------------------------------------------------------------------------------------

    async def say(
        self, user: str, channel: str, text: str, thread_ts: str | None = None, *, broadcast: bool = False
    ) -> Json:
        """Posts as this person, who must be a member; `broadcast` shows a reply in the channel as well. Answers the message."""
        body = {"channel": channel, "text": text, "thread_ts": thread_ts, "reply_broadcast": broadcast}
        return await self.call("POST", f"users/{user}/messages", body)

    async def react(self, user: str, channel: str, ts: str, name: str, *, remove: bool = False) -> Json:
        """Adds or removes an emoji; answers the message's `reactions`."""
        body = {"channel": channel, "ts": ts, "name": name, "remove": remove}
        return await self.call("POST", f"users/{user}/reactions", body)

    async def edit(self, user: str, channel: str, ts: str, text: str) -> Json:
        """Changes an own message; answers it."""
        return await self.call("POST", f"users/{user}/edits", {"channel": channel, "ts": ts, "text": text})

    async def delete(self, user: str, channel: str, ts: str) -> Json:
        """Deletes an own message (an admin: any), or dismisses an ephemeral one."""
        return await self.call("POST", f"users/{user}/deletions", {"channel": channel, "ts": ts})

    async def join(self, user: str, channel: str) -> Room:
        """Joins a public channel."""
        return await self._as(Room, "POST", f"users/{user}/joins", {"channel": channel})

    async def leave(self, user: str, channel: str) -> Room:
        """Leaves it; of a channel the person is not in, nothing happens."""
        return await self._as(Room, "POST", f"users/{user}/leaves", {"channel": channel})

    async def kick(self, user: str, channel: str, whom: str) -> Room:
        """Removes another person, or an app's bot."""
        return await self._as(Room, "POST", f"users/{user}/kicks", {"channel": channel, "user": whom})

    async def set_topic(self, user: str, channel: str, text: str) -> Room:
        """At most 250 characters."""
        return await self._as(Room, "POST", f"users/{user}/topics", {"channel": channel, "text": text})

    async def set_purpose(self, user: str, channel: str, text: str) -> Room:
        """At most 250 characters."""
        return await self._as(Room, "POST", f"users/{user}/purposes", {"channel": channel, "text": text})

    async def pin(self, user: str, channel: str, ts: str, *, remove: bool = False) -> Room:
        """Pins or unpins a message."""
        return await self._as(Room, "POST", f"users/{user}/pins", {"channel": channel, "ts": ts, "remove": remove})

    async def mark_read(self, user: str, channel: str, ts: str | None = None) -> None:
        """Has read up to `ts`, or all of it."""
        await self.call("POST", f"users/{user}/mark", {"channel": channel, "ts": ts})

    async def invite(self, user: str, channel: str, *users: str) -> Room:
        """Adds people, or an app's bot, to a channel this person is in: all of them or, refused, nobody."""
        return await self._as(Room, "POST", f"users/{user}/invitations", {"channel": channel, "users": list(users)})

    async def upload(
        self,
        user: str,
        channel: str,
        name: str,
        content: bytes | str,
        *,
        comment: str = "",
        thread_ts: str | None = None,
    ) -> Json:
        """Shares a file; answers its message."""
        body = {
            "channel": channel,
            "name": name,
            "content_base64": _base64(content),
            "comment": comment,
            "thread_ts": thread_ts,
        }
        return await self.call("POST", f"users/{user}/uploads", body)

    async def attach(self, user: str, name: str, content: bytes | str) -> Json:
        """Stores a file without sharing it, as choosing one in a modal does; its `id` is a value for the modal's file input."""
        return await self.call("POST", f"users/{user}/files", {"name": name, "content_base64": _base64(content)})

    async def direct(self, user: str, with_: str | list[str]) -> Room:
        """The direct message with a person or an app, or with several people."""
        return await self._as(Room, "POST", f"users/{user}/dms", {"with": with_})

    async def open_home(self, user: str, app: str) -> Json:
        """Opens an app's home (`app_home_opened`); answers its `channel` and the `view` published at this moment."""
        return await self.call("POST", f"users/{user}/home", {"app": app})

    async def command(
        self, user: str, channel: str, command: str, text: str = "", *, wait: float | None = None
    ) -> Seen:
        """Types a slash command that the manifest names. `wait`: seconds (0.25) for something to show up after the answer."""
        body = {"channel": channel, "command": command, "text": text}
        return await self._as(Seen, "POST", f"users/{user}/commands", body, wait=wait)

    async def shortcut(
        self, user: str, callback_id: str, message: Json | None = None, *, wait: float | None = None
    ) -> Seen:
        """A global shortcut, or one on a `message` (`{"channel", "ts"}`)."""
        body = {"callback_id": callback_id, "message": message}
        return await self._as(Seen, "POST", f"users/{user}/shortcuts", body, wait=wait)

    async def act_in_message(
        self,
        user: str,
        channel: str,
        ts: str,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        wait: float | None = None,
    ) -> Seen:
        """Presses a button (by action_id or by what it says) or chooses `value` in an element of a message."""
        body = {"channel": channel, "message_ts": ts, "action_id": action_id, "block_id": block_id, "value": value}
        return await self._as(Seen, "POST", f"users/{user}/actions", body, wait=wait)

    async def act_in_view(
        self,
        user: str,
        view_id: str,
        action_id: str,
        value: Any = None,
        *,
        block_id: str | None = None,
        wait: float | None = None,
    ) -> Seen:
        """The same in a modal or App Home. In an input that does not dispatch, the value is only remembered."""
        body = {"view_id": view_id, "action_id": action_id, "block_id": block_id, "value": value}
        return await self._as(Seen, "POST", f"users/{user}/actions", body, wait=wait)

    async def options(self, user: str, view_id: str, action_id: str, query: str) -> Offered:
        """What a select in a modal or home offers for these letters; an external one asks its app."""
        body = {"view_id": view_id, "action_id": action_id, "query": query}
        return await self._as(Offered, "POST", f"users/{user}/options", body)

    async def options_in_message(self, user: str, channel: str, ts: str, action_id: str, query: str) -> Offered:
        """The same for a select in a message."""
        body = {"channel": channel, "message_ts": ts, "action_id": action_id, "query": query}
        return await self._as(Offered, "POST", f"users/{user}/options", body)

    async def submit(self, user: str, view_id: str, values: Json) -> Outcome:
        """Fills in the modal on top (label, block_id or action_id of an input -> value) and submits it."""
        return await self._as(Outcome, "POST", f"users/{user}/views/{view_id}/submit", {"values": values})

    async def close_view(self, user: str, view_id: str, *, clear: bool = False) -> Closed:
        """The close button; with `clear` the cross that closes all stacked views."""
        return await self._as(Closed, "POST", f"users/{user}/views/{view_id}/close", {"clear": clear})

    # -- seeing ----------------------------------------------------------------------------------------------------

    async def view(self, user: str) -> Json:
        """The modal on this person's screen, with its plain `text`; Refused (404) when there is none."""
        return await self.call("GET", f"users/{user}/view")

    async def home(self, user: str, app: str) -> Json:
        """The App Home last published for this person; Refused (404) when there is none."""
        return await self.call("GET", f"users/{user}/home", app=app)

    async def channels(self, as_: str | None = None) -> list[Room]:
        """All channels, or those this person can see, with what is unread."""
        rows: list[Room] = (await self.call("GET", "channels", as_=as_))["channels"]
        return rows

    async def one_channel(self, channel: str, as_: str | None = None) -> Room:
        """One of them; Refused (404) when this person cannot see it."""
        return await self._as(Room, "GET", f"channels/{channel}", as_=as_)

    async def messages(
        self,
        channel: str,
        as_: str | None = None,
        *,
        limit: int | None = None,
        before: str | None = None,
        thread: str | None = None,
    ) -> list[Json]:
        """Messages and replies in time order, this person's ephemeral ones included.

        `limit`: only the newest so many, with the starts of their threads. `before`: older than this ts. `thread`: of this one.
        """
        query = {"as_": as_, "limit": limit, "before": before, "thread": thread}
        rows: list[Json] = (await self.call("GET", f"channels/{channel}/messages", **query))["messages"]
        return rows

    async def canvas(self, canvas: str) -> Json:
        """A canvas with its sections and as one `markdown` text."""
        return await self.call("GET", f"canvases/{canvas}")

    async def usergroups(self) -> list[Json]:
        """All user groups, disabled ones included."""
        rows: list[Json] = (await self.call("GET", "usergroups"))["usergroups"]
        return rows

    async def files(self) -> list[Json]:
        """Every file in the store, oldest first; deleted ones are tombstones."""
        rows: list[Json] = (await self.call("GET", "files"))["files"]
        return rows

    async def file(self, file: str) -> Json:
        """One file as Slack describes it."""
        return await self.call("GET", f"files/{file}")

    async def file_content(self, file: str) -> bytes:
        """Its bytes."""
        async with self._session().get(f"{self.base_url}/sandbox/files/{file}/content") as answer:
            if answer.status >= 400:
                raise Refused(answer.status, await answer.json(content_type=None))
            return await answer.read()

    async def stream(self, user: str) -> AsyncIterator[Json]:
        """What this person's page should read again, by id, as it changes; ends when the sandbox stops."""
        url, endless = f"{self.base_url}/sandbox/stream", aiohttp.ClientTimeout(total=None, sock_read=None)
        async with self._session().get(url, params={"as": user}, timeout=endless) as answer:
            if answer.status >= 400:
                raise Refused(answer.status, await answer.json(content_type=None))
            async for line in answer.content:
                if line.startswith(b"data: "):
                    note: Json = json.loads(line[6:])
                    yield note

    async def calls(self, since: int = 0, *, limit: int | None = None) -> list[Call]:
        """Web API calls numbered (`n`) above `since`, in the order they ended; the first `limit` of them.

        The last 200,000, or 128 MB of them, are kept.
        """
        rows: list[Call] = (await self.call("GET", "calls", since=since, limit=limit))["calls"]
        return rows

    async def deliveries(self, since: int = 0) -> Deliveries:
        """Requests to apps numbered above `since`, and how many events are still on their way."""
        return await self._as(Deliveries, "GET", "deliveries", since=since)

    # -- machinery -------------------------------------------------------------------------------------------------

    async def faults(self, *faults: Json, seed: int | None = None) -> Faults:
        """Replaces all faults; without arguments, everything works again."""
        return await self._as(Faults, "PUT", "faults", {"faults": list(faults), "seed": seed})

    async def active_faults(self) -> Faults:
        """The faults set now; `count` is what is left."""
        return await self._as(Faults, "GET", "faults")

    async def time(self) -> Time:
        """The sandbox's clock."""
        return await self._as(Time, "GET", "clock")

    async def advance(self, seconds: float) -> Time:
        """Skips so many seconds: triggers lapse, retries and scheduled messages come."""
        return await self._as(Time, "POST", "clock", {"advance": seconds})

    async def stop_clock(self) -> Time:
        """From here on only `advance` moves the sandbox's time."""
        return await self._as(Time, "POST", "clock", {"running": False})

    async def start_clock(self) -> Time:
        """The clock goes on from where it stands."""
        return await self._as(Time, "POST", "clock", {"running": True})

    async def settings(self, **settings: bool | int) -> Settings:
        """Sets `rates`, `commercial`, `events_per_hour`, `events_failing_from`; answers all of them, also without arguments."""
        if not settings:
            return await self._as(Settings, "GET", "settings")
        return await self._as(Settings, "PUT", "settings", settings)

    async def reset(self) -> None:
        """Forgets everything but seed, settings and the clock."""
        await self.call("POST", "reset")

    async def snapshot(self) -> Json:
        """The whole state."""
        return await self.call("GET", "snapshot")

    async def restore(self, snapshot: Json) -> None:
        """Puts a snapshot in the place of everything; Refused (422) when it is none."""
        await self.call("PUT", "snapshot", snapshot)


def _base64(content: bytes | str) -> str:
    return b64encode(content.encode() if isinstance(content, str) else content).decode()
