"""The pool against real child processes."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.domain.errors import Interrupted
from bot.workers import wire
from bot.workers.pool import WorkerFailure, WorkerPool

HANDLER = "tests.workers.handlers:handle"
MEGABYTE = 1024 * 1024
ROOT = Path(__file__).parents[2]


def new_pool(
    *, handler: str = HANDLER, size: int = 1, timeout_seconds: float = 20.0, recycle_after: int = 50
) -> WorkerPool:
    return WorkerPool(
        handler,
        size=size,
        memory_bytes=200 * MEGABYTE,
        timeout_seconds=timeout_seconds,
        recycle_after=recycle_after,
    )


@pytest.fixture
async def pool() -> AsyncIterator[WorkerPool]:
    async with new_pool() as opened:
        yield opened


class Began:
    """A named pipe by which a job in a child says that it runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)

    async def process_id(self) -> int:
        """Wait until the job has begun; return its process id."""
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        loop.add_reader(self._descriptor, readable.set)
        try:
            await asyncio.wait_for(readable.wait(), 30)
        finally:
            loop.remove_reader(self._descriptor)
        return int(os.read(self._descriptor, 100))

    def close(self) -> None:
        os.close(self._descriptor)


@pytest.fixture
def began(tmp_path: Path) -> Iterator[Began]:
    pipe = Began(tmp_path / "began")
    yield pipe
    pipe.close()


async def test_a_reply_carries_head_and_bodies_unchanged(pool: WorkerPool) -> None:
    body = bytes(range(256)) * 100
    reply = await pool.run({"do": "echo", "words": "日本 ✓"}, body)
    assert reply.head["words"] == "日本 ✓"
    assert reply.bodies == (body[:5], b"", body)
    assert reply.head["warm"] is True


async def test_one_process_answers_many_jobs_and_is_replaced_in_time() -> None:
    async with new_pool(recycle_after=3) as pool:
        ids = [(await pool.run({"do": "echo"})).head["pid"] for _ in range(7)]
    assert ids[0] == ids[1] == ids[2]
    assert ids[3] == ids[4] == ids[5]
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("do", "reason"),
    [
        ("segfault", "crash"),
        ("kill_self", "crash"),
        ("raise", "crash"),
        ("eat", "memory"),
    ],
)
async def test_a_failed_job_names_its_reason_and_the_next_one_works(
    pool: WorkerPool, do: str, reason: str
) -> None:
    first = (await pool.run({"do": "echo"})).head["pid"]
    with pytest.raises(WorkerFailure) as caught:
        await pool.run({"do": do}, b"secret words")
    assert caught.value.reason == reason
    assert "secret" not in repr(caught.value) + str(caught.value)
    assert (await pool.run({"do": "echo"})).head["pid"] != first


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"junk",
        wire.PREFIX.pack(2, 2**63) + b"{}",
        wire.PREFIX.pack(2**31, 0),
        wire.PREFIX.pack(2, 0) + b"{}",
        wire.PREFIX.pack(2, 0) + b"[]",
        wire.PREFIX.pack(2, 0) + b"\xff\xff",
        wire.PREFIX.pack(40_000, 0) + b"[" * 40_000,
        wire.pack({"head": 1}, 0),
        wire.pack({"head": {}, "sizes": None}, 0),
        wire.pack({"head": {}, "sizes": [5]}, 3) + b"abc",
        wire.pack({"head": {}, "sizes": [5, -2]}, 3) + b"abc",
        wire.pack({"head": {}, "sizes": [3]}, 3) + b"a",
        wire.pack({"failure": {"memory": []}}, 0),
    ],
)
async def test_a_child_that_was_taken_over_costs_one_job(pool: WorkerPool, answer: bytes) -> None:
    with pytest.raises(WorkerFailure) as caught:
        await pool.run({"do": "lie"}, answer)
    assert caught.value.reason == "crash"
    assert (await pool.run({"do": "echo"})).head["length"] == 0


async def test_a_head_that_is_no_json_is_the_callers_mistake(pool: WorkerPool) -> None:
    with pytest.raises(TypeError):
        await pool.run({"do": object()})
    assert (await pool.run({"do": "echo"})).head["length"] == 0


@pytest.mark.parametrize("do", ["hang", "spin"])
async def test_a_job_over_its_time_is_killed(pool: WorkerPool, began: Began, do: str) -> None:
    running = asyncio.create_task(
        pool.run({"do": do, "began": str(began.path)}, timeout_seconds=2.0)
    )
    process_id = await began.process_id()
    with pytest.raises(WorkerFailure) as caught:
        await running
    assert caught.value.reason == "timeout"
    await until(lambda: not runs(process_id))
    assert (await pool.run({"do": "echo"})).head["length"] == 0


async def test_a_worker_killed_from_outside_costs_exactly_its_own_job(began: Began) -> None:
    async with new_pool(size=2) as pool:
        victim = asyncio.create_task(pool.run({"do": "hang", "began": str(began.path)}))
        process_id = await began.process_id()
        others = [
            asyncio.create_task(pool.run({"do": "echo", "n": n}, b"x" * MEGABYTE))
            for n in range(20)
        ]
        await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
        os.kill(process_id, signal.SIGKILL)
        with pytest.raises(WorkerFailure) as caught:
            await victim
        assert caught.value.reason == "crash"
        assert [(await other).head["n"] for other in others] == list(range(20))


async def test_an_idle_worker_that_died_is_replaced_unseen(pool: WorkerPool) -> None:
    await pool.run({"do": "echo"})
    (process_id,) = pool.process_ids
    os.kill(process_id, signal.SIGKILL)
    await until(lambda: not pool.process_ids)
    reply = await pool.run({"do": "echo"})
    assert reply.head["pid"] != process_id


async def test_cancelling_stops_the_work_and_no_reply_goes_astray(
    pool: WorkerPool, began: Began
) -> None:
    running = asyncio.create_task(pool.run({"do": "spin", "began": str(began.path)}))
    process_id = await began.process_id()
    waiting = asyncio.create_task(pool.run({"do": "echo", "n": 1}))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    reply = await waiting
    assert reply.head["n"] == 1
    assert reply.head["pid"] != process_id


async def test_replies_never_reach_another_caller_under_random_cancellation() -> None:
    async with new_pool(size=2) as pool:
        jobs = [asyncio.create_task(pool.run({"do": "echo", "n": n}, b"%d" % n)) for n in range(60)]
        answered = 0
        for n, job in enumerate(jobs):
            if n % 7 == 3:
                job.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                reply = await job
                assert (reply.head["n"], reply.bodies[2]) == (n, b"%d" % n)
                answered += 1
    assert answered >= 60 - 9


async def test_closing_interrupts_running_and_waiting_jobs_and_leaves_no_process(
    began: Began,
) -> None:
    pool = new_pool()
    await pool.start()
    running = asyncio.create_task(pool.run({"do": "spin", "began": str(began.path)}))
    process_id = await began.process_id()
    waiting = asyncio.create_task(pool.run({"do": "echo"}))
    await asyncio.sleep(0)
    await pool.close()
    for job in (running, waiting):
        with pytest.raises(Interrupted):
            await job
    with pytest.raises(ProcessLookupError):
        os.kill(process_id, 0)
    with pytest.raises(Interrupted):
        await pool.run({"do": "echo"})


async def test_warm_starts_every_process_before_the_first_job() -> None:
    pool = new_pool(size=2)
    await pool.start(warm=True)
    try:
        await until(lambda: len(pool.process_ids) == 2)
        first = (await pool.run({"do": "echo"})).head["pid"]
        assert first in pool.process_ids
    finally:
        await pool.close()
    assert pool.process_ids == ()


@pytest.mark.parametrize("handler", ["tests.workers.no_such_module:handle", "json:no_such_name"])
async def test_a_handler_that_cannot_be_imported_is_not_the_pictures_fault(handler: str) -> None:
    async with new_pool(handler=handler) as pool:
        for _ in range(2):
            with pytest.raises(WorkerFailure) as caught:
                await pool.run({})
            assert caught.value.reason == "start"


async def test_a_machine_that_cannot_start_processes_is_not_the_pictures_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    async with new_pool() as pool:
        with pytest.raises(WorkerFailure) as caught:
            await pool.run({"do": "echo"})
    assert caught.value.reason == "start"


async def test_output_of_libraries_disturbs_neither_the_protocol_nor_the_log(
    pool: WorkerPool, capfd: pytest.CaptureFixture[str]
) -> None:
    with capture_logs() as logs:
        await pool.run({"do": "chatter"})
        await pool.run({"do": "echo"})
    assert capfd.readouterr() == ("", "")
    assert logs == []


async def test_a_failure_is_logged_without_the_jobs_bytes(pool: WorkerPool) -> None:
    with capture_logs() as logs, pytest.raises(WorkerFailure):
        await pool.run({"do": "raise", "text": "head words"}, b"body words")
    assert {entry["event"] for entry in logs} == {"worker_handler_raised", "worker_failed"}
    assert "words" not in str(logs)
    assert "LookupError" in str(logs)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_a_child_has_limits_and_sees_no_secret_and_no_file(
    pool: WorkerPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "token")
    monkeypatch.setenv("LOOKOUT_ANYTHING", "secret")
    inheritable = os.dup(1)
    os.set_inheritable(inheritable, True)
    try:
        seen = (await pool.run({"do": "look_around"})).head
    finally:
        os.close(inheritable)
    assert not {"DISCORD_TOKEN", "LOOKOUT_ANYTHING", "HOME"} & set(seen["environment"])
    assert seen["limits"]["RLIMIT_CORE"] == 0
    assert seen["limits"]["RLIMIT_FSIZE"] == 0
    assert 200 * MEGABYTE < seen["limits"]["RLIMIT_AS"] < 2048 * MEGABYTE
    assert seen["limits"]["RLIMIT_NOFILE"] <= 128
    assert seen["open_files"] == 6  # three to nowhere, two pipes, and the listing itself


async def test_a_large_body_lets_the_event_loop_run_between_its_pieces(pool: WorkerPool) -> None:
    await pool.run({"do": "echo"})
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    counter = asyncio.create_task(count())
    reply = await pool.run({"do": "echo"}, bytes(14 * MEGABYTE))
    counter.cancel()
    assert reply.head["length"] == 14 * MEGABYTE
    assert turns > 50


async def test_children_die_with_a_parent_that_was_killed(began: Began) -> None:
    script = textwrap.dedent(f"""
        import asyncio, sys
        from bot.workers.pool import WorkerPool

        async def main():
            pool = WorkerPool({HANDLER!r}, size=2, memory_bytes=10**8, timeout_seconds=1)
            await pool.start()
            idle = (await pool.run({{"do": "echo"}})).head["pid"]
            print(idle, flush=True)
            await pool.run({{"do": "spin", "began": {str(began.path)!r}}}, timeout_seconds=0.5)

        asyncio.run(main())
    """)
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT)}
    )
    assert parent.stdout is not None
    idle = int(await parent.stdout.readline())
    busy = await began.process_id()
    parent.kill()
    await parent.wait()
    await until(lambda: not runs(idle) and not runs(busy))


async def until(holds: Callable[[], bool]) -> None:
    """Wait for a state of the operating system, which sends no event; fail after a long time."""
    async with asyncio.timeout(30):
        while not holds():  # noqa: ASYNC110 - processes announce nothing
            await asyncio.sleep(0.01)


def runs(process_id: int) -> bool:
    try:
        state = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rpartition(")")[2].split()[0] != "Z"


def test_a_pool_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        new_pool(size=0)
