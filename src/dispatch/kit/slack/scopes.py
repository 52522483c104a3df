"""Which scopes each Web API method we call needs: the manifest and *Test connection* are derived from here.

A method that is not listed cannot be called (`SlackClient.call` refuses it), so a scope cannot be forgotten.
Where Slack accepts one of several scopes by the kind of channel, all kinds we work with are listed.
Source: Slack's method pages, checked against `slack_sdk` 3.47.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

Scopes = frozenset[str]

_NONE: Final[Scopes] = frozenset()
_MANAGE: Final[Scopes] = frozenset({"channels:manage", "groups:write"})
_READ: Final[Scopes] = frozenset({"channels:read", "groups:read"})
_HISTORY: Final[Scopes] = frozenset({"channels:history", "groups:history", "im:history"})
_CHAT: Final[Scopes] = frozenset({"chat:write"})

#: Bot token scopes by method.
REQUIRED: Final[Mapping[str, Scopes]] = {
    "auth.test": _NONE,
    "bookmarks.add": frozenset({"bookmarks:write"}),
    "bookmarks.edit": frozenset({"bookmarks:write"}),
    "bookmarks.list": frozenset({"bookmarks:read"}),
    "bots.info": frozenset({"users:read"}),
    "chat.delete": _CHAT,
    "chat.getPermalink": _NONE,
    "chat.postEphemeral": _CHAT,
    "chat.postMessage": _CHAT,
    "chat.unfurl": frozenset({"links:write"}),
    "chat.update": _CHAT,
    "conversations.archive": _MANAGE,
    "conversations.create": _MANAGE,
    "conversations.history": _HISTORY,
    "conversations.info": _READ,
    "conversations.invite": _MANAGE,
    "conversations.join": frozenset({"channels:join"}),
    "conversations.kick": _MANAGE,
    "conversations.list": frozenset({"channels:read"}),
    "conversations.members": _READ,
    "conversations.open": frozenset({"im:write"}),
    "conversations.rename": _MANAGE,
    "conversations.replies": _HISTORY,
    "conversations.setPurpose": _MANAGE,
    "conversations.setTopic": _MANAGE,
    "pins.add": frozenset({"pins:write"}),
    "pins.remove": frozenset({"pins:write"}),
    "reactions.add": frozenset({"reactions:write"}),
    "reactions.get": frozenset({"reactions:read"}),
    "team.info": frozenset({"team:read"}),
    "users.conversations": _READ,
    "users.info": frozenset({"users:read"}),
    "users.list": frozenset({"users:read", "users:read.email"}),
    "users.lookupByEmail": frozenset({"users:read", "users:read.email"}),
    "users.profile.get": frozenset({"users.profile:read"}),
    "views.open": _NONE,
    "views.publish": _NONE,
    "views.push": _NONE,
    "views.update": _NONE,
}

#: User token scopes by method: what Slack does not let a bot do.
REQUIRED_OF_USER: Final[Mapping[str, Scopes]] = {
    "auth.test": _NONE,
    "conversations.invite": frozenset({"channels:write", "groups:write"}),
    "conversations.unarchive": frozenset({"channels:write", "groups:write"}),
}

#: App-level token scopes (Socket Mode) by method.
REQUIRED_OF_APP: Final[Mapping[str, Scopes]] = {"apps.connections.open": frozenset({"connections:write"})}

#: Bot scopes needed beyond those of the calls; what is registered for an event adds its own (`kit.slack.registry`).
#: `chat:write.public`: announcements go to channels we are not in.
REGISTERED: Final[set[str]] = {"commands", "chat:write.public"}

#: Needed only while incident channels may be public.
FOR_PUBLIC_CHANNELS: Final[Scopes] = frozenset({"channels:manage", "channels:history"})

#: Without these something works less well, and says so; the value is what is lost.
OPTIONAL: Final[Mapping[str, str]] = {
    "bookmarks:read": "a repeated step may add the incident's bookmark twice",
    "channels:join": "a repeated announcement may be there twice",
    "links:read": "links to incidents show no preview",
    "links:write": "links to incidents show no preview",
    "chat:write.public": "announcements reach only channels that the app was invited to",
    "reactions:write": "Dispatch cannot mark messages with reactions",
    "team:read": "the workspace's name is not shown",
}

#: What does not work without the others.
BREAKS: Final[Mapping[str, str]] = {
    "bookmarks:write": "the incident's channel gets no link to its page",
    "channels:history": "messages of public incident channels are not seen, and repeats cannot be recognized there",
    "channels:manage": "no public incident channel can be made, renamed or archived",
    "channels:read": "public channels are not found, and who comes into one is not noticed",
    "chat:write": "Dispatch cannot write anything: no welcome, no summary, no announcement, no page",
    "commands": "no slash command and no shortcut reaches Dispatch",
    "files:read": "files that are shared in an incident's channel cannot be read",
    "groups:history": "messages of private incident channels are not seen, and repeats cannot be recognized there",
    "groups:read": "private channels are not found, and who comes into one is not noticed",
    "groups:write": "no private incident channel can be made, renamed or archived",
    "im:history": "a repeated direct message cannot be recognized, so a page may come twice",
    "im:read": "direct messages to Dispatch are not found",
    "im:write": "nobody can be paged or welcomed by direct message",
    "mpim:history": "messages of group conversations are not seen",
    "mpim:read": "group conversations are not found",
    "mpim:write": "no group conversation can be opened",
    "pins:write": "the summary is not pinned",
    "reactions:read": "the Timeline Event Reaction does nothing",
    "users.profile:read": "department, team and weblink stay empty",
    "users:read": "nobody can be found in Slack, so nobody is invited or paged there",
    "users:read.email": "people cannot be matched by e-mail address, so nobody is invited or paged in Slack",
    "users:write": "the app cannot show itself as present",
}

#: Each holds the other one's permission; Slack shows either.
_SAME: Final[Mapping[str, str]] = {"channels:write": "channels:manage"}


def union(*tables: Mapping[str, Scopes]) -> list[str]:
    """Every scope of these tables, in order, for a manifest."""
    return sorted(frozenset[str]().union(*(scopes for table in tables for scopes in table.values())))


def missing(held: Iterable[str], needed: Iterable[str]) -> list[str]:
    """What of `needed` is not among `held`."""
    have = {_SAME.get(scope, scope) for scope in held}
    return sorted(scope for scope in needed if _SAME.get(scope, scope) not in have)
