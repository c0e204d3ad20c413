"""Conversations about pictures: a tree of turns, what each brought, and how far back one sees."""

import enum
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

from bot.domain.picture import Frame, Note, PictureFacts, PictureRef
from bot.domain.ports import Asker, PostedAnswer
from bot.domain.task import Parameters


class TurnState(enum.StrEnum):
    """What became of a turn."""

    WAITING = "waiting"
    """Recorded; its answer is not there yet."""
    ANSWERED = "answered"
    FAILED = "failed"
    STOPPED = "stopped"
    INTERRUPTED = "interrupted"
    """Lookout ended while it was answering."""
    FORGOTTEN = "forgotten"
    """Its words and pictures were deleted; it only holds the tree together."""


class Place(enum.StrEnum):
    """A part of a picture that can be looked at more closely: one of nine, or its text."""

    TOP_LEFT = "top_left"
    TOP = "top"
    TOP_RIGHT = "top_right"
    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"
    BOTTOM_LEFT = "bottom_left"
    BOTTOM = "bottom"
    BOTTOM_RIGHT = "bottom_right"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Closer:
    """The wish to look closer: at which picture (its number) and which part of it."""

    number: int
    place: Place


@dataclass(frozen=True, slots=True)
class KeptFrame:
    """One still of a kept picture, without its bytes; ``sha256`` finds them."""

    sha256: str
    media_type: str
    width: int
    height: int
    at_seconds: float | None = None

    @classmethod
    def of(cls, frame: Frame) -> Self:
        """Take everything but the bytes."""
        return cls(frame.sha256, frame.media_type, frame.width, frame.height, frame.at_seconds)


@dataclass(frozen=True, slots=True)
class KeptPicture:
    """A picture of a conversation. Its ``number`` is unique in the whole conversation."""

    number: int
    source: PictureRef
    """Where the original was; its link may have died."""
    frames: tuple[KeptFrame, ...]
    """Empty once the picture is too old to be kept."""
    part_of: int | None = None
    """The number of the picture this one is a part of."""
    place: Place | None = None
    description: str = field(default="", repr=False)
    """What is known of it in words, for when it no longer fits; empty when nothing is."""
    facts: PictureFacts | None = None
    notes: tuple[Note, ...] = ()
    """As they were when it was prepared."""
    answered_as: str = ""
    """Under which SHA-256 the answer of another task is kept that was followed up with it."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and its answer. ``speaker`` counts who spoke on the way here: 0 = Person A."""

    id: int
    conversation_id: int
    parent_id: int | None
    depth: int
    """How many turns came before on its way from the first, which has 0."""
    person_id: int | None
    """None once forgotten."""
    speaker: int
    guild_id: int | None
    channel_id: int
    private: bool
    parameters: Parameters
    created_at: datetime
    state: TurnState = TurnState.WAITING
    question: str = field(default="", repr=False)
    preface: str = field(default="", repr=False)
    """What Lookout had said of the pictures before the conversation began."""
    answer: str = field(default="", repr=False)
    sources: tuple[PictureRef, ...] = field(default=(), repr=False)
    """Where the pictures are that it was asked with, for asking the same again."""
    pictures: tuple[KeptPicture, ...] = ()
    """Those that came with this turn and could be used."""
    again: tuple[int, ...] = ()
    """Numbers of earlier pictures that were shown to the model again with this turn."""
    closer: Closer | None = None
    seed: int | None = None
    window_id: int | None = None
    """From where on the model saw the conversation; None: from its beginning."""
    engine: str = ""
    model: str = ""
    notes: tuple[Note, ...] = ()
    """What is to be said about how it was answered."""
    prompt_tokens: int | None = None
    answer_tokens: int | None = None
    question_message_id: int | None = None
    answer_message_id: int | None = None
    first_try_id: int | None = None
    """The first turn with this question, where this one is another try of it."""

    @property
    def question_id(self) -> int:
        """What all tries of one question have in common."""
        return self.first_try_id or self.id


@dataclass(frozen=True, slots=True)
class Window:
    """Where the model's view of a conversation begins, once it no longer fits as a whole.

    Turns before ``first_depth`` are left out; ``recap`` is what is said in their place, word for
    word the same in every later prompt, and ``carried`` the numbers of the pictures shown with it.
    """

    id: int
    conversation_id: int
    first_depth: int
    recap: str = field(repr=False)
    carried: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation as it is listed; ``title`` is the beginning of its first question.

    Questions that were asked in private give no title to a public conversation.

    ``turns`` counts questions, however often they were tried.
    """

    id: int
    owner_id: int
    guild_id: int | None
    channel_id: int
    private: bool
    title: str = field(repr=False)
    turns: int
    pictures: int
    created_at: datetime
    last_at: datetime
    expires_at: datetime
    last_turn_id: int
    """The newest turn that was answered, else the newest."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody waits for an answer. The token is a secret and works for 15 minutes."""

    channel_id: int
    question_message_id: int | None = None
    answer_message_id: int | None = None
    application_id: int | None = None
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Pending:
    """Somebody who has not been told what became of a turn."""

    turn: Turn
    address: Address
    locale: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a person's pictures and words are kept; zero: not beyond the answer."""

    pictures: timedelta
    text: timedelta


@dataclass(frozen=True, slots=True)
class AskRequest:
    """One question as it was asked. Without ``parent_id`` it begins a conversation."""

    question: str = field(repr=False)
    sources: tuple[PictureRef | Exception, ...]
    """New pictures; one that was refused before it was fetched keeps its place as its error."""
    parameters: Parameters
    asker: Asker
    address: Address
    locale: str = "en-US"
    """The language of our own sentences to this person."""
    private: bool = False
    parent_id: int | None = None
    thread_id: int | None = None
    """The thread of ours in which it was asked: its newest turn is the parent."""
    posted: PostedAnswer | None = None
    """The answer of another task that this follows up."""
    closer: Closer | None = None
    seed: int | None = None
    replaces_id: int | None = None
    """The turn that is tried again: this one takes its place under the same parent."""
