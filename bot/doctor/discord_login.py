"""Ask Discord who a token belongs to, without going online."""

import asyncio
import enum
from dataclasses import dataclass

import aiohttp
import discord

PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    attach_files=True,
    read_message_history=True,
)
"""What Lookout uses in a server; everything it does by itself is to post and edit answers."""

_TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Application:
    """What Discord says of the application behind a token."""

    id: int
    name: str
    guild_install_url: str
    user_install_url: str
    user_install: bool
    """Whether people may add it to their own account."""
    public: bool
    needs_code_grant: bool
    has_interactions_endpoint: bool
    """Whether Discord sends clicks and commands to a web address instead of to the bot."""


class LoginProblem(enum.Enum):
    """Why nothing is known of the application."""

    REFUSED = "refused"
    UNREACHABLE = "unreachable"


async def look_up(token: str) -> Application | LoginProblem:
    """Log in over HTTP and log out again; never raises, within 20 seconds."""
    try:
        async with (
            asyncio.timeout(_TIMEOUT_SECONDS),
            discord.Client(intents=discord.Intents.none()) as client,
        ):
            await client.login(token)
            info = await client.application_info()
    except discord.LoginFailure:
        return LoginProblem.REFUSED
    except (discord.DiscordException, aiohttp.ClientError, OSError, RuntimeError):
        return LoginProblem.UNREACHABLE  # discord.py says RuntimeError after its last retry
    return Application(
        id=info.id,
        name=info.name,
        guild_install_url=discord.utils.oauth_url(
            info.id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
        ),
        user_install_url=discord.utils.oauth_url(info.id, scopes=("applications.commands",))
        + "&integration_type=1",
        user_install=info.user_integration_config is not None,
        public=info.bot_public,
        needs_code_grant=info.bot_require_code_grant,
        has_interactions_endpoint=bool(info.interactions_endpoint_url),
    )


def permission_names() -> str:
    """Name ``PERMISSIONS`` as Discord's own pages do, more or less."""
    return ", ".join(name.replace("_", " ") for name, granted in PERMISSIONS if granted)
