"""What Dispatch says to one person about a situation. Pure functions from a brief to a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dispatch.kit.slack.blocks import actions, button, context, cut, escape, link, message, section
from dispatch.situations.queries import Brief
from dispatch.situations.slack.messages import OPEN_LINK, Message


def aside(b: Brief, what: str, words: Mapping[str, Any]) -> Message:
    """What only one person reads in the channel; `what` as in the table `told_once`."""
    if what == "threads":
        text = (
            f"Please write in the channel of {b.name} instead of in threads: what is said in a thread is easily "
            "overlooked. You can send this reply to the channel, too."
        )
    elif what == "after_hours":
        text = (
            f"It is {escape(str(words['local']))} for {escape(str(words['person']))}, who leads {b.name}, so an answer "
            f"may take a while. The priority is {escape(b.priority)}. If it cannot wait, call them, or ask somebody else here."
        )
    else:
        many = f"{words['count']} messages were added" if int(words.get("count", 1)) > 1 else "Added"
        text = f"{many} to the {link(b.url, 'timeline')} of {b.name}. Take your reaction away, and it goes again."
    return message([context(text)], text)


def stay_or_hand_over(b: Brief, channel: str) -> Message:
    """To a commander who left the channel and was brought back."""
    return message(
        [
            section(
                f"*You lead {b.name}, so you were brought back into <#{channel}>.* "
                f"{escape(cut(b.title, 200))} needs somebody there who decides."
            ),
            section(
                "To leave, hand the command over first: assign the role Commander to somebody else, here in Slack or on "
                "the incident page. Once they accept, nobody holds you back. Closing the incident lets everybody go, too."
            ),
            actions(button("Open in Dispatch", action_id=OPEN_LINK, url=b.url)),
        ],
        f"You lead {b.name} and were brought back into its channel",
    )
