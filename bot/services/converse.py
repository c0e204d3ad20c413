"""Talk about pictures: questions and answers that remember what was said and shown before."""

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from bot.domain.clock import utc_now
from bot.domain.conversation import Address, AskRequest, Pending, Retention, Turn, TurnState
from bot.domain.conversation_ports import ConversationStore, CostStore
from bot.domain.errors import StorageFailed
from bot.domain.ports import AnswerStore, Asker, Engine, Gate, TextFinder
from bot.services.admission import Admission, charge_of
from bot.services.answering import Answering
from bot.services.arrivals import Arrivals
from bot.services.closer import CloserLook
from bot.services.following import Underway
from bot.services.keeping import Keeping
from bot.services.originals import Originals
from bot.services.progress import Part, Stage
from bot.services.prompting import Prompter
from bot.services.turn_record import TurnObserver, TurnRecord, recorded
from bot.services.turn_work import TurnResult, TurnWork

_log = structlog.get_logger(__name__)

__all__ = ["Converse", "TurnResult"]


@dataclass(slots=True, kw_only=True)
class Converse:
    """Answers questions about pictures in conversations that last.

    The order is ``accept`` (it is recorded), then something is shown to the person, then
    ``answer``, then ``told`` once the person has the final words, whatever they are. A turn that
    was accepted and cannot be answered after all is handed to ``drop``.

    ``retention_limits`` is how long pictures and words are kept at most, and unless a person
    chooses less. ``observers`` hear of every turn.
    """

    originals: Originals
    engine: Engine
    gate: Gate
    store: ConversationStore
    costs: CostStore
    answers: AnswerStore
    retention_limits: Retention
    text_finder: TextFinder | None = None
    observers: Sequence[TurnObserver] = ()
    now: Callable[[], datetime] = utc_now
    _underway: Underway = field(default_factory=Underway, init=False)
    _admission: Admission = field(init=False)
    _keeping: Keeping = field(init=False)
    _work: TurnWork = field(init=False)

    def __post_init__(self) -> None:
        self._admission = Admission(self.engine, self.store, self.text_finder)
        self._keeping = Keeping(self.store, self.retention_limits)
        closer = CloserLook(self.originals, self.store, self.text_finder)
        arrivals = Arrivals(self.originals, self.engine, self.answers, closer)
        prompter = Prompter(self.store, self.originals)
        answering = Answering(self.engine, self.gate, self.store, self.costs, prompter, arrivals)
        self._work = TurnWork(self.store, arrivals, answering, self._underway, self._keeping)

    async def accept(self, request: AskRequest) -> Turn | None:
        """Check and record a question, before anything is shown to the person or done for them.

        Returns None when this message was asked already. Raises RateLimited, QuestionTooLong,
        NoPicture (neither here nor earlier), NotYours, Expired, ConversationFull, CannotAnswer and
        StorageFailed.
        """
        checked = await self._admission.check(request)
        if checked is None:
            return None
        self.gate.charge(checked.asker, charge_of(checked))
        retention = await self.retention_of(checked.asker.person_id)
        now = self.now()
        turn = await self.store.begin(
            checked,
            keep_pictures_until=now + retention.pictures,
            keep_text_until=now + retention.text,
        )
        if turn is not None:
            self._underway.accepted(turn.id)
        return turn

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
        started = time.monotonic()
        self._underway.begun(turn_id)
        record = TurnRecord(turn_id, request.asker.person_id, request.asker.guild_id)
        try:
            result, answered = await self._work.do(turn_id, request, report, enough)
            record = recorded(record, result, answered)
        except asyncio.CancelledError:
            record = replace(record, failure="stopped")
            await asyncio.shield(self._end(turn_id, TurnState.STOPPED))
            raise
        except Exception as error:
            record = replace(record, failure=type(error).__name__)
            await asyncio.shield(self._end(turn_id, TurnState.FAILED))
            report(Part(Stage.FAILED))
            raise
        finally:
            self._underway.ended(turn_id)
            milliseconds = round((time.monotonic() - started) * 1000)
            for observe in self.observers:
                observe(replace(record, milliseconds=milliseconds))
        report(Part(Stage.DONE, text=result.answer.text))
        return result

    async def drop(self, turn: Turn) -> None:
        """Give up an accepted turn for which ``answer`` will not be called, as if it was told."""
        try:
            await self.store.ended(turn.id, TurnState.STOPPED)
            await self.told(turn)
        finally:
            self._underway.ended(turn.id)

    async def shown(self, turn_id: int, message_id: int | None) -> None:
        """Remember the message in which the answer is being given, to be found by replies."""
        await self.store.shown(turn_id, message_id)

    async def put_back(self, turn_id: int, message_id: int) -> None:
        """Give up another try, in whose message the answer before it stands again."""
        await self.store.put_back(turn_id, message_id)

    async def told(self, turn: Turn) -> None:
        """Remember that the person has the final words; forget what is not to be kept."""
        await self.store.told(turn.id)
        await self._keeping.let_go(turn)

    async def recover(self) -> tuple[Pending, ...]:
        """At the start: return everybody who was not told; whoever was waiting is INTERRUPTED."""
        recovered = []
        for pending in await self.store.pending(self.now()):
            turn = pending.turn
            if turn.id in self._underway:
                continue
            if turn.state is TurnState.WAITING:
                await self.store.ended(turn.id, TurnState.INTERRUPTED)
                turn = replace(turn, state=TurnState.INTERRUPTED)
            recovered.append(replace(pending, turn=turn))
        return tuple(recovered)

    async def again(
        self, turn_id: int, asker: Asker, address: Address, locale: str = "en-US"
    ) -> AskRequest:
        """Return the same question once more, with another seed. Raises Expired, NotYours."""
        turn = await self._admission.own(turn_id, asker)
        return AskRequest(
            question=turn.question,
            sources=turn.sources,
            parameters=turn.parameters,
            asker=asker,
            address=address,
            locale=locale,
            private=turn.private,
            parent_id=turn.parent_id,
            closer=turn.closer,
            seed=secrets.randbits(31),
            replaces_id=turn.id,
        )

    async def may_follow(self, turn_id: int, asker: Asker, private: bool) -> Turn:
        """Return a turn that ``asker`` may follow up, in ``private`` or for all to see.

        Raises Expired, and NotYours for somebody else's private turn, for a public follow-up of a
        private turn, and from outside its server.
        """
        return await self._admission.followed(
            await self.store.turn(turn_id), asker, private=private
        )

    async def retention_of(self, person_id: int) -> Retention:
        """Return how long a person's pictures and words are kept."""
        return await self._keeping.of(person_id)

    async def choose_retention(self, person_id: int, retention: Retention) -> Retention:
        """Keep what a person chose, within the operator's limits; return what now holds."""
        return await self._keeping.choose(person_id, retention)

    async def _end(self, turn_id: int, state: TurnState) -> None:
        try:
            await self.store.ended(turn_id, state)
        except StorageFailed as error:  # what went wrong before is what the person should hear of
            _log.warning("turn_not_ended", turn=turn_id, state=state, reason=error.reason)
