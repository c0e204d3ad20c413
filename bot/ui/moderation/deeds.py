"""Single deeds in Discord, and what the audit log says of them; rights are checked before."""

import contextlib
from datetime import datetime, timedelta

import discord

from bot.domain.moderation.case import Action, ActionKind, ActionState
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.upload import Subject
from bot.ui.i18n import Words
from bot.ui.moderation.naming import rule_name
from bot.ui.moderation.standing import Place
from bot.ui.text import one_line

_MAX_AUDIT_CHARACTERS = 512
_LONGEST_TIME_OUT = timedelta(days=28)
"""discord-api-docs, Modify Guild Member."""
_A_MOMENT = timedelta(seconds=1)
_THREAD_IS_ARCHIVED = 50083


def settled(action: Action, member: discord.Member | None) -> ActionState | None:
    """Look whether there is nothing to do (any more), as far as a member's own record tells."""
    if action.kind in {ActionKind.BAN, ActionKind.UNBAN}:
        return None
    if member is None:
        kicked = action.kind is ActionKind.KICK and action.attempts_begun > 1
        return ActionState.ALREADY if kicked else ActionState.LEFT
    if action.kind is ActionKind.KICK:
        # Whoever joined since it was first tried was out in between, and is not sent away twice.
        joined = member.joined_at if action.attempts_begun > 1 else None
        return ActionState.ALREADY if joined is not None and joined > action.created_at else None
    now = discord.utils.utcnow()
    until = member.timed_out_until
    lasting = until if until is not None and until > now else None
    if action.kind is ActionKind.END_TIME_OUT:
        return _ending(action, lasting)
    if action.until is None or action.until <= now:
        return ActionState.FAILED
    enough = lasting is not None and lasting >= _bounded(action.until) - _A_MOMENT
    return ActionState.ALREADY if enough else None


def _ending(action: Action, lasting: datetime | None) -> ActionState | None:
    if lasting is None:
        return ActionState.ALREADY
    longer = action.until is not None and lasting > action.until + _A_MOMENT
    return ActionState.REPLACED if longer else None


async def is_banned(guild: discord.Guild, person_id: int) -> bool:
    """Say whether somebody is banned. Raises discord.HTTPException."""
    try:
        await guild.fetch_ban(discord.Object(person_id))
    except discord.NotFound:
        return False
    return True


async def act_on_person(
    guild: discord.Guild, action: Action, member: discord.Member | None, reason: str
) -> None:
    """Do to a person what is to be done; ``member`` is None where they have left.

    Raises discord.HTTPException.
    """
    person = discord.Object(action.person_id or 0)
    match action.kind:
        case ActionKind.BAN:
            await guild.ban(person, delete_message_seconds=0, reason=reason)
        case ActionKind.UNBAN:
            await guild.unban(person, reason=reason)
        case ActionKind.KICK:
            await guild.kick(person, reason=reason)
        case ActionKind.TIME_OUT if member is not None and action.until is not None:
            await member.edit(timed_out_until=_bounded(action.until), reason=reason)
        case ActionKind.END_TIME_OUT if member is not None:
            await member.edit(timed_out_until=None, reason=reason)


async def is_deleted(client: discord.Client, place: Place, message_id: int) -> bool:
    """Say whether a message is gone, as far as the bot may look. Raises discord.HTTPException."""
    try:
        await client.http.get_message(place.id, message_id)
    except discord.NotFound:
        return True
    except discord.Forbidden:
        return False  # a second attempt does no harm
    return False


async def delete_message(
    client: discord.Client, place: Place, message_id: int, reason: str
) -> None:
    """Delete a message; an archived thread is opened for that moment.

    Raises discord.HTTPException.
    """
    # discord.py's own method for messages takes no reason.
    delete = client.http.delete_message
    try:
        await delete(place.id, message_id, reason=reason)
    except discord.HTTPException as error:
        if error.code != _THREAD_IS_ARCHIVED or not isinstance(place, discord.Thread):
            raise
        await place.edit(archived=False, reason=reason)
        await delete(place.id, message_id, reason=reason)
        with contextlib.suppress(discord.HTTPException):  # it closes by itself in time
            await place.edit(archived=True, reason=reason)


async def delete_expression(
    client: discord.Client, guild: discord.Guild, action: Action, reason: str
) -> None:
    """Delete an emoji or a sticker of the server. Raises discord.HTTPException."""
    if action.message_id is not None and action.subject is Subject.EMOJI:
        await client.http.delete_custom_emoji(guild.id, action.message_id, reason=reason)
    elif action.message_id is not None:
        await client.http.delete_guild_sticker(guild.id, action.message_id, reason=reason)


def audit_reason(action: Action, policy: Policy, moderator: str, say: Words) -> str:
    """Name the case, the rule and the moderator, as Discord's audit log shows it."""
    who = f"{moderator}, {action.requested_by}" if moderator else say.say("automatic")
    rule = (
        rule_name(action.rule, policy, say) if action.rule else say.say("decision of a moderator")
    )
    text = say.say("Case {number}: {rule} ({who})", number=action.case_number, rule=rule, who=who)
    return one_line(text, _MAX_AUDIT_CHARACTERS)


def _bounded(until: datetime) -> datetime:
    """Keep within what Discord takes."""
    return min(until, discord.utils.utcnow() + _LONGEST_TIME_OUT - _A_MOMENT)
