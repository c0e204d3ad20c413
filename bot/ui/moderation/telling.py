"""Tells the person concerned what happened, by which rule, and how to appeal."""

from dataclasses import replace

import discord
from discord import ButtonStyle, ui

from bot.domain.moderation.case import Action, ActionKind, ActionState, Case, Decision
from bot.domain.moderation.policy import Policy, Step
from bot.domain.moderation.upload import Subject
from bot.ui.conversation.reading import custom_ids
from bot.ui.house import House
from bot.ui.i18n import Words, words
from bot.ui.layouts import closed
from bot.ui.moderation.card_lines import when
from bot.ui.moderation.meanings import rule_meaning
from bot.ui.moderation.naming import rule_name
from bot.ui.text import neutral_clipped, one_line

_NAME_CHARACTERS = 100
_SEARCHED_MESSAGES = 25
_SENDS_AWAY = frozenset({Decision.KICK, Decision.BAN})
"""Before these the person is told already: Discord delivers no message to strangers."""
_DONE_BY_STEP = {
    Step.DELETE: Decision.DELETE,
    Step.TIME_OUT: Decision.TIME_OUT,
    Step.KICK: Decision.KICK,
    Step.BAN: Decision.BAN,
}


def appeal_id(case: Case, action_id: int) -> str:
    """Write what a click in direct messages must know: there is no server around it.

    By the action a message is found again that was sent already.
    """
    return f"lookout:appeal:{case.guild_id}:{case.id}:{action_id}"


async def tell(
    client: discord.Client, house: House, guild: discord.Guild, action: Action
) -> ActionState:
    """Send the person their message, once. Raises StorageFailed and discord.HTTPException."""
    case = await house.moderation.cases.get(action.case_id)
    if action.person_id is None or case is None:
        return ActionState.FAILED
    # Of a raid, a case holds only the last few.
    about_them = await house.moderation.cases.actions_on(case.id, action.person_id)
    case = replace(case, actions=tuple(about_them))
    happened = done_to(case, by_moderator=action.requested_by is not None)
    if happened is None:  # taken back before anybody was told
        return ActionState.FAILED
    policy = await house.moderation.policies.get(guild.id)
    say = words(guild.preferred_locale.value)
    button_id = appeal_id(case, action.id)
    view = notice(case, happened, policy, say, server=guild.name, action=action)
    try:
        channel = await client.create_dm(discord.Object(action.person_id))
        if action.attempts_begun > 1 or happened in _SENDS_AWAY:
            async for message in channel.history(limit=_SEARCHED_MESSAGES):
                if button_id in custom_ids(message):
                    return ActionState.DONE
        await channel.send(
            view=view,
            allowed_mentions=discord.AllowedMentions.none(),
            nonce=f"tell-{action.id}",
        )
    except (discord.Forbidden, discord.NotFound):
        return ActionState.UNREACHABLE
    return ActionState.DONE


def done_to(case: Case, *, by_moderator: bool) -> Decision | None:
    """Say what a person is told of: what was decided, or what was done at once."""
    if by_moderator:
        return case.decision
    return _DONE_BY_STEP.get(case.automatic) if case.automatic is not None else None


def notice(
    case: Case, happened: Decision, policy: Policy, say: Words, *, server: str, action: Action
) -> ui.LayoutView:
    """Write the message that ``action`` asks for: plain words, no reproach, a way to object."""
    name = neutral_clipped(one_line(server, _NAME_CHARACTERS), 2 * _NAME_CHARACTERS)
    meaning = rule_meaning(case.rule, say)
    rule = rule_name(case.rule, policy, say)
    container: ui.Container[ui.LayoutView] = ui.Container(
        ui.TextDisplay(
            "\n".join(
                [
                    "## " + say.say("About a picture of yours in {server}", server=name),
                    *_what_happened(case, happened, action.person_id, say),
                ]
            )
        ),
        ui.TextDisplay(
            "\n".join(
                [
                    say.say("**Rule:** {rule}", rule=f"{rule}. {meaning}" if meaning else rule),
                    _who_decided(case, say),
                ]
            )
        ),
        ui.TextDisplay(
            say.say(
                "If you think this was a mistake, press “Appeal” and say why. The moderators of "
                "the server will read it. You can do this once."
            )
        ),
    )
    container.add_item(
        ui.TextDisplay(
            "-# "
            + say.say(
                "Case {number}. I am a bot: nobody reads what you write to me here.",
                number=case.number,
            )
        )
    )
    appeal: ui.Button[ui.LayoutView] = ui.Button(
        label=say.say("Appeal"),
        style=ButtonStyle.primary,
        custom_id=appeal_id(case, action.id),
    )
    view = ui.LayoutView(timeout=None)
    view.add_item(container)
    return closed(view, [appeal])


def _what_happened(case: Case, happened: Decision, person_id: int | None, say: Words) -> list[str]:
    subject = case.sightings[0].subject if case.sightings else Subject.MESSAGE
    match subject:
        case Subject.EMOJI:
            removed = say.say("An emoji that you added was removed.")
        case Subject.STICKER:
            removed = say.say("A sticker that you added was removed.")
        case _:
            removed = say.say("A message of yours with a picture was removed.")
    match happened:
        case Decision.TIME_OUT if _is_so(ActionKind.TIME_OUT, case, person_id):
            return [removed, _time_out(case, person_id, say)]
        case Decision.KICK if _is_so(ActionKind.KICK, case, person_id):
            return [removed, say.say("You were removed from the server; you may join again.")]
        case Decision.BAN if _is_so(ActionKind.BAN, case, person_id):
            return [removed, say.say("You were banned from the server.")]
        case Decision.KEEP | Decision.NOT_VIOLATION:
            return [say.say("The moderators looked at it again: it was no violation.")]
        case _:
            return [removed]


def _is_so(kind: ActionKind, case: Case, person_id: int | None) -> bool:
    """Say whether this is done to this very person: what failed for them is not told of."""
    return any(
        action.state in {ActionState.PENDING, ActionState.DONE, ActionState.ALREADY}
        for action in case.actions
        if action.kind is kind and action.person_id == person_id
    )


def _time_out(case: Case, person_id: int | None, say: Words) -> str:
    for action in case.actions:
        own = action.kind is ActionKind.TIME_OUT and action.person_id == person_id
        if own and action.until is not None:
            return say.say("You cannot write there until {time}.", time=when(action.until))
    return say.say("You cannot write there for a while.")


def _who_decided(case: Case, say: Words) -> str:
    if case.decision is not None:
        return say.say("A moderator of the server decided this.")
    return say.say("This was done automatically; no person has looked at it yet.")
