"""Who may read and delete a conversation that is kept, by what Discord says with every click."""

import discord

from bot.domain.conversation import Conversation, Turn

Click = discord.Interaction[discord.Client]


def moderates(click: Click) -> bool:
    """Say whether somebody may manage messages in the whole server, not only in this channel."""
    member = click.user
    return isinstance(member, discord.Member) and member.guild_permissions.manage_messages


def may_delete(click: Click, conversation: Conversation) -> bool:
    """Allow the owner, and moderators of the conversation's server."""
    return _owns(click, conversation) or _moderates(click, conversation)


def may_read(click: Click, conversation: Conversation) -> bool:
    """Allow the owner, and moderators where they could have read along."""
    if _owns(click, conversation):
        return True
    return (
        not conversation.private
        and _moderates(click, conversation)
        and _sees(click, conversation.channel_id)
    )


def may_see(click: Click, turn: Turn) -> bool:
    """Keep somebody else's private turns of a public conversation from everybody."""
    return not turn.private or turn.person_id == click.user.id


def _owns(click: Click, conversation: Conversation) -> bool:
    return conversation.owner_id == click.user.id


def _moderates(click: Click, conversation: Conversation) -> bool:
    here = conversation.guild_id is not None and conversation.guild_id == click.guild_id
    return here and moderates(click)


def _sees(click: Click, channel_id: int) -> bool:
    """Say whether somebody may read a channel; one that is not known here counts as hidden."""
    if click.guild is None or not isinstance(click.user, discord.Member):
        return False
    channel = click.guild.get_channel_or_thread(channel_id)
    if channel is None or (isinstance(channel, discord.Thread) and channel.parent is None):
        return False
    allowed = channel.permissions_for(click.user)
    if isinstance(channel, discord.Thread) and channel.is_private() and not allowed.manage_threads:
        return False
    return allowed.view_channel and allowed.read_message_history
