"""Whose turn it is: plain arithmetic, over clock changes and with somebody standing in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from dispatch.oncall.models import Rotation, RotationOverride
from dispatch.oncall.queries import schedule, turn

BERLIN = ZoneInfo("Europe/Berlin")


def rotation(**more: object) -> Rotation:
    values = {"id": 1, "name": "Platform", "members": [1, 2, 3], "shift_hours": 24, "tz": "Europe/Berlin",
              "starts_at": datetime(2026, 3, 27, 9, tzinfo=BERLIN).astimezone(UTC)} | more  # fmt: skip
    return Rotation(**values)


def override(person: int, since: datetime, until: datetime) -> RotationOverride:
    return RotationOverride(rotation_id=1, person_id=person, starts_at=since, ends_at=until)


@pytest.mark.parametrize(
    "clocks_change", [datetime(2026, 3, 27, 9, tzinfo=BERLIN), datetime(2026, 10, 23, 9, tzinfo=BERLIN)]
)
def test_daily_shifts_change_at_nine_local_time_all_year(clocks_change: datetime) -> None:
    daily = rotation(starts_at=clocks_change.astimezone(UTC))
    for day in range(10):
        nine = (clocks_change.replace(tzinfo=None) + timedelta(days=day)).replace(tzinfo=BERLIN).astimezone(UTC)
        now = turn(daily, nine)
        assert now is not None
        assert (now.person_id, now.since) == ([1, 2, 3][day % 3], nine)
        if day:
            before = turn(daily, nine - timedelta(seconds=1))
            assert before is not None
            assert (before.person_id, before.until) == ([1, 2, 3][(day - 1) % 3], nine)


def test_shifts_of_hours_are_counted_in_hours() -> None:
    eight = rotation(shift_hours=8)
    for number in range(30):
        now = turn(eight, eight.starts_at + timedelta(hours=8 * number))
        assert now is not None
        assert now.person_id == [1, 2, 3][number % 3]
        assert now.until - now.since == timedelta(hours=8)


def test_whoever_stands_in_counts_and_the_turns_go_on_around_it() -> None:
    daily = rotation(tz="UTC", starts_at=datetime(2026, 1, 1, tzinfo=UTC))
    ill = override(9, datetime(2026, 1, 1, 18, tzinfo=UTC), datetime(2026, 1, 2, 6, tzinfo=UTC))
    found = schedule(daily, [ill], datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 4, tzinfo=UTC))
    assert [(s.person_id, s.instead_of, s.since.hour, s.until.hour) for s in found] == [
        (1, None, 0, 18), (9, 1, 18, 6), (2, None, 6, 0), (3, None, 0, 0),
    ]  # fmt: skip
    assert all(a.until == b.since for a, b in pairwise(found))


def test_nobody_before_the_start_or_on_an_empty_rotation() -> None:
    daily = rotation()
    early = daily.starts_at - timedelta(days=1)
    assert turn(daily, early) is None
    assert turn(rotation(members=[]), daily.starts_at) is None
    assert schedule(rotation(members=[]), [], early, daily.starts_at) == []
    [first] = schedule(daily, [], early, daily.starts_at + timedelta(hours=1))
    assert (first.person_id, first.since) == (1, daily.starts_at)


def test_whoever_is_gone_is_passed_over_by_name_and_nobody_else_moves() -> None:
    daily = rotation(tz="UTC", starts_at=datetime(2026, 1, 1, tzinfo=UTC))
    since, until = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 5, tzinfo=UTC)
    found = schedule(daily, [], since, until, gone={2})
    assert [(s.person_id, s.instead_of) for s in found] == [(1, None), (3, 2), (3, None), (1, None)]
    stood_in = override(2, since, until)
    assert [s.person_id for s in schedule(daily, [stood_in], since, until, gone={2})] == [1, 3, 3, 1]
    assert turn(daily, since, gone={1, 2, 3}) is None
    assert schedule(daily, [stood_in], since, until, gone={1, 2, 3}) == []
    still = override(9, since, until)
    assert [s.person_id for s in schedule(daily, [still], since, until, gone={1, 2, 3})] == [9]
