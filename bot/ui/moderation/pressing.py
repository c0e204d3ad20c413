"""What every control of a case does first: find the case, and check who presses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import discord

from bot.domain.moderation.assessment import Finding, Outcome, Source
from bot.domain.moderation.case import Case, CaseState, Decided, Decision, DecisionRequest
from bot.domain.moderation.policy import BLOCKED_PICTURE, Policy
from bot.domain.moderation.upload import Subject
from bot.ui.asking import Interaction
from bot.ui.errors import say_alone
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.moderation.card_lines import when
from bot.ui.moderation.naming import DECISION_NAMES
from bot.ui.moderation.rights import Control, Standing, refusal, refusal_sentence
from bot.ui.moderation.standing import Place, fetch_member, find_channel, powers, standing


@dataclass(frozen=True, slots=True)
class Press:
    """A press on a control of a case that its server still keeps."""

    house: House
    interaction: Interaction
    guild: discord.Guild
    presser: discord.Member
    case: Case
    policy: Policy
    people: Sequence[int]
    """Everybody who posted the picture as a member."""
    say: Words

    @property
    def subject(self) -> Subject:
        """What carries the picture."""
        return self.case.sightings[0].subject if self.case.sightings else Subject.MESSAGE


async def pressed(house: House, interaction: Interaction, case_id: int) -> Press | None:
    """Read what an acknowledged press is about; None, and a word to the presser, if it is gone."""
    guild, presser = interaction.guild, interaction.user
    say = words(interaction.locale.value)
    moderation = house.moderation
    case = await moderation.cases.get(case_id)
    if case is None or guild is None or case.guild_id != guild.id:
        await answer(interaction, gone(say))
        return None
    if not isinstance(presser, discord.Member):
        await answer(interaction, say.say("I cannot tell who you are in this server."))
        return None
    policy = await moderation.policies.get(guild.id)
    people = await moderation.cases.people(case_id)
    return Press(house, interaction, guild, presser, case, policy, people, say)


async def answer(interaction: Interaction, text: str) -> None:
    """Put a sentence where the acknowledged interaction's reply is."""
    await say_alone(interaction, text)


def gone(say: Words) -> str:
    """Say that a case is not kept any more."""
    return say.say("This case is no longer kept: its time is over, or it was deleted.")


async def refused(press: Press, control: Control) -> str:
    """Say why the presser may not use a control, as Discord knows everybody now; empty if they may.

    Where several people are concerned, each one's place is checked when they are acted on.
    """
    place = await _place(press)
    reason = refusal(
        control,
        powers(press.presser, place),
        powers(press.guild.me, place),
        await _target(press) if control.concerns_person else None,
    )
    return "" if reason is None else refusal_sentence(reason, press.say)


async def _place(press: Press) -> Place | None:
    if not press.case.sightings or press.subject is not Subject.MESSAGE:
        return None
    try:
        return await find_channel(press.guild, press.case.sightings[0].channel_id)
    except discord.Forbidden:
        return None


async def _target(press: Press) -> Standing | None:
    match press.people:
        case []:
            return None
        case [person_id]:
            return standing(press.guild, person_id, await fetch_member(press.guild, person_id))
        case _:
            return Standing(0, member=False)


async def decide(
    press: Press, decision: Decision, *, lasts_seconds: int = 0, people_count: int | None = None
) -> Decided | None:
    """Keep a decision; None for a case that is gone."""
    lasting = timedelta(seconds=lasts_seconds) if lasts_seconds else None
    request = DecisionRequest(
        press.case.id,
        press.guild.id,
        press.presser.id,
        decision,
        until=None if lasting is None else discord.utils.utcnow() + lasting,
        tell_person=press.policy.tell_person,
        people_count=people_count,
    )
    return await press.house.moderation.cases.decide(request)


def outcome(decided: Decided | None, policy: Policy, say: Words) -> str:
    """Say what came of a press: the truth, also where somebody was faster."""
    if decided is None:
        return gone(say)
    if not decided.fresh:
        return faster(decided.case, say)
    case = decided.case
    match case.decision:
        case Decision.KEEP if case.outcome is Outcome.ACTED:
            return say.say(
                "Let pass: what was done to the person ends. What was deleted does not come back. "
                "“Undo” on the card takes this back."
            )
        case Decision.KEEP:
            return say.say("Kept. Nothing more is done. “Undo” on the card takes this back.")
        case Decision.NOT_VIOLATION:
            return _learnt(case, policy, say)
        case _:
            return say.say(
                "Decided. The card shows what was done, and what did not work. “Undo” there takes "
                "back what can be taken back."
            )


def _learnt(case: Case, policy: Policy, say: Words) -> str:
    """Say what “not a violation” teaches; it silences neither a block nor a code that counts."""
    if any(found.rule == BLOCKED_PICTURE for found in case.findings):
        return say.say(
            "Noted: no violation. The picture stays blocked, and copies are still removed: to end "
            "that, remove it with `/moderation blocklist`."
        )
    if any(_is_bad_code(found, policy) for found in case.findings):
        return say.say(
            "Noted: no violation. The rules still apply to copies, because of the QR code in the "
            "picture. “Undo” on the card takes this back."
        )
    return say.say(
        "Noted: no violation. I let this picture pass here from now on. “Undo” on the card takes "
        "this back."
    )


def _is_bad_code(found: Finding, policy: Policy) -> bool:
    """Say whether a QR code counts by the rules: that a picture is allowed does not silence it."""
    rule = policy.rule(found.rule)
    counts = rule is not None and rule.enabled and found.score >= rule.threshold
    return counts and found.source is Source.QR


def faster(case: Case, say: Words) -> str:
    """Say who decided before."""
    if case.state is CaseState.OPEN or case.decision is None:
        return say.say("This case is open again: the decision was taken back.")
    return say.say(
        "<@{moderator}> already chose “{decision}” at {time}. Nothing was done twice.",
        moderator=case.decided_by,
        decision=say.say(DECISION_NAMES[case.decision]),
        time="" if case.decided_at is None else when(case.decided_at),
    )
