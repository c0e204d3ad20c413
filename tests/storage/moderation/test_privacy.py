"""What moderation deleted is gone from the disk; what is sealed never was on it."""

import os
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bot.domain.conversation import Retention
from bot.domain.moderation.case import Appeal, Case, Decision, Report
from bot.domain.moderation.fingerprint import Fingerprint
from bot.domain.moderation.policy import CustomRule, Policy, PolicyChange
from bot.domain.moderation.upload import NewUpload, Screened
from bot.domain.picture import Frame
from bot.storage.answers import SqlAnswerStore
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.housekeeping import expire_once
from bot.storage.posted import SqlPostedAnswerStore
from tests.storage.fakes import attachment
from tests.storage.moderation.case_values import (
    CHANNEL,
    DAY,
    GUILD,
    MEMBER,
    MODERATOR,
    OTHER,
    Server,
    hashes_of,
)
from tests.storage.test_privacy import PIECE, word


def pixels() -> bytes:
    return os.urandom(9000)


@dataclass
class Secrets:
    """What members and moderators of a server wrote and showed."""

    blocked_word: str = field(default_factory=word)
    own_rule: str = field(default_factory=word)
    changed: str = field(default_factory=word)
    text: str = field(default_factory=word)
    file_name: str = field(default_factory=lambda: secrets.token_hex(12))
    code: str = field(default_factory=word)
    frame: bytes = field(default_factory=pixels)
    thumbnail: bytes = field(default_factory=pixels)
    evidence: str = field(default_factory=word)
    appeal: str = field(default_factory=word)
    reason: str = field(default_factory=word)

    OF_UPLOADS = frozenset({"text", "file_name", "code", "frame"})
    OF_A_PERSON = frozenset({"appeal", "reason"})

    def traces(self, folder: Path) -> set[str]:
        """Return which of it lies in any file: the database, its log, its shared memory."""
        data = b"".join(file.read_bytes() for file in folder.iterdir())
        found = set()
        for kind, value in vars(self).items():
            pieces = (
                [value[at : at + PIECE] for at in range(0, len(value), PIECE)]
                if isinstance(value, bytes)
                else [value.split()[0].encode()]
            )
            if any(piece in data for piece in pieces):
                found.add(kind)
        return found


@dataclass
class Scene:
    """A server over a file that is searched."""

    server: Server
    hidden: Secrets
    folder: Path

    @property
    def database(self) -> Database:
        return self.server.database

    @property
    def sealed(self) -> bool:
        return self.database.seal.active

    def left(self) -> set[str]:
        return self.hidden.traces(self.folder)

    async def housekeep(self) -> None:
        clock = self.server.clock
        await expire_once(
            self.database,
            SqlAnswerStore(self.database, retention=DAY, now=clock),
            SqlPostedAnswerStore(self.database, now=clock),
            SqlConversationStore(
                self.database, longest=Retention(DAY, DAY), picture_store_max_bytes=9, now=clock
            ),
            moderation=self.server.sql_keeper,
        )

    async def wait(self) -> int:
        """Let an upload wait for the model with everything that is spooled of it."""
        server, hidden = self.server, self.hidden
        new = NewUpload(
            key=secrets.token_hex(8),
            guild_id=GUILD,
            channel_id=CHANNEL,
            message_id=77,
            author_id=OTHER,
            ref=replace(attachment(), name=hidden.file_name),
            posted_at=server.clock(),
            text=hidden.text[:900],
        )
        await server.uploads.record_report([new], Report(MEMBER, hidden.reason, server.clock()))
        upload_id = 1
        spooled = Screened(
            fingerprint=Fingerprint("0" * 64, hashes_of(50)),
            frames=(Frame(hidden.frame, "image/png", 100, 100),),
            codes=(hidden.code,),
        )
        assert await server.uploads.spool(upload_id, spooled)
        return upload_id

    async def judge(self, upload_id: int) -> Case:
        case = await self.server.conclude(
            upload_id, evidence=self.hidden.evidence, thumbnail=self.hidden.thumbnail, picture=50
        )
        appeal = Appeal(OTHER, self.hidden.appeal[:900], self.server.clock())
        assert await self.server.cases.appeal(case.id, appeal)
        return case


@pytest.fixture(params=["sqlite", "sealed_sqlite"])
def opened(request: pytest.FixtureRequest) -> Database:
    database: Database = request.getfixturevalue(request.param)
    return database


@pytest.fixture
async def scene(opened: Database) -> Scene:
    assert opened.path is not None
    scene = Scene(Server(opened), Secrets(), opened.path.parent)
    hidden = scene.hidden
    policy = Policy(
        enabled=True,
        dry_run=False,
        blocked_words=(hidden.blocked_word,),
        custom_rules=(CustomRule(1, hidden.own_rule),),
        next_custom_number=2,
    )
    change = PolicyChange(MODERATOR, "custom", "", hidden.changed)
    await scene.server.policies.save(GUILD, policy, [change])
    return scene


async def test_a_verdict_erases_what_was_spooled(scene: Scene) -> None:
    upload_id = await scene.wait()
    assert (scene.left() >= Secrets.OF_UPLOADS) is not scene.sealed

    await scene.judge(upload_id)
    scene.server.clock.advance(minutes=1)
    await scene.housekeep()

    left = scene.left()
    assert not left & Secrets.OF_UPLOADS
    assert left == (set() if scene.sealed else vars(scene.hidden).keys() - Secrets.OF_UPLOADS)


async def test_an_hour_later_the_next_verdict_is_erased_as_well(scene: Scene) -> None:
    await scene.housekeep()
    scene.server.clock.advance(hours=1)
    await scene.judge(await scene.wait())
    scene.server.clock.advance(minutes=1)

    await scene.housekeep()

    assert not scene.left() & Secrets.OF_UPLOADS


Way = Callable[[Scene], Awaitable[object]]


async def by_server(scene: Scene) -> None:
    await scene.server.keeper.delete_guild(GUILD)


async def by_time(scene: Scene) -> None:
    """The policy stays: it is the moderators' own until they leave."""
    scene.server.clock.advance(days=30)
    await scene.housekeep()


@pytest.mark.parametrize("flushed", [False, True])
@pytest.mark.parametrize(
    ("forget", "stays"),
    [(by_server, set[str]()), (by_time, {"blocked_word", "own_rule"})],
)
async def test_nothing_is_left_of_cases(
    scene: Scene, forget: Way, stays: set[str], flushed: bool
) -> None:
    case = await scene.judge(await scene.wait())
    await scene.server.decide(case, Decision.BLOCK)
    if flushed:
        assert await scene.database.scrub()

    await forget(scene)

    assert scene.left() == (set() if scene.sealed else stays)


async def test_nothing_is_left_of_a_server_whose_uploads_wait(scene: Scene) -> None:
    await scene.wait()
    await by_server(scene)
    assert scene.left() == set()


async def test_nothing_is_left_of_what_a_person_wrote(scene: Scene) -> None:
    case = await scene.judge(await scene.wait())
    for person in (MEMBER, OTHER):
        await scene.server.keeper.delete_person(person)

    left = scene.left()

    assert not left & Secrets.OF_A_PERSON
    assert ("evidence" in left) is not scene.sealed
    kept = await scene.server.cases.get(case.id)
    assert kept is not None
    assert (kept.appeals, kept.reports) == ((), ())


async def test_the_hashes_of_a_removed_picture_are_gone(scene: Scene) -> None:
    case = await scene.judge(await scene.wait())
    await scene.server.decide(case, Decision.BLOCK)
    (blocked,) = [
        entry for entry in (await scene.server.bank.changes(GUILD, 0)).added if entry.added_by
    ]
    packed = b"".join(one.to_bytes(8, "big") for one in blocked.views.hashes)
    scene.server.clock.advance(days=30)
    await scene.housekeep()
    assert packed in scene.folder.joinpath(str(scene.database.path)).read_bytes()

    await scene.server.bank.remove(GUILD, [blocked.id])
    scene.server.clock.advance(minutes=1)
    await scene.database.scrub_thoroughly()

    assert packed not in b"".join(file.read_bytes() for file in scene.folder.iterdir())
