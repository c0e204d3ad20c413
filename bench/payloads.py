"""Discord's JSON, as far as discord.py reads it here."""

from typing import Any

BOT, GUILD, CHANNEL, FIRST_PERSON = 1_000, 2_000, 3_000, 10_000
ALL_PERMISSIONS = str((1 << 50) - 1)
CDN = "https://cdn.discordapp.com"
"""Where attachments are."""
_WHEN = "2026-01-01T00:00:00+00:00"


def user(user_id: int) -> dict[str, Any]:
    """Write a user or bot."""
    return {
        "id": str(user_id),
        "username": f"person{user_id}",
        "global_name": None,
        "discriminator": "0",
        "avatar": None,
        "bot": user_id == BOT,
    }


def member(user_id: int) -> dict[str, Any]:
    """Write a member of the one server."""
    return {
        "user": user(user_id),
        "roles": [],
        "joined_at": _WHEN,
        "permissions": ALL_PERMISSIONS,
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def channel() -> dict[str, Any]:
    """Write the one channel."""
    return {
        "id": str(CHANNEL),
        "guild_id": str(GUILD),
        "type": 0,
        "name": "pictures",
        "position": 0,
        "permission_overwrites": [],
        "nsfw": False,
        "permissions": ALL_PERMISSIONS,
    }


def message(message_id: int) -> dict[str, Any]:
    """Write an empty message of the bot's."""
    return {
        "id": str(message_id),
        "channel_id": str(CHANNEL),
        "author": user(BOT),
        "content": "",
        "timestamp": _WHEN,
        "edited_timestamp": _WHEN,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [],
        "components": [],
        "pinned": False,
        "type": 20,
        "flags": 0,
    }


def ready() -> dict[str, Any]:
    """Write what the gateway says first."""
    return {
        "v": 10,
        "user": user(BOT),
        "guilds": [{"id": str(GUILD), "unavailable": True}],
        "session_id": "bench",
        "resume_gateway_url": "ws://127.0.0.1",
        "application": {"id": str(BOT), "flags": 0},
    }


def guild() -> dict[str, Any]:
    """Write the one server."""
    everyone = {
        "id": str(GUILD),
        "name": "@everyone",
        "permissions": ALL_PERMISSIONS,
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }
    return {
        "id": str(GUILD),
        "name": "Photographers",
        "owner_id": str(FIRST_PERSON),
        "roles": [everyone],
        "channels": [channel()],
        "members": [member(BOT)],
        "emojis": [],
        "stickers": [],
        "features": [],
        "threads": [],
        "presences": [],
        "voice_states": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "afk_timeout": 300,
        "verification_level": 0,
        "default_message_notifications": 0,
        "explicit_content_filter": 0,
        "mfa_level": 0,
        "system_channel_flags": 0,
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "nsfw_level": 0,
        "member_count": 21,
    }
