"""A second engine answers while the first is down."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from bot.domain.answer import Reset, TextDelta
from bot.domain.errors import (
    CannotAnswer,
    EngineError,
    EngineOutOfMemory,
    EngineTimeout,
    EngineUnavailable,
    LookoutError,
    ModelMissing,
)
from bot.domain.picture import Note
from bot.domain.ports import Engine, Room
from bot.domain.task import Parameters, TaskName
from bot.vision.fallback import FallbackEngine
from bot.vision.health import WatchedEngine
from tests.vision.fakes import (
    HandClock,
    ScriptedEngine,
    answer,
    collect,
    dialogue,
    down,
    question,
    up,
)

READABLE = frozenset({TaskName.OCR, TaskName.ALT})
FROM_READER = answer("read", "builtin", "reader")


class House:
    """Both engines behind the fallback, with a clock moved by hand."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.ollama = ScriptedEngine()
        self.builtin = ScriptedEngine("builtin", "reader", max_side=2048)
        self.watched = WatchedEngine(self.ollama, clock=self.clock, probe_every_seconds=None)
        self.engine = FallbackEngine(
            self.watched, self.builtin, READABLE, back_off_seconds=20, clock=self.clock
        )

    def as_port(self) -> Engine:
        return self.engine


@pytest.fixture
def house() -> House:
    return House()


async def test_while_the_primary_answers_the_fallback_is_not_asked(house: House) -> None:
    house.ollama.enqueue(TextDelta("a"), answer())

    assert await collect(house.as_port().stream(question())) == [TextDelta("a"), answer()]
    assert house.builtin.history == []


@pytest.mark.parametrize(
    "error", [EngineUnavailable(), EngineTimeout(phase="connect", limit_seconds=5)]
)
async def test_an_outage_is_answered_by_the_fallback_which_names_itself(
    house: House, error: EngineError
) -> None:
    house.ollama.enqueue(error)
    house.builtin.enqueue(TextDelta("r"), FROM_READER)

    events = await collect(house.engine.stream(question(TaskName.ALT)))

    assert events[0] == TextDelta("r")
    final = events[-1]
    assert final == replace(FROM_READER, notes=(Note.FALLBACK_READER,))


async def test_words_already_shown_are_taken_back_first(house: House) -> None:
    house.ollama.enqueue(TextDelta("half an ans"), EngineUnavailable())
    house.builtin.enqueue(TextDelta("r"), FROM_READER)

    events = await collect(house.engine.stream(question()))

    assert events[:3] == [TextDelta("half an ans"), Reset(), TextDelta("r")]


async def test_a_primary_found_down_is_left_alone_for_a_while(house: House) -> None:
    house.ollama.enqueue(EngineUnavailable())
    for _ in range(3):
        house.builtin.enqueue(FROM_READER)
    await collect(house.engine.stream(question()))
    house.clock.advance(19)
    await collect(house.engine.stream(question()))
    assert len(house.ollama.history) == 1

    house.clock.advance(1)
    house.ollama.enqueue(EngineUnavailable())
    await collect(house.engine.stream(question()))

    assert len(house.ollama.history) == 2
    assert len(house.builtin.history) == 3


async def test_what_the_watch_finds_counts_at_once(house: House) -> None:
    house.ollama.statuses.extend([down(), up()])

    await house.watched.status()
    assert house.engine.would_use(TaskName.OCR) is house.builtin
    await house.watched.status()
    assert house.engine.would_use(TaskName.OCR) is house.watched


async def test_key_and_needs_come_from_the_engine_that_would_be_asked(house: House) -> None:
    assert house.engine.model_for(TaskName.OCR) == "qwen3-vl:8b/ocr"
    assert house.engine.needs_for(TaskName.OCR, Parameters()).max_side == 1024

    house.ollama.statuses.append(down())
    await house.watched.status()

    chosen = house.engine.would_use(TaskName.OCR)
    assert (chosen.name, chosen.model_for(TaskName.OCR)) == ("builtin", "reader/ocr")
    assert house.engine.model_for(TaskName.OCR) == "reader/ocr"
    assert house.engine.needs_for(TaskName.OCR, Parameters()).max_side == 2048
    assert house.engine.model_for(TaskName.DESCRIBE) == "qwen3-vl:8b/describe"


async def test_tasks_the_fallback_cannot_do_always_try_the_primary(house: House) -> None:
    for _ in range(2):
        house.ollama.enqueue(EngineUnavailable())
        with pytest.raises(EngineUnavailable):
            await collect(house.engine.stream(question(TaskName.DESCRIBE)))

    assert len(house.ollama.history) == 2
    assert house.builtin.history == []


async def test_a_conversation_waits_for_the_model_that_led_it(house: House) -> None:
    """Even where it was set: the reader would answer a question it never saw the beginning of."""
    engine = FallbackEngine(house.watched, house.builtin, frozenset(TaskName), clock=house.clock)
    house.ollama.enqueue(EngineUnavailable())

    with pytest.raises(EngineUnavailable):
        await collect(engine.stream(dialogue()))

    assert engine.would_use(TaskName.ASK) is house.watched
    assert engine.would_use(TaskName.OCR) is house.builtin
    assert house.builtin.history == []


def test_the_room_is_the_primarys(house: House) -> None:
    assert house.as_port().room() is None
    room = Room(8192, 0, lambda width, height: width * height)
    house.ollama.holds = room
    house.builtin.holds = Room(1, 0, lambda width, height: 1)
    assert house.as_port().room() is room


async def test_other_errors_of_the_primary_are_its_own(house: House) -> None:
    house.ollama.enqueue(TextDelta("a"), ModelMissing("m"))

    with pytest.raises(ModelMissing):
        await collect(house.engine.stream(question()))
    assert house.builtin.history == []


@pytest.mark.parametrize("trouble", [CannotAnswer("builtin", "ocr"), EngineOutOfMemory()])
async def test_when_the_fallback_cannot_help_people_hear_of_the_outage(
    house: House, trouble: LookoutError
) -> None:
    house.ollama.enqueue(EngineUnavailable())
    house.builtin.enqueue(trouble)

    with capture_logs() as logs, pytest.raises(EngineUnavailable) as caught:
        await collect(house.engine.stream(question()))

    assert caught.value.__cause__ is trouble
    assert logs[-1]["event"] == "fallback_failed"
    assert logs[-1]["error"] == type(trouble).__name__


async def test_closing_the_stream_closes_whichever_engine_is_at_work(house: House) -> None:
    house.ollama.enqueue(TextDelta("a"), answer())
    events = house.engine.stream(question())
    await anext(events)
    await events.aclose()
    assert house.ollama.closed_early == 1

    house.ollama.enqueue(EngineUnavailable())
    house.builtin.enqueue(TextDelta("a"), FROM_READER)
    events = house.engine.stream(question())
    await anext(events)
    await events.aclose()
    assert house.builtin.closed_early == 1


async def test_status_names_the_models_that_answer_now(house: House) -> None:
    house.ollama.statuses.append(up())
    healthy = await house.engine.status()
    assert dict(healthy.models) == {
        TaskName.DESCRIBE: "qwen3-vl:8b/describe",
        TaskName.OCR: "qwen3-vl:8b/ocr",
    }

    house.ollama.enqueue(EngineUnavailable())
    house.builtin.enqueue(FROM_READER)
    await collect(house.engine.stream(question()))
    house.ollama.statuses.append(replace(down(), models=healthy.models))
    status = await house.engine.status()

    assert dict(status.models)[TaskName.OCR] == "reader/ocr"
    assert dict(status.models)[TaskName.DESCRIBE] == "qwen3-vl:8b/describe"
    assert status.down_since is not None
