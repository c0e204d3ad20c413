"""Ask Discord who a token belongs to, without going online."""

import asyncio
import enum
from dataclasses import dataclass

import aiohttp
import discord

PERMISSION_NAMES = {
    "view_channel": "View Channels",
    "send_messages": "Send Messages",
    "send_messages_in_threads": "Send Messages in Threads",
    "embed_links": "Embed Links",
    "attach_files": "Attach Files",
    "read_message_history": "Read Message History",
    "create_public_threads": "Create Public Threads",
}
"""What Lookout uses in a server, as discord.py and as Discord's settings call it."""
PERMISSIONS = discord.Permissions(**dict.fromkeys(PERMISSION_NAMES, True))

_TIMEOUT_SECONDS = 20.0
_NOT_DISCORD = (KeyError, TypeError, RuntimeError)
"""What discord.py raises for a reply that is no JSON of Discord's, and after its last retry."""


@dataclass(frozen=True, slots=True)
class Application:
    """What Discord says of the application behind a token."""

    id: int
    name: str
    guild_install_url: str
    user_install_url: str
    user_install: bool
    """Whether people may add it to their own account."""
    message_content: bool
    """Whether the privileged intent of that name is switched on."""
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
            discord.Client(intents=discord.Intents(guilds=True)) as client,
        ):
            await client.login(token)
            info = await client.application_info()
    except discord.LoginFailure:
        return LoginProblem.REFUSED
    except (discord.DiscordException, aiohttp.ClientError, OSError, *_NOT_DISCORD):
        return LoginProblem.UNREACHABLE
    return Application(
        id=info.id,
        name=info.name,
        guild_install_url=discord.utils.oauth_url(
            info.id, permissions=PERMISSIONS, scopes=("bot", "applications.commands")
        ),
        user_install_url=discord.utils.oauth_url(info.id, scopes=("applications.commands",))
        + "&integration_type=1",
        user_install=info.user_integration_config is not None,
        message_content=(
            info.flags.gateway_message_content or info.flags.gateway_message_content_limited
        ),
        public=info.bot_public,
        needs_code_grant=info.bot_require_code_grant,
        has_interactions_endpoint=bool(info.interactions_endpoint_url),
    )
