"""Discord's permissions by the names that its own settings show."""

from bot.ui.i18n import Words, mark

_NAMES = {
    "administrator": mark("Administrator"),
    "manage_guild": mark("Manage Server"),
    "manage_messages": mark("Manage Messages"),
    "manage_channels": mark("Manage Channels"),
    "manage_expressions": mark("Manage Expressions"),
    "moderate_members": mark("Timeout Members"),
    "kick_members": mark("Kick Members"),
    "ban_members": mark("Ban Members"),
    "view_channel": mark("View Channel"),
    "send_messages": mark("Send Messages"),
    "embed_links": mark("Embed Links"),
    "attach_files": mark("Attach Files"),
    "read_message_history": mark("Read Message History"),
}


def permission_name(permission: str, say: Words) -> str:
    """Name a permission, given as discord.py writes it."""
    return say.say(_NAMES[permission])
