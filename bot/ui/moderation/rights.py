"""Who may press what on a card, as a pure table over what Discord says at that moment.

Deleting a message follows Discord's own rule: the permission counts, not the order of roles. What
is done about a person needs that person to stand below the presser and below the bot.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

import discord

from bot.domain.moderation.case import ActionKind, Decision
from bot.domain.moderation.upload import Subject
from bot.ui.i18n import Words, mark
from bot.ui.permissions import permission_name

Rank = tuple[int, int]
"""Where a top role stands: its position, and for equal ones the older role first (negative id)."""
LOWEST: Rank = (0, 0)


class Control(enum.StrEnum):
    """What can be pressed, told apart by what it needs."""

    KEEP = "keep"
    DELETE = "delete"
    DELETE_EXPRESSION = "delete_expression"
    """Of an emoji or a sticker of the server."""
    TIME_OUT = "time_out"
    KICK = "kick"
    BAN = "ban"
    NOT_VIOLATION = "not_violation"
    BLOCK = "block"
    REVEAL = "reveal"
    UNDO = "undo"
    """Of what was not about the person."""
    UNDO_TIME_OUT = "undo_time_out"
    UNDO_KICK = "undo_kick"
    UNDO_BAN = "undo_ban"

    @property
    def concerns_person(self) -> bool:
        """Whether somebody is acted on, and so the order of roles counts."""
        return self in _ABOUT_PEOPLE


_ABOUT_PEOPLE = frozenset({Control.TIME_OUT, Control.KICK, Control.BAN, Control.UNDO_TIME_OUT})

PRESSER_NEEDS: Mapping[Control, tuple[str, ...]] = {
    Control.KEEP: ("manage_messages",),
    Control.DELETE: ("manage_messages",),
    Control.DELETE_EXPRESSION: ("manage_expressions",),
    Control.TIME_OUT: ("manage_messages", "moderate_members"),
    Control.KICK: ("manage_messages", "kick_members"),
    Control.BAN: ("manage_messages", "ban_members"),
    Control.NOT_VIOLATION: ("manage_messages",),
    Control.BLOCK: ("manage_messages",),
    Control.REVEAL: ("manage_messages", "view_channel", "read_message_history"),
    Control.UNDO: ("manage_messages",),
    Control.UNDO_TIME_OUT: ("manage_messages", "moderate_members"),
    Control.UNDO_KICK: ("manage_messages", "kick_members"),
    Control.UNDO_BAN: ("manage_messages", "ban_members"),
}
"""What a moderator must be allowed to do in Discord itself. All but Reveal delete the picture too
where they do anything, so each takes the right to that as well."""

BOT_NEEDS: Mapping[Control, tuple[str, ...]] = {
    Control.KEEP: (),
    Control.DELETE: ("manage_messages",),
    Control.DELETE_EXPRESSION: ("manage_expressions",),
    Control.TIME_OUT: ("manage_messages", "moderate_members"),
    Control.KICK: ("manage_messages", "kick_members"),
    Control.BAN: ("manage_messages", "ban_members"),
    Control.NOT_VIOLATION: (),
    Control.BLOCK: ("manage_messages",),
    Control.REVEAL: ("view_channel", "read_message_history"),
    Control.UNDO: (),
    Control.UNDO_TIME_OUT: ("moderate_members",),
    Control.UNDO_KICK: (),
    Control.UNDO_BAN: ("ban_members",),
}

ACTION_NEEDS: Mapping[ActionKind, str] = {
    ActionKind.DELETE: "manage_messages",
    ActionKind.TIME_OUT: "moderate_members",
    ActionKind.KICK: "kick_members",
    ActionKind.BAN: "ban_members",
    ActionKind.END_TIME_OUT: "moderate_members",
    ActionKind.UNBAN: "ban_members",
}
"""The one permission that Discord asks for; telling a person needs none."""


class Reason(enum.StrEnum):
    """Why somebody may not."""

    TIMED_OUT = "timed_out"
    PRESSER_LACKS = "presser_lacks"
    BOT_LACKS = "bot_lacks"
    NOBODY = "nobody"
    """Posted by a bot or webhook: there is no member to act on."""
    ONESELF = "oneself"
    OWNER = "owner"
    ABOVE_PRESSER = "above_presser"
    ABOVE_BOT = "above_bot"
    ADMINISTRATOR = "administrator"
    """Discord lets nobody time out an administrator."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody may not; ``permission`` is the missing one, as discord.py writes it."""

    reason: Reason
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Powers:
    """What somebody may do, where the picture is."""

    person_id: int
    permissions: discord.Permissions
    rank: Rank = LOWEST
    owner: bool = False
    timed_out: bool = False

    def above(self, target: "Standing") -> bool:
        """Say whether Discord lets them act on somebody who stands there."""
        return self.owner or self.rank > target.rank


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the person concerned stands; whoever has left stands below everybody."""

    person_id: int
    rank: Rank = LOWEST
    owner: bool = False
    administrator: bool = False
    member: bool = True


def refusal(
    control: Control, presser: Powers, bot: Powers, target: Standing | None
) -> Refusal | None:
    """Say why ``presser`` may not use a control; None when they may.

    ``target`` is None where nobody can be acted on (a bot's or webhook's message).
    """
    return (
        _presser_refused(control, presser)
        or (_order_refused(control, presser, target) if control.concerns_person else None)
        or _lacking(BOT_NEEDS[control], bot, Reason.BOT_LACKS)
        or _above_bot(control, bot, target)
    )


def _presser_refused(control: Control, presser: Powers) -> Refusal | None:
    if presser.timed_out:
        return Refusal(Reason.TIMED_OUT)
    return _lacking(PRESSER_NEEDS[control], presser, Reason.PRESSER_LACKS)


def _order_refused(control: Control, presser: Powers, target: Standing | None) -> Refusal | None:
    if target is None:
        return Refusal(Reason.NOBODY)
    if target.person_id == presser.person_id:
        return Refusal(Reason.ONESELF)
    if target.owner:
        return Refusal(Reason.OWNER)
    if target.member and not presser.above(target):
        return Refusal(Reason.ABOVE_PRESSER)
    if target.administrator and control is Control.TIME_OUT:
        return Refusal(Reason.ADMINISTRATOR)
    return None


def _above_bot(control: Control, bot: Powers, target: Standing | None) -> Refusal | None:
    if control.concerns_person and target is not None and target.member and not bot.above(target):
        return Refusal(Reason.ABOVE_BOT)
    return None


def _lacking(needed: tuple[str, ...], powers: Powers, reason: Reason) -> Refusal | None:
    for permission in needed:
        if not getattr(powers.permissions, permission):
            return Refusal(reason, permission)
    return None


def control_of(decision: Decision, subject: Subject = Subject.MESSAGE) -> Control:
    """Name the control that makes a decision."""
    if decision in {Decision.DELETE, Decision.BLOCK} and subject is not Subject.MESSAGE:
        return Control.DELETE_EXPRESSION
    return Control(decision.value)


def undo_of(decision: Decision | None) -> Control:
    """Name the control that takes a decision back: it needs what the decision needed."""
    match decision:
        case Decision.TIME_OUT:
            return Control.UNDO_TIME_OUT
        case Decision.KICK:
            return Control.UNDO_KICK
        case Decision.BAN:
            return Control.UNDO_BAN
        case _:
            return Control.UNDO


def action_refusal(
    kind: ActionKind,
    subject: Subject,
    asker: Powers | None,
    bot: Powers,
    target: Standing | None,
) -> Refusal | None:
    """Say why an action may not be carried out now; None when it may.

    ``asker`` is the moderator who asked for it, None where the policy did. ``target`` is None where
    the action is not about a person.
    """
    permission = ACTION_NEEDS[kind]
    if kind is ActionKind.DELETE and subject is not Subject.MESSAGE:
        permission = "manage_expressions"
    if asker is not None and asker.timed_out:
        return Refusal(Reason.TIMED_OUT)
    lacking = _lacking((permission,), asker, Reason.PRESSER_LACKS) if asker is not None else None
    return (
        lacking
        or _lacking((permission,), bot, Reason.BOT_LACKS)
        or (_out_of_reach(kind, asker, bot, target) if target is not None else None)
    )


def _out_of_reach(
    kind: ActionKind, asker: Powers | None, bot: Powers, target: Standing
) -> Refusal | None:
    if target.owner:
        return Refusal(Reason.OWNER)
    if not target.member:
        return None
    if asker is not None and not asker.above(target):
        return Refusal(Reason.ABOVE_PRESSER)
    if target.administrator and kind is ActionKind.TIME_OUT:
        return Refusal(Reason.ADMINISTRATOR)
    return None if bot.above(target) else Refusal(Reason.ABOVE_BOT)


_SENTENCES: Mapping[Reason, str] = {
    Reason.TIMED_OUT: mark("You are timed out in this server, so you cannot decide here."),
    Reason.PRESSER_LACKS: mark(
        "You need the permission “{permission}” for this, where the picture was posted. Nothing "
        "was done."
    ),
    Reason.BOT_LACKS: mark(
        "I lack the permission “{permission}” for this. Ask an administrator to give it to me, "
        "then press again. Nothing was done."
    ),
    Reason.NOBODY: mark(
        "There is no member to act on: a bot or webhook posted this, or nobody concerned is known "
        "any more. Nothing was done."
    ),
    Reason.ONESELF: mark("You cannot do this to yourself. Nothing was done."),
    Reason.OWNER: mark("This person owns the server, so nobody can do this. Nothing was done."),
    Reason.ABOVE_PRESSER: mark(
        "This person’s highest role is not below yours, so you may not do this. Ask somebody who "
        "stands higher. Nothing was done."
    ),
    Reason.ABOVE_BOT: mark(
        "This person’s highest role is not below mine, so Discord will not let me do this. Ask an "
        "administrator to move my role up. Nothing was done."
    ),
    Reason.ADMINISTRATOR: mark(
        "This person is an administrator; Discord lets nobody time them out. Nothing was done."
    ),
}


def refusal_sentence(refused: Refusal, say: Words) -> str:
    """Say what is missing, and what to do about it."""
    permission = permission_name(refused.permission, say) if refused.permission else ""
    return say.say(_SENTENCES[refused.reason], permission=permission)
