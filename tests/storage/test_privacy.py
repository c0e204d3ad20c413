"""What is deleted is gone from the disk; what is sealed never was on it."""

import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain.conversation import Place, Retention, Turn
from bot.domain.ports import AnswerKey
from bot.domain.task import Parameters, TaskName
from bot.storage.answers import SqlAnswerStore
from bot.storage.conversation_tables import PictureBlobRow
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.housekeeping import expire_once
from bot.storage.posted import SqlPostedAnswerStore
from tests.storage.conversation_values import (
    DAY,
    GUEST,
    GUILD,
    OWNER,
    Talk,
    answer,
    asked,
    new_picture,
    source,
)
from tests.storage.fakes import HandClock, full_answer

PIECE = 16
"""Bytes that count as a trace of a picture."""


def word() -> str:
    """Make words that occur nowhere else, long enough for pages of their own."""
    return f"{secrets.token_hex(12)} " * 40


@dataclass
class Secrets:
    """What one person wrote and showed, and what was said to them."""

    question: str = field(default_factory=word)
    answer: str = field(default_factory=word)
    preface: str = field(default_factory=word)
    description: str = field(default_factory=word)
    recap: str = field(default_factory=word)
    file_name: str = field(default_factory=lambda: secrets.token_hex(12))
    token: str = field(default_factory=word)
    picture: bytes = field(default_factory=lambda: os.urandom(9000))
    cached: str = field(default_factory=word)
    """What another task had said of the very copy that the conversation has."""
    followed_up: str = field(default_factory=word)
    """What it had said of a copy of its own, as it is in life."""

    def traces(self, folder: Path) -> dict[str, set[str]]:
        """Return which of it lies in which files."""
        files = {file.name: file.read_bytes() for file in folder.iterdir()}
        pieces = [self.picture[at : at + PIECE] for at in range(0, len(self.picture), PIECE)]
        found: dict[str, set[str]] = {}
        for kind, value in vars(self).items():
            wanted = pieces if isinstance(value, bytes) else [value.split()[0].encode()]
            names = {
                name for name, content in files.items() if any(piece in content for piece in wanted)
            }
            if names:
                found[kind] = names
        return found


async def say(talk: Talk, hidden: Secrets, database: Database, turn: Turn) -> None:
    """Let everything of ``hidden`` happen to a turn."""
    shown = replace(
        new_picture(hidden.picture, hidden.file_name, hidden.description),
        place=Place.TOP,
        answered_as=secrets.token_hex(32),
    )
    (kept,) = await talk.store.attach(turn.id, [shown], preface=hidden.preface)
    window = await talk.store.open_window(
        turn.conversation_id, turn.depth + 1, hidden.recap, (kept.number,)
    )
    await talk.store.answered(turn.id, answer(hidden.answer), window_id=window.id, again=())
    answers = SqlAnswerStore(database, retention=365 * DAY, now=talk.clock)
    copies = [(shown.picture.sha256, hidden.cached), (shown.answered_as, hidden.followed_up)]
    for sha256, said in copies:
        key = AnswerKey(sha256, TaskName.DESCRIBE, 1, "ollama", "qwen3-vl:8b", Parameters())
        await answers.put(key, full_answer(said))


async def talked(talk: Talk, hidden: Secrets, database: Database, **asking: object) -> Turn:
    request = asked(hidden.question, sources=[source(hidden.file_name)], **asking)  # type: ignore[arg-type]
    address = replace(request.address, token=hidden.token, application_id=9)
    turn = await talk.ask(replace(request, address=address))
    await say(talk, hidden, database, turn)
    return turn


@dataclass
class Scene:
    """An open database with its store."""

    database: Database
    talk: Talk
    folder: Path

    async def flush(self) -> None:
        """Move everything into the file, so that it is not only the log that is searched."""
        assert await self.database.scrub()

    async def expire(self) -> None:
        await expire_once(
            self.database,
            SqlAnswerStore(self.database, retention=365 * DAY, now=self.talk.clock),
            SqlPostedAnswerStore(self.database, now=self.talk.clock),
            self.store,
        )

    @property
    def store(self) -> SqlConversationStore:
        assert isinstance(self.talk.store, SqlConversationStore)
        return self.talk.store


@pytest.fixture(params=["sqlite", "sealed_sqlite"])
def scene(request: pytest.FixtureRequest) -> Scene:
    database: Database = request.getfixturevalue(request.param)
    clock = HandClock()
    store = SqlConversationStore(
        database,
        longest=Retention(365 * DAY, 365 * DAY),
        picture_store_max_bytes=2**20,
        now=clock,
    )
    assert database.path is not None
    return Scene(database, Talk(store, clock), database.path.parent)


Way = Callable[[Scene, Turn], Awaitable[object]]


async def by_person(scene: Scene, turn: Turn) -> None:
    await scene.store.delete_person(OWNER)


async def by_server(scene: Scene, turn: Turn) -> None:
    await scene.store.delete_guild(GUILD)


async def by_conversation(scene: Scene, turn: Turn) -> None:
    await scene.store.delete(turn.conversation_id)


async def by_turn(scene: Scene, turn: Turn) -> None:
    await scene.store.forget_turn(turn.id)


async def by_time(scene: Scene, turn: Turn) -> None:
    scene.talk.clock.advance(days=31)
    await scene.expire()


WAYS = [by_person, by_server, by_conversation, by_turn, by_time]


@pytest.mark.parametrize("forget", WAYS)
@pytest.mark.parametrize("flushed", [False, True])
async def test_nothing_is_left_of_a_conversation(scene: Scene, forget: Way, flushed: bool) -> None:
    hidden, other = Secrets(), Secrets()
    turn = await talked(scene.talk, hidden, scene.database)
    scene.talk.text = scene.talk.pictures = 90 * DAY
    await talked(scene.talk, other, scene.database, person=GUEST, guild=None)
    if flushed:
        await scene.flush()
    seen = hidden.traces(scene.folder)
    assert seen.keys() == (set() if scene.database.seal.active else vars(hidden).keys())

    await forget(scene, turn)

    assert hidden.traces(scene.folder) == {}
    if not scene.database.seal.active:  # the token ends with the day, whatever else is deleted
        assert other.traces(scene.folder).keys() | {"token"} == vars(other).keys()


@pytest.mark.parametrize("forget", [by_person, by_turn])
async def test_nothing_is_left_of_what_a_person_said_in_anothers_conversation(
    scene: Scene, forget: Way
) -> None:
    hidden, others = Secrets(), Secrets()
    first = await talked(scene.talk, others, scene.database, person=GUEST)
    turn = await talked(scene.talk, hidden, scene.database, parent=first)
    last = await scene.talk.ask(parent=turn, person=GUEST)
    await scene.flush()

    await forget(scene, turn)

    assert hidden.traces(scene.folder) == {}
    assert [one.id for one in await scene.store.path(last.id)] == [first.id, turn.id, last.id]
    if not scene.database.seal.active:
        # A window that tells of the deleted turn goes, whoever else it tells of.
        assert others.traces(scene.folder).keys() == vars(others).keys()


@pytest.mark.parametrize("forget", [by_person, by_turn])
async def test_nothing_is_left_of_a_part_that_somebody_else_looked_at(
    scene: Scene, forget: Way
) -> None:
    hidden, others, talk = Secrets(), Secrets(), scene.talk
    first = await talked(talk, others, scene.database, person=GUEST)
    turn = await talk.ask(parent=first)
    (whole,) = await talk.show(turn)
    last = await talk.ask(parent=turn, person=GUEST)
    new = new_picture(hidden.picture, hidden.file_name, hidden.description)
    await talk.store.attach(last.id, [replace(new, part_of=whole.number, place=Place.TOP)])
    await scene.flush()
    kinds = {"picture", "file_name", "description"}
    assert hidden.traces(scene.folder).keys() == (set() if scene.database.seal.active else kinds)

    await forget(scene, turn)

    assert hidden.traces(scene.folder) == {}
    assert (await scene.store.path(last.id))[-1].pictures == ()


async def test_a_guests_words_end_on_the_disk_in_the_guests_own_time(scene: Scene) -> None:
    hidden = Secrets()
    first = await scene.talk.answered()
    scene.talk.text = DAY
    await talked(scene.talk, hidden, scene.database, parent=first, person=GUEST)
    await scene.flush()
    scene.talk.clock.advance(days=1)

    await scene.expire()

    assert hidden.traces(scene.folder) == {}
    assert await scene.store.turn(first.id) is not None


async def test_pictures_end_on_the_disk_before_words(scene: Scene) -> None:
    hidden = Secrets()
    await talked(scene.talk, hidden, scene.database)
    await scene.flush()
    scene.talk.clock.advance(days=7)

    await scene.expire()

    left = hidden.traces(scene.folder)
    assert not {"picture", "cached", "followed_up"} & left.keys()
    assert ("question" in left) is not scene.database.seal.active


async def test_a_picture_that_is_not_kept_is_never_on_the_disk(scene: Scene) -> None:
    hidden = Secrets()
    scene.talk.pictures = timedelta(0)
    turn = await scene.talk.ask()

    await scene.talk.show(turn, new_picture(hidden.picture, hidden.file_name))

    assert "picture" not in hidden.traces(scene.folder)


async def test_a_shared_picture_goes_with_the_last_conversation(scene: Scene) -> None:
    hidden = Secrets()
    one, two = await scene.talk.ask(), await scene.talk.ask(person=GUEST)
    for turn in (one, two):
        await scene.talk.show(turn, new_picture(hidden.picture))
    async with scene.database.reading() as session:
        (stored,) = await session.scalars(select(PictureBlobRow.data))
    on_disk = Secrets(picture=stored)
    await scene.flush()

    await scene.store.delete(one.conversation_id)

    kept = await scene.store.pictures(two.id)
    assert (await scene.store.load(kept))[1].frames[0].data == hidden.picture
    assert "picture" in on_disk.traces(scene.folder)
    await scene.store.delete(two.conversation_id)
    assert on_disk.traces(scene.folder) == {}


@pytest.mark.parametrize("forget", WAYS)
async def test_what_had_been_said_of_a_picture_goes_where_the_picture_was_never_kept(
    scene: Scene, forget: Way
) -> None:
    hidden = Secrets()
    scene.talk.pictures = timedelta(0)
    turn = await talked(scene.talk, hidden, scene.database)
    await scene.flush()
    assert ("followed_up" in hidden.traces(scene.folder)) is not scene.database.seal.active

    await forget(scene, turn)

    assert "followed_up" not in hidden.traces(scene.folder)


async def test_what_had_been_said_of_a_picture_stays_while_somebody_else_has_it(
    scene: Scene,
) -> None:
    answers = SqlAnswerStore(scene.database, retention=365 * DAY, now=scene.talk.clock)
    key = AnswerKey("a" * 64, TaskName.DESCRIBE, 1, "ollama", "qwen3-vl:8b", Parameters())
    await answers.put(key, full_answer())
    turns = [await scene.talk.ask(), await scene.talk.ask(person=GUEST)]
    for turn in turns:
        await scene.talk.show(turn, replace(new_picture(), answered_as=key.picture_sha256))

    await scene.store.delete(turns[0].conversation_id)

    assert await answers.get(key) is not None
    await scene.store.delete(turns[1].conversation_id)
    assert await answers.get(key) is None


@pytest.mark.parametrize("followed", [False, True])
async def test_nothing_is_left_of_an_answer_that_was_tried_again(
    scene: Scene, followed: bool
) -> None:
    older, newer, talk = Secrets(), Secrets(), scene.talk
    turn = await talked(talk, older, scene.database)
    follow_up = await talk.answered(parent=turn, person=GUEST) if followed else None
    again = await talked(talk, newer, scene.database, replaces=turn)
    await scene.flush()

    await talk.store.told(turn.id)
    await talk.store.told(again.id)

    if not scene.database.seal.active:
        assert ("answer" in older.traces(scene.folder)) is followed
        assert "answer" in newer.traces(scene.folder)
    await scene.store.forget_turn(again.id)
    assert older.traces(scene.folder) == newer.traces(scene.folder) == {}
    if follow_up is not None:
        assert (await talk.present(follow_up)).answer == follow_up.answer


async def test_what_was_pushed_out_of_the_store_is_gone(scene: Scene) -> None:
    hidden = Secrets()
    turn = await scene.talk.ask()
    await scene.talk.show(turn, new_picture(hidden.picture, "old"))
    scene.talk.clock.advance(minutes=1)
    small = SqlConversationStore(
        scene.database,
        longest=Retention(365 * DAY, 365 * DAY),
        picture_store_max_bytes=10_000,
        now=scene.talk.clock,
    )

    await small.attach(turn.id, [new_picture(os.urandom(9000), "new")])
    await scene.flush()

    assert "picture" not in hidden.traces(scene.folder)
