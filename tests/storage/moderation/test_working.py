"""The whole road of uploads over real databases: workers, processes that die, raids."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from sqlalchemy import func, select

from bot.domain.errors import EngineUnavailable
from bot.domain.moderation.assessment import Outcome
from bot.domain.moderation.case import ActionKind, Case, CaseState, Decision, DecisionRequest
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.ports import Card, CaseQuery
from bot.domain.moderation.upload import NewUpload
from bot.media.bank import MemoryBank
from bot.services.moderation.assessing import Assessing
from bot.services.moderation.intake import Intake
from bot.services.moderation.moderation import Moderation, Pace
from bot.services.moderation.policies import Policies
from bot.storage.database import Database
from bot.storage.moderation.bank import SqlBankStore
from bot.storage.moderation.cases import SqlCaseStore
from bot.storage.moderation.jobs import SqlJobQueue
from bot.storage.moderation.policies import SqlPolicyStore
from bot.storage.moderation.uploads import SqlUploadStore
from bot.storage.moderation_tables import JobRow, UploadFrameRow, UploadRow
from bot.vision.gate import Gate, Limits
from tests.services.fakes import FakeAnswers, FakeFetcher
from tests.services.moderation.fakes import (
    GUILD,
    STRICT,
    FakeEnforcer,
    FakeEngine,
    FakeExaminer,
    NoKeeper,
    new_upload,
)

QUICK = Pace(claim_wait_seconds=0.05, grace_seconds=0.0)


@dataclass
class Colleague(FakeEngine):
    """Answers nothing before its colleagues were asked something, too."""

    colleagues: list["Colleague"] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)

    async def think(self) -> None:
        self.begun.set()
        for colleague in self.colleagues:
            await colleague.begun.wait()


@dataclass
class Site:
    """One process: its own queue, stores and fakes, over a database that others may share."""

    database: Database
    engine: FakeEngine = field(default_factory=lambda: FakeEngine(seconds=0.001))
    enforcer: FakeEnforcer = field(default_factory=FakeEnforcer)
    pace: Pace = QUICK
    queue: SqlJobQueue = field(init=False)
    moderation: Moderation = field(init=False)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Moderation]:
        """Open the queue and what hangs on it; nothing works yet."""
        async with SqlJobQueue(self.database, poll_seconds=0.05) as queue:
            self.queue = queue
            uploads = SqlUploadStore(self.database, woken=queue.wake)
            bank_store = SqlBankStore(self.database)
            gate = Gate(parallel=2, queue_limit=100, limits=Limits())
            policies = Policies(SqlPolicyStore(self.database))
            self.moderation = Moderation(
                policies=policies,
                uploads=uploads,
                cases=SqlCaseStore(self.database, woken=queue.wake),
                bank_store=bank_store,
                bank=MemoryBank(bank_store),
                examiner=FakeExaminer(),
                intake=Intake(uploads),
                assessing=Assessing(self.engine, gate, FakeAnswers()),
                queue=queue,
                keeper=NoKeeper(),
                fetcher=FakeFetcher(),
                gate=gate,
                engine=self.engine,
                pace=self.pace,
            )
            yield self.moderation

    @asynccontextmanager
    async def working(self) -> AsyncIterator[Moderation]:
        """Work for the length of the block, and to the end of what is queued."""
        async with self.open() as moderation:
            await moderation.start(self.enforcer)
            try:
                yield moderation
                await moderation.idle()
            finally:
                await moderation.stop()


async def _policy(database: Database) -> None:
    await SqlPolicyStore(database).save(GUILD, STRICT, ())


def _posted(*names: str) -> list[NewUpload]:
    """Return uploads of as many people in as many messages."""
    return [
        replace(
            new_upload(name, author_id=300 + number, posted_at=datetime.now(UTC)),
            message_id=1000 + number,
        )
        for number, name in enumerate(names)
    ]


async def _outcomes(database: Database) -> Counter[Outcome | None]:
    async with database.reading() as session:
        return Counter((await session.scalars(select(UploadRow.outcome))).all())


async def _nothing_is_left(database: Database) -> bool:
    async with database.reading() as session:
        rows = [
            await session.scalar(select(func.count()).select_from(table))
            for table in (JobRow, UploadFrameRow)
        ]
    return rows == [0, 0]


async def _cases(database: Database) -> Sequence[Case]:
    return (await SqlCaseStore(database).find(CaseQuery(GUILD), limit=100))[1]


async def test_every_upload_ends_once_and_nothing_of_it_is_left(database: Database) -> None:
    await _policy(database)
    site = Site(database)
    async with site.working() as moderation:
        await moderation.intake.accept(
            _posted(*(f"cat{number}" for number in range(20)), "bad", "qr-login", "special")
        )
    assert await _outcomes(database) == {
        Outcome.CLEAN: 20,
        Outcome.ACTED: 2,
        Outcome.SPECIAL: 1,
    }
    assert await _nothing_is_left(database)
    cases = await _cases(database)
    assert len(cases) == 3
    assert all(case.card_version == case.version for case in cases)
    kinds = Counter(action.kind for action in site.enforcer.done)
    assert kinds[ActionKind.DELETE] == 3
    special = next(case for case in cases if case.special)
    assert special.thumbnail is None
    assert not any(finding.evidence for finding in special.findings)


async def test_a_raid_is_one_case_with_one_card_and_hardly_asks_the_model(
    database: Database,
) -> None:
    async def is_slow(case: Case) -> Card:
        """All that can be done meanwhile is done."""
        while any(kind is not JobKind.CARD for kind, _ in await site.queue.counts()):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)
        return Card(1, case.number)

    await _policy(database)
    site = Site(database, enforcer=FakeEnforcer(on_draw=is_slow))
    async with site.working() as moderation:
        await moderation.intake.accept(_posted(*(f"bad#{number}" for number in range(15))))
        await moderation.idle()
        await moderation.intake.accept(
            [replace(one, key=f"{one.key}+") for one in _posted(*(f"bad#{n}" for n in range(5)))]
        )
    (case,) = await _cases(database)
    assert case.sighting_count == 20
    assert case.people_count == 15
    assert case.card_version == case.version
    assert len(site.enforcer.drawn) <= 4
    assert len(site.engine.asked) < 8
    deleted = {one.message_id for one in site.enforcer.done if one.kind is ActionKind.DELETE}
    assert len(deleted) == 15
    assert await _nothing_is_left(database)


async def test_a_moderator_s_decision_is_carried_out_on_everybody(database: Database) -> None:
    await SqlPolicyStore(database).save(GUILD, replace(STRICT, dry_run=True), ())
    site = Site(database)
    async with site.working() as moderation:
        await moderation.intake.accept(_posted("bad#1", "bad#2", "bad#3"))
        await moderation.idle()
        assert not site.enforcer.done
        (case,) = await _cases(database)
        decided = await moderation.cases.decide(
            DecisionRequest(case.id, GUILD, moderator_id=5, decision=Decision.BLOCK)
        )
        assert decided is not None
        assert decided.fresh
        await moderation.idle()
        await moderation.intake.accept(_posted("x", "x", "x", "bad#4")[3:])
    kinds = Counter(action.kind for action in site.enforcer.done)
    assert kinds[ActionKind.DELETE] == 3
    case = next(one for one in await _cases(database) if one.id == case.id)
    assert case.state is CaseState.DECIDED
    assert case.card_version == case.version
    assert await _nothing_is_left(database)


async def test_a_process_that_dies_anywhere_leaves_one_verdict_each(database: Database) -> None:
    """It is stopped without a grace at many moments; whatever it held is taken up again."""
    await _policy(database)
    names = [f"{'bad' if number % 3 else 'cat'}{number}" for number in range(12)]
    enforcer = FakeEnforcer()
    async with Site(database).open() as moderation:
        await moderation.intake.accept(_posted(*names))
    for turn in range(5):
        site = Site(database, enforcer=enforcer)
        async with site.open() as moderation:
            await moderation.start(enforcer)
            for _ in range(10 * turn):
                await asyncio.sleep(0)
            await moderation.stop()
    async with Site(database, enforcer=enforcer).working():
        pass
    assert await _outcomes(database) == {Outcome.CLEAN: 4, Outcome.ACTED: 8}
    assert await _nothing_is_left(database)
    cases = await _cases(database)
    assert len(cases) == 8
    assert all(case.card_version == case.version for case in cases)


async def test_several_processes_share_the_work_and_each_upload_has_one_verdict(
    postgresql: Database,
) -> None:
    await _policy(postgresql)
    here = Site(postgresql, pace=replace(QUICK, judge_parallel=0))
    engines = [Colleague(), Colleague()]
    workers = [Site(postgresql, engine=engine) for engine in engines]
    for engine in engines:
        engine.colleagues = engines
    async with workers[0].open() as first, workers[1].open() as second:
        await first.start_judging()
        await second.start_judging()
        async with here.working() as moderation:
            await moderation.intake.accept(
                _posted(*(f"{'bad' if number % 4 == 0 else 'cat'}{number}" for number in range(16)))
            )
        await first.stop()
        await second.stop()
    assert await _outcomes(postgresql) == {Outcome.CLEAN: 12, Outcome.ACTED: 4}
    assert await _nothing_is_left(postgresql)
    assert not here.engine.asked
    assert sum(len(engine.asked) for engine in engines) == 16


async def test_an_outage_keeps_prepared_pictures_and_ends_them_all_afterwards(
    database: Database,
) -> None:
    await _policy(database)
    site = Site(database, engine=FakeEngine(seconds=0.001, error=EngineUnavailable()))
    async with site.open() as moderation:
        await moderation.start(site.enforcer)
        await moderation.intake.accept(_posted(*(f"cat{number}" for number in range(10))))
        while not site.engine.asked:  # noqa: ASYNC110 - nothing tells when it is asked
            await asyncio.sleep(0.01)
        await moderation.stop()
        async with database.reading() as session:
            kinds = Counter((await session.scalars(select(JobRow.kind))).all())
            attempts = await session.scalar(select(func.max(JobRow.attempts)))
        assert not await _outcomes(database) - Counter({None: 10})
    assert kinds.keys() <= {JobKind.JUDGE, JobKind.SCREEN}
    assert attempts == 0
    async with database.writing() as session:
        for row in (await session.scalars(select(JobRow))).all():
            row.run_at = datetime.now(UTC)  # the next try is due
    async with Site(database).working():
        pass
    assert await _outcomes(database) == {Outcome.CLEAN: 10}
    assert await _nothing_is_left(database)
