"""One line when the engine goes down, one when it is back."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from bot.domain.answer import TextDelta
from bot.domain.errors import (
    AnswerInterrupted,
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    ModelMissing,
)
from bot.domain.ports import Engine, EngineStatus
from bot.domain.task import Parameters, TaskName
from bot.vision.health import WatchedEngine
from tests.vision.fakes import HandClock, ScriptedEngine, answer, collect, down, question, up


def as_port(engine: WatchedEngine) -> Engine:
    """The type checker's proof that it is an engine like any other."""
    return engine


def watch(engine: ScriptedEngine, clock: HandClock | None = None) -> WatchedEngine:
    return WatchedEngine(engine, clock=clock or HandClock(), probe_every_seconds=None)


async def fails(watched: WatchedEngine, engine: ScriptedEngine, error: Exception) -> None:
    engine.enqueue(error)
    with pytest.raises(type(error)):
        await collect(watched.stream(question()))


async def test_it_passes_on_what_the_engine_says() -> None:
    engine = ScriptedEngine()
    engine.enqueue(TextDelta("a"), answer())
    watched = as_port(watch(engine))

    assert await collect(watched.stream(question())) == [TextDelta("a"), answer()]
    assert watched.name == "ollama"
    assert watched.model_for(TaskName.OCR) == "qwen3-vl:8b/ocr"
    assert watched.needs_for(TaskName.OCR, Parameters()).max_side == 1024


async def test_closing_the_stream_closes_the_engines() -> None:
    engine = ScriptedEngine()
    engine.enqueue(TextDelta("a"), TextDelta("b"), answer())
    events = watch(engine).stream(question())
    await anext(events)

    await events.aclose()

    assert engine.closed_early == 1


@pytest.mark.parametrize(
    "error", [EngineUnavailable(), EngineTimeout(phase="connect", limit_seconds=5)]
)
async def test_an_outage_is_logged_once_down_and_once_up(error: EngineError) -> None:
    engine, clock = ScriptedEngine(), HandClock()
    watched = watch(engine, clock)
    began = clock.now
    with capture_logs() as logs:
        await fails(watched, engine, error)
        clock.advance(30)
        await fails(watched, engine, error)
        clock.advance(12.5)
        assert watched.down_since == began
        engine.enqueue(TextDelta("a"), answer())
        await collect(watched.stream(question()))

    assert [entry["event"] for entry in logs] == ["engine_down", "engine_up"]
    assert logs[1]["down_seconds"] == 42.5
    assert watched.down_since is None
    engine.statuses.append(up())
    status = await watched.status()
    assert status.last_outage == (began, began + timedelta(seconds=42.5))
    assert status.down_since is None


@pytest.mark.parametrize(
    "error",
    [EngineTimeout(phase="first_word", limit_seconds=5), AnswerInterrupted(), ModelMissing("m")],
)
async def test_other_failures_are_no_outage(error: EngineError) -> None:
    engine = ScriptedEngine()
    watched = watch(engine)

    await fails(watched, engine, error)

    assert watched.down_since is None


async def test_a_refusal_proves_that_the_engine_is_back_and_a_slow_answer_proves_nothing() -> None:
    engine = ScriptedEngine()
    watched = watch(engine)
    await fails(watched, engine, EngineUnavailable())

    await fails(watched, engine, EngineTimeout(phase="first_word", limit_seconds=5))
    assert watched.down_since is not None

    await fails(watched, engine, ModelMissing("m"))
    assert watched.down_since is None


async def test_status_is_evidence_too() -> None:
    engine, clock = ScriptedEngine(), HandClock()
    watched = watch(engine, clock)
    engine.statuses.extend([down(), EngineStatus("ollama", ready=False, version="0.30.0"), up()])

    first = await watched.status()
    clock.advance(5)
    second = await watched.status()  # there, though without its model

    assert first.down_since == clock.now - timedelta(seconds=5)
    assert second.down_since is None
    assert second.last_outage == (first.down_since, clock.now)


class HandSleep:
    """Sleeps that end when told to."""

    def __init__(self) -> None:
        self.asked: list[float] = []
        self._wake = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)
        await self._wake.wait()
        self._wake.clear()

    async def wake(self) -> None:
        self._wake.set()
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def probed() -> Callable[[ScriptedEngine, HandSleep], WatchedEngine]:
    def build(engine: ScriptedEngine, sleep: HandSleep) -> WatchedEngine:
        return WatchedEngine(engine, probe_every_seconds=15, sleep=sleep)

    return build


async def test_while_down_it_is_probed_until_it_is_back(
    probed: Callable[[ScriptedEngine, HandSleep], WatchedEngine],
) -> None:
    engine, sleep = ScriptedEngine(), HandSleep()
    watched = probed(engine, sleep)
    engine.statuses.extend([down(), up()])
    await fails(watched, engine, EngineUnavailable())
    await fails(watched, engine, EngineUnavailable())  # one prober, not two
    await sleep.wake()
    assert watched.down_since is not None

    await sleep.wake()

    assert watched.down_since is None
    assert sleep.asked == [15, 15]
    await fails(watched, engine, EngineUnavailable())
    await asyncio.sleep(0)
    assert sleep.asked == [15, 15, 15]
    await watched.aclose()


async def test_closing_ends_the_probe_for_good(
    probed: Callable[[ScriptedEngine, HandSleep], WatchedEngine],
) -> None:
    engine, sleep = ScriptedEngine(), HandSleep()
    watched = probed(engine, sleep)
    await fails(watched, engine, EngineUnavailable())

    await watched.aclose()
    await fails(watched, engine, EngineUnavailable())
    await watched.aclose()

    assert asyncio.all_tasks() == {asyncio.current_task()}
