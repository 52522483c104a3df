"""Who may start while others of the kind hang."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from dispatch.kit.flows import bulkhead
from dispatch.kit.flows.bulkhead import MOST, MOST_OF_A_KIND, SLOW, Bulkhead


def test_few_of_a_kind_may_be_slow_and_all_kinds_together_not_many(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1000.0]
    monkeypatch.setattr(bulkhead.time, "monotonic", lambda: now[0])
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
    assert places.has_room("mail")
