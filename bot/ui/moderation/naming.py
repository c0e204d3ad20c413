"""The words of moderation that people read: rules, steps, decisions, sources and endings."""

from collections.abc import Mapping

from bot.domain.moderation.assessment import Outcome, Source, Unanswered
from bot.domain.moderation.case import ActionKind, ActionState, Decision, EventKind
from bot.domain.moderation.policy import (
    BLOCKED_PICTURE,
    ORDERS,
    REPORTED,
    SPECIAL,
    UNANSWERED,
    Category,
    Policy,
    RuleId,
    Step,
)
from bot.ui.i18n import Words, mark
from bot.ui.text import neutral_clipped, one_line

_RULE_CHARACTERS = 120

CATEGORY_NAMES: Mapping[Category, str] = {
    Category.SEXUAL: mark("Sexual content"),
    Category.NUDITY: mark("Nudity"),
    Category.GRAPHIC_VIOLENCE: mark("Graphic violence"),
    Category.SELF_HARM: mark("Self-harm"),
    Category.HATE_SYMBOLS: mark("Hate symbols and slurs"),
    Category.HARASSMENT: mark("Harassment of a person"),
    Category.WEAPONS: mark("Weapons"),
    Category.DRUGS: mark("Drugs"),
    Category.SCAM: mark("Scams and phishing"),
    Category.PERSONAL_INFORMATION: mark("Personal information"),
    Category.SPAM: mark("Spam"),
}
CATEGORY_MEANINGS: Mapping[Category, str] = {
    Category.SEXUAL: mark("Sexual acts, or what is made to arouse."),
    Category.NUDITY: mark("Bare genitals, buttocks or female breasts, without a sexual act."),
    Category.GRAPHIC_VIOLENCE: mark("Severe injuries, blood, killing or cruelty to animals."),
    Category.SELF_HARM: mark("Hurting oneself, suicide, or praise of either."),
    Category.HATE_SYMBOLS: mark(
        "Symbols, slurs or pictures that degrade people for what they are."
    ),
    Category.HARASSMENT: mark("Mocking, threatening or exposing one particular person."),
    Category.WEAPONS: mark("Firearms, explosives and the like, shown off, sold or explained."),
    Category.DRUGS: mark("Illegal drugs, shown off, sold or used."),
    Category.SCAM: mark("False giveaways, false log-ins, investment promises, dangerous QR codes."),
    Category.PERSONAL_INFORMATION: mark(
        "Somebody's address, telephone number, identity papers or bank details."
    ),
    Category.SPAM: mark("Advertising, invites, and the words that this server blocks."),
}
_OTHER_RULES: Mapping[RuleId, str] = {
    BLOCKED_PICTURE: mark("Copy of a blocked picture"),
    ORDERS: mark("Text that tells the model what to answer"),
    REPORTED: mark("Reported by a member"),
    UNANSWERED: mark("The model gave no usable answer"),
    SPECIAL: mark("Sexual content that may show a minor"),
}
STEP_NAMES: Mapping[Step, str] = {
    Step.NOTE: mark("note"),
    Step.FLAG: mark("flag for review"),
    Step.DELETE: mark("delete"),
    Step.TIME_OUT: mark("delete and time out"),
    Step.KICK: mark("delete and kick"),
    Step.BAN: mark("delete and ban"),
}
DECISION_NAMES: Mapping[Decision, str] = {
    Decision.KEEP: mark("kept"),
    Decision.DELETE: mark("deleted"),
    Decision.TIME_OUT: mark("timed out"),
    Decision.KICK: mark("kicked"),
    Decision.BAN: mark("banned"),
    Decision.NOT_VIOLATION: mark("not a violation"),
    Decision.BLOCK: mark("picture blocked"),
}
SOURCE_NAMES: Mapping[Source, str] = {
    Source.BANK: mark("known pictures"),
    Source.QR: mark("QR code"),
    Source.WORDS: mark("words in the picture"),
    Source.CLASSIFIER: mark("classifier"),
    Source.MODEL: mark("picture model"),
    Source.MEMBER: mark("member's report"),
}
OUTCOME_NAMES: Mapping[Outcome, str] = {
    Outcome.CLEAN: mark("nothing found"),
    Outcome.NOTED: mark("noted"),
    Outcome.FLAGGED: mark("flagged for review"),
    Outcome.ACTED: mark("acted on at once"),
    Outcome.NEEDS_HUMAN: mark("needs a person to look"),
    Outcome.SPECIAL: mark("special case: nothing of the picture is kept"),
    Outcome.GONE: mark("could not be fetched: deleted before the scan"),
    Outcome.UNREADABLE: mark("not a picture that can be opened"),
    Outcome.EXPIRED: mark("too old before it could be looked at"),
    Outcome.FAILED: mark("could not be looked at: tried as often as allowed"),
    Outcome.WITHDRAWN: mark("not looked at: moderation was switched off"),
}
ACTION_NAMES: Mapping[ActionKind, str] = {
    ActionKind.DELETE: mark("Delete the message"),
    ActionKind.TIME_OUT: mark("Time out"),
    ActionKind.KICK: mark("Kick"),
    ActionKind.BAN: mark("Ban"),
    ActionKind.END_TIME_OUT: mark("End the time-out"),
    ActionKind.UNBAN: mark("Lift the ban"),
    ActionKind.TELL: mark("Tell the person"),
}
ACTION_STATES: Mapping[ActionState, str] = {
    ActionState.PENDING: mark("under way"),
    ActionState.DONE: mark("done"),
    ActionState.ALREADY: mark("was so already"),
    ActionState.REFUSED: mark("not allowed by Discord"),
    ActionState.NOT_PERMITTED: mark("I lack the permission"),
    ActionState.NO_RIGHT: mark("the moderator may not do this"),
    ActionState.OUTRANKED: mark("the person stands above me or the moderator"),
    ActionState.LEFT: mark("the person has left the server"),
    ActionState.REPLACED: mark("somebody has set a longer one since"),
    ActionState.UNREACHABLE: mark("direct messages are closed"),
    ActionState.FAILED: mark("failed"),
}
EVENT_NAMES: Mapping[EventKind, str] = {
    EventKind.OPENED: mark("Opened"),
    EventKind.DECIDED: mark("Decided"),
    EventKind.UNDONE: mark("Decision taken back"),
    EventKind.APPEALED: mark("Appealed"),
    EventKind.REVEALED: mark("Picture looked at"),
}
UNANSWERED_NAMES: Mapping[Unanswered, str] = {
    Unanswered.REFUSED: mark("The model refused to judge it."),
    Unanswered.INVALID: mark("The model's answer could not be used."),
    Unanswered.LOOPED: mark("The model repeated itself without end."),
    Unanswered.REJECTED: mark("The model could not open it."),
    Unanswered.UNREADABLE: mark("I could not open it, though Discord shows it."),
}
PRESET_NAMES: Mapping[str, str] = {
    "family": mark("Family friendly"),
    "general": mark("General"),
    "strict": mark("Strict"),
    "adult": mark("Adult only"),
}
PRESET_MEANINGS: Mapping[str, str] = {
    "family": mark("Asks sooner; what is sexual, bloody or a scam is deleted."),
    "general": mark("Asks a moderator about everything; does nothing by itself."),
    "strict": mark("The gravest is deleted at once; a second time is answered harder."),
    "adult": mark("As general, but sexual content and nudity are no violation."),
}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def rule_name(rule_id: RuleId, policy: Policy | None, say: Words) -> str:
    """Name a rule where marks are read: a custom one in the server's own words, made harmless."""
    text = _own_words(rule_id, policy)
    if text is None:
        return _named(rule_id, say)
    return say.say("Own rule: {text}", text=neutral_clipped(text, 2 * _RULE_CHARACTERS))


def rule_label(rule_id: RuleId, policy: Policy | None, say: Words) -> str:
    """Name a rule where no marks are read: on buttons, in selects, in files."""
    text = _own_words(rule_id, policy)
    return _named(rule_id, say) if text is None else say.say("Own rule: {text}", text=text)


def _own_words(rule_id: RuleId, policy: Policy | None) -> str | None:
    for custom in policy.custom_rules if policy is not None else ():
        if custom.id == rule_id:
            return one_line(custom.text, _RULE_CHARACTERS)
    return None


def _named(rule_id: RuleId, say: Words) -> str:
    if rule_id in _OTHER_RULES:
        return say.say(_OTHER_RULES[rule_id])
    try:
        return say.say(CATEGORY_NAMES[Category(rule_id)])
    except ValueError:  # one that was removed since
        number = rule_id.partition(":")[2]
        return say.say("Own rule {number}", number=neutral_clipped(number, 20))


def percent(score: float) -> str:
    """Write how sure somebody is; never rounded up to certainty."""
    return f"{int(score * 100 + 1e-9)} %"


def severity(grade: int, say: Words) -> str:
    """Say how bad something is, 0 to 3."""
    grades = (say.say("harmless"), say.say("mild"), say.say("grave"), say.say("very grave"))
    return grades[grade]


def lasting(seconds: int, say: Words) -> str:
    """Write a length of time in the largest unit that fits evenly."""
    if seconds % _DAY == 0:
        return say.say_plural("{count} day", "{count} days", seconds // _DAY)
    if seconds % _HOUR == 0:
        return say.say_plural("{count} hour", "{count} hours", seconds // _HOUR)
    return say.say_plural("{count} minute", "{count} minutes", max(1, seconds // _MINUTE))
