"""Looks at a picture, or at a member's avatar and banner, for a moderator alone. Keeps nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

import discord

from bot.domain.errors import LookoutError, RateLimited
from bot.domain.moderation.assessment import Finding, Outcome
from bot.domain.moderation.policy import BLOCKED_PICTURE, Policy
from bot.domain.picture import PictureRef, SourceKind
from bot.domain.ports import Asker
from bot.services.moderation.moderation import Looked
from bot.ui.asking import Interaction
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.layouts import TEXT_LIMIT, plain
from bot.ui.moderation.naming import (
    OUTCOME_NAMES,
    SOURCE_NAMES,
    STEP_NAMES,
    UNANSWERED_NAMES,
    percent,
    rule_name,
    severity,
)
from bot.ui.moderation.permitted import require_moderator
from bot.ui.sentences import sentence
from bot.ui.text import neutral_clipped, one_line, quoted

_AVATAR_PIXELS = 1024
_FINDINGS_SHOWN = 12
_EVIDENCE_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Part:
    """One picture of a person, and what became of the look at it."""

    title: str
    outcome: Looked | LookoutError


async def try_picture(house: House, interaction: Interaction, picture: discord.Attachment) -> None:
    """Say what the rules would make of an upload where the acknowledged reply is.

    Raises MissingRight, RateLimited, what fetching raises, a PictureError and a ServiceError.
    """
    guild_id = require_moderator(interaction).guild.id
    say = words(interaction.locale.value)
    policy = await house.moderation.policies.get(guild_id)
    ref = PictureRef(
        kind=SourceKind.OPTION,
        url=picture.url,
        name=picture.filename,
        declared_type=picture.content_type,
        size_bytes=picture.size,
        width=picture.width,
        height=picture.height,
    )
    looked = await house.moderation.look_now(
        ref,
        policy,
        guild_id=guild_id,
        asker=Asker(interaction.user.id, guild_id),
        age_restricted=_is_age_restricted(interaction),
    )
    lines = [
        "## " + say.say("What the rules make of this picture"),
        *looked_lines(looked, policy, say),
    ]
    await interaction.edit_original_response(view=plain(_text(lines)))


async def check_member(
    house: House, interaction: Interaction, person: discord.User | discord.Member
) -> None:
    """Look at somebody's avatars and banner where the acknowledged reply is.

    Raises MissingRight, RateLimited and StorageFailed.
    """
    guild_id = require_moderator(interaction).guild.id
    say = words(interaction.locale.value)
    policy = await house.moderation.policies.get(guild_id)
    parts = []
    for title, asset in await _assets(interaction, person, say):
        outcome = await _look(house, interaction, asset, policy)
        parts.append(Part(title, outcome))
    lines = ["## " + say.say("Pictures of a member"), f"<@{person.id}>"]
    if not parts:
        lines.append(say.say("Neither an avatar of their own nor a banner: nothing to look at."))
    for part in parts:
        lines += [f"### {part.title}", *_part_lines(part, policy, say)]
    await interaction.edit_original_response(view=plain(_text(lines)))


async def _look(
    house: House, interaction: Interaction, asset: discord.Asset, policy: Policy
) -> Looked | LookoutError:
    assert interaction.guild_id is not None
    ref = PictureRef(SourceKind.OPTION, asset.url)
    try:
        return await house.moderation.look_now(
            ref,
            policy,
            guild_id=interaction.guild_id,
            asker=Asker(interaction.user.id, interaction.guild_id),
        )
    except RateLimited:
        raise
    except LookoutError as error:  # the others are looked at all the same
        return error


async def _assets(
    interaction: Interaction, person: discord.User | discord.Member, say: Words
) -> Sequence[tuple[str, discord.Asset]]:
    """List the pictures that somebody chose for themselves. A banner has to be asked for."""
    found = []
    if isinstance(person, discord.Member) and person.guild_avatar is not None:
        found.append((say.say("Avatar in this server"), person.guild_avatar))
    if person.avatar is not None:
        found.append((say.say("Avatar"), person.avatar))
    try:
        banner = (await interaction.client.fetch_user(person.id)).banner
    except discord.HTTPException:  # then without it
        banner = None
    if banner is not None:
        found.append((say.say("Banner"), banner))
    return [(title, asset.replace(size=_AVATAR_PIXELS)) for title, asset in found]


def _part_lines(part: Part, policy: Policy, say: Words) -> list[str]:
    if isinstance(part.outcome, LookoutError):
        return [sentence(part.outcome, say.locale)]
    return looked_lines(part.outcome, policy, say)


def looked_lines(looked: Looked, policy: Policy, say: Words) -> list[str]:
    """Say what would be done and why: every finding, and whether its rule counts it."""
    assessment, verdict = looked.assessment, looked.verdict
    kept = say.say("Nothing was kept, and nothing was done.")
    if assessment.special:
        return [
            "**" + say.say(OUTCOME_NAMES[Outcome.SPECIAL]) + "**",
            say.say(
                "It may show a minor in a sexual way. I can be wrong. Do not save, screenshot or "
                "forward it; report the message to Discord and to your country's hotline."
            ),
            kept,
        ]
    lines = [_verdict(looked, policy, say)]
    if verdict.step is not None:
        lines.append(
            say.say("What the rule asks for: {step}.", step=say.say(STEP_NAMES[verdict.step]))
        )
        lines.append(_automatic(looked, policy, say))
    if assessment.unanswered is not None:
        lines.append(say.say(UNANSWERED_NAMES[assessment.unanswered]))
    lines += [
        _finding(found, looked, policy, say) for found in assessment.findings[:_FINDINGS_SHOWN]
    ]
    if assessment.allowed_rules:
        names = ", ".join(rule_name(one, policy, say) for one in sorted(assessment.allowed_rules))
        lines.append(say.say("Moderators allowed this very picture: {rules}.", rules=names))
        if verdict.rule in assessment.allowed_rules | {BLOCKED_PICTURE}:
            lines.append(say.say("A block, a code in the picture or a copy outweighs that."))
    if not policy.enabled:
        lines.append(say.say("Moderation is off here; this is what the rules would do."))
    return [*lines, kept]


def _verdict(looked: Looked, policy: Policy, say: Words) -> str:
    verdict = looked.verdict
    outcome = say.say(OUTCOME_NAMES[verdict.outcome])
    if verdict.rule is None:
        return say.say("**If it were posted:** {outcome}", outcome=outcome)
    return say.say(
        "**If it were posted:** {outcome} ({rule})",
        outcome=outcome,
        rule=rule_name(verdict.rule, policy, say),
    )


def _automatic(looked: Looked, policy: Policy, say: Words) -> str:
    automatic = looked.verdict.automatic
    if automatic is None:
        return say.say("I would do nothing by myself: a moderator decides.")
    step = say.say(STEP_NAMES[automatic])
    if policy.dry_run:
        return say.say("At once, if this were not a dry run: {step}.", step=step)
    return say.say("At once: {step}.", step=step)


def _finding(found: Finding, looked: Looked, policy: Policy, say: Words) -> str:
    """Write a finding with the threshold it is held against; its evidence is made harmless."""
    source = say.say(SOURCE_NAMES[found.source])
    line = say.say(
        "{source}: {rule}, {score}, {severity}",
        source=source[:1].upper() + source[1:],
        rule=rule_name(found.rule, policy, say),
        score=percent(found.score),
        severity=severity(found.severity, say),
    )
    line = f"- {line}. {_counted(found, looked, policy, say)}"
    evidence = one_line(found.evidence, _EVIDENCE_CHARACTERS)
    if not evidence:
        return line
    return f"{line}\n{quoted(neutral_clipped(evidence, 2 * _EVIDENCE_CHARACTERS))}"


def _counted(found: Finding, looked: Looked, policy: Policy, say: Words) -> str:
    rule = policy.rule(found.rule)
    if rule is not None and not rule.enabled:
        return say.say("The rule is switched off.")
    if found in looked.verdict.reasons:
        if rule is None:
            return say.say("That counts.")
        return say.say("That counts: from {threshold} on.", threshold=percent(rule.threshold))
    if rule is None or found.score >= rule.threshold:
        return say.say("That does not count here.")
    return say.say("Not enough: from {threshold} on.", threshold=percent(rule.threshold))


def _is_age_restricted(interaction: Interaction) -> bool:
    channel = interaction.channel
    return (
        isinstance(
            channel,
            discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.Thread,
        )
        and channel.is_nsfw()
    )


def _text(lines: Sequence[str]) -> str:
    """Join lines within what a message shows; whole lines are left out, never a part of one."""
    kept: list[str] = []
    room = TEXT_LIMIT
    for line in lines:
        room -= len(line) + 1
        if room >= 0:
            kept.append(line)
    return "\n".join(kept)
