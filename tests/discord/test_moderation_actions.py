"""Carrying out actions: once, only if it is still allowed, with the case in the audit log."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import discord
import pytest

from bot.domain.moderation.case import Action, ActionKind, ActionState
from bot.domain.moderation.policy import Category
from bot.domain.moderation.ports import Postponed
from bot.domain.moderation.upload import Subject
from tests.discord.cases import Court, court
from tests.discord.forms import deny

Kind, State = ActionKind, ActionState


def action(c: Court, kind: ActionKind, person_id: int | None = None, **more: Any) -> Action:
    """Ask for something, as the policy would."""
    return Action(
        id=7,
        case_id=1,
        case_number=12,
        guild_id=c.w.guild.id,
        kind=kind,
        state=State.PENDING,
        created_at=c.w.env.now(),
        attempts_begun=more.pop("begun", 1),
        person_id=person_id,
        rule=Category.SCAM,
        **more,
    )


def on(c: Court, message: discord.Message, **more: Any) -> Action:
    """Ask for a message to be deleted."""
    return action(c, Kind.DELETE, channel_id=message.channel.id, message_id=message.id, **more)


def in_an_hour(c: Court) -> Any:
    return c.w.env.now() + timedelta(hours=1)


async def test_a_message_is_deleted_once(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        assert await c.enforcer.carry_out(on(c, message)) is State.DONE
        assert await c.enforcer.carry_out(on(c, message, begun=2)) is State.ALREADY
        deletions = [entry for entry in c.w.env.http_requests if entry.method == "DELETE"]
        assert len(deletions) == 1
        assert deletions[0].reason == "Case 12: Scams and phishing (automatic)"


async def test_a_message_that_is_still_there_is_deleted_by_the_second_attempt(
    tmp_path: Path,
) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        assert await c.enforcer.carry_out(on(c, message, begun=2)) is State.DONE
        again = on(c, message)  # a moderator was faster
        assert await c.enforcer.carry_out(again) is State.ALREADY


async def test_the_audit_log_names_the_case_and_the_moderator(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        asked = action(c, Kind.KICK, c.w.ann.id, requested_by=c.mod.id)
        assert await c.enforcer.carry_out(asked) is State.DONE
        (entry,) = c.w.guild.audit_log()
        assert entry.reason == f"Case 12: Scams and phishing (judge, {c.mod.id})"
        assert await c.enforcer.carry_out(replace(asked, attempts_begun=2)) is State.ALREADY
        assert len(c.w.guild.audit_log()) == 1


async def test_a_message_in_a_channel_that_is_gone_is_gone(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        gone = replace(on(c, message), channel_id=4711)
        assert await c.enforcer.carry_out(gone) is State.ALREADY


async def test_a_time_out_is_given_once_and_never_shortened(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        until = in_an_hour(c)
        short = action(c, Kind.TIME_OUT, c.w.ann.id, until=until)
        long = replace(short, until=until + timedelta(days=1))
        assert await c.enforcer.carry_out(long) is State.DONE
        assert await c.enforcer.carry_out(replace(long, attempts_begun=2)) is State.ALREADY
        assert await c.enforcer.carry_out(short) is State.ALREADY
        assert len(c.w.guild.audit_log()) == 1
        end = action(c, Kind.END_TIME_OUT, c.w.ann.id)
        assert await c.enforcer.carry_out(end) is State.DONE
        assert await c.enforcer.carry_out(end) is State.ALREADY
        assert await c.enforcer.carry_out(short) is State.DONE


async def test_a_longer_time_out_that_somebody_set_since_is_not_ended(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        ours = in_an_hour(c)
        given = action(c, Kind.TIME_OUT, c.w.ann.id, until=ours)
        end = replace(given, kind=Kind.END_TIME_OUT)
        assert await c.enforcer.carry_out(given) is State.DONE
        await c.enforcer.carry_out(replace(given, until=ours + timedelta(days=1)))
        assert await c.enforcer.carry_out(end) is State.REPLACED
        assert (
            await c.enforcer.carry_out(replace(end, until=ours + timedelta(days=1))) is State.DONE
        )


async def test_a_time_out_is_never_longer_than_discord_takes(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        until = c.w.env.now() + timedelta(days=40)
        asked = action(c, Kind.TIME_OUT, c.w.ann.id, until=until)
        assert await c.enforcer.carry_out(asked) is State.DONE
        member = c.w.env.backend.get_member(c.w.guild.id, c.w.ann.id)
        assert str(member.timed_out_until) < "2026-01-29T00:00:01"
        assert await c.enforcer.carry_out(asked) is State.ALREADY


async def test_a_time_out_whose_time_is_over_fails(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        past = c.w.env.now() - timedelta(seconds=1)
        asked = action(c, Kind.TIME_OUT, c.w.ann.id, until=past)
        assert await c.enforcer.carry_out(asked) is State.FAILED


async def test_a_ban_deletes_nothing_and_is_given_once(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        asked = action(c, Kind.BAN, c.w.ann.id)
        assert await c.enforcer.carry_out(asked) is State.DONE
        put = next(
            entry
            for entry in c.w.env.http_requests
            if "/bans/" in entry.path and entry.method == "PUT"
        )
        assert put.params["delete_message_seconds"] == 0
        assert await c.enforcer.carry_out(asked) is State.ALREADY
        lifted = action(c, Kind.UNBAN, c.w.ann.id)
        assert await c.enforcer.carry_out(lifted) is State.DONE
        assert await c.enforcer.carry_out(lifted) is State.ALREADY


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (Kind.TIME_OUT, State.LEFT),
        (Kind.END_TIME_OUT, State.LEFT),
        (Kind.KICK, State.LEFT),
        (Kind.BAN, State.DONE),
    ],
)
async def test_of_whoever_has_left_only_the_ban_remains(
    tmp_path: Path, kind: ActionKind, state: ActionState
) -> None:
    async with court(tmp_path) as c:
        c.w.guild.remove_member(c.w.ann)
        asked = action(c, kind, c.w.ann.id, until=in_an_hour(c))
        assert await c.enforcer.carry_out(asked) is state


@pytest.mark.parametrize(
    ("begun", "after", "state"),
    [(1, True, State.DONE), (2, True, State.ALREADY), (2, False, State.DONE)],
)
async def test_whoever_joined_again_after_a_kick_is_not_kicked_twice(
    tmp_path: Path, begun: int, after: bool, state: ActionState
) -> None:
    """The process died between the kick and keeping that it was done."""
    async with court(tmp_path) as c:
        member = c.w.env.backend.get_member(c.w.guild.id, c.w.ann.id)
        joined = member.joined_at
        asked = action(c, Kind.KICK, c.w.ann.id, begun=begun)
        before_or_after = timedelta(minutes=-1 if after else 1)
        asked = replace(asked, created_at=discord.utils.parse_time(str(joined)) + before_or_after)
        assert await c.enforcer.carry_out(asked) is state


Change = Callable[[Court], None]


def lose_right(c: Court) -> None:
    """The moderator is none any more."""
    member = c.w.env.backend.get_member(c.w.guild.id, c.mod.id)
    member.role_ids.clear()


def leave(c: Court) -> None:
    c.w.guild.remove_member(c.mod)


def fall_below(c: Court) -> None:
    """The person rises to the moderator's own role."""
    member = c.w.env.backend.get_member(c.w.guild.id, c.mod.id)
    c.w.env.backend.add_member_role(c.w.guild.id, c.w.ann.id, member.role_ids[0])


def rise_above_the_bot(c: Court) -> None:
    role = c.w.guild.create_role("High", position=50)
    c.w.env.backend.add_member_role(c.w.guild.id, c.w.ann.id, role.id)
    top = c.w.guild.create_role("Highest", permissions=discord.Permissions.all(), position=60)
    c.w.env.backend.add_member_role(c.w.guild.id, c.mod.id, top.id)


def disarm_the_bot(c: Court) -> None:
    guild = c.w.env.backend.get_guild(c.w.guild.id)
    (role,) = [role for role in guild.roles.values() if role.managed]
    c.w.env.backend.edit_role(guild.id, role.id, {"permissions": 1024})


def become_administrator(c: Court) -> None:
    role = c.w.guild.create_role("Admin", permissions=discord.Permissions(administrator=True))
    c.w.env.backend.edit_role(c.w.guild.id, role.id, {"position": 0})
    c.w.env.backend.add_member_role(c.w.guild.id, c.w.ann.id, role.id)


@pytest.mark.parametrize(
    ("change", "kind", "state"),
    [
        (lose_right, Kind.TIME_OUT, State.NO_RIGHT),
        (lose_right, Kind.DELETE, State.NO_RIGHT),
        (leave, Kind.KICK, State.NO_RIGHT),
        (fall_below, Kind.BAN, State.OUTRANKED),
        (fall_below, Kind.DELETE, State.DONE),
        (rise_above_the_bot, Kind.KICK, State.OUTRANKED),
        (disarm_the_bot, Kind.TIME_OUT, State.NOT_PERMITTED),
        (disarm_the_bot, Kind.DELETE, State.NOT_PERMITTED),
        (become_administrator, Kind.TIME_OUT, State.OUTRANKED),
    ],
)
async def test_rights_are_read_at_the_moment_of_use(
    tmp_path: Path, change: Change, kind: ActionKind, state: ActionState
) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        change(c)
        await c.w.env.settle()
        asked = (
            on(c, message, requested_by=c.mod.id)
            if kind is Kind.DELETE
            else action(c, kind, c.w.ann.id, until=in_an_hour(c), requested_by=c.mod.id)
        )
        assert await c.enforcer.carry_out(asked) is state
        acted = [entry for entry in c.w.guild.audit_log() if entry.target_id == c.w.ann.id]
        assert not acted


async def test_the_owner_is_left_alone(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        owner = c.w.guild.owner.id
        for kind in (Kind.TIME_OUT, Kind.KICK, Kind.BAN):
            asked = action(c, kind, owner, until=in_an_hour(c))
            assert await c.enforcer.carry_out(asked) is State.OUTRANKED


async def test_a_moderator_s_rights_are_those_where_the_picture_is(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        deny(c.w, c.mod.id, manage_messages=True)
        asked = on(c, message, requested_by=c.mod.id)
        assert await c.enforcer.carry_out(asked) is State.NO_RIGHT


@pytest.mark.parametrize("subject", [Subject.EMOJI, Subject.STICKER])
async def test_an_expression_is_deleted_by_those_who_may(tmp_path: Path, subject: Subject) -> None:
    async with court(tmp_path) as c:
        if subject is Subject.EMOJI:
            added = c.w.guild.create_emoji("coins").id
        else:
            added = c.w.guild.create_sticker("coins").id
        asked = action(c, Kind.DELETE, message_id=added, subject=subject)
        plain = replace(asked, requested_by=c.w.mod.id)
        assert await c.enforcer.carry_out(plain) is State.NO_RIGHT
        assert await c.enforcer.carry_out(asked) is State.DONE
        assert await c.enforcer.carry_out(asked) is State.ALREADY


@pytest.mark.parametrize("status", [500, 503, 401])
async def test_while_discord_is_down_work_waits_and_that_is_no_attempt(
    tmp_path: Path, status: int
) -> None:
    async with court(tmp_path) as c:
        c.w.env.inject_error("GET", "/guilds/*/members/*", status=status, times=None)
        with pytest.raises(Postponed) as postponed:
            await c.enforcer.carry_out(action(c, Kind.KICK, c.w.ann.id))
        assert postponed.value.outage
        assert postponed.value.after_seconds > 0


async def test_what_discord_refuses_without_a_reason_we_know_is_said_so(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        c.w.env.inject_error("DELETE", "/guilds/*/members/*", status=403, code=50035)
        asked = action(c, Kind.KICK, c.w.ann.id)
        assert await c.enforcer.carry_out(asked) is State.REFUSED
        c.w.env.inject_error("DELETE", "/guilds/*/members/*", status=403, code=50013)
        assert await c.enforcer.carry_out(asked) is State.NOT_PERMITTED
        c.w.env.inject_error("DELETE", "/guilds/*/members/*", status=400, code=50035)
        assert await c.enforcer.carry_out(asked) is State.FAILED


async def test_in_a_server_that_lookout_left_nothing_is_done(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        asked = replace(action(c, Kind.KICK, c.w.ann.id), guild_id=4711)
        assert await c.enforcer.carry_out(asked) is State.REFUSED
        assert not await c.enforcer.can_act_on(4711, c.w.ann.id)


async def test_who_could_be_timed_out_is_known_beforehand(tmp_path: Path) -> None:
    async with court(tmp_path) as c:
        other = c.w.guild.add_member(c.w.env.create_user("helper", bot=True))
        can = c.enforcer.can_act_on
        guild_id = c.w.guild.id
        assert await can(guild_id, c.w.ann.id)
        assert not await can(guild_id, other.id)
        assert not await can(guild_id, c.w.guild.owner.id)
        assert not await can(guild_id, 4711)
        rise_above_the_bot(c)
        assert not await can(guild_id, c.w.ann.id)


async def test_a_message_in_an_archived_thread_is_deleted_and_the_thread_closed_again(
    tmp_path: Path,
) -> None:
    async with court(tmp_path) as c:
        message = await c.posted(c.w.ann)
        channel = c.w.env.bot.get_channel(c.w.channel.id)
        assert isinstance(channel, discord.TextChannel)
        thread = await channel.create_thread(name="coins", type=discord.ChannelType.public_thread)
        (handle,) = c.w.channel.threads
        posted = await c.w.ann.send(handle, "coins")
        path = f"/channels/{thread.id}/messages/{posted.id}"
        c.w.env.inject_error("DELETE", path, status=400, code=50083)
        assert await c.enforcer.carry_out(on(c, posted)) is State.DONE
        assert posted.id not in [kept.id for kept in handle.history()]
        changes = [
            entry.json["archived"]
            for entry in c.w.env.http_requests
            if entry.method == "PATCH" and entry.json and "archived" in entry.json
        ]
        assert changes == [False, True]
        assert message.id in [kept.id for kept in c.w.channel.history()]
