"""Whether moderation could work in a server as things stand, in words, with what to mend."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import discord

from bot.domain.moderation.policy import Policy, Watch
from bot.ui.i18n import Words
from bot.ui.permissions import permission_name

_LOG_NEEDS = ("view_channel", "send_messages", "embed_links", "attach_files",
              "read_message_history")  # fmt: skip
_WATCH_NEEDS = ("view_channel", "read_message_history")
_NAMED_CHANNELS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is ready or missing; a ``needed`` one keeps moderation from being on."""

    ready: bool
    text: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known beside the server: what Discord sends, and who answers."""

    message_content: bool
    engine_ready: bool
    engine_judges: bool = True
    """Whether there is a model that can judge pictures at all."""


def checked(
    guild: discord.Guild, policy: Policy, around: Surroundings, say: Words
) -> tuple[Check, ...]:
    """Look at everything that moderation needs, what is needed most first."""
    return (
        *_surroundings(around, say),
        *_log_channel(guild, policy, say),
        *_watched(guild, policy, say),
        *_server(guild, say),
    )


def _surroundings(around: Surroundings, say: Words) -> Iterator[Check]:
    if around.message_content:
        yield Check(True, say.say("Discord shows me what is posted."))
    else:
        text = say.say(
            "the message content intent. Without it Discord does not show me what is posted. The "
            "operator switches it on in Discord's developer portal and in my settings "
            "(discord.message_content)."
        )
        yield Check(False, text, needed=True)
    if not around.engine_judges:
        text = say.say(
            "a picture model. Copies of blocked pictures, dangerous QR codes and words are found; "
            "what a picture shows is not looked at. The operator can set one up (vision.engine)."
        )
        yield Check(False, text)
    elif around.engine_ready:
        yield Check(True, say.say("The picture model answers."))
    else:
        text = say.say(
            "the picture model: it does not answer right now. Pictures wait, and are looked at "
            "once it is back."
        )
        yield Check(False, text)


def _log_channel(guild: discord.Guild, policy: Policy, say: Words) -> Iterator[Check]:
    if policy.log_channel_id is None:
        text = say.say("a log channel. Choose one in step 1: cards and alerts go there.")
        yield Check(False, text, needed=True)
        return
    channel = guild.get_channel_or_thread(policy.log_channel_id)
    if channel is None:
        text = say.say(
            "the log channel: it was deleted, or I cannot see it. Choose another in step 1."
        )
        yield Check(False, text, needed=True)
        return
    missing = _lacking(channel, guild.me, _LOG_NEEDS, say)
    if missing:
        text = say.say(
            "{permissions} in {channel}. Without it I cannot write cards; give it to me in that "
            "channel's settings, Permissions.",
            permissions=missing,
            channel=channel.mention,
        )
        yield Check(False, text, needed=True)
    else:
        text = say.say("I can write cards in {channel}.", channel=channel.mention)
        yield Check(True, text)
    if channel.permissions_for(guild.default_role).view_channel:
        text = say.say(
            "privacy of the log: everybody can read {channel}. Cards name people; choose a "
            "channel that moderators alone can see.",
            channel=channel.mention,
        )
        yield Check(False, text)


def _watched(guild: discord.Guild, policy: Policy, say: Words) -> Iterator[Check]:
    watched = list(watched_channels(guild, policy))
    blind = [one for one in watched if _lacking(one, guild.me, _WATCH_NEEDS, say)]
    if not watched:
        text = say.say("channels to look at. Choose some in step 2.")
        yield Check(False, text)
    elif len(blind) < len(watched):
        yield Check(
            True,
            say.say_plural(
                "I can see {count} channel to look at.",
                "I can see {count} channels to look at.",
                len(watched) - len(blind),
            ),
        )
    if blind:
        some = " ".join(one.mention for one in blind[:_NAMED_CHANNELS])
        more = len(blind) - _NAMED_CHANNELS
        named = say.say("{some} and {count} more", some=some, count=more) if more > 0 else some
        text = say.say(
            "{view} or {history} in {channels}. Pictures there are not looked at; give it to me "
            "in those channels' settings, or leave them out in step 2.",
            view=permission_name("view_channel", say),
            history=permission_name("read_message_history", say),
            channels=named,
        )
        yield Check(False, text)


def watched_channels(
    guild: discord.Guild, policy: Policy
) -> Iterator[
    discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel
]:
    """Yield the channels whose pictures a policy wants looked at, whether they can be seen or not.

    A chosen category stands for all of its channels.
    """
    chosen = set(policy.channel_ids)
    only = policy.watch is Watch.ONLY
    for channel in guild.channels:
        if isinstance(channel, discord.CategoryChannel):
            continue
        if (channel.id in chosen or channel.category_id in chosen) is only:
            yield channel


def _server(guild: discord.Guild, say: Words) -> Iterator[Check]:
    permissions = guild.me.guild_permissions
    held = []
    for permission, loss in (
        ("manage_messages", say.say("Without it I cannot delete messages.")),
        ("moderate_members", say.say("Without it I cannot time anybody out.")),
        ("kick_members", say.say("Without it I cannot kick.")),
        ("ban_members", say.say("Without it I cannot ban.")),
        ("manage_expressions", say.say("Without it I cannot delete emoji and stickers.")),
    ):
        name = permission_name(permission, say)
        if getattr(permissions, permission):
            held.append(name)
            continue
        text = say.say(
            "{permission}. {loss} Give it to my role in Server Settings, Roles.",
            permission=name,
            loss=loss,
        )
        yield Check(False, text)
    if held:
        yield Check(True, say.say("I have: {permissions}.", permissions=", ".join(held)))


def check_lines(checks: Iterable[Check], say: Words) -> list[str]:
    """Write what is missing and what is ready, a line each; first what keeps it from being on."""
    found = list(checks)
    missing = [check for check in found if not check.ready]
    return [
        *(say.say("**Needed:** {what}", what=check.text) for check in missing if check.needed),
        *(say.say("**Missing:** {what}", what=check.text) for check in missing if not check.needed),
        *(say.say("Ready: {what}", what=check.text) for check in found if check.ready),
    ]


def _lacking(
    channel: discord.abc.GuildChannel | discord.Thread,
    me: discord.Member,
    permissions: Iterable[str],
    say: Words,
) -> str:
    """Name what the bot lacks in a channel; empty for nothing."""
    held = channel.permissions_for(me)
    return ", ".join(permission_name(one, say) for one in permissions if not getattr(held, one))
