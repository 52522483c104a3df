"""The button of the question, and its short form."""

from __future__ import annotations

from dispatch.feedback.actions import LONGEST, RATINGS, give_feedback
from dispatch.feedback.slack.messages import GIVE
from dispatch.kit.forms import Form, Option, choice, from_modal, long_text, to_modal
from dispatch.kit.slack import blocks as b
from dispatch.kit.slack.opening import open_modal
from dispatch.kit.slack.registry import Answer, Request, action, submission
from dispatch.situations.slack.actor import actor
from dispatch.situations.slack.place import carried, carrying, here, pressed_value

CALLBACK = "give_feedback"
TITLE = "Feedback"
CHOICES = {"rating": [Option(str(n), word.capitalize()) for n, word in RATINGS.items()]}


class GiveFeedback(Form):
    """Two questions."""

    rating: str = choice("How did we handle it?")
    text: str = long_text("What should we do differently?", default="", required=False, max_length=LONGEST)


@action(GIVE)
async def pressed(asked: Request) -> Answer:
    """For whoever may see the incident."""
    _, number = pressed_value(asked)

    async def fill() -> b.View:
        person = await actor(asked)
        async with asked.db.read(asked.org) as t:
            place = await here(t, asked, person, number)
        return to_modal(
            GiveFeedback,
            title=TITLE,
            submit="Send",
            callback_id=CALLBACK,
            choices=CHOICES,
            private_metadata=carried(number),
            intro=[b.context(f"*{place.situation.name}* {b.escape(b.cut(place.situation.title, 150))}")],
        )

    await open_modal(asked, TITLE, fill)
    return None


@submission(CALLBACK)
async def submitted(asked: Request) -> Answer:
    """Once per person; sent again, it replaces the earlier word."""
    form = from_modal(GiveFeedback, asked.view, choices=CHOICES)
    by = await actor(asked)
    async with asked.db.tx(asked.org) as t:
        place = await here(t, asked, by, int(carrying(asked.view)["id"]))
        await give_feedback(t, place.situation, int(form.rating), form.text, by=by)
    return {"response_action": "update", "view": b.notice(TITLE, "Thank you. It helps the next ones.")}
