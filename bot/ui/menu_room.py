"""Room for as many right-click commands as Discord allows: discord.py stops at five a kind.

Discord raised its limit from 5 to 15 (discord-api-docs, application commands); discord.py follows
after 2.7.1. Until then ``make_room`` shadows two methods on one tree, the one we are loaded into:
a host bot's own menus find the same room as ours, and its ``copy_global_to`` goes on working.
"""

from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import discord
from discord import app_commands

MENUS_A_KIND = 15
"""Message menus, and user menus, that a bot may have globally, and again in each server."""

Tree = app_commands.CommandTree[Any]
Menus = dict[tuple[str, int | None, int], app_commands.ContextMenu]

_MENUS = "_context_menus"
_ADD = "add_command"
_COPY = "copy_global_to"
_ROOM = "_lookout_menu_room"


def make_room(tree: Tree) -> Callable[[], None]:
    """Let ``tree`` hold as many menus as Discord does; return what undoes it.

    It ends when everybody who asked for it has undone it. A tree that is built otherwise than we
    know stays as it is.
    """
    own = vars(tree)
    room = own.get(_ROOM)
    if not isinstance(room, _Room):
        if not isinstance(own.get(_MENUS), dict) or _ADD in own or _COPY in own:
            return lambda: None
        room = own[_ROOM] = _Room(tree)
    room.users += 1
    return room.leave


class _Room:
    """The two methods that stand in for a tree's own; those still do the work."""

    def __init__(self, tree: Tree) -> None:
        self.users = 0
        self._tree = tree
        self._add = tree.add_command
        self._copy = tree.copy_global_to
        vars(tree).update({_ADD: self.add_command, _COPY: self.copy_global_to})

    def leave(self) -> None:
        """Take the methods away with the last user."""
        self.users -= 1
        if not self.users:
            for name in (_ADD, _COPY, _ROOM):
                vars(self._tree).pop(name, None)

    def add_command(self, command: Any, /, **where: Any) -> None:
        """Add a command; where a menu finds no room, the other menus stand aside meanwhile."""
        try:
            self._add(command, **where)
        except app_commands.CommandLimitReached as full:
            menus = self._menus
            taken = Counter((guild_id, kind) for _, guild_id, kind in menus)
            if not _is_of_menus(full) or taken[full.guild_id, full.type.value] >= MENUS_A_KIND:
                raise
            alone = {key: menu for key, menu in menus.items() if key[0] == command.name}
            self._menus = alone
            try:
                self._add(command, **where)
            finally:
                menus.update(alone)
                self._menus = menus

    def copy_global_to(self, *, guild: discord.abc.Snowflake) -> None:
        """Copy what is global to a server; where the menus find no room, they are copied here."""
        try:
            self._copy(guild=guild)
        except app_commands.CommandLimitReached as full:
            menus = self._menus
            copies: Menus = {
                (name, guild.id, kind): menu
                for (name, guild_id, kind), menu in menus.items()
                if guild_id is None or guild_id == guild.id
            }
            counts = Counter(kind for _, _, kind in copies)
            if not _is_of_menus(full) or max(counts.values()) > MENUS_A_KIND:
                raise
            self._menus = {}
            try:
                self._copy(guild=guild)
                menus.update(copies)
            finally:
                self._menus = menus

    @property
    def _menus(self) -> Menus:
        return cast("Menus", getattr(self._tree, _MENUS))

    @_menus.setter
    def _menus(self, menus: Menus) -> None:
        setattr(self._tree, _MENUS, menus)


def _is_of_menus(full: app_commands.CommandLimitReached) -> bool:
    return full.type is not discord.AppCommandType.chat_input
