"""As many right-click commands as Discord allows, in a tree that stays its owner's."""

from typing import Any

import discord
import pytest
from discord import app_commands

from bot.ui.menu_room import MENUS_A_KIND, Tree, make_room

SERVER = discord.Object(7)
OTHER_SERVER = discord.Object(8)
MESSAGE = discord.AppCommandType.message


@pytest.fixture
def tree() -> Tree:
    client = discord.Client(intents=discord.Intents.none())
    return app_commands.CommandTree(client)


def menu(name: str) -> app_commands.ContextMenu:
    async def callback(interaction: discord.Interaction[Any], message: discord.Message) -> None: ...

    return app_commands.ContextMenu(name=name, callback=callback)


def user_menu(name: str) -> app_commands.ContextMenu:
    async def callback(interaction: discord.Interaction[Any], user: discord.User) -> None: ...

    return app_commands.ContextMenu(name=name, callback=callback)


def names(tree: Tree, guild: discord.Object | None = None) -> list[str]:
    return [item.name for item in tree.get_commands(guild=guild, type=MESSAGE)]


def filled(tree: Tree, count: int) -> list[str]:
    wanted = [f"menu {number}" for number in range(count)]
    for name in wanted:
        tree.add_command(menu(name))
    return wanted


def test_fifteen_menus_of_a_kind_fit_and_the_next_does_not(tree: Tree) -> None:
    make_room(tree)
    wanted = filled(tree, MENUS_A_KIND)
    assert names(tree) == wanted
    with pytest.raises(app_commands.CommandLimitReached):
        tree.add_command(menu("one more"))
    assert names(tree) == wanted
    for number in range(MENUS_A_KIND):
        tree.add_command(user_menu(f"user {number}"))
        tree.add_command(menu(f"server {number}"), guild=SERVER)
    assert len(names(tree, SERVER)) == MENUS_A_KIND


def test_each_menu_is_sent_to_discord_once(tree: Tree) -> None:
    make_room(tree)
    wanted = filled(tree, 8)
    sent = [item.name for item in tree._get_all_commands(guild=None)]
    assert sorted(sent) == sorted(wanted)


def test_a_name_that_is_taken_is_still_taken(tree: Tree) -> None:
    make_room(tree)
    wanted = filled(tree, 7)
    with pytest.raises(app_commands.CommandAlreadyRegistered):
        tree.add_command(menu(wanted[6]))
    other = menu(wanted[6])
    tree.add_command(other, override=True)
    assert tree.get_command(wanted[6], type=MESSAGE) is other
    assert names(tree) == wanted


def test_a_menu_for_several_servers_is_added_to_all_or_none(tree: Tree) -> None:
    make_room(tree)
    for number in range(5):
        tree.add_command(menu(f"menu {number}"), guild=SERVER)
    tree.add_command(menu("both"), guilds=[SERVER, OTHER_SERVER])
    assert "both" in names(tree, SERVER)
    assert names(tree, OTHER_SERVER) == ["both"]


def test_copying_to_a_server_takes_all_menus_and_commands_along(tree: Tree) -> None:
    make_room(tree)
    wanted = filled(tree, 7)

    @tree.command(name="theirs", description="Theirs")
    async def theirs(interaction: discord.Interaction[Any]) -> None: ...

    tree.copy_global_to(guild=SERVER)
    assert names(tree, SERVER) == wanted
    assert names(tree) == wanted
    assert tree.get_command("theirs", guild=SERVER) is not None


def test_copying_more_than_discord_allows_is_refused_and_changes_nothing(tree: Tree) -> None:
    make_room(tree)
    filled(tree, 8)
    for number in range(8):
        tree.add_command(menu(f"server {number}"), guild=SERVER)
    before = names(tree, SERVER)
    with pytest.raises(app_commands.CommandLimitReached):
        tree.copy_global_to(guild=SERVER)
    assert names(tree, SERVER) == before


def test_the_limit_of_slash_commands_stays(tree: Tree) -> None:
    make_room(tree)
    filled(tree, 6)
    for number in range(100):

        @tree.command(name=f"theirs-{number}", description="Theirs")
        async def command(interaction: discord.Interaction[Any]) -> None: ...

    with pytest.raises(app_commands.CommandLimitReached):

        @tree.command(name="theirs-100", description="Theirs")
        async def further(interaction: discord.Interaction[Any]) -> None: ...


def test_the_last_to_leave_gives_the_tree_its_own_methods_back(tree: Tree) -> None:
    leave_first, leave_second = make_room(tree), make_room(tree)
    leave_first()
    wanted = filled(tree, 6)
    leave_second()
    assert "add_command" not in vars(tree)
    assert "copy_global_to" not in vars(tree)
    with pytest.raises(app_commands.CommandLimitReached):
        tree.add_command(menu("one more"))
    assert names(tree) == wanted


def test_a_tree_that_is_built_otherwise_stays_as_it_is(tree: Tree) -> None:
    kept = vars(tree).pop("_context_menus")
    make_room(tree)()
    assert "add_command" not in vars(tree)
    vars(tree)["_context_menus"] = kept
