"""Right-click commands of ours beside many of a host bot's own."""

from pathlib import Path
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands
from structlog.testing import capture_logs

from bot.app import Lookout
from bot.ui.menu_room import MENUS_A_KIND, make_room
from tests.discord.engines import HandEngine
from tests.discord.test_plugin import config

OURS = {
    "Describe picture",
    "Alt text",
    "Read text",
    "Ask about picture",
    "Report picture",
    "Check picture",
}
MESSAGE = discord.AppCommandType.message


def host(menus: int) -> commands.Bot:
    bot = commands.Bot(command_prefix="!", intents=discord.Intents.none())
    for number in range(menus):
        bot.tree.add_command(menu(f"Theirs {number}"))
    return bot


def menu(name: str) -> app_commands.ContextMenu:
    async def callback(interaction: discord.Interaction[Any], message: discord.Message) -> None: ...

    return app_commands.ContextMenu(name=name, callback=callback)


def names(bot: commands.Bot, guild: discord.Object | None = None) -> set[str]:
    return {item.name for item in bot.tree.get_commands(guild=guild, type=MESSAGE)}


async def test_all_of_ours_and_all_of_theirs_are_there(tmp_path: Path) -> None:
    async with Lookout(config(tmp_path), engine=HandEngine()) as lookout:
        theirs = host(5)
        own = names(theirs)
        await lookout.attach(theirs)
        assert names(theirs) == own | OURS
        theirs.tree.add_command(menu("Theirs later"))
        server = discord.Object(7)
        theirs.tree.copy_global_to(guild=server)
        assert names(theirs, server) == own | OURS | {"Theirs later"}


async def test_taken_away_again_they_leave_the_tree_as_it_was(tmp_path: Path) -> None:
    async with Lookout(config(tmp_path), engine=HandEngine()) as lookout:
        theirs = host(4)
        own, methods = names(theirs), set(vars(theirs.tree))
        await lookout.attach(theirs)
        await lookout.detach(theirs)
        assert names(theirs) == own
        assert set(vars(theirs.tree)) == methods


async def test_where_there_is_no_room_for_all_of_ours_those_left_out_are_named(
    tmp_path: Path,
) -> None:
    async with Lookout(config(tmp_path), engine=HandEngine()) as lookout:
        theirs = host(5)
        make_room(theirs.tree)
        for number in range(6):
            theirs.tree.add_command(menu(f"More {number}"))
        own = names(theirs)
        with capture_logs() as logs:
            await lookout.attach(theirs)
        assert own < names(theirs)
        assert len(names(theirs)) == MENUS_A_KIND
        left_out = [log for log in logs if log["event"] == "context_menu_left_out"]
        assert len(left_out) == 2
