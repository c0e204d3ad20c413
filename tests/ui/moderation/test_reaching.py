"""What Discord's failures mean for work that is done later."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.domain.errors import StorageFailed
from bot.domain.moderation.ports import Postponed
from bot.ui.moderation.reaching import postponing


def http_error(status: int) -> discord.HTTPException:
    response: Any = SimpleNamespace(status=status, reason="because")
    return discord.HTTPException(response, {"code": 0, "message": "no"})


@pytest.mark.parametrize(
    "error",
    [
        http_error(429),
        http_error(500),
        http_error(503),
        http_error(401),
        discord.RateLimited(12.5),
        ConnectionResetError(),
        TimeoutError(),
    ],
    ids=["limit", "500", "503", "401", "limited", "reset", "timeout"],
)
def test_an_outage_postpones_and_is_no_attempt(error: Exception) -> None:
    with pytest.raises(Postponed) as postponed, postponing():
        raise error
    assert postponed.value.outage
    assert postponed.value.after_seconds > 0


def test_how_long_a_limit_lasts_is_taken_from_it() -> None:
    with pytest.raises(Postponed) as postponed, postponing():
        raise discord.RateLimited(12.5)
    assert postponed.value.after_seconds == 12.5


def test_what_may_be_our_own_mistake_counts_as_an_attempt() -> None:
    with pytest.raises(Postponed) as postponed, postponing():
        raise RuntimeError("a library's own, or ours")
    assert not postponed.value.outage


@pytest.mark.parametrize(
    "error", [StorageFailed(), Postponed(3.0, outage=False), http_error(403), http_error(400)]
)
def test_refusals_and_our_own_errors_pass_through(error: Exception) -> None:
    with pytest.raises(type(error)) as raised, postponing():
        raise error
    assert raised.value is error
