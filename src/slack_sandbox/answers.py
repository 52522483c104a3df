"""The test side's answers as types. Messages, views, files and options are Slack's own shapes and stay plain dictionaries."""

from typing import Any, TypedDict

Json = dict[str, Any]


class Team(TypedDict):
    id: str
    name: str
    domain: str
    profile_fields: dict[str, str]


class Person(TypedDict):
    id: str
    team_id: str
    name: str
    real_name: str
    email: str | None
    tz: str
    profile: Json
    is_bot: bool
    is_admin: bool
    is_restricted: bool
    is_ultra_restricted: bool
    deleted: bool
    # The app whose bot this is.
    app_id: str | None


class Room(TypedDict, total=False):
    """A channel or direct message. Without a viewer the last group is not there; `user` only in a direct message."""

    id: str
    team_id: str
    name: str
    kind: str
    is_private: bool
    is_archived: bool
    is_general: bool
    topic: str
    purpose: str
    members: list[str]
    bookmarks: list[Json]
    pins: list[Json]
    creator: str
    created: int
    canvas_id: str | None
    shared_with: list[str]
    previous_names: list[str]
    latest: str | None

    is_member: bool
    last_read: str | None
    unread: int
    mentions: int
    user: str


class Made(TypedDict):
    """A workspace just seeded."""

    team: Team
    users: list[Person]
    channels: list[Room]


class Installed(TypedDict):
    app_id: str
    name: str
    bot_user_id: str
    bot_id: str
    description: str
    installed: bool
    events_disabled: bool
    events_delayed: bool
    home_tab: bool
    commands: list[Json]
    shortcuts: list[Json]


class Workspace(TypedDict):
    id: str
    name: str
    domain: str
    users: list[Person]
    apps: list[Installed]


class Keys(TypedDict):
    """What an app needs to run."""

    app_id: str
    team_id: str
    bot_token: str
    user_token: str
    app_token: str
    signing_secret: str
    client_id: str
    client_secret: str
    bot_user_id: str


class Ack(TypedDict):
    """How the app answered. `body` is what the person was told, `error` Slack's word when that was a failure; `ms` milliseconds."""

    status: int
    ms: int
    body: Any
    error: str | None


class Seen(TypedDict):
    """What came of a command, a shortcut or a button: the app's answer, and what showed up on the person's screen."""

    ack: Ack
    ephemeral: list[Json]
    # The modal on top, when it opened or changed; Slack's view with its plain `text`.
    view: Json | None


class Outcome(TypedDict):
    """Of a submitted modal: `closed`, `errors`, `updated` or `pushed`; errors by block id."""

    outcome: str
    errors: Json
    view: Json | None
    ack: Ack | None


class Closed(TypedDict):
    ack: Ack | None
    view: Json | None


class Offered(TypedDict):
    """What a select offers: Slack's options or option groups; `ack` is null when the app was not asked."""

    options: list[Json]
    ack: Ack | None


class Call(TypedDict):
    """One Web API call: `at` in the sandbox's time, `ms` milliseconds, status 0 when it was left unanswered on purpose."""

    n: int
    at: float
    team: str | None
    token_kind: str | None
    method: str
    args: Json
    result: Json
    ms: float
    status: int
    app_id: str | None


class Attempt(TypedDict):
    """One request to an app."""

    n: int
    at: float
    team: str
    app_id: str
    kind: str
    name: str
    event_id: str | None
    attempt: int
    status: int
    ms: int
    error: str | None


class Deliveries(TypedDict):
    """`pending` events are under way, retries included; `sending` are on the wire at this moment."""

    deliveries: list[Attempt]
    pending: int
    sending: int


class Fault(TypedDict):
    target: str
    kind: str
    seconds: float | None
    retry_after: int | None
    count: int | None
    probability: float | None
    team: str | None


class Faults(TypedDict):
    faults: list[Fault]
    seed: int | None


class Time(TypedDict):
    """Seconds since 1970, and how far they are ahead of the wall."""

    now: float
    offset: float
    running: bool


class Settings(TypedDict):
    rates: bool
    commercial: bool
    events_per_hour: int
    events_failing_from: int


class Verified(TypedDict):
    verified: bool
    ack: Ack
