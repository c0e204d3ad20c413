"""When a message is a question to us, and which: rules over what is known of it."""

import enum
from dataclasses import dataclass


class Target(enum.Enum):
    """What a message replies to."""

    NOTHING = enum.auto()
    TURN = enum.auto()
    """A turn of a conversation that is kept."""
    POSTED = enum.auto()
    """The answer of another command, with its record kept."""
    GONE = enum.auto()
    """An answer of ours of which nothing is kept any more."""
    CENSORED = enum.auto()
    """A person's message that Discord does not let us read."""
    OTHER = enum.auto()


class Act(enum.Enum):
    """What is to be done about a message."""

    IGNORE = enum.auto()
    BEGIN = enum.auto()
    """Begin a conversation about the pictures of the message, or of the one it replies to."""
    FOLLOW_TURN = enum.auto()
    FOLLOW_POSTED = enum.auto()
    FOLLOW_PLACE = enum.auto()
    """Follow up the newest turn of the thread or of the direct messages."""
    SAY_HOW = enum.auto()
    """How to ask: there is no picture to be asked about."""
    SAY_WHAT = enum.auto()
    """That a question is missing."""
    SAY_GONE = enum.auto()
    SAY_UNREAD_REPLY = enum.auto()
    SAY_UNREAD_PICTURE = enum.auto()


@dataclass(frozen=True, slots=True)
class Heard:
    """A person's message as the rules see it."""

    direct: bool = False
    """Whether it is a direct message."""
    thread: bool = False
    """Whether it stands in a thread of ours."""
    named: bool = False
    """Whether its text mentions us. Roles and everybody are not us."""
    pinged: bool = False
    """Whether it mentions us in its text or by the ping of a reply."""
    readable: bool = True
    """Whether Discord lets us read it."""
    words: bool = False
    """Whether it says anything beside mentioning us."""
    pictures: bool = False
    """Whether it shows pictures itself, or files that were meant to be some."""
    target: Target = Target.NOTHING
    target_pictures: bool = False
    """Whether the message it replies to shows pictures."""
    recent: bool = False
    """Whether a conversation in these direct messages has only just been going on."""


def decide(heard: Heard, *, answers_mentions: bool = True) -> Act:  # noqa: PLR0911 - a table
    """Say what to do about a person's message.

    Without ``answers_mentions`` only replies to our answers and messages in our threads are
    ours: mentions and direct messages are somebody else's business.
    """
    says = heard.words or heard.pictures
    if not heard.readable:
        # Discord tells apps nothing of what is written in reply to a command's answer, not even
        # that they were pinged, unless the text mentions them (discord-api-docs#5395).
        answered = heard.target in (Target.TURN, Target.POSTED)
        return Act.SAY_UNREAD_REPLY if answered else Act.IGNORE
    if heard.target is Target.TURN:
        return Act.FOLLOW_TURN if says else Act.SAY_WHAT
    if heard.target is Target.POSTED:
        return Act.FOLLOW_POSTED if says else Act.SAY_WHAT
    if heard.thread:
        return Act.FOLLOW_PLACE if says else Act.IGNORE
    if heard.target is Target.GONE and (heard.pinged or heard.direct):
        return Act.SAY_GONE
    if not answers_mentions or not (heard.named or heard.direct):
        return Act.IGNORE
    if heard.pictures or heard.target_pictures:
        return Act.BEGIN
    if heard.target is Target.CENSORED:
        return Act.SAY_UNREAD_PICTURE
    if heard.direct and heard.recent and heard.words:
        return Act.FOLLOW_PLACE
    return Act.SAY_HOW
