"""Who may start while others of the kind hang."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from dispatch.kit.flows import bulkhead
from dispatch.kit.flows.bulkhead import MOST, MOST_OF_A_KIND, REMEMBERED, SLOW, Bulkhead


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    at = [1000.0]
    monkeypatch.setattr(bulkhead.time, "monotonic", lambda: at[0])
    return at


def test_few_of_a_slow_kind_run_and_of_all_slow_kinds_not_many(now: list[float]) -> None:
    places = Bulkhead()
    with ExitStack() as held:
        for _ in range(MOST_OF_A_KIND + 5):
            assert places.has_room("mail")
            held.enter_context(places.running("mail"))
        # Many of them at once are no harm; that they stay is.
        now[0] += SLOW + 0.1
        assert not places.has_room("mail")
        assert places.has_room("channel")
        for n in range(MOST):
            held.enter_context(places.running(f"other {n}"))
        assert places.has_room("other 0")
        now[0] += SLOW + 0.1
        # Each kind keeps one place.
        assert not places.has_room("other 0")
        assert places.has_room("channel")


def test_when_the_slow_ones_ended_no_crowd_takes_their_places(now: list[float]) -> None:
    places = Bulkhead()

    def come() -> int:
        """How many of a crowd get in."""
        with ExitStack() as held:
            come_in = 0
            while come_in < 50 and places.has_room("mail"):
                held.enter_context(places.running("mail"))
                come_in += 1
            now[0] += SLOW + 0.1
        return come_in

    assert come() == 50
    assert come() == come() == MOST_OF_A_KIND
    now[0] += REMEMBERED + 0.1
    assert places.has_room("mail")
    assert come() == 50


def quickly(places: Bulkhead, now: list[float], *, asked: bool = True) -> None:
    """One that ends at once."""
    with places.running("mail") as run:
        now[0] += 0.1
        run.asked = asked


def admitted(places: Bulkhead) -> int:
    """How many of a crowd would get in now."""
    with ExitStack() as held:
        come_in = 0
        while come_in < 50 and places.has_room("mail"):
            held.enter_context(places.running("mail"))
            come_in += 1
    return come_in


def test_quick_answers_open_the_door_step_by_step(now: list[float]) -> None:
    places = Bulkhead()
    with places.running("mail"):
        now[0] += SLOW + 0.1
    assert admitted(places) == MOST_OF_A_KIND
    # What had nothing to do says nothing about the mail server.
    quickly(places, now, asked=False)
    assert admitted(places) == MOST_OF_A_KIND
    quickly(places, now)
    assert admitted(places) == MOST_OF_A_KIND * 2
    with places.running("mail"):
        now[0] += SLOW + 0.1
    assert admitted(places) == MOST_OF_A_KIND
    for _ in range(3):
        quickly(places, now)
    assert admitted(places) == 50
