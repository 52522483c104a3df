"""/dispatch: everything in one command, such as /dispatch take-command; and help on what one may do here."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dispatch.kit.errors import NotFound
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.registry import Answer, Command, Request, command, commands, words
from dispatch.people.queries import by_chat
from dispatch.situations.access import STEERS, TAKING_PART
from dispatch.situations.slack.place import Here, here, situation_id_of_channel

KEY = "dispatch"


@dataclass(frozen=True)
class _Line:
    """A word as help shows it; `why` says what stands in the way."""

    text: str
    why: str = ""


def known_words() -> dict[str, Command]:
    """What may follow /dispatch: every command without its prefix, and the words that are no command."""
    found = {each.default_name.removeprefix("/dispatch-"): each for key, each in commands.items() if key != KEY}
    return dict(sorted((found | words).items()))


@command(
    KEY,
    name="/dispatch",
    description="Everything in one command, such as /dispatch take-command.",
    usage_hint="[what]",
    anywhere=True,
)
async def typed(asked: Request) -> Answer:
    """The first word says what, the rest is handed on as if it had been typed after that command."""
    word, _, rest = asked.text.strip().partition(" ")
    word = word.lower().lstrip("/").removeprefix("dispatch-")
    if word in ("", "help"):
        return {"response_type": "ephemeral", "text": await _help(asked)}
    found = known_words().get(word)
    if found is None:
        near = [each for each in known_words() if word in each or each in word]
        hint = f" Did you mean {' or '.join(near[:3])}?" if near else ""
        raise NotFound(f'Dispatch does not know "{b.escape(b.cut(word, 40))}".{hint} Type {_own_name(asked)} help.')
    return await found.handler(replace(asked, text=rest.strip()))


async def _help(asked: Request) -> str:
    place = await _here(asked)
    names = {key: name for name, key in asked.installation.commands.items()}
    can: list[_Line] = []
    cannot: list[_Line] = []
    for word, each in known_words().items():
        line = _line(word, each, names.get(each.key, ""), own=_own_name(asked), place=place)
        (cannot if line.why else can).append(line)
    where = f"in {place.situation.name}" if place else "here"
    shown = [f"*What you can do {where}*", *(line.text for line in can)]
    if cannot:
        shown += ["", "*Not now*", *(f"{line.text}  – {line.why}" for line in cannot)]
    return b.cut("\n".join(shown), 12_000, markup=True)


def _line(word: str, each: Command, name: str, *, own: str, place: Here | None) -> _Line:
    also = f" or `{name}`" if name else ""
    text = f"`{own} {word}`{also}  {b.escape(each.description)}"
    if each.anywhere:
        return _Line(text)
    if place is None:
        return _Line(text, "works in the channel of an incident")
    if each.needs == "take_command":
        return _Line(text, "" if place.standing.may_take_command else "you lead already, or somebody else does")
    if each.needs in STEERS and not place.standing.may(each.needs):
        return _Line(text, "for who takes part" if each.needs in TAKING_PART else "for Commander, Scribe and admins")
    return _Line(text)


async def _here(asked: Request) -> Here | None:
    """The incident of this channel, when there is one that the person may see."""
    try:
        situation_id = await situation_id_of_channel(asked)
        async with asked.db.read(asked.org) as t:
            person = await by_chat(t, team=asked.installation.team_id, user=asked.user_id)
            return await here(t, asked, person, situation_id) if person is not None else None
    except NotFound:
        return None


def _own_name(asked: Request) -> str:
    return next((name for name, key in asked.installation.commands.items() if key == KEY), "/dispatch")
