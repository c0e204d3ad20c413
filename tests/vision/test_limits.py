"""How often people and servers may ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import RateLimited
from bot.domain.ports import Asker
from bot.vision import limits
from bot.vision.limits import Limits, Meter


def refusal(meter: Meter, asker: Asker, pictures: int, now: float) -> RateLimited | None:
    try:
        meter.charge(asker, pictures, now)
    except RateLimited as error:
        return error
    return None


def test_a_person_is_told_when_the_next_picture_fits() -> None:
    meter = Meter(Limits(person_per_minute=2))
    meter.charge(Asker(1), 1, 0.0)
    meter.charge(Asker(1), 1, 10.0)

    error = refusal(meter, Asker(1), 1, 20.0)

    assert error is not None
    assert (error.scope, error.retry_after_seconds) == ("person", 40.0)
    assert refusal(meter, Asker(1), 1, 60.0) is None


def test_the_longer_of_two_waits_is_told() -> None:
    meter = Meter(Limits(person_per_minute=1, person_per_hour=2))
    meter.charge(Asker(1), 1, 0.0)
    meter.charge(Asker(1), 1, 100.0)

    error = refusal(meter, Asker(1), 1, 110.0)

    assert error is not None
    assert error.retry_after_seconds == 3600.0 - 110.0


def test_a_server_shares_its_limit_between_its_people_and_not_with_others() -> None:
    meter = Meter(Limits(guild_per_minute=2))
    meter.charge(Asker(1, guild_id=9), 1, 0.0)
    meter.charge(Asker(2, guild_id=9), 1, 0.0)

    error = refusal(meter, Asker(3, guild_id=9), 1, 5.0)

    assert error is not None
    assert (error.scope, error.retry_after_seconds) == ("server", 55.0)
    assert refusal(meter, Asker(3, guild_id=8), 1, 5.0) is None
    assert refusal(meter, Asker(3), 1, 5.0) is None


def test_what_was_refused_is_not_counted_anywhere() -> None:
    meter = Meter(Limits(person_per_minute=3, guild_per_minute=2))
    asker = Asker(1, guild_id=9)
    meter.charge(asker, 2, 0.0)

    assert refusal(meter, asker, 1, 1.0) is not None  # by the server
    assert refusal(meter, Asker(1), 1, 1.0) is None  # the person still had one
    assert refusal(meter, Asker(1), 1, 1.0) is not None


def test_more_pictures_than_the_whole_limit_fit_an_empty_window_only() -> None:
    meter = Meter(Limits(person_per_minute=3))

    assert refusal(meter, Asker(1), 10, 0.0) is None
    error = refusal(meter, Asker(1), 10, 15.0)
    assert error is not None
    assert error.retry_after_seconds == 45.0
    assert refusal(meter, Asker(1), 10, 60.0) is None


def test_zero_means_no_limit() -> None:
    meter = Meter(Limits())

    assert all(refusal(meter, Asker(1, 2), 1000, 0.0) is None for _ in range(100))


def test_memory_is_bounded_in_people_and_in_moments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MAX_KEYS", 50)
    window = limits._Window(limit=3, seconds=60.0)
    for person in range(1000):
        window.spend(person, 7, now=float(person) / 1000)

    assert len(window._spent) == 50
    assert all(len(moments) == 3 for moments in window._spent.values())
    assert window.wait_seconds(5000, 1, now=100.0) == 0.0
    assert not window._spent


@given(
    st.integers(1, 5),
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 4)), max_size=40),
)
def test_no_window_of_a_minute_holds_more_than_the_limit_and_the_retry_time_is_true(
    limit: int, steps: list[tuple[int, int]]
) -> None:
    meter = Meter(Limits(person_per_minute=limit))
    now = 0.0
    accepted: list[tuple[float, int]] = []
    for pause, pictures in steps:
        now += pause
        error = refusal(meter, Asker(1), pictures, now)
        if error is not None:
            assert 0 < error.retry_after_seconds <= 60.0
            now += error.retry_after_seconds
            assert refusal(meter, Asker(1), pictures, now) is None
        accepted.append((now, min(pictures, limit)))
        spent = sum(count for moment, count in accepted if moment > now - 60.0)
        assert spent <= limit
