"""Talk about pictures: questions and answers that remember what was said and shown before."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.answer import Answer
from bot.domain.conversation import Address, AskRequest, KeptPicture, Pending, Retention, Turn
from bot.domain.conversation_ports import ConversationStore, CostStore
from bot.domain.errors import LookoutError
from bot.domain.picture import Picture
from bot.domain.ports import AnswerStore, Asker, Engine, Gate, TextFinder
from bot.services.originals import Originals
from bot.services.progress import Part


@dataclass(frozen=True, slots=True)
class TurnResult:
    """A turn that was answered."""

    turn: Turn
    """As it is kept now."""
    answer: Answer
    new: tuple[tuple[KeptPicture, Picture], ...] = ()
    """The pictures that came with the turn, prepared."""
    refused: tuple[LookoutError, ...] = ()
    """New pictures that could not be used while others could."""
    spoiler: bool = False
    """Whether a picture on the way to this turn is a spoiler: the answer is to be hidden."""
    kept: bool = True
    """Whether it can be followed up; otherwise nothing of it remains once it was shown."""


@dataclass(slots=True, kw_only=True)
class Converse:
    """Answers questions about pictures in conversations that last.

    The order is ``accept`` (it is recorded), then something is shown to the person, then
    ``answer``, then ``told`` once the person has the final words, whatever they are. A turn that
    was accepted and cannot be answered after all is handed to ``drop``.

    ``retention_limits`` is how long pictures and words are kept at most, and unless a person
    chooses less.
    """

    originals: Originals
    engine: Engine
    gate: Gate
    store: ConversationStore
    costs: CostStore
    answers: AnswerStore
    retention_limits: Retention
    text_finder: TextFinder | None = None

    async def accept(self, request: AskRequest) -> Turn | None:
        """Check and record a question, before anything is shown to the person or done for them.

        Returns None when this message was asked already. Raises RateLimited, QuestionTooLong,
        NoPicture (neither here nor earlier), NotYours, Expired, ConversationFull, CannotAnswer and
        StorageFailed.
        """
        raise NotImplementedError

    async def answer(
        self,
        turn_id: int,
        request: AskRequest,
        report: Callable[[Part], None],
        enough: asyncio.Event,
    ) -> TurnResult:
        """Answer an accepted turn; ``report`` hears of its progress.

        Setting ``enough`` ends the answer where it is and keeps it. Raises LookoutError (the turn
        is FAILED then); cancelling makes it STOPPED. It is WAITING no more in any case.
        """
        raise NotImplementedError

    async def drop(self, turn: Turn) -> None:
        """Give up a turn that was accepted and for which ``answer`` will not be called."""
        raise NotImplementedError

    async def shown(self, turn_id: int, message_id: int | None) -> None:
        """Remember the message in which the answer is being given, to be found by replies."""
        raise NotImplementedError

    async def told(self, turn: Turn) -> None:
        """Remember that the person has the final words; forget what is not to be kept."""
        raise NotImplementedError

    async def recover(self) -> tuple[Pending, ...]:
        """At the start: return everybody who was not told; whoever was waiting is INTERRUPTED."""
        raise NotImplementedError

    async def again(
        self, turn_id: int, asker: Asker, address: Address, locale: str = "en-US"
    ) -> AskRequest:
        """Return the same question once more, with another seed. Raises Expired, NotYours."""
        raise NotImplementedError

    async def may_follow(self, turn_id: int, asker: Asker, private: bool) -> Turn:
        """Return a turn that ``asker`` may follow up, in ``private`` or for all to see.

        Raises Expired, and NotYours for somebody else's private turn, for a public follow-up of a
        private turn, and from outside its server.
        """
        raise NotImplementedError

    async def retention_of(self, person_id: int) -> Retention:
        """Return how long a person's pictures and words are kept."""
        raise NotImplementedError

    async def choose_retention(self, person_id: int, retention: Retention) -> Retention:
        """Keep what a person chose, within the operator's limits; return what now holds."""
        raise NotImplementedError
