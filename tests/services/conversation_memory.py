"""What a store of conversations in memory holds, and how it lets go of it."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.domain.clock import utc_now
from bot.domain.conversation import (
    KeptFrame,
    KeptPicture,
    Pending,
    Retention,
    Turn,
    TurnState,
    Window,
)
from bot.domain.conversation_ports import Forgotten
from bot.domain.errors import Expired
from bot.domain.picture import Frame

MAX_DEPTH = 500
MAX_PICTURES = 100
WAIT = timedelta(days=1)
TOUCH_EVERY = timedelta(hours=1)
FOR_EVER = timedelta(days=3650)


@dataclass
class Stay:
    """Until when one person's part in one conversation is kept."""

    last_at: datetime
    text_until: datetime
    pictures_until: datetime


@dataclass
class Head:
    """A conversation without its turns."""

    id: int
    owner_id: int
    guild_id: int | None
    channel_id: int
    private: bool
    created_at: datetime
    last_at: datetime
    last_number: int = 0
    stays: dict[int, Stay] = field(default_factory=dict)


@dataclass
class Memory:
    """What is kept, as it is to be seen now, and how it is forgotten."""

    now: Callable[[], datetime] = utc_now
    longest: Retention = field(default_factory=lambda: Retention(FOR_EVER, FOR_EVER))
    picture_store_max_bytes: int = 2**31
    max_depth: int = MAX_DEPTH
    max_pictures: int = MAX_PICTURES
    heads: dict[int, Head] = field(default_factory=dict)
    kept: dict[int, Turn] = field(default_factory=dict)
    windows: dict[int, Window] = field(default_factory=dict)
    threads: dict[int, int] = field(default_factory=dict)
    waiting: dict[int, Pending] = field(default_factory=dict)
    choices: dict[int, Retention] = field(default_factory=dict)
    blobs: dict[str, tuple[datetime, bytes]] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def _speaker(self, parent: Turn | None, person_id: int) -> int:
        way = [] if parent is None else self._way(parent)
        known = {turn.person_id: turn.speaker for turn in way}
        return known.get(person_id, max((turn.speaker for turn in way), default=-1) + 1)

    def _way(self, turn: Turn) -> list[Turn]:
        way = [turn]
        while way[-1].parent_id is not None:
            way.append(self.kept[way[-1].parent_id])
        return way[::-1]

    def _of(self, conversation_id: int) -> list[Turn]:
        turns = [turn for turn in self.kept.values() if turn.conversation_id == conversation_id]
        return sorted(turns, key=lambda turn: turn.id)

    def _present(self, turn_id: int) -> Turn:
        """Return a turn that can be followed up, else raise Expired."""
        turn = self.kept.get(turn_id)
        if turn is None or not self._alive(turn) or self._is_over(turn):
            raise Expired
        return turn

    def _until(self, head: Head, person_id: int) -> Stay:
        stay = head.stays[person_id]
        return Stay(
            stay.last_at,
            min(stay.text_until, stay.last_at + max(self.longest.text, WAIT)),
            min(stay.pictures_until, stay.last_at + self.longest.pictures),
        )

    def _lives(self, conversation_id: int) -> bool:
        head = self.heads.get(conversation_id)
        return head is not None and self._until(head, head.owner_id).text_until > self.now()

    def _alive(self, turn: Turn) -> bool:
        return self._lives(turn.conversation_id)

    def _is_over(self, turn: Turn) -> bool:
        if turn.state is TurnState.FORGOTTEN or turn.person_id is None:
            return True
        head = self.heads[turn.conversation_id]
        return self._until(head, turn.person_id).text_until <= self.now()

    def _view(self, turn: Turn) -> Turn:
        """Return a turn without what is over."""
        if self._is_over(turn):
            return emptied(turn)
        assert turn.person_id is not None
        if (
            self._until(self.heads[turn.conversation_id], turn.person_id).pictures_until
            > self.now()
        ):
            return turn
        return replace(turn, pictures=tuple(replace(kept, frames=()) for kept in turn.pictures))

    def _change(self, turn_id: int, **values: object) -> None:
        turn = self.kept.get(turn_id)
        if turn is not None and turn.state is not TurnState.FORGOTTEN:
            self.kept[turn_id] = replace(turn, **values)  # type: ignore[arg-type]

    def _frame(self, kept: KeptFrame) -> Frame:
        used_at, data = self.blobs[kept.sha256]
        if used_at <= self.now() - TOUCH_EVERY:
            self.blobs[kept.sha256] = (self.now(), data)
        return Frame(data, kept.media_type, kept.width, kept.height, kept.at_seconds)

    def _move_threads(self, before: int, after: int | None) -> None:
        for thread_id, turn_id in list(self.threads.items()):
            if turn_id == before and after is None:
                del self.threads[thread_id]
            elif turn_id == before and after is not None:
                self.threads[thread_id] = after

    def _delete(self, heads: Iterable[Head]) -> Forgotten:
        done = Forgotten(0, 0, 0)
        for head in list(heads):
            turns = self._of(head.id)
            real = [turn for turn in turns if turn.state is not TurnState.FORGOTTEN]
            numbers = {kept.number for turn in real for kept in turn.pictures}
            questions = {turn.question_id for turn in real}
            done = together(done, Forgotten(1, len(questions), len(numbers)))
            for turn in turns:
                del self.kept[turn.id]
                self.waiting.pop(turn.id, None)
                self._move_threads(turn.id, None)
            self.windows = {
                window.id: window
                for window in self.windows.values()
                if window.conversation_id != head.id
            }
            del self.heads[head.id]
        self._drop_blobs()
        return done

    def _forget(self, turns: Iterable[Turn]) -> Forgotten:
        done = Forgotten(0, 0, 0)
        for turn_id in [turn.id for turn in turns]:
            turn = self.kept.get(turn_id)
            if turn is None or turn.state is TurnState.FORGOTTEN:
                continue
            pictures: set[int] = set()
            for one in reversed(self._tries(turn)):
                pictures |= self._leave(one)
            gone = turn.conversation_id not in self.heads
            done = together(done, Forgotten(int(gone), 1, len(pictures)))
            self._drop_outdone(turn.conversation_id)
        self._drop_blobs()
        return done

    def _leave(self, turn: Turn) -> set[int]:
        """Remove what a turn holds, and where nothing hangs on it the turn; return the pictures."""
        self.kept[turn.id] = emptied(turn)
        numbers = {kept.number for kept in turn.pictures} | self._forget_parts(turn)
        self.waiting.pop(turn.id, None)
        self._close_windows(turn)
        self._move_threads(turn.id, self._standing(turn.parent_id))
        self._prune(turn.id)
        return numbers

    def _tries(self, turn: Turn) -> list[Turn]:
        """Return all that is left of the tries of a turn's question."""
        return [
            one
            for one in self._of(turn.conversation_id)
            if one.question_id == turn.question_id and one.state is not TurnState.FORGOTTEN
        ]

    def _drop_outdone(self, conversation_id: int) -> None:
        """Remove the tries that a newer answer stands for and nothing hangs on."""
        parents = {turn.parent_id for turn in self.kept.values()}
        for turn in self._of(conversation_id):
            told = [one for one in self._tries(turn) if one.id not in self.waiting]
            answered = [one for one in told if one.state is TurnState.ANSWERED and one.id > turn.id]
            if turn in told and answered and turn.id not in parents:
                self._hand_over(turn, answered[-1])
                self._leave(turn)
                return self._drop_outdone(conversation_id)
        return None

    def _hand_over(self, turn: Turn, heir: Turn) -> None:
        """Let threads and the message that asked lead to another try."""
        self._move_threads(turn.id, heir.id)
        message_id = turn.question_message_id
        if message_id is not None and heir.question_message_id is None:
            self._change(heir.id, question_message_id=message_id)
        self._change(turn.id, question_message_id=None)

    def _close_windows(self, turn: Turn) -> None:
        """Remove the windows whose words may be of a turn that is forgotten."""
        gone = {
            window.id
            for window in self.windows.values()
            if window.conversation_id == turn.conversation_id and window.first_depth > turn.depth
        }
        self.windows = {key: value for key, value in self.windows.items() if key not in gone}
        for one in self._of(turn.conversation_id):
            follows = turn.id in {before.id for before in self._way(one)[:-1]}
            kept = replace(one, window_id=None) if one.window_id in gone else one
            if follows or one.window_id in gone:
                kept = replace(kept, prompt_tokens=None, answer_tokens=None)
            self.kept[one.id] = kept

    def _forget_parts(self, turn: Turn) -> set[int]:
        """Remove the parts of pictures that went with a turn; return their numbers."""
        left = self._of(turn.conversation_id)
        wholes = {kept.number for kept in turn.pictures}
        wholes -= {kept.number for one in left for kept in one.pictures}
        parts: set[int] = set()
        for kept in sorted((k for one in left for k in one.pictures), key=lambda k: k.number):
            if kept.part_of in wholes | parts:
                parts.add(kept.number)
        for one in left:
            rest = tuple(kept for kept in one.pictures if kept.number not in parts)
            self.kept[one.id] = replace(one, pictures=rest)
        return parts

    def _standing(self, turn_id: int | None) -> int | None:
        """Return the nearest turn on the way back that is not forgotten."""
        while turn_id is not None and self.kept[turn_id].state is TurnState.FORGOTTEN:
            turn_id = self.kept[turn_id].parent_id
        return turn_id

    def _prune(self, turn_id: int | None) -> Forgotten:
        """Remove forgotten turns that nothing hangs on, and a conversation without turns."""
        while turn_id is not None and self.kept[turn_id].state is TurnState.FORGOTTEN:
            if any(turn.parent_id == turn_id for turn in self.kept.values()):
                return Forgotten(0, 0, 0)
            turn = self.kept.pop(turn_id)
            turn_id = turn.parent_id
            if not self._of(turn.conversation_id):
                return self._delete([self.heads[turn.conversation_id]])
        return Forgotten(0, 0, 0)

    def _drop_blobs(self) -> None:
        used = {
            frame.sha256
            for turn in self.kept.values()
            for kept in self._view(turn).pictures
            for frame in kept.frames
        }
        self.blobs = {sha256: blob for sha256, blob in self.blobs.items() if sha256 in used}

    def _bound(self) -> None:
        oldest_first = sorted(self.blobs, key=lambda sha256: self.blobs[sha256][0])
        for sha256 in oldest_first:
            if sum(len(data) for _, data in self.blobs.values()) <= self.picture_store_max_bytes:
                return
            del self.blobs[sha256]


def origin(kept: KeptPicture) -> tuple[object, ...]:
    """Return what tells pictures of one turn apart, however often they are prepared."""
    source = kept.source
    url = source.url.partition("?")[0]
    return source.kind, source.message_id, source.item_id, url, kept.part_of, kept.place


def emptied(turn: Turn) -> Turn:
    """Return what is left of a turn that is forgotten."""
    return Turn(
        id=turn.id,
        conversation_id=turn.conversation_id,
        parent_id=turn.parent_id,
        depth=turn.depth,
        person_id=None,
        speaker=turn.speaker,
        guild_id=turn.guild_id,
        channel_id=turn.channel_id,
        private=turn.private,
        parameters=type(turn.parameters)(),
        created_at=turn.created_at,
        state=TurnState.FORGOTTEN,
        window_id=turn.window_id,
        engine=turn.engine,
        model=turn.model,
        answer_message_id=turn.answer_message_id,
    )


def together(one: Forgotten, other: Forgotten) -> Forgotten:
    return Forgotten(
        one.conversations + other.conversations,
        one.turns + other.turns,
        one.pictures + other.pictures,
    )
