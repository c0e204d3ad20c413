"""Whether a question may be asked: decided before it is recorded."""

from dataclasses import dataclass, replace

from bot.domain.conversation import AskRequest, Place, Turn, TurnState
from bot.domain.conversation_ports import ConversationStore
from bot.domain.errors import (
    AskerOnly,
    CannotAnswer,
    Expired,
    NoPicture,
    NotYours,
    PictureError,
    QuestionTooLong,
)
from bot.domain.picture import PictureRef
from bot.domain.ports import Asker, Engine, TextFinder
from bot.domain.task import TaskName
from bot.services.choosing import chosen
from bot.services.following import check_may_follow, check_may_follow_posted

MAX_QUESTION_CHARACTERS = 2000
"""As much as anybody may write in a message without paying (discord-api-docs, message content)."""


@dataclass(frozen=True, slots=True)
class Admission:
    """Checks questions against what is kept and what the engine can do."""

    engine: Engine
    store: ConversationStore
    text_finder: TextFinder | None

    async def check(self, request: AskRequest) -> AskRequest | None:
        """Return the request as it is to be recorded; None when it was already.

        Raises CannotAnswer, QuestionTooLong, Expired, NotYours and NoPicture.
        """
        self._check_answerable(request)
        if await self._asked_already(request):
            return None
        request = replace(request, sources=sources_of(request))
        replaced = await self._replaced(request)
        parent = await self._parent(request, replaced)
        if parent is not None:
            # A private turn must never become what a thread's next message follows up.
            thread_id = None if request.private else request.thread_id
            request = replace(request, parent_id=parent.id, thread_id=thread_id)
        if request.posted is not None:
            check_may_follow_posted(request.posted, request.asker, private=request.private)
        await self._check_pictures(request, parent, replaced)
        return request

    async def followed(
        self, turn: Turn | None, asker: Asker, *, private: bool, channel_id: int | None = None
    ) -> Turn:
        """Return ``turn`` when it may be followed up. Raises Expired and NotYours."""
        owner_id = None
        if turn is not None and private:
            conversation = await self.store.conversation(turn.conversation_id)
            owner_id = conversation.owner_id if conversation else None
        return check_may_follow(
            turn, asker, private=private, owner_id=owner_id, channel_id=channel_id
        )

    async def own(self, turn_id: int, asker: Asker) -> Turn:
        """Return a turn of ``asker``'s. Raises Expired and NotYours."""
        turn = await self.store.turn(turn_id)
        if turn is None or turn.state is TurnState.FORGOTTEN:
            raise Expired
        if turn.person_id != asker.person_id:
            raise AskerOnly
        return turn

    def _check_answerable(self, request: AskRequest) -> None:
        engine = chosen(self.engine, TaskName.ASK)
        blind = request.closer is not None and request.closer.place is Place.TEXT
        if engine.room() is None or (blind and self.text_finder is None):
            raise CannotAnswer(engine.name, TaskName.ASK)
        if len(request.question) > MAX_QUESTION_CHARACTERS:
            raise QuestionTooLong(MAX_QUESTION_CHARACTERS)

    async def _asked_already(self, request: AskRequest) -> bool:
        message_id = request.address.question_message_id
        if message_id is None or request.replaces_id is not None:
            return False
        turn = await self.store.turn_of_message(message_id)
        return turn is not None and turn.question_message_id == message_id

    async def _replaced(self, request: AskRequest) -> Turn | None:
        if request.replaces_id is None:
            return None
        turn = await self.own(request.replaces_id, request.asker)
        if turn.private != request.private:
            raise NotYours
        return turn

    async def _parent(self, request: AskRequest, replaced: Turn | None) -> Turn | None:
        parent_id = request.parent_id if replaced is None else replaced.parent_id
        if parent_id is not None:
            turn = await self.store.turn(parent_id)
        elif request.thread_id is not None and replaced is None:
            turn = await self.store.turn_of_thread(request.thread_id)
        else:
            return None
        if replaced is not None and turn is not None:
            return turn  # it was allowed to hang there, and what it hangs on may be forgotten since
        return await self.followed(
            turn, request.asker, private=request.private, channel_id=request.address.channel_id
        )

    async def _check_pictures(
        self, request: AskRequest, parent: Turn | None, replaced: Turn | None
    ) -> None:
        """Raise NoPicture, or Expired for a closer look, where there is nothing to look at."""
        if request.closer is None and _refs(request):
            return
        if replaced is not None and replaced.pictures:
            return
        earlier = () if parent is None else await self.store.pictures(parent.id)
        if request.closer is not None:
            if not any(kept.number == request.closer.number for kept in earlier):
                raise Expired
        elif not earlier and not await self._may_still_come(parent):
            reasons = tuple(one for one in request.sources if isinstance(one, PictureError))
            raise NoPicture(reasons)

    async def _may_still_come(self, parent: Turn | None) -> bool:
        """Say whether a question on the way is still getting its pictures."""
        if parent is None:
            return False
        path = await self.store.path(parent.id)
        return any(turn.state is TurnState.WAITING and turn.sources for turn in path)


def sources_of(request: AskRequest) -> tuple[PictureRef | Exception, ...]:
    """Return the new pictures of a question, those of the answer it follows up first."""
    posted = request.posted.sources if request.posted is not None else ()
    return (*(one for one in posted if one not in request.sources), *request.sources)


def charge_of(request: AskRequest) -> int:
    """Return how many pictures a question counts as."""
    return max(1, len(_refs(request)))


def _refs(request: AskRequest) -> list[PictureRef]:
    return [source for source in request.sources if isinstance(source, PictureRef)]
