"""/moderation setup: seven steps, each kept at once, and what is missing is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.domain.moderation.policy import AgeRestricted, Category, Watch
from bot.ui.i18n import words
from bot.ui.moderation.checks import Surroundings, checked, watched_channels
from tests.discord.forms import deny
from tests.discord.managing import Office, control, office
from tests.discord.world import components, labels, shown, texts

NEW: dict[str, Any] = {"enabled": False, "dry_run": True, "log_channel_id": None}


def chosen(panel: simcord.InteractionResult, what: str) -> list[str]:
    """What a panel shows as chosen."""
    select = control(panel, what)
    if "options" in select:
        return [option["value"] for option in select["options"] if option.get("default")]
    return [str(value["id"]) for value in select.get("default_values", [])]


def own_role(o: Office) -> simcord.backend.models.Role:
    """Return the role that Discord gave the bot."""
    guild = o.w.env.backend.get_guild(o.w.guild.id)
    (role,) = [role for role in guild.roles.values() if role.managed]
    return role


async def test_it_is_seven_steps_on_one_private_panel(tmp_path: Path) -> None:
    async with office(tmp_path, **NEW) as o:
        panel = await o.slash(o.chief, "setup")
        assert panel.ephemeral
        text = shown(panel)
        for number in range(1, 8):
            assert f"**{number}. " in text
        assert "Moderation is **off**" in text
        assert len(components(panel.response)) <= 40
        assert labels(panel)[-4:] == ["End dry run", "Switch on", "Check again", "All settings"]


async def test_every_choice_is_kept_at_once_and_shown(tmp_path: Path) -> None:
    async with office(tmp_path, **NEW) as o:
        panel = await o.slash(o.chief, "setup")
        quiet = o.w.guild.create_text_channel("quiet")
        role = o.w.guild.create_role("Artists")
        log, channel = o.court.log, o.w.channel
        await o.choose(o.chief, panel, "log", log)
        await o.choose(o.chief, panel, "watch", "only")
        await o.choose(o.chief, panel, "channels", channel, quiet)
        await o.choose(o.chief, panel, "roles", role)
        await o.choose(o.chief, panel, "age", "not_looked_at")
        await o.choose(o.chief, panel, "preset", "strict")
        policy = await o.policy()
        assert policy.log_channel_id == log.id
        assert (policy.watch, policy.channel_ids) == (Watch.ONLY, (channel.id, quiet.id))
        assert policy.exempt_role_ids == (role.id,)
        assert policy.age_restricted is AgeRestricted.NOT_LOOKED_AT
        assert policy.preset == "strict"
        assert policy.rules[Category.SCAM].threshold == 0.7
        assert chosen(panel, "log") == [str(log.id)]
        assert chosen(panel, "channels") == [str(channel.id), str(quiet.id)]
        assert chosen(panel, "roles") == [str(role.id)]
        assert chosen(panel, "watch") == ["only"]
        await o.choose(o.chief, panel, "channels")
        assert (await o.policy()).channel_ids == ()
        assert "channels to look at. Choose some in step 2." in shown(panel)


async def test_what_is_missing_is_named_with_what_to_do(tmp_path: Path) -> None:
    async with office(tmp_path, **NEW) as o:
        panel = await o.slash(o.chief, "setup")
        text = shown(panel)
        assert "**Needed:** a log channel. Choose one in step 1" in text
        await o.choose(o.chief, panel, "log", o.court.log)
        assert f"I can write cards in <#{o.court.log.id}>." in shown(panel)
        assert "everybody can read" in shown(panel)
        assert "Ready: Discord shows me what is posted." in shown(panel)
        assert "Ready: The picture model answers." in shown(panel)
        assert (
            "Ready: I have: Manage Messages, Timeout Members, Kick Members, Ban Members, "
            "Manage Expressions."
        ) in shown(panel)


async def test_it_cannot_be_switched_on_without_a_place_for_the_cards(tmp_path: Path) -> None:
    async with office(tmp_path, **NEW) as o:
        panel = await o.slash(o.chief, "setup")
        await o.w.click(o.chief, panel, "Switch on")
        assert not (await o.policy()).enabled
        assert shown(panel).startswith("Not switched on. First I need:")
        await o.choose(o.chief, panel, "log", o.court.log)
        await o.w.click(o.chief, panel, "Switch on")
        assert (await o.policy()).enabled
        assert o.policies.cached(o.w.guild.id) is not None
        assert shown(panel).startswith("Switched on, in dry run.")
        assert "Moderation is **on**, in dry run" in shown(panel)
        await o.w.click(o.chief, panel, "End dry run")
        assert not (await o.policy()).dry_run
        await o.w.click(o.chief, panel, "Switch off")
        assert o.policies.cached(o.w.guild.id) is None


async def test_a_private_channel_can_be_made_for_the_cards(tmp_path: Path) -> None:
    async with office(tmp_path, **NEW) as o:
        panel = await o.slash(o.chief, "setup")
        await o.w.click(o.chief, panel, "Create a private channel")
        log_id = (await o.policy()).log_channel_id
        guild = o.w.env.bot.get_guild(o.w.guild.id)
        assert guild is not None
        assert log_id is not None
        channel = guild.get_channel(log_id)
        assert isinstance(channel, discord.TextChannel)
        assert not channel.permissions_for(guild.default_role).view_channel
        assert channel.permissions_for(guild.me).send_messages
        moderators = discord.utils.get(guild.roles, name="Moderator")
        assert moderators is not None
        assert channel.permissions_for(moderators).view_channel
        assert "everybody can read" not in shown(panel)
        assert shown(panel).startswith(f"Created <#{log_id}>.")


async def test_where_no_channel_can_be_made_another_way_is_named(tmp_path: Path) -> None:
    async with office(tmp_path, **NEW) as o:
        panel = await o.slash(o.chief, "setup")
        o.w.env.backend.edit_role(o.w.guild.id, own_role(o).id, {"permissions": 1024})
        await o.w.click(o.chief, panel, "Create a private channel")
        assert shown(panel).startswith("I could not create a channel here. Create one that only")
        assert (await o.policy()).log_channel_id is None


@pytest.mark.parametrize("command", ["setup", "settings"])
async def test_it_is_for_those_who_manage_the_server(tmp_path: Path, command: str) -> None:
    async with office(tmp_path, **NEW) as o:
        refused = await o.slash(o.court.mod, command)
        assert refused.ephemeral
        assert "You need the permission “Manage Server” for that." in shown(refused)
        with pytest.raises(simcord.SetupError, match="not visible"):
            await o.slash(o.w.ann, command)


async def test_who_lost_the_right_changes_nothing_with_an_open_panel(tmp_path: Path) -> None:
    async with office(tmp_path, **NEW) as o:
        panel = await o.slash(o.chief, "setup")
        backend, guild_id = o.w.env.backend, o.w.guild.id
        (role_id,) = backend.get_member(guild_id, o.chief.id).role_ids
        backend.remove_member_role(guild_id, o.chief.id, role_id)
        refused = await o.choose(o.chief, panel, "age", "same")
        assert "Manage Server" in texts(refused.response)
        assert (await o.policy()).age_restricted is AgeRestricted.ADULT_ALLOWED


async def test_a_permission_that_the_bot_lacks_is_named(tmp_path: Path) -> None:
    async with office(tmp_path, **NEW) as o:
        view = discord.Permissions(view_channel=True, read_message_history=True)
        role = own_role(o)
        o.w.env.backend.edit_role(o.w.guild.id, role.id, {"permissions": view.value})
        panel = await o.slash(o.chief, "setup")
        text = shown(panel)
        assert "**Missing:** Manage Messages. Without it I cannot delete messages. Give it" in text
        for name in ("Timeout Members", "Kick Members", "Ban Members", "Manage Expressions"):
            assert f"**Missing:** {name}. " in text
        assert "Create a private channel" not in labels(panel)
        deny(o.w, o.w.env.backend.bot_user.id, view_channel=True)
        await o.w.click(o.chief, panel, "Check again")
        text = shown(panel)
        assert f"**Missing:** View Channel or Read Message History in <#{o.w.channel.id}>." in text


async def test_where_it_may_not_write_it_cannot_be_switched_on(tmp_path: Path) -> None:
    async with office(tmp_path, **NEW) as o:
        panel = await o.slash(o.chief, "setup")
        await o.choose(o.chief, panel, "log", o.court.log)
        o.w.env.backend.edit_role(o.w.guild.id, own_role(o).id, {"permissions": 1024})
        everyone = o.w.env.backend.get_guild(o.w.guild.id).roles[o.w.guild.id]
        o.w.env.backend.edit_role(o.w.guild.id, everyone.id, {"permissions": 1024})
        await o.w.click(o.chief, panel, "Switch on")
        assert not (await o.policy()).enabled
        assert "Send Messages" in shown(panel).splitlines()[1]


async def test_what_lookout_itself_lacks_is_named(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        guild = o.w.env.bot.get_guild(o.w.guild.id)
        assert guild is not None
        found = checked(guild, await o.policy(), Surroundings(False, False), words("en-US"))
        missing = {check.text.partition(".")[0]: check.needed for check in found if not check.ready}
        assert missing["the message content intent"]
        assert not missing["the picture model: it does not answer right now"]
        gone = replace(await o.policy(), log_channel_id=1)
        (text,) = [
            check.text
            for check in checked(guild, gone, Surroundings(True, True), words("en-US"))
            if check.needed and not check.ready
        ]
        assert text.startswith("the log channel: it was deleted, or I cannot see it.")


async def test_a_chosen_category_stands_for_its_channels(tmp_path: Path) -> None:
    async with office(tmp_path) as o:
        category = o.w.guild.create_category("art")
        inside = o.w.guild.create_text_channel("paintings", category=category)
        await o.w.env.settle()
        guild = o.w.env.bot.get_guild(o.w.guild.id)
        assert guild is not None
        only = replace(await o.policy(), watch=Watch.ONLY, channel_ids=(category.id,))
        assert [channel.id for channel in watched_channels(guild, only)] == [inside.id]
        others = replace(only, watch=Watch.ALL_EXCEPT)
        ids = {channel.id for channel in watched_channels(guild, others)}
        assert ids == {o.w.channel.id, o.court.log.id}
