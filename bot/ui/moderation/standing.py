"""Reads from Discord, at the moment of use, who may do what and who stands above whom."""

import discord

from bot.ui.moderation.rights import LOWEST, Powers, Rank, Standing

Place = discord.abc.GuildChannel | discord.Thread

UNKNOWN_CHANNEL = 10003
UNKNOWN_MEMBER = 10007
UNKNOWN_MESSAGE = 10008
UNKNOWN_USER = 10013
"""Discord's codes (discord-api-docs, opcodes and status codes)."""

_BY_CHANNEL = discord.Permissions(
    manage_messages=True, view_channel=True, read_message_history=True
)
"""What a channel may give or take; the rest of what we ask for holds for a whole server."""


async def fetch_member(guild: discord.Guild, person_id: int) -> discord.Member | None:
    """Return somebody as they are now; None when they are not in the server.

    Raises discord.HTTPException.
    """
    try:
        return await guild.fetch_member(person_id)
    except discord.NotFound as error:
        if error.code in {UNKNOWN_MEMBER, UNKNOWN_USER}:
            return None
        raise


async def find_channel(guild: discord.Guild, channel_id: int | None) -> Place | None:
    """Return a channel or thread; None when there is none (any more).

    Threads that are archived are not known from the gateway, so Discord is asked. Raises
    discord.HTTPException.
    """
    if not channel_id:
        return None
    known = guild.get_channel_or_thread(channel_id)
    if known is not None:
        return known
    try:
        found = await guild.fetch_channel(channel_id)
    except discord.NotFound:
        return None
    except discord.InvalidData:  # a channel of another server
        return None
    return found


def powers(member: discord.Member, place: Place | None) -> Powers:
    """Say what somebody may do in ``place``, or in the server where there is none."""
    allowed = discord.Permissions(member.guild_permissions.value)
    if place is not None:
        there = _permissions_in(place, member).value & _BY_CHANNEL.value
        allowed.value = (allowed.value & ~_BY_CHANNEL.value) | there
    return Powers(
        member.id,
        allowed,
        rank=rank(member),
        owner=member.id == member.guild.owner_id,
        timed_out=member.is_timed_out() and not allowed.administrator,
    )


def standing(guild: discord.Guild, person_id: int, member: discord.Member | None) -> Standing:
    """Say where somebody stands; ``member`` is None for whoever has left."""
    if member is None:
        return Standing(person_id, owner=person_id == guild.owner_id, member=False)
    return Standing(
        person_id,
        rank=rank(member),
        owner=person_id == guild.owner_id,
        administrator=member.guild_permissions.administrator,
    )


def rank(member: discord.Member) -> Rank:
    """Say where somebody's highest role stands."""
    return max(((role.position, -role.id) for role in member.roles), default=LOWEST)


def _permissions_in(place: Place, member: discord.Member) -> discord.Permissions:
    try:
        allowed = place.permissions_for(member)
    except discord.ClientException:  # a thread whose channel is not known
        return discord.Permissions.none()
    hidden = isinstance(place, discord.Thread) and place.is_private()
    if hidden and not allowed.manage_threads and member.id != member.guild.me.id:
        allowed.view_channel = False
    return allowed
