"""The seams of conversations: what is kept of them and who keeps it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.domain.answer import Answer
from bot.domain.conversation import (
    AskRequest,
    Conversation,
    KeptPicture,
    Pending,
    Place,
    Retention,
    Turn,
    TurnState,
    Window,
)
from bot.domain.picture import Picture, PictureRef


@dataclass(frozen=True, slots=True)
class NewPicture:
    """A prepared picture on its way into a turn; the store gives it its number."""

    picture: Picture
    source: PictureRef
    part_of: int | None = None
    place: Place | None = None
    description: str = ""
    answered_as: str = ""
    """See ``KeptPicture``."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much was deleted. A question that was tried again is one turn."""

    conversations: int
    turns: int
    pictures: int


class ConversationStore(Protocol):
    """Conversations, their turns and their pictures. Every method raises StorageFailed.

    What has expired is not found any more, whether or not it was deleted already.
    """

    async def begin(
        self, request: AskRequest, *, keep_pictures_until: datetime, keep_text_until: datetime
    ) -> Turn | None:
        """Record a question before anybody is told that it was heard, in one transaction.

        Makes the conversation where there is no parent, finds a thread's newest turn (unless a
        parent is named) and becomes it, counts the speaker, and remembers the address of who waits.
        A turn that replaces another hangs where that one hangs, and has its pictures (under the
        same numbers), its preface, its place in threads and its message. Returns None when another
        turn for this ``question_message_id`` is there already (Discord repeats events). Raises
        Expired when the parent is gone, ConversationFull at the limit of turns.

        The times are those of the asker's retention. Everything of theirs in this conversation is
        kept until then; the conversation ends with what its owner has in it. What should not be
        kept at all is kept for as long as somebody may wait for the answer (a day).
        """
        ...

    async def attach(
        self, turn_id: int, pictures: Sequence[NewPicture], *, preface: str = ""
    ) -> tuple[KeptPicture, ...]:
        """Give the pictures of a turn their numbers and keep them, the bytes once for each hash.

        One that the turn has already (a turn that replaces another begins with that one's) keeps
        its number.

        ``preface`` is what Lookout had said of them before (``Turn.preface``).

        Where pictures are not kept, their bytes are not even written, and ``load`` has them not.
        Raises ConversationFull at the limit of pictures, Expired when the turn is gone.
        """
        ...

    async def replace_pictures(
        self, turn_id: int, pictures: Mapping[int, Picture]
    ) -> tuple[KeptPicture, ...]:
        """Keep other stills of pictures on the way to a turn: the first did not fit, or were lost.

        As in ``attach``, none are written where pictures are not kept any more. Raises Expired.
        """
        ...

    async def describe(self, conversation_id: int, number: int, description: str) -> None:
        """Keep what is known in words of a picture."""
        ...

    async def answered(
        self, turn_id: int, answer: Answer, *, window_id: int | None, again: tuple[int, ...]
    ) -> None:
        """Keep the answer; the person has not seen it yet. Does nothing for a forgotten turn."""
        ...

    async def ended(self, turn_id: int, state: TurnState) -> None:
        """Keep that a turn ended without an answer; does nothing for one that is not WAITING."""
        ...

    async def shown(self, turn_id: int, answer_message_id: int | None) -> None:
        """Remember the message in which an answer is being given (known before it is finished)."""
        ...

    async def told(self, turn_id: int) -> None:
        """Forget the address: the person has been told what became of the turn.

        When it was answered, earlier tries of its question go that nothing hangs on. Those that
        were followed up stay as the past of what followed, and go with the last of that.
        """
        ...

    async def put_back(self, turn_id: int, answer_message_id: int) -> None:
        """Give up another try: the message shows the answer before it again.

        The try goes, unless something hangs on it, and what it had taken over is the earlier one's
        again. An unknown turn is fine, and so is one that is no other try.
        """
        ...

    async def pending(self, since: datetime | None = None) -> tuple[Pending, ...]:
        """Return everybody who has not been told, oldest first; recorded before ``since``."""
        ...

    async def open_window(
        self,
        conversation_id: int,
        first_depth: int,
        recap: str,
        carried: tuple[int, ...],
        *,
        told: Sequence[int] = (),
        continues: int | None = None,
    ) -> Window:
        """Keep a new window.

        Its recap was made of the turns ``told`` and of the window it ``continues``; raises Expired
        when any of them was deleted meanwhile.
        """
        ...

    async def window(self, window_id: int) -> Window | None:
        """Return a window."""
        ...

    async def turn(self, turn_id: int) -> Turn | None:
        """Return one turn."""
        ...

    async def turn_of_message(self, message_id: int) -> Turn | None:
        """Return the newest turn that a message asked or answers."""
        ...

    async def turn_of_thread(self, thread_id: int) -> Turn | None:
        """Return the newest turn of a thread: what a message in it follows up."""
        ...

    async def turn_of_channel(self, channel_id: int, since: datetime) -> Turn | None:
        """Return the newest turn that was asked in a channel, no earlier than ``since``.

        Private ones are left out: they are followed up by their own controls.
        """
        ...

    async def path(self, turn_id: int, first_depth: int = 0) -> tuple[Turn, ...]:
        """Return the way to a turn, oldest first, itself last; from ``first_depth`` on only."""
        ...

    async def pictures(
        self, turn_id: int, numbers: Sequence[int] | None = None
    ) -> tuple[KeptPicture, ...]:
        """Return the pictures that came on the way to a turn (itself included), by number.

        ``numbers`` picks some of them. None may have its bytes any more.
        """
        ...

    async def load(self, pictures: Sequence[KeptPicture]) -> Mapping[int, Picture]:
        """Return kept pictures with their bytes, by number; those no longer kept are missing."""
        ...

    async def open_thread(self, thread_id: int, turn_id: int) -> None:
        """Let the messages of a thread follow up ``turn_id``."""
        ...

    async def close_thread(self, thread_id: int) -> None:
        """Forget that a thread belonged to a conversation; an unknown one is fine."""
        ...

    async def is_thread(self, thread_id: int) -> bool:
        """Say whether a thread belongs to a conversation."""
        ...

    async def conversation(self, conversation_id: int) -> Conversation | None:
        """Return one conversation as it is listed."""
        ...

    async def of_person(
        self, person_id: int, *, limit: int, offset: int = 0
    ) -> tuple[Conversation, ...]:
        """List those that a person began, newest first."""
        ...

    async def of_guild(
        self, guild_id: int, *, limit: int, offset: int = 0
    ) -> tuple[Conversation, ...]:
        """List those of a server, newest first; private ones without their title.

        Moderators may delete those, and may not know what they are about.
        """
        ...

    async def turns(self, conversation_id: int) -> tuple[Turn, ...]:
        """Return every turn of a conversation, in order of time."""
        ...

    async def retention(self, person_id: int) -> Retention | None:
        """Return what a person chose; None when nothing was chosen."""
        ...

    async def set_retention(self, person_id: int, retention: Retention) -> None:
        """Keep what a person chose; what is kept already ends at the new time if it is earlier."""
        ...

    async def delete(self, conversation_id: int) -> Forgotten:
        """Delete a conversation, on the disk too; an unknown one is fine."""
        ...

    async def forget_turn(self, turn_id: int) -> Forgotten:
        """Delete a turn's words and pictures; the turn itself too when nothing hangs on it.

        So are all other tries of its question.
        """
        ...

    async def delete_person(self, person_id: int) -> Forgotten:
        """Delete the conversations a person began, their turns elsewhere, and their choices."""
        ...

    async def delete_guild(self, guild_id: int) -> Forgotten:
        """Delete everything of a server."""
        ...


@dataclass(frozen=True, slots=True)
class Costs:
    """What a model was measured to take: tokens for a byte of text, and for stills by size."""

    tokens_per_byte: float | None = None
    pictures: Mapping[tuple[int, int], int] | None = None


class CostStore(Protocol):
    """What was learned of a model's costs, over restarts. Raises StorageFailed."""

    async def costs(self, model: str) -> Costs:
        """Return what is known of a model."""
        ...

    async def learn(self, model: str, costs: Costs) -> None:
        """Keep what was measured; sizes already known are replaced."""
        ...
