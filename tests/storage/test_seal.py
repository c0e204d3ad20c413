"""Sealing: keys, rotation, and rows that no key opens."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update
from structlog.testing import capture_logs

from bot.config import load_config
from bot.domain.conversation import Retention, Turn, TurnState
from bot.domain.errors import ConfigError
from bot.domain.moderation.case import Appeal, Report
from bot.domain.moderation.policy import Policy, PolicyChange
from bot.storage.answers import SqlAnswerStore
from bot.storage.conversation_tables import PictureBlobRow, TurnRow
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.moderation.cases import SqlCaseStore
from bot.storage.moderation.policies import SqlPolicyStore
from bot.storage.posted import SqlPostedAnswerStore
from bot.storage.reseal import reseal
from bot.storage.seal import SEALED, Seal
from tests.app.command import bot
from tests.storage.conftest import new_key
from tests.storage.conversation_values import DAY, LONGEST, Talk, new_picture
from tests.storage.fakes import HandClock, answer_key, full_answer, posted_answer
from tests.storage.moderation.values import ANNE, BERT, GUILD, MODERATOR, Desk, screened, upload

OLD, NEW = new_key(), new_key()

SEALS = [Seal(), Seal([OLD]), Seal([NEW, OLD])]


@given(st.binary(max_size=300), st.sampled_from(SEALS))
def test_what_is_sealed_comes_back(data: bytes, seal: Seal) -> None:
    stored = seal.seal(data)

    assert seal.open(stored) == data
    assert stored.startswith(SEALED) is seal.active
    assert len(stored) <= len(data) + 80


@given(st.text(st.characters(), max_size=50), st.sampled_from(SEALS))
def test_words_come_back_even_broken_ones(words: str, seal: Seal) -> None:
    assert seal.open_text(seal.seal_text(words)) == words
    assert seal.open_json(seal.seal_json({"words": words})) == {"words": words}


def test_what_is_sealed_does_not_show() -> None:
    assert b"hunter2" not in Seal([OLD]).seal(b"hunter2")


@given(st.binary(max_size=200))
def test_what_is_no_sealed_value_opens_to_nothing_or_itself(stored: bytes) -> None:
    opened = Seal([OLD]).open(stored)

    assert opened == (stored[1:] if stored[:1] == b"\x00" else None)


@given(st.integers(0, 200), st.integers(1, 255))
def test_a_changed_value_does_not_open(place: int, change: int) -> None:
    stored = bytearray(Seal([OLD]).seal(b"words " * 10))
    stored[place % len(stored)] ^= change

    assert Seal([OLD]).open(bytes(stored)) in (None, bytes(stored[1:]))


def test_keys_can_be_introduced_and_changed() -> None:
    plain, first, second = Seal(), Seal([OLD]), Seal([NEW, OLD])
    before, sealed = plain.seal(b"words"), first.seal(b"words")

    assert first.open(before) == second.open(before) == second.open(sealed) == b"words"
    assert plain.open(sealed) is Seal([NEW]).open(sealed) is None
    for stored in (before, sealed):
        renewed = second.renewed(stored)
        assert renewed is not None
        assert Seal([NEW]).open(renewed) == b"words"
        assert second.renewed(renewed) is None
    assert Seal([NEW]).renewed(sealed) is None


@pytest.mark.parametrize(
    "key",
    ["", "hunter2", "a" * 44, OLD[:-2], OLD + "AAAA", "ключ"],
    ids=["empty", "password", "letters", "short", "long", "not ascii"],
)
def test_a_malformed_key_is_refused_in_words(key: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        Seal([OLD, key])

    (problem,) = refusal.value.problems
    assert problem.startswith("storage.encryption_keys: entry 2 is not a key")
    assert "secrets.token_bytes(32)" in problem
    assert not key or key not in problem


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)

    Seal()
    with pytest.raises(ConfigError, match="extra 'encryption'"):
        Seal([OLD])


def test_keys_come_from_the_environment_and_are_not_shown() -> None:
    config = load_config(env={"LOOKOUT_STORAGE__ENCRYPTION_KEYS": f"{NEW}, {OLD}"})

    keys = [key.get_secret_value() for key in config.storage.encryption_keys]
    assert keys == [NEW, OLD]
    assert NEW not in f"{config!r} {config.storage} {config.model_dump_json()}"


class House:
    """One database file, opened with different keys."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = HandClock()
        self.filled = 0

    def open(self, *keys: str) -> Database:
        return Database(f"sqlite:///{self.path}", encryption_keys=keys)

    def store(self, database: Database) -> SqlConversationStore:
        longest = Retention(365 * DAY, 365 * DAY)
        return SqlConversationStore(
            database, longest=longest, picture_store_max_bytes=2**20, now=self.clock
        )

    async def fill(self, *keys: str) -> Turn:
        """Put something into every sealed column."""
        async with self.open(*keys) as database:
            await database.upgrade()
            talk = Talk(self.store(database), self.clock)
            turn = await talk.ask(token="secret")
            await talk.show(turn, new_picture(b"bytes", description="a cat"))
            await talk.store.open_window(turn.conversation_id, 1, "recap", ())
            await SqlAnswerStore(database, retention=DAY, now=self.clock).put(
                answer_key(), full_answer()
            )
            posted = posted_answer(turn.id, now=self.clock())
            await SqlPostedAnswerStore(database, now=self.clock).add(posted)
            await self.fill_moderation(database)
            return await talk.present(turn)

    async def fill_moderation(self, database: Database) -> None:
        self.filled += 1
        desk, first = Desk(database, self.clock), 10 * self.filled
        change = PolicyChange(MODERATOR, "enabled", "False", "True")
        await SqlPolicyStore(database, clock=self.clock).save(GUILD, Policy(), [change])
        report = Report(BERT, "a scam", self.clock())
        reported = upload(first, prefix="r:")
        await desk.uploads.record_report([reported], report)
        await desk.uploads.spool(await desk.id_of(reported.key), screened())
        case = await desk.opened(first + 1)
        appeal = Appeal(ANNE, "it was a joke", self.clock())
        assert await SqlCaseStore(database, clock=self.clock).appeal(case.id, appeal)

    async def reseal(self, *keys: str) -> dict[str, tuple[int, int]]:
        async with self.open(*keys) as database:
            await database.upgrade()
            done = await reseal(database)
        return {table.table: (table.sealed, table.unreadable) for table in done}

    async def check(self, turn: Turn, *keys: str) -> None:
        """See that everything that ``fill`` kept can be read."""
        async with self.open(*keys) as database:
            await database.upgrade()
            store = self.store(database)
            assert await store.turn(turn.id) == turn
            assert (await store.load(turn.pictures))[1].frames[0].data == b"bytes"
            window = await store.window(1)
            assert window is not None
            assert window.recap == "recap"
            (waiting,) = await store.pending()
            assert waiting.address.token == "secret"
            answers = SqlAnswerStore(database, retention=DAY, now=self.clock)
            assert await answers.get(answer_key()) is not None
            posted = SqlPostedAnswerStore(database, now=self.clock)
            assert await posted.get(turn.id) is not None
            desk, first = Desk(database, self.clock), 10 * self.filled
            reported = await desk.id_of(upload(first, prefix="r:").key)
            assert await desk.uploads.spooled(reported) == screened()
            case = (await desk.cases())[-1]
            assert case.thumbnail == b"thumbnail of %d" % (first + 1)
            assert [appeal.text for appeal in case.appeals] == ["it was a joke"]


@pytest.fixture
def house(tmp_path: Path, migrated_sqlite: Path) -> House:
    path = tmp_path / "lookout.sqlite3"
    path.write_bytes(migrated_sqlite.read_bytes())
    return House(path)


EVERYTHING = {
    "turn": 3,
    "turn_picture": 2,
    "conversation_window": 1,
    "pending_reply": 1,
    "posted_answer": 2,
    "answer": 1,
    "picture_blob": 1,
    "upload": 3,
    "upload_frame": 3,
    "report": 1,
    "policy": 1,
    "policy_change": 1,
    "moderation_case": 2,
    "appeal": 1,
}


@pytest.mark.parametrize("before", [(), (OLD,)])
async def test_everything_is_sealed_anew_with_the_first_key(
    house: House, before: Sequence[str]
) -> None:
    turn = await house.fill(*before)

    done = await house.reseal(NEW, *before)

    assert done == {table: (count, 0) for table, count in EVERYTHING.items()}
    await house.check(turn, NEW)
    assert set((await house.reseal(NEW)).values()) == {(0, 0)}
    assert b"a cat" not in house.path.read_bytes()
    assert b"cat.png" not in house.path.read_bytes()
    assert b"cdn.discordapp.com" not in house.path.read_bytes()


async def test_sealing_anew_goes_on_where_it_was_interrupted(house: House) -> None:
    turn = await house.fill(OLD)
    async with house.open(NEW, OLD) as database, database.writing() as session:
        await session.execute(update(TurnRow).values(answer=Seal([NEW]).seal_text("")))

    done = await house.reseal(NEW, OLD)

    assert done["turn"] == (2, 0)
    await house.check(turn, NEW)


async def test_sealing_anew_leaves_what_no_key_opens(house: House) -> None:
    await house.fill(OLD)
    await house.fill(NEW, OLD)

    done = await house.reseal(NEW)

    assert done["turn"] == (0, 3)
    assert done["picture_blob"] == (0, 1)  # kept once, by whoever came first
    assert done["answer"] == (0, 0)  # the newer answer replaced the older


async def test_sealing_anew_without_a_key_is_refused(house: House) -> None:
    await house.fill()

    with pytest.raises(ConfigError, match=r"encryption_keys: is not set"):
        await house.reseal()


@pytest.mark.parametrize("keys", [(), (NEW,)])
async def test_keys_that_open_nothing_are_refused_at_the_start(
    house: House, keys: Sequence[str]
) -> None:
    turn = await house.fill(OLD)

    async with house.open(*keys) as database:
        with pytest.raises(ConfigError, match=r"encryption_keys: .* no key that is set opens it"):
            await database.upgrade()
    await house.check(turn, NEW, OLD)


async def test_keys_are_checked_and_changed_on_every_database(empty_url: str) -> None:
    clock = HandClock()

    def store(database: Database) -> SqlConversationStore:
        return SqlConversationStore(
            database, longest=LONGEST, picture_store_max_bytes=2**20, now=clock
        )

    async with Database(empty_url, encryption_keys=[OLD]) as database:
        await database.upgrade()
        talk = Talk(store(database), clock)
        turn = await talk.ask()
        kept = await talk.show(turn)
    async with Database(empty_url, encryption_keys=[NEW]) as database:
        with pytest.raises(ConfigError, match="no key that is set opens it"):
            await database.upgrade()
    async with Database(empty_url, encryption_keys=[NEW, OLD]) as database:
        await database.upgrade()
        assert sum(table.sealed for table in await reseal(database)) == 6
    async with Database(empty_url, encryption_keys=[NEW]) as database:
        await database.upgrade()
        assert await store(database).turn(turn.id) == replace(turn, pictures=kept)
        assert list(await store(database).load(kept)) == [1]


@pytest.mark.parametrize("keys", [(), (NEW,)])
async def test_an_unsealed_or_empty_database_opens_with_any_keys(
    house: House, keys: Sequence[str]
) -> None:
    async with house.open(*keys) as database:
        await database.upgrade()
    turn = await house.fill()
    await house.check(turn, *keys)


async def test_what_no_key_opens_is_as_good_as_gone(house: House) -> None:
    old = await house.fill(OLD)
    new = await house.fill(NEW, OLD)
    async with house.open(NEW) as database:
        await database.upgrade()
        store = house.store(database)
        with capture_logs() as logs:
            for _ in range(2):
                present = await store.turn(old.id)
                assert present is not None
                assert (present.state, present.question) == (TurnState.FORGOTTEN, "")
                assert await store.window(1) is None
                assert await store.load(old.pictures) == {}
                assert await SqlPostedAnswerStore(database, now=house.clock).get(old.id) is None
        tokens = {one.turn.id: one.address.token for one in await store.pending()}

        assert (await store.turn(new.id)) == new
        assert tokens == {old.id: None, new.id: "secret"}
        listed = await store.conversation(old.conversation_id)
        assert listed is not None
        assert listed.title == ""
    said = sorted((entry["kind"], entry["log_level"]) for entry in logs)
    kinds = ["picture_blob", "posted_answer", "turn", "turn_picture", "window"]
    assert said == [(kind, "warning") for kind in kinds]


async def test_links_that_no_key_opens_keep_no_expiry_waiting(house: House) -> None:
    turn = await house.fill(OLD)
    house.clock.advance(days=2)
    async with house.open(NEW) as database:
        store = SqlPostedAnswerStore(database, now=house.clock)
        assert await store.expire() == 0
    async with house.open(OLD) as database:
        posted = await SqlPostedAnswerStore(database, now=house.clock).get(turn.id)
    assert posted is not None
    assert [source.name for source in posted.sources] == ["cat.png"]


async def test_a_still_whose_bytes_changed_is_as_good_as_gone(house: House) -> None:
    turn = await house.fill()
    async with house.open() as database:
        async with database.writing() as session:
            await session.execute(update(PictureBlobRow).values(data=Seal().seal(b"other")))

        assert await house.store(database).load(turn.pictures) == {}


async def test_with_keys_every_sealed_column_is_sealed(house: House) -> None:
    await house.fill(OLD)
    async with house.open(OLD) as database, database.reading() as session:
        for table, columns in (
            ("turn", "words, answer, parameters"),
            ("turn_picture", "source, description"),
            ("conversation_window", "recap"),
            ("pending_reply", "token"),
            ("posted_answer", "parameters, sources"),
            ("answer", "body"),
            ("picture_blob", "data"),
        ):
            rows = (await session.execute(text(f"SELECT {columns} FROM {table}"))).all()
            assert rows
            assert all(value.startswith(SEALED) for row in rows for value in row)


async def test_the_command_seals_everything_and_says_how_much(tmp_path: Path) -> None:
    path = tmp_path / "data" / "lookout.sqlite3"
    path.parent.mkdir()
    house = House(path)
    turn = await house.fill()
    env = {"LOOKOUT_STORAGE__ENCRYPTION_KEYS": NEW}

    first = await bot("db", "reseal", folder=tmp_path, env=env)
    second = await bot("db", "reseal", folder=tmp_path, env=env)
    without = await bot("db", "reseal", folder=tmp_path)

    assert (first.code, second.code) == (0, 0), first.err + second.err
    assert "turn: 3 sealed anew\n" in first.out
    assert first.out.endswith("23 values sealed anew with the first key.\n")
    assert second.out.endswith("0 values sealed anew with the first key.\n")
    assert without.code == 3
    assert "storage.encryption_keys" in without.err
    await house.check(turn, NEW)
