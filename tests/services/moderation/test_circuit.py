"""The circuit: an outage costs one try now and then, its end is noticed soon."""

import asyncio

from bot.domain.moderation.jobs import Job, JobKind
from bot.services.moderation.circuit import BLIND_PROBE_EVERY, PROBE_EVERY_SECONDS, Circuit
from bot.services.moderation.worker import Later
from tests.services.moderation.memory_queue import MemoryQueue
from tests.services.moderation.scripted import Scripted, lane, worker_of
from tests.services.moderation.virtual import virtually


def test_an_open_circuit_lets_one_through_at_a_time_and_a_success_lets_all() -> None:
    async def scenario() -> tuple[Scripted, int]:
        queue = MemoryQueue()
        is_up = False
        circuit = Circuit("engine")

        async def ask(_: Job) -> None:
            await asyncio.sleep(1)
            if is_up:
                circuit.succeeded()
                return
            circuit.failed()
            raise Later(circuit.probe_every_seconds, is_attempt=False)

        handler = Scripted(ask)
        for number in range(20):
            queue.add(JobKind.JUDGE, number)
        worker = worker_of(queue, lane(handler, 4, circuit))
        worker.start()
        await asyncio.sleep(2)
        handler.most_at_once = 0
        before = len(handler.handled)
        await asyncio.sleep(20 * PROBE_EVERY_SECONDS)
        probes = len(handler.handled) - before
        assert handler.most_at_once == 1
        is_up = True
        await worker.idle()
        await worker.stop(0)
        assert handler.most_at_once == 4
        return handler, probes

    handler, probes = virtually(scenario())
    assert 15 <= probes <= 20
    assert {job.attempts for job in handler.handled} == {1}
    assert set(handler.subjects) == set(range(20))


def test_an_engine_that_says_it_is_not_ready_is_hardly_probed_and_asked_as_soon_as_it_is() -> None:
    async def scenario() -> tuple[int, float]:
        queue = MemoryQueue()
        is_up = False

        async def is_ready() -> bool:
            return is_up

        circuit = Circuit("engine", is_ready=is_ready)

        async def ask(_: Job) -> None:
            if not is_up:
                circuit.failed()
                raise Later(circuit.probe_every_seconds, is_attempt=False)
            circuit.succeeded()

        handler = Scripted(ask)
        queue.add(JobKind.JUDGE, 1)
        worker = worker_of(queue, lane(handler, 4, circuit))
        worker.start()
        await asyncio.sleep(2 * BLIND_PROBE_EVERY * PROBE_EVERY_SECONDS)
        tries = len(handler.handled)
        is_up = True
        began = asyncio.get_running_loop().time()
        await worker.idle()
        took = asyncio.get_running_loop().time() - began
        await worker.stop(0)
        return tries, took

    tries, took = virtually(scenario())
    assert 2 <= tries <= 3
    assert took <= PROBE_EVERY_SECONDS + 2
