"""What every cog of ours shares: its services, names that do not clash, context menus that fit."""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.ui.asking import Interaction
from bot.ui.house import House, house_of
from bot.ui.menu_room import make_room

_log = structlog.get_logger(__name__)

PREFIX = "lookout"
MessageMenu = Callable[[Interaction, discord.Message], Coroutine[Any, Any, None]]
T = app_commands.locale_str
Offered = TypeVar("Offered", app_commands.Command[Any, Any, None], app_commands.ContextMenu)


def anywhere(command: Offered) -> Offered:
    """Offer a command in servers, in direct messages and to people who installed it themselves."""
    command.allowed_installs = app_commands.AppInstallationType(guild=True, user=True)
    command.allowed_contexts = app_commands.AppCommandContext(
        guild=True, dm_channel=True, private_channel=True
    )
    return command


def in_servers(command: Offered) -> Offered:
    """Offer a command in servers that Lookout is a member of, and nowhere else."""
    command.allowed_installs = app_commands.AppInstallationType(guild=True, user=False)
    command.allowed_contexts = app_commands.AppCommandContext(
        guild=True, dm_channel=False, private_channel=False
    )
    return command


class LookoutCog(commands.Cog):
    """Base of our cogs. Loads into any ``commands.Bot`` to which a Lookout was attached."""

    def __init__(self, bot: commands.Bot) -> None:
        self.bot = bot
        self.house: House = house_of(bot)
        self._menus: list[app_commands.ContextMenu] = []
        self._give_room_back: Callable[[], None] = lambda: None

    def add_message_menu(
        self,
        name: str,
        callback: MessageMenu,
        *,
        needs: discord.Permissions | None = None,
        servers_only: bool = False,
    ) -> None:
        """Offer ``callback`` on a message's right-click menu once the cog is loaded.

        ``needs`` is whom Discord shows it to; the callback checks for itself.
        """
        menu = app_commands.ContextMenu(name=T(name), callback=callback)
        menu.default_permissions = needs
        self._menus.append(in_servers(menu) if servers_only else anywhere(menu))

    async def cog_load(self) -> None:
        """Give way to the host bot's own names, then add the context menus that fit."""
        tree = self.bot.tree
        for command in self.get_app_commands():
            wanted = command.name
            if tree.get_command(wanted) is not None:
                command.name = f"{PREFIX}-{wanted}"
                command._locale_name = None  # noqa: SLF001 - discord.py has no public rename
            self.house.commands.names[wanted] = command.name
        if self._menus:
            self._give_room_back = make_room(tree)
        for menu in self._menus:
            if tree.get_command(menu.name, type=menu.type) is not None:
                menu.name = f"{menu.name} (Lookout)"
                menu._locale_name = None  # noqa: SLF001 - discord.py has no public rename
            try:
                tree.add_command(menu)
            except app_commands.CommandLimitReached:
                _log.warning("context_menu_left_out", menu=menu.name)

    async def cog_unload(self) -> None:
        """Take the context menus away again."""
        for menu in self._menus:
            self.bot.tree.remove_command(menu.name, type=menu.type)
        self._give_room_back()
