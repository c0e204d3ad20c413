"""Who may use the commands and panels of moderation, by what Discord says with every click."""

from dataclasses import dataclass

import discord

from bot.domain.errors import MissingRight
from bot.ui.asking import Interaction


@dataclass(frozen=True, slots=True)
class Manager:
    """Somebody who may do what was asked for, and where."""

    guild: discord.Guild
    member: discord.Member

    @property
    def administrator(self) -> bool:
        """Whether they may allow what nobody else may."""
        return self.member.guild_permissions.administrator


def require_manager(click: Interaction) -> Manager:
    """Let those through who may manage the server. Raises MissingRight."""
    return _require(click, "manage_guild")


def require_administrator(click: Interaction) -> Manager:
    """Let administrators through. Raises MissingRight."""
    return _require(click, "administrator")


def require_moderator(click: Interaction) -> Manager:
    """Let those through who may manage messages in the whole server. Raises MissingRight."""
    return _require(click, "manage_messages")


def _require(click: Interaction, permission: str) -> Manager:
    member, guild = click.user, click.guild
    if (
        guild is None
        or not isinstance(member, discord.Member)
        or member.is_timed_out()
        or not getattr(member.guild_permissions, permission)
    ):
        raise MissingRight(permission)
    return Manager(guild, member)
