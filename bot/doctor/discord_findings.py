"""What the doctor makes of the token and of what Discord says."""

import re
from collections.abc import Iterator

from bot.doctor.check import Check, fail, ok, warn
from bot.doctor.discord_login import PERMISSION_NAMES, Application, LoginProblem

_TOKEN = re.compile(r"[\w-]{18,30}\.[\w-]{5,8}\.[\w-]{25,}")
_PORTAL = "https://discord.com/developers/applications"


def token_checks(token: str) -> Iterator[Check]:
    """Look at the token's shape."""
    if not token:
        yield warn(
            "token",
            "There is no Discord token: the playground and the command line work, Discord does "
            "not.",
            f"Create an application at {_PORTAL}, copy the token under “Bot”, and put it into the "
            "environment as DISCORD_TOKEN.",
        )
    elif not _TOKEN.fullmatch(token):
        yield fail(
            "token",
            "What is set as the token does not look like one.",
            "A bot token has three parts with dots between them. Copy it again from “Bot” at "
            f"{_PORTAL}: the client secret and the public key are something else.",
        )
    else:
        yield ok("token", "The token has the right shape.")


def discord_checks(found: Application | LoginProblem, *, message_content: bool) -> Iterator[Check]:
    """Look at what Discord says of the application; ``message_content`` is the setting."""
    match found:
        case LoginProblem.REFUSED:
            yield fail(
                "discord",
                "Discord refuses the token.",
                f"Reset it under “Bot” at {_PORTAL} and set the new one as DISCORD_TOKEN.",
            )
        case LoginProblem.UNREACHABLE:
            yield fail(
                "discord",
                "Discord did not answer.",
                "Check this machine's connection to https://discord.com, then try again.",
            )
        case Application():
            yield ok("discord", f"Logged in as {found.name} ({found.id}).")
            yield _intents_check(found, wanted=message_content)
            yield from _application_checks(found)


def _intents_check(found: Application, *, wanted: bool) -> Check:
    if not wanted:
        return ok("intents", "No privileged intent is needed with discord.message_content = false.")
    if found.message_content:
        return ok("intents", "The message content intent is asked for and granted.")
    return warn(
        "intents",
        "discord.message_content asks for an intent that is not switched on, so pictures of "
        "messages replied to are not found.",
        f"Switch “Message Content Intent” on under “Bot” at {_PORTAL}, or set "
        "discord.message_content = false.",
    )


def _application_checks(found: Application) -> Iterator[Check]:
    if found.has_interactions_endpoint:
        yield fail(
            "interactions",
            "Discord sends this application's commands to a web address, so the bot never sees "
            "them.",
            f"Empty “Interactions Endpoint URL” under “General Information” at {_PORTAL}.",
        )
    if found.needs_code_grant:
        yield fail(
            "install",
            "The application demands a code grant, so it cannot be added to a server.",
            f"Switch “Requires OAuth2 Code Grant” off under “Bot” at {_PORTAL}.",
        )
    yield ok("permissions", f"In a server Lookout needs: {', '.join(PERMISSION_NAMES.values())}.")
    yield ok("install", f"Add it to a server: {found.guild_install_url}")
    if found.user_install:
        yield ok("user install", f"Add it to your account: {found.user_install_url}")
    else:
        yield warn(
            "user install",
            "People cannot add it to their own account, only to servers.",
            f"Tick “User Install” under “Installation” at {_PORTAL}.",
        )
    if not found.public:
        yield warn(
            "public",
            "Only its owner can add this application anywhere.",
            f"Switch “Public Bot” on under “Bot” at {_PORTAL} if others should.",
        )
