"""All that happens to an accepted turn until it is answered."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.answer import Answer
from bot.domain.conversation import AskRequest, KeptPicture, Turn, TurnState
from bot.domain.conversation_ports import ConversationStore
from bot.domain.errors import Expired, LookoutError, StorageFailed
from bot.domain.picture import Note, Picture
from bot.services.admission import sources_of
from bot.services.answering import Answered, Answering
from bot.services.arrivals import Arrivals, Arrived
from bot.services.following import Underway
from bot.services.keeping import Keeping
from bot.services.progress import Part, Stage


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


@dataclass(frozen=True, slots=True)
class TurnWork:
    """Takes a turn from its question to its answer."""

    store: ConversationStore
    arrivals: Arrivals
    answering: Answering
    underway: Underway
    keeping: Keeping

    async def do(
        self,
        turn_id: int,
        request: AskRequest,
        tell: Callable[[Part], None],
        enough: asyncio.Event,
    ) -> tuple[TurnResult, Answered]:
        """Answer a turn and keep the answer. Raises LookoutError."""
        tell(Part(Stage.FETCHING))
        turn = await self._standing(turn_id)
        arrived = await self._arrive(turn, request)
        await self._follow(turn, tell)
        at_hand = await self._attach(turn, arrived)
        turn = await self._standing(turn_id)
        answered = await self.answering.run(turn, request.asker, at_hand, tell, enough)
        prompt = answered.prompt
        own = tuple(
            (kept, at_hand.get(kept.number) or prompt.loaded[kept.number])
            for kept in prompt.view.turn.pictures
            if kept.number in at_hand or kept.number in prompt.loaded
        )
        answer = _with_notes(answered.answer, arrived.notes, own)
        keeps = await self.keeping.keeps(request.asker.person_id)
        await self._keep(turn, answer, answered)
        kept_turn = await self._as_kept(turn, answer)
        result = TurnResult(
            turn=kept_turn,
            answer=answer,
            new=own,
            refused=arrived.refused,
            spoiler=any(kept.source.spoiler for kept in prompt.view.pictures.values()),
            kept=keeps,
        )
        return result, answered

    async def _standing(self, turn_id: int) -> Turn:
        """Return a turn that nobody deleted meanwhile. Raises Expired."""
        turn = await self.store.turn(turn_id)
        if turn is None or turn.state is TurnState.FORGOTTEN:
            raise Expired
        return turn

    async def _as_kept(self, turn: Turn, answer: Answer) -> Turn:
        """Return a turn whose answer was kept just now. Raises Expired."""
        try:
            return await self._standing(turn.id)
        except StorageFailed:  # which is no reason to take the answer back
            return replace(
                turn,
                state=TurnState.ANSWERED,
                answer=answer.text,
                engine=answer.engine,
                model=answer.model,
                notes=answer.notes,
            )

    async def _follow(self, turn: Turn, tell: Callable[[Part], None]) -> None:
        """Wait for what is still being answered on the way to a turn."""
        before_id = turn.parent_id
        while before_id is not None:
            if before_id in self.underway:
                tell(Part(Stage.FOLLOWING))
                await self.underway.wait(before_id)
            before = await self.store.turn(before_id)
            if before is None or before.state is TurnState.ANSWERED:
                return  # and so everything before it has ended
            before_id = before.parent_id

    async def _arrive(self, turn: Turn, request: AskRequest) -> Arrived:
        if turn.pictures:  # a turn that is tried again has its pictures already
            return Arrived()
        request = replace(request, sources=sources_of(request))
        if not request.sources and request.closer is None:
            return Arrived()
        earlier = {kept.number: kept for kept in await self.store.pictures(turn.id)}
        limits = await self.answering.limits(turn)
        return await self.arrivals.gather(request, earlier, limits.meter, limits.budget)

    async def _attach(self, turn: Turn, arrived: Arrived) -> dict[int, Picture]:
        """Keep what came with a turn; return it by number."""
        if not arrived.pictures:
            return {}
        wholes = {new.part_of for new in arrived.pictures} - {None}
        if wholes and not wholes <= {kept.number for kept in await self.store.pictures(turn.id)}:
            raise Expired  # what was to be looked at closer has been deleted meanwhile
        attached = await self.store.attach(turn.id, arrived.pictures, preface=arrived.preface)
        pairs = zip(attached, arrived.pictures, strict=True)
        return {kept.number: new.picture for kept, new in pairs}

    async def _keep(self, turn: Turn, answer: Answer, answered: Answered) -> None:
        plan = answered.prompt.plan
        window_id = plan.window.id if plan.window else None
        await self.store.answered(turn.id, answer, window_id=window_id, again=plan.again)


def _with_notes(
    answer: Answer, notes: tuple[Note, ...], own: tuple[tuple[KeptPicture, Picture], ...]
) -> Answer:
    of_pictures = (note for _, picture in own for note in picture.notes)
    return replace(answer, notes=tuple(dict.fromkeys((*of_pictures, *answer.notes, *notes))))
