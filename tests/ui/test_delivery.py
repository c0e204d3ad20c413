"""Where a reply may move to when its interaction can no longer be edited."""

from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.domain.errors import Undeliverable
from bot.ui.delivery import InteractionDelivery

SPEAKING = discord.Permissions(view_channel=True, send_messages=True, attach_files=True)


def delivery(
    *,
    allowed: discord.Permissions = SPEAKING,
    private: bool = False,
    in_place: bool = False,
    guild_id: int | None = 1,
    dm_channel: bool = False,
    by_user: bool = False,
    by_guild: bool = True,
) -> InteractionDelivery:
    interaction: Any = SimpleNamespace(
        app_permissions=allowed,
        guild_id=guild_id,
        channel=None,
        context=SimpleNamespace(dm_channel=dm_channel),
        is_user_integration=lambda: by_user,
        is_guild_integration=lambda: by_guild,
    )
    return InteractionDelivery(interaction, 840.0, private, in_place)


@pytest.mark.parametrize(
    "case",
    [
        delivery(),
        delivery(by_user=True),
        delivery(guild_id=None, dm_channel=True, allowed=discord.Permissions.none()),
    ],
    ids=["in a server", "in a server, also installed by the person", "in our own direct messages"],
)
def test_where_the_bot_may_speak_the_answer_may_move(case: InteractionDelivery) -> None:
    case.check_may_move()


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        (delivery(private=True), "private"),
        (delivery(in_place=True), "in_place"),
        (delivery(allowed=discord.Permissions(view_channel=True)), "forbidden"),
        (
            delivery(allowed=discord.Permissions(view_channel=True, send_messages=True)),
            "forbidden",
        ),
        (delivery(by_user=True, by_guild=False), "forbidden"),
        (delivery(guild_id=None, dm_channel=False), "forbidden"),
    ],
    ids=["private", "in place", "may not write", "may not attach", "no member", "group of others"],
)
def test_elsewhere_the_reason_is_named(case: InteractionDelivery, reason: str) -> None:
    with pytest.raises(Undeliverable) as caught:
        case.check_may_move()
    assert caught.value.reason == reason
