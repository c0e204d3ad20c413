"""The way in: nothing that was heard is lost while the database is away."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from bot.domain.errors import RateLimited, StorageFailed
from bot.domain.moderation.case import Report
from bot.domain.moderation.policy import Policy
from bot.domain.moderation.upload import Cursor, NewUpload, Subject
from bot.services.moderation.intake import (
    MAX_UPLOADS_TOGETHER,
    MAX_WAITING_UPLOADS,
    RETRY_SECONDS,
    Intake,
)
from bot.services.moderation.policies import Policies
from tests.services.moderation.fakes import CHANNEL, GUILD, STRICT, Office, new_upload
from tests.services.moderation.memory import MemoryCases, MemoryPolicies, MemoryUploads
from tests.services.moderation.memory_queue import MemoryQueue, Outage
from tests.services.moderation.virtual import virtual_now, virtually


def _cursor(message_id: int, channel_id: int = CHANNEL) -> Cursor:
    return Cursor(GUILD, channel_id, message_id)


def test_what_is_posted_is_recorded_once_with_how_far_its_channel_was_heard() -> None:
    async def scenario() -> None:
        office = Office()
        intake = office.moderation.intake
        await intake.accept([new_upload("a"), new_upload("b")], _cursor(5))
        assert len(office.uploads.uploads) == 2
        await intake.accept([new_upload("b"), new_upload("c")], _cursor(6))
        await intake.accept([], _cursor(7))
        await intake.accept([])
        assert len(office.uploads.uploads) == 3
        assert office.uploads.moved == {CHANNEL: 7}

    virtually(scenario())


def test_what_is_posted_while_the_database_is_away_is_recorded_in_order_once_it_is_back() -> None:
    async def scenario() -> None:
        office = Office()
        intake = office.moderation.intake
        office.outage.reason = "locked"
        for number in range(10):
            await intake.accept([new_upload(f"cat{number}")], _cursor(number))
            await intake.accept([], _cursor(number + 100))
            await asyncio.sleep(1)
        assert not office.uploads.uploads
        office.outage.reason = None
        await intake.accept([new_upload("last")], _cursor(500))
        await asyncio.sleep(2 * RETRY_SECONDS)
        names = [upload.new.ref.name for upload in office.uploads.uploads.values()]
        assert names == [*(f"cat{number}" for number in range(10)), "last"]
        assert office.uploads.moved == {CHANNEL: 500}
        await intake.close()

    virtually(scenario())


def test_where_too_much_waits_the_channel_is_caught_up_on_at_the_next_start() -> None:
    async def scenario() -> None:
        office = Office()
        intake = office.moderation.intake
        office.outage.reason = "full"
        many = [new_upload(f"cat{number}") for number in range(MAX_WAITING_UPLOADS)]
        await intake.accept(many, _cursor(1))
        await intake.accept([new_upload("too much")], _cursor(2))
        await intake.accept([], _cursor(3, channel_id=8))
        office.outage.reason = None
        await asyncio.sleep(2 * RETRY_SECONDS)
        await intake.accept([new_upload("later")], _cursor(4))
        assert len(office.uploads.uploads) == MAX_WAITING_UPLOADS + 1
        assert office.uploads.moved == {8: 3}
        await intake.close()

    virtually(scenario())


@dataclass
class SlowUploads(MemoryUploads):
    """Takes a moment for each transaction, and refuses what is called poison."""

    together: list[int] = field(default_factory=list)

    async def record(self, uploads: Sequence[NewUpload], cursors: Sequence[Cursor] = ()) -> int:
        await asyncio.sleep(0.01)
        if any(upload.ref.name == "poison" for upload in uploads):
            raise StorageFailed("failed")
        self.together.append(len(uploads))
        return await super().record(uploads, cursors)


@dataclass
class AwayUploads(MemoryUploads):
    """Says after a while that the database is locked."""

    tries: int = 0

    async def record(self, uploads: Sequence[NewUpload], cursors: Sequence[Cursor] = ()) -> int:
        self.tries += 1
        await asyncio.sleep(10)
        raise StorageFailed("locked")


def test_a_burst_is_recorded_in_few_transactions_and_nobody_returns_before_theirs() -> None:
    async def scenario() -> None:
        store = SlowUploads(queue := MemoryQueue(), MemoryCases(queue))
        intake = Intake(store)

        async def post(number: int) -> None:
            await intake.accept([new_upload(f"cat{number}")], _cursor(number))
            assert f"cat{number}" in {one.new.ref.name for one in store.uploads.values()}

        await asyncio.gather(*(post(number) for number in range(250)))
        assert store.together == [1, MAX_UPLOADS_TOGETHER, MAX_UPLOADS_TOGETHER, 49]
        assert store.moved == {CHANNEL: 249}

    virtually(scenario())


def test_an_upload_that_the_database_refuses_holds_up_no_other() -> None:
    async def scenario() -> None:
        store = SlowUploads(queue := MemoryQueue(), MemoryCases(queue))
        intake = Intake(store)
        names = ["a", "b", "poison", "c"]
        uploads = [replace(new_upload(one), channel_id=n) for n, one in enumerate(names)]
        await asyncio.gather(*(intake.accept([one], _cursor(5, one.channel_id)) for one in uploads))
        await intake.accept([replace(new_upload("d"), channel_id=2)], _cursor(9, 2))
        names = [upload.new.ref.name for upload in store.uploads.values()]
        assert names == ["a", "b", "c", "d"]
        assert store.moved == {0: 5, 1: 5, 3: 5}  # at the next start 2 is read again

    virtually(scenario())


def test_an_emoji_that_is_refused_is_found_again_at_the_next_start() -> None:
    async def scenario() -> None:
        store = SlowUploads(queue := MemoryQueue(), MemoryCases(queue))
        intake = Intake(store)
        for number, name in enumerate(("poison", "good"), start=1):
            emoji = replace(new_upload(name), channel_id=0, subject=Subject.EMOJI)
            await intake.accept([emoji], _cursor(number, -GUILD))
        assert store.together == [1]
        assert not store.moved

    virtually(scenario())


def test_whoever_waits_while_the_database_fails_does_not_try_it_once_more_each() -> None:
    async def scenario() -> None:
        store = AwayUploads(queue := MemoryQueue(), MemoryCases(queue))
        intake = Intake(store)
        uploads = [new_upload(f"cat{number}") for number in range(50)]
        await asyncio.gather(*(intake.accept([one]) for one in uploads))
        await intake.close()
        assert store.tries == 2

    virtually(scenario())


def test_a_page_of_messages_loses_only_the_upload_that_is_refused() -> None:
    async def scenario() -> None:
        store = SlowUploads(queue := MemoryQueue(), MemoryCases(queue))
        intake = Intake(store)
        await intake.accept([new_upload(name) for name in ("a", "poison", "b")], _cursor(5))
        assert [one.new.ref.name for one in store.uploads.values()] == ["a", "b"]
        assert store.moved == {}

    virtually(scenario())


def test_closing_records_what_waits_where_it_can() -> None:
    async def scenario() -> None:
        office = Office()
        intake = office.moderation.intake
        office.outage.reason = "locked"
        await intake.accept([new_upload("a")], _cursor(1))
        office.outage.reason = None
        await intake.close()
        assert len(office.uploads.uploads) == 1
        office.outage.reason = "locked"
        await intake.accept([new_upload("b")], _cursor(2))
        await intake.close()
        assert office.uploads.moved == {CHANNEL: 1}

    virtually(scenario())


def test_who_reports_too_often_or_while_the_database_is_away_is_told() -> None:
    async def scenario() -> None:
        office = Office()
        charged: list[int] = []

        def charge(person_id: int) -> None:
            if charged:
                raise RateLimited(60)
            charged.append(person_id)

        report = Report(7, "see for yourself", virtual_now())
        intake = Intake(office.uploads, charge_report=charge)
        assert await intake.report([new_upload("a")], report) == 1
        with pytest.raises(RateLimited):
            await intake.report([new_upload("b")], report)
        assert charged == [7]
        office.outage.reason = "locked"
        with pytest.raises(StorageFailed):
            await office.moderation.intake.report([new_upload("c")], report)

    virtually(scenario())


async def test_policies_in_memory_are_those_that_are_switched_on() -> None:
    outage = Outage()
    store = MemoryPolicies({1: STRICT, 2: Policy()}, outage)
    policies = Policies(store)
    assert policies.cached(1) is None
    await policies.open()
    assert policies.cached(1) == STRICT
    assert policies.cached(2) is None
    assert policies.enabled_guilds() == (1,)
    await policies.save(2, STRICT, ())
    await policies.save(1, Policy(), ())
    assert (policies.cached(1), policies.cached(2)) == (None, STRICT)
    assert await policies.get(1) == Policy()
    policies.forget(2)
    assert policies.cached(2) is None
    assert await policies.get(2) == STRICT


async def test_a_policy_that_could_not_be_saved_does_not_hold() -> None:
    store = MemoryPolicies({1: STRICT}, Outage())
    policies = Policies(store)
    await policies.open()
    store.outage.reason = "read_only"
    with pytest.raises(StorageFailed):
        await policies.save(1, Policy(), ())
    assert policies.cached(1) == STRICT
