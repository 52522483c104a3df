"""A small typed client of the test side."""

from base64 import b64encode
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp

Json = dict[str, Any]


class Refused(Exception):
    """The sandbox said no: `error` is its word for it, `status` the HTTP status."""

    def __init__(self, status: int, body: Any) -> None:
        self.status = status
        self.body = body
        self.error = body.get("error", "") if isinstance(body, dict) else ""
        super().__init__(f"{status} {body}")


class SandboxClient:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        self.api_url = f"{self.base_url}/api/"
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None or self._http.closed:
            self._http = aiohttp.ClientSession()
        return self._http

    async def call(self, verb: str, path: str, body: Any = None, **query: Any) -> Json:
        asked = {key.rstrip("_"): str(value) for key, value in query.items() if value is not None}
        url = f"{self.base_url}/sandbox/{path}"
        async with self._session().request(verb, url, json=body, params=asked) as answer:
            shown: Any = await answer.json(content_type=None)
            if answer.status >= 400:
                raise Refused(answer.status, shown)
            result: Json = shown
            return result

    # -- seeding ---------------------------------------------------------------------------------------------------

    async def workspace(self, team: Json, users: Sequence[Json], channels: Sequence[Json] = ()) -> Json:
        return await self.call("POST", "workspaces", {"team": team, "users": list(users), "channels": list(channels)})

    async def app(self, team: str, manifest: Json) -> Json:
        return await self.call("POST", "apps", {"team": team, "manifest": manifest})

    async def channel(self, team: str, name: str, *, creator: str, is_private: bool = False) -> Json:
        return await self.call("POST", "channels", {"team": team, "name": name, "creator": creator, "is_private": is_private})

    async def add_user(self, team: str, name: str, **fields: Any) -> Json:
        """Somebody joins the workspace (`team_join`); `fields` as in `workspace`."""
        return await self.call("POST", "users", {"team": team, "name": name, **fields})

    async def change_user(self, user: str, **change: Any) -> Json:
        """`user_change`: profile, address, time zone, `deleted`, made a guest or an admin."""
        return await self.call("PATCH", f"users/{user}", change)

    # -- what admins do --------------------------------------------------------------------------------------------

    async def rename_channel(self, channel: str, name: str, *, by: str) -> Json:
        return await self.call("POST", f"channels/{channel}/rename", {"by": by, "name": name})

    async def archive_channel(self, channel: str, *, by: str) -> Json:
        return await self.call("POST", f"channels/{channel}/archive", {"by": by})

    async def unarchive_channel(self, channel: str, *, by: str) -> Json:
        return await self.call("POST", f"channels/{channel}/unarchive", {"by": by})

    async def delete_channel(self, channel: str, *, by: str) -> None:
        await self.call("DELETE", f"channels/{channel}", by=by)

    async def share_channel(self, channel: str, team: str, *, by: str, new_id: bool = False) -> Json:
        """Slack Connect: shares the channel with another workspace (`channel_shared`, with `new_id` `channel_id_changed`)."""
        return await self.call("POST", f"channels/{channel}/connections", {"team": team, "by": by, "new_id": new_id})

    async def unshare_channel(self, channel: str, team: str, *, by: str) -> Json:
        return await self.call("DELETE", f"channels/{channel}/connections/{team}", by=by)

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
        self, user: str, invite: str, answer: str, *, channel_name: str | None = None, is_private: bool = False
    ) -> Json:
        """`accept` (with the channel's name there), or as an admin `approve` or `decline`."""
        body = {"answer": answer, "channel_name": channel_name, "is_private": is_private}
        return await self.call("POST", f"users/{user}/shared_invitations/{invite}", body)

    async def uninstall(self, app: str) -> None:
        """Removes an app (by id, bot user or name): `app_uninstalled` and `tokens_revoked`, then its tokens die."""
        await self.call("DELETE", f"apps/{app}")

    async def revoke_tokens(self, app: str, kind: str = "bot") -> int:
        """Revokes the app's `bot` or `user` tokens (`tokens_revoked`); answers how many."""
        return int((await self.call("POST", f"apps/{app}/revoke", kind=kind))["revoked"])

    async def switch_events(self, app: str, *, enabled: bool | None = None, delayed: bool | None = None) -> Json:
        """Event subscriptions on or off, and whether failed ones come again hourly for a day."""
        return await self.call("PUT", f"apps/{app}/events", {"enabled": enabled, "delayed": delayed})

    async def verify_events(self, app: str) -> Json:
        """Sends `url_verification` to the app's event address."""
        return await self.call("POST", f"apps/{app}/verify")

    # -- people ----------------------------------------------------------------------------------------------------

    async def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> Json:
        return await self.call("POST", f"users/{user}/messages", {"channel": channel, "text": text, "thread_ts": thread_ts})

    async def react(self, user: str, channel: str, ts: str, name: str, *, remove: bool = False) -> Json:
        body = {"channel": channel, "ts": ts, "name": name, "remove": remove}
        return await self.call("POST", f"users/{user}/reactions", body)

    async def edit(self, user: str, channel: str, ts: str, text: str) -> Json:
        return await self.call("POST", f"users/{user}/edits", {"channel": channel, "ts": ts, "text": text})

    async def delete(self, user: str, channel: str, ts: str) -> Json:
        return await self.call("POST", f"users/{user}/deletions", {"channel": channel, "ts": ts})

    async def join(self, user: str, channel: str) -> Json:
        return await self.call("POST", f"users/{user}/joins", {"channel": channel})

    async def leave(self, user: str, channel: str) -> Json:
        return await self.call("POST", f"users/{user}/leaves", {"channel": channel})

    async def kick(self, user: str, channel: str, whom: str) -> Json:
        return await self.call("POST", f"users/{user}/kicks", {"channel": channel, "user": whom})

    async def set_topic(self, user: str, channel: str, text: str) -> Json:
        return await self.call("POST", f"users/{user}/topics", {"channel": channel, "text": text})

    async def set_purpose(self, user: str, channel: str, text: str) -> Json:
        return await self.call("POST", f"users/{user}/purposes", {"channel": channel, "text": text})

    async def pin(self, user: str, channel: str, ts: str, *, remove: bool = False) -> Json:
        return await self.call("POST", f"users/{user}/pins", {"channel": channel, "ts": ts, "remove": remove})

    async def mark_read(self, user: str, channel: str, ts: str | None = None) -> None:
        await self.call("POST", f"users/{user}/mark", {"channel": channel, "ts": ts})

    async def invite(self, user: str, channel: str, *users: str) -> Json:
        return await self.call("POST", f"users/{user}/invitations", {"channel": channel, "users": list(users)})

    async def upload(
        self, user: str, channel: str, name: str, content: bytes | str, *, comment: str = "", thread_ts: str | None = None
    ) -> Json:
        raw = content.encode() if isinstance(content, str) else content
        body = {"channel": channel, "name": name, "content_base64": b64encode(raw).decode(), "comment": comment, "thread_ts": thread_ts}
        return await self.call("POST", f"users/{user}/uploads", body)

    async def direct(self, user: str, with_: str | list[str]) -> Json:
        return await self.call("POST", f"users/{user}/dms", {"with": with_})

    async def open_home(self, user: str, app: str) -> Json:
        return await self.call("POST", f"users/{user}/home", {"app": app})

    async def command(self, user: str, channel: str, command: str, text: str = "", *, wait: float | None = None) -> Json:
        body = {"channel": channel, "command": command, "text": text}
        return await self.call("POST", f"users/{user}/commands", body, wait=wait)

    async def shortcut(self, user: str, callback_id: str, message: Json | None = None, *, wait: float | None = None) -> Json:
        return await self.call("POST", f"users/{user}/shortcuts", {"callback_id": callback_id, "message": message}, wait=wait)

    async def act_in_message(
        self, user: str, channel: str, ts: str, action_id: str, value: Any = None, *, block_id: str | None = None, wait: float | None = None
    ) -> Json:
        body = {"channel": channel, "message_ts": ts, "action_id": action_id, "block_id": block_id, "value": value}
        return await self.call("POST", f"users/{user}/actions", body, wait=wait)

    async def act_in_view(
        self, user: str, view_id: str, action_id: str, value: Any = None, *, block_id: str | None = None, wait: float | None = None
    ) -> Json:
        body = {"view_id": view_id, "action_id": action_id, "block_id": block_id, "value": value}
        return await self.call("POST", f"users/{user}/actions", body, wait=wait)

    async def options(self, user: str, view_id: str, action_id: str, query: str) -> Json:
        body = {"view_id": view_id, "action_id": action_id, "query": query}
        return await self.call("POST", f"users/{user}/options", body)

    async def submit(self, user: str, view_id: str, values: Json) -> Json:
        return await self.call("POST", f"users/{user}/views/{view_id}/submit", {"values": values})

    async def close_view(self, user: str, view_id: str, *, clear: bool = False) -> Json:
        return await self.call("POST", f"users/{user}/views/{view_id}/close", {"clear": clear})

    # -- seeing ----------------------------------------------------------------------------------------------------

    async def view(self, user: str) -> Json:
        return await self.call("GET", f"users/{user}/view")

    async def channels(self, as_: str | None = None) -> list[Json]:
        rows: list[Json] = (await self.call("GET", "channels", as_=as_))["channels"]
        return rows

    async def messages(self, channel: str, as_: str | None = None) -> list[Json]:
        rows: list[Json] = (await self.call("GET", f"channels/{channel}/messages", as_=as_))["messages"]
        return rows

    async def home(self, user: str, app: str) -> Json:
        """The App Home last published for this person; Refused when there is none."""
        return await self.call("GET", f"users/{user}/home", app=app)

    async def files(self) -> list[Json]:
        rows: list[Json] = (await self.call("GET", "files"))["files"]
        return rows

    async def file_content(self, file: str) -> bytes:
        async with self._session().get(f"{self.base_url}/sandbox/files/{file}/content") as answer:
            if answer.status >= 400:
                raise Refused(answer.status, await answer.json(content_type=None))
            return await answer.read()

    async def calls(self, since: int = 0) -> list[Json]:
        rows: list[Json] = (await self.call("GET", "calls", since=since))["calls"]
        return rows

    async def deliveries(self, since: int = 0) -> Json:
        return await self.call("GET", "deliveries", since=since)

    # -- machinery -------------------------------------------------------------------------------------------------

    async def faults(self, *faults: Json, seed: int | None = None) -> Json:
        """Replaces all faults; without arguments, everything works again."""
        return await self.call("PUT", "faults", {"faults": list(faults), "seed": seed})

    async def advance(self, seconds: float) -> Json:
        return await self.call("POST", "clock", {"advance": seconds})

    async def stop_clock(self) -> Json:
        """From here on only `advance` moves the sandbox's time."""
        return await self.call("POST", "clock", {"running": False})

    async def start_clock(self) -> Json:
        return await self.call("POST", "clock", {"running": True})

    async def settings(self, **settings: bool | int) -> Json:
        return await self.call("PUT", "settings", settings)

    async def reset(self) -> None:
        await self.call("POST", "reset")

    async def snapshot(self) -> Json:
        return await self.call("GET", "snapshot")

    async def restore(self, snapshot: Json) -> None:
        await self.call("PUT", "snapshot", snapshot)
