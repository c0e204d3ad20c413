"""Stores of conversations and of costs in memory, for tests that need no database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.answer import Answer
from bot.domain.conversation import (
    AskRequest,
    Conversation,
    KeptFrame,
    KeptPicture,
    Pending,
    Retention,
    Turn,
    TurnState,
    Window,
)
from bot.domain.conversation_ports import Costs, Forgotten, NewPicture
from bot.domain.errors import ConversationFull, Expired
from bot.domain.picture import Picture, PictureRef
from tests.services.conversation_memory import WAIT, Head, Memory, Stay, origin, together

TITLE_LENGTH = 100


@dataclass
class MemoryConversationStore(Memory):
    """A ConversationStore in memory: same trees, numbers, threads, windows and times."""

    async def begin(
        self, request: AskRequest, *, keep_pictures_until: datetime, keep_text_until: datetime
    ) -> Turn | None:
        message_id = request.address.question_message_id
        before = None if request.replaces_id is None else self.kept.get(request.replaces_id)
        for turn in self.kept.values():
            asked = message_id is not None and turn.question_message_id == message_id
            if asked and (before is None or turn.id != before.id):
                return None
        if request.replaces_id is not None:
            before = self._present(request.replaces_id)
            parent = None if before.parent_id is None else self.kept[before.parent_id]
            head: Head | None = self.heads[before.conversation_id]
        else:
            parent_id = request.parent_id
            if parent_id is None and request.thread_id is not None:
                parent_id = self.threads.get(request.thread_id, 0)
            parent = None if parent_id is None else self._present(parent_id)
            head = None if parent is None else self.heads[parent.conversation_id]
        depth = 0 if parent is None else parent.depth + 1
        if depth >= self.max_depth:
            raise ConversationFull("turns", self.max_depth)
        asker, now = request.asker, self.now()
        if head is None:
            place = asker.guild_id, request.address.channel_id, request.private
            head = Head(next(self._ids), asker.person_id, *place, now, now)
            self.heads[head.id] = head
        head.last_at = now
        head.stays[asker.person_id] = Stay(
            now, max(keep_text_until, now + WAIT), keep_pictures_until
        )
        turn = Turn(
            id=next(self._ids),
            conversation_id=head.id,
            parent_id=None if parent is None else parent.id,
            depth=depth,
            person_id=asker.person_id,
            speaker=self._speaker(parent, asker.person_id),
            guild_id=asker.guild_id,
            channel_id=request.address.channel_id,
            private=request.private,
            parameters=request.parameters,
            created_at=now,
            question=request.question,
            preface="" if before is None else before.preface,
            sources=tuple(ref for ref in request.sources if isinstance(ref, PictureRef)),
            pictures=() if before is None else before.pictures,
            closer=request.closer,
            seed=request.seed,
            question_message_id=message_id,
            first_try_id=None if before is None else before.question_id,
        )
        self.kept[turn.id] = turn
        if before is not None:
            if message_id is not None and before.question_message_id == message_id:
                self.kept[before.id] = replace(self.kept[before.id], question_message_id=None)
            self._move_threads(before.id, turn.id)
        newest = self.kept.get(self.threads.get(request.thread_id or 0, 0))
        if newest is not None and newest.conversation_id == head.id:
            assert request.thread_id is not None
            self.threads[request.thread_id] = turn.id
        self.waiting[turn.id] = Pending(turn, request.address, request.locale, now)
        return self._view(turn)

    async def attach(
        self, turn_id: int, pictures: Sequence[NewPicture], *, preface: str = ""
    ) -> tuple[KeptPicture, ...]:
        turn = self._present(turn_id)
        head = self.heads[turn.conversation_id]
        assert turn.person_id is not None
        here = {origin(one): one for one in turn.pictures}
        number, attached = head.last_number, []
        for new in pictures:
            kept = KeptPicture(
                number + 1,
                new.source,
                tuple(
                    KeptFrame(one.sha256, one.media_type, one.width, one.height, one.at_seconds)
                    for one in new.picture.frames
                ),
                new.part_of,
                new.place,
                new.description,
                new.picture.facts,
                new.picture.notes,
                new.answered_as,
            )
            old = here.pop(origin(kept), None)
            if old is not None:
                kept = replace(kept, number=old.number)
            number = max(number, kept.number)
            attached.append(kept)
        if number > self.max_pictures:
            raise ConversationFull("pictures", self.max_pictures)
        head.last_number = number
        if self._until(head, turn.person_id).pictures_until > self.now():
            for new in pictures:
                for one in new.picture.frames:
                    self.blobs[one.sha256] = (self.now(), one.data)
        else:
            attached = [replace(kept, frames=()) for kept in attached]
        brought = {kept.number: kept for kept in (*turn.pictures, *attached)}
        self.kept[turn_id] = replace(
            turn,
            pictures=tuple(brought[number] for number in sorted(brought)),
            preface=preface or turn.preface,
        )
        self._drop_blobs()
        self._bound()
        return tuple(attached)

    async def replace_pictures(
        self, turn_id: int, pictures: Mapping[int, Picture]
    ) -> tuple[KeptPicture, ...]:
        replaced: list[KeptPicture] = []
        for turn in map(self._view, self._way(self._present(turn_id))):
            new = [
                NewPicture(
                    pictures[kept.number],
                    kept.source,
                    kept.part_of,
                    kept.place,
                    kept.description,
                    kept.answered_as,
                )
                for kept in turn.pictures
                if kept.number in pictures
            ]
            replaced += await self.attach(turn.id, new) if new else ()
        return tuple(replaced)

    async def describe(self, conversation_id: int, number: int, description: str) -> None:
        for turn in self._of(conversation_id):
            pictures = tuple(
                replace(kept, description=description) if kept.number == number else kept
                for kept in turn.pictures
            )
            self.kept[turn.id] = replace(turn, pictures=pictures)

    async def answered(
        self, turn_id: int, answer: Answer, *, window_id: int | None, again: tuple[int, ...]
    ) -> None:
        closed = window_id is not None and window_id not in self.windows
        self._change(
            turn_id,
            state=TurnState.ANSWERED,
            answer=answer.text,
            engine=answer.engine,
            model=answer.model,
            notes=answer.notes,
            prompt_tokens=None if closed else answer.usage.prompt_tokens,
            answer_tokens=None if closed else answer.usage.answer_tokens,
            window_id=None if closed else window_id,
            again=again,
        )

    async def ended(self, turn_id: int, state: TurnState) -> None:
        turn = self.kept.get(turn_id)
        if turn is not None and turn.state is TurnState.WAITING:
            self._change(turn_id, state=state)

    async def shown(self, turn_id: int, answer_message_id: int | None) -> None:
        self._change(turn_id, answer_message_id=answer_message_id)
        if turn_id in self.waiting:
            waiting = self.waiting[turn_id]
            address = replace(waiting.address, answer_message_id=answer_message_id)
            self.waiting[turn_id] = replace(waiting, address=address)

    async def told(self, turn_id: int) -> None:
        self.waiting.pop(turn_id, None)
        turn = self.kept.get(turn_id)
        if turn is not None and turn.first_try_id is not None:
            self._drop_outdone(turn.conversation_id)
            self._drop_blobs()

    async def put_back(self, turn_id: int, answer_message_id: int) -> None:
        turn = self.kept.get(turn_id)
        if turn is None or turn.first_try_id is None:
            return
        earlier = [one for one in self._tries(turn) if one.id < turn_id]
        if earlier:
            self._change(turn_id, answer_message_id=None)
            self._change(earlier[-1].id, answer_message_id=answer_message_id)
            self._hand_over(self.kept[turn_id], self.kept[earlier[-1].id])
            if all(one.parent_id != turn_id for one in self.kept.values()):
                self._leave(self.kept[turn_id])
                self._drop_blobs()

    async def pending(self, since: datetime | None = None) -> tuple[Pending, ...]:
        return tuple(
            replace(one, turn=self._view(self.kept[turn_id]))
            for turn_id, one in sorted(self.waiting.items())
            if (since is None or one.since < since) and self._alive(self.kept[turn_id])
        )

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
        gone = [one for one in told if one not in self.kept or self._is_over(self.kept[one])]
        closed = continues is not None and continues not in self.windows
        if gone or closed or not self._lives(conversation_id):
            raise Expired
        window = Window(next(self._ids), conversation_id, first_depth, recap, carried)
        self.windows[window.id] = window
        return window

    async def window(self, window_id: int) -> Window | None:
        window = self.windows.get(window_id)
        return window if window is not None and self._lives(window.conversation_id) else None

    async def turn(self, turn_id: int) -> Turn | None:
        turn = self.kept.get(turn_id)
        return self._view(turn) if turn is not None and self._alive(turn) else None

    async def turn_of_message(self, message_id: int) -> Turn | None:
        for turn_id in sorted(self.kept, reverse=True):
            turn = self.kept[turn_id]
            ids = (turn.question_message_id, turn.answer_message_id)
            if message_id in ids and self._alive(turn):
                return self._view(turn)
        return None

    async def turn_of_thread(self, thread_id: int) -> Turn | None:
        return await self.turn(self.threads.get(thread_id, 0))

    async def turn_of_channel(self, channel_id: int, since: datetime) -> Turn | None:
        for turn_id in sorted(self.kept, reverse=True):
            turn = self.kept[turn_id]
            asked_here = turn.channel_id == channel_id and turn.created_at >= since
            if asked_here and not turn.private and self._alive(turn) and not self._is_over(turn):
                return self._view(turn)
        return None

    async def path(self, turn_id: int, first_depth: int = 0) -> tuple[Turn, ...]:
        turn = self.kept.get(turn_id)
        if turn is None or not self._alive(turn):
            return ()
        return tuple(self._view(one) for one in self._way(turn) if one.depth >= first_depth)

    async def pictures(
        self, turn_id: int, numbers: Sequence[int] | None = None
    ) -> tuple[KeptPicture, ...]:
        found = {kept.number: kept for turn in await self.path(turn_id) for kept in turn.pictures}
        return tuple(
            found[number] for number in sorted(found) if numbers is None or number in numbers
        )

    async def load(self, pictures: Sequence[KeptPicture]) -> Mapping[int, Picture]:
        loaded = {}
        for kept in pictures:
            if kept.frames and all(frame.sha256 in self.blobs for frame in kept.frames):
                assert kept.facts is not None
                frames = tuple(self._frame(frame) for frame in kept.frames)
                loaded[kept.number] = Picture(frames, kept.facts, kept.notes)
        return loaded

    async def open_thread(self, thread_id: int, turn_id: int) -> None:
        self._present(turn_id)
        self.threads[thread_id] = turn_id

    async def close_thread(self, thread_id: int) -> None:
        self.threads.pop(thread_id, None)

    async def is_thread(self, thread_id: int) -> bool:
        return await self.turn_of_thread(thread_id) is not None

    async def conversation(self, conversation_id: int) -> Conversation | None:
        if not self._lives(conversation_id):
            return None
        head = self.heads[conversation_id]
        turns = [one for one in await self.turns(head.id) if one.state is not TurnState.FORGOTTEN]
        answered = [one for one in turns if one.state is TurnState.ANSWERED]
        if not turns:
            return None
        title = next((one.question for one in turns if one.private == head.private), "")
        return Conversation(
            id=head.id,
            owner_id=head.owner_id,
            guild_id=head.guild_id,
            channel_id=head.channel_id,
            private=head.private,
            title=" ".join(title.split())[:TITLE_LENGTH],
            turns=len({turn.question_id for turn in turns}),
            pictures=len({kept.number for turn in turns for kept in turn.pictures}),
            created_at=head.created_at,
            last_at=head.last_at,
            expires_at=self._until(head, head.owner_id).text_until,
            last_turn_id=(answered or turns)[-1].id,
        )

    async def of_person(
        self, person_id: int, *, limit: int, offset: int = 0
    ) -> tuple[Conversation, ...]:
        return await self._listed(lambda head: head.owner_id == person_id, limit, offset)

    async def of_guild(
        self, guild_id: int, *, limit: int, offset: int = 0
    ) -> tuple[Conversation, ...]:
        listed = await self._listed(lambda head: head.guild_id == guild_id, limit, offset)
        return tuple(replace(one, title="") if one.private else one for one in listed)

    async def turns(self, conversation_id: int) -> tuple[Turn, ...]:
        if not self._lives(conversation_id):
            return ()
        return tuple(self._view(turn) for turn in self._of(conversation_id))

    async def retention(self, person_id: int) -> Retention | None:
        return self.choices.get(person_id)

    async def set_retention(self, person_id: int, retention: Retention) -> None:
        self.choices[person_id] = retention
        for head in self.heads.values():
            stay = head.stays.get(person_id)
            if stay is not None:
                stay.text_until = min(stay.text_until, stay.last_at + retention.text)
                stay.pictures_until = min(stay.pictures_until, stay.last_at + retention.pictures)

    async def delete(self, conversation_id: int) -> Forgotten:
        return self._delete(head for head in self.heads.values() if head.id == conversation_id)

    async def forget_turn(self, turn_id: int) -> Forgotten:
        return self._forget(turn for turn in self.kept.values() if turn.id == turn_id)

    async def delete_person(self, person_id: int) -> Forgotten:
        self.choices.pop(person_id, None)
        begun = self._delete(head for head in self.heads.values() if head.owner_id == person_id)
        said = self._forget(turn for turn in self.kept.values() if turn.person_id == person_id)
        for head in self.heads.values():
            head.stays.pop(person_id, None)
        return together(begun, said)

    async def delete_guild(self, guild_id: int) -> Forgotten:
        begun = self._delete(head for head in self.heads.values() if head.guild_id == guild_id)
        said = self._forget(turn for turn in self.kept.values() if turn.guild_id == guild_id)
        return together(begun, said)

    async def expire(self, batch: int = 200) -> Forgotten:
        del batch
        for turn_id, one in list(self.waiting.items()):
            if one.since <= self.now() - WAIT:
                del self.waiting[turn_id]
        done = self._delete(head for head in self.heads.values() if not self._lives(head.id))
        over = [turn for turn in self.kept.values() if self._is_over(turn)]
        done = together(done, self._forget(over))
        self.kept = {turn_id: self._view(turn) for turn_id, turn in self.kept.items()}
        self._drop_blobs()
        self._bound()
        return done

    async def _listed(
        self, chosen: Callable[[Head], bool], limit: int, offset: int
    ) -> tuple[Conversation, ...]:
        heads = [head for head in self.heads.values() if chosen(head)]
        heads.sort(key=lambda head: (head.last_at, head.id), reverse=True)
        listed = [await self.conversation(head.id) for head in heads]
        return tuple(one for one in listed if one is not None)[offset : offset + limit]


@dataclass
class MemoryCostStore:
    """A CostStore in memory."""

    kept: dict[str, Costs] = field(default_factory=dict)

    async def costs(self, model: str) -> Costs:
        return self.kept.get(model, Costs())

    async def learn(self, model: str, costs: Costs) -> None:
        before = self.kept.get(model, Costs())
        per_byte = costs.tokens_per_byte
        self.kept[model] = Costs(
            before.tokens_per_byte if per_byte is None else per_byte,
            {**(before.pictures or {}), **(costs.pictures or {})} or None,
        )
