"""From a picture's address to its answer."""

import asyncio
from dataclasses import dataclass, field

import pytest

from bot.domain.answer import Answer, Reset, TextDelta
from bot.domain.errors import (
    AnswerInterrupted,
    ContextExceeded,
    LookoutError,
    NoPicture,
    NotAPicture,
    PictureGone,
    PictureRejected,
    RateLimited,
    StorageFailed,
)
from bot.domain.picture import Note, PictureRef
from bot.domain.ports import Asker
from bot.domain.task import Parameters, Question, TaskName
from bot.services.look import Look, LookRequest
from bot.services.originals import Originals
from bot.services.progress import Part, Seen, Stage
from bot.vision.gate import Gate, Limits
from tests.services.fakes import FakeAnswers, FakeFetcher, FakePreparer, ref
from tests.vision.fakes import ScriptedEngine, answer

ASKER = Asker(1, 2)


@dataclass
class Bench:
    """A Look with fakes around it."""

    engine: ScriptedEngine = field(default_factory=ScriptedEngine)
    fetcher: FakeFetcher = field(default_factory=FakeFetcher)
    preparer: FakePreparer = field(default_factory=FakePreparer)
    answers: FakeAnswers = field(default_factory=FakeAnswers)
    hold: int = 4

    def look(self, per_minute: int = 100) -> Look:
        limits = Limits(person_per_minute=per_minute, person_per_hour=1000, guild_per_minute=1000)
        return Look(
            originals=Originals(self.fetcher, self.preparer, hold=self.hold),
            engine=self.engine,
            gate=Gate(parallel=1, queue_limit=50, limits=limits),
            answers=self.answers,
        )


def request(*sources: PictureRef | LookoutError, seed: int | None = None) -> LookRequest:
    return LookRequest(TaskName.DESCRIBE, sources, Parameters(), ASKER, seed)


def texts(outcomes: tuple[Seen | LookoutError, ...]) -> list[str]:
    return [o.answer.text if isinstance(o, Seen) else type(o).__name__ for o in outcomes]


async def test_each_picture_is_answered_in_its_own_place() -> None:
    bench = Bench()
    bench.fetcher.errors["gone"] = PictureGone()
    bench.engine.enqueue(answer("first"))
    bench.engine.enqueue(answer("last"))
    result = await bench.look().run(
        request(ref("one"), ref("gone"), NotAPicture("video"), ref("four"))
    )
    by_name = {
        asked.picture.frames[0].data: number
        for number, asked in enumerate(bench.engine.history)
        if isinstance(asked, Question)
    }
    assert texts(result.outcomes)[1:3] == ["PictureGone", "NotAPicture"]
    assert texts(result.outcomes)[0] == ["first", "last"][by_name[b"one"]]
    assert texts(result.outcomes)[3] == ["first", "last"][by_name[b"four"]]


async def test_progress_tells_stages_and_growing_text() -> None:
    bench = Bench()
    bench.engine.enqueue(
        TextDelta("A "), TextDelta("cat"), Reset(), TextDelta("A dog"), answer("A dog.")
    )
    heard: list[Part] = []
    await bench.look().run(request(ref()), lambda parts: heard.append(parts[0]))
    assert [part.stage for part in heard][-1] is Stage.DONE
    assert [part.text for part in heard if part.stage is Stage.LOOKING] == [
        "", "A ", "A cat", "", "A dog",
    ]  # fmt: skip


async def test_the_same_question_twice_is_asked_once() -> None:
    bench = Bench()
    bench.engine.enqueue(answer("once", model="qwen3-vl:8b/describe"))
    look = bench.look()
    first = await look.run(request(ref()))
    second = await look.run(request(ref()))
    assert texts(first.outcomes) == texts(second.outcomes) == ["once"]
    assert len(bench.engine.history) == 1


async def test_people_who_ask_at_the_same_time_share_one_call() -> None:
    bench = Bench()
    bench.engine.enqueue(TextDelta("sh"), answer("shared", model="qwen3-vl:8b/describe"))
    look = bench.look()
    results = await asyncio.gather(*(look.run(request(ref())) for _ in range(5)))
    assert {texts(result.outcomes)[0] for result in results} == {"shared"}
    assert len(bench.engine.history) == 1


async def test_a_shared_call_goes_on_when_one_of_two_leaves() -> None:
    bench = Bench()
    gate = asyncio.Event()

    @dataclass
    class Slow(ScriptedEngine):
        asked: asyncio.Event = field(default_factory=asyncio.Event)

        async def stream(self, question):  # type: ignore[no-untyped-def]
            self.asked.set()
            await gate.wait()
            yield answer("patient")

    bench.engine = slow = Slow()
    look = bench.look()
    leaving = asyncio.create_task(look.run(request(ref())))
    staying = asyncio.create_task(look.run(request(ref())))
    await slow.asked.wait()
    leaving.cancel()
    await asyncio.wait([leaving])
    gate.set()
    assert texts((await staying).outcomes) == ["patient"]


async def test_a_call_that_nobody_waits_for_is_stopped() -> None:
    stopped = asyncio.Event()
    bench = Bench()

    @dataclass
    class Endless(ScriptedEngine):
        asked: asyncio.Event = field(default_factory=asyncio.Event)

        async def stream(self, question):  # type: ignore[no-untyped-def]
            self.asked.set()
            try:
                await asyncio.Event().wait()
                yield answer()
            finally:
                stopped.set()

    bench.engine = endless = Endless()
    look = bench.look()
    task = asyncio.create_task(look.run(request(ref())))
    await endless.asked.wait()
    task.cancel()
    await asyncio.wait([task])
    assert stopped.is_set()
    assert look.gate.state().running == 0


@pytest.mark.parametrize("error", [ContextExceeded(9000, 8192), PictureRejected()])
async def test_a_picture_that_does_not_fit_is_tried_once_more_smaller(error: LookoutError) -> None:
    bench = Bench()
    bench.engine.enqueue(error)
    bench.engine.enqueue(answer("smaller"))
    result = await bench.look().run(request(ref()))
    first, second = bench.preparer.needs
    assert second.max_pixels <= first.max_pixels // 2
    assert texts(result.outcomes) == ["smaller"]
    assert result.seen[0].answer.notes == (Note.SHRUNK_AFTER_CONTEXT_ERROR,)


async def test_a_picture_that_never_fits_is_an_error_after_two_tries() -> None:
    bench = Bench()
    bench.engine.enqueue(ContextExceeded())
    bench.engine.enqueue(ContextExceeded())
    result = await bench.look().run(request(ref()))
    assert texts(result.outcomes) == ["ContextExceeded"]
    assert len(bench.engine.history) == 2


async def test_a_stream_without_an_answer_is_an_interruption() -> None:
    bench = Bench()
    bench.engine.enqueue(TextDelta("half"))
    result = await bench.look().run(request(ref()))
    assert isinstance(result.outcomes[0], AnswerInterrupted)


async def test_a_failed_answer_is_not_kept() -> None:
    bench = Bench()
    bench.engine.enqueue(AnswerInterrupted())
    await bench.look().run(request(ref()))
    assert bench.answers.kept == {}


async def test_an_answer_is_kept_under_the_engine_that_gave_it() -> None:
    bench = Bench()
    bench.engine.enqueue(answer("read", engine="builtin", model="reader"))
    await bench.look().run(request(ref()))
    (key,) = bench.answers.kept
    assert (key.engine, key.model) == ("builtin", "reader")


async def test_memory_that_is_down_costs_no_answer() -> None:
    bench = Bench(answers=FakeAnswers(error=StorageFailed()))
    bench.engine.enqueue(answer("anyway"))
    result = await bench.look().run(request(ref()))
    assert texts(result.outcomes) == ["anyway"]


async def test_another_seed_asks_again_and_replaces_what_was_kept() -> None:
    bench = Bench()
    model = "qwen3-vl:8b/describe"
    bench.engine.enqueue(answer("old", model=model))
    bench.engine.enqueue(answer("new", model=model))
    look = bench.look()
    await look.run(request(ref()))
    await look.run(request(ref(), seed=7))
    assert bench.engine.history[1].seed == 7
    assert texts((await look.run(request(ref()))).outcomes) == ["new"]


async def test_no_more_frames_are_prepared_than_the_operator_allows() -> None:
    bench = Bench()
    bench.engine.enqueue(answer())
    look = bench.look()
    look.originals.max_frames = 2
    await look.run(request(ref()))
    assert bench.preparer.needs[0].max_frames == 2


async def test_few_originals_are_in_memory_at_once() -> None:
    bench = Bench(hold=2)
    for _ in range(8):
        bench.engine.enqueue(answer())
    await bench.look().run(request(*(ref(f"p{n}") for n in range(8))))
    assert bench.preparer.most_at_once <= 2


def test_nothing_to_look_at_is_said_with_the_reasons() -> None:
    reasons = (NotAPicture("video"), NotAPicture("audio"))
    with pytest.raises(NoPicture) as caught:
        Bench().look().charge(request(*reasons))
    assert caught.value.reasons == reasons


def test_asking_too_often_is_refused_before_anything_is_fetched() -> None:
    bench = Bench()
    look = bench.look(per_minute=3)
    look.charge(request(ref("a"), ref("b")))
    with pytest.raises(RateLimited):
        look.charge(request(ref("c"), ref("d")))
    assert bench.fetcher.fetched == []


async def test_an_answer_carries_the_pictures_notes_once() -> None:
    bench = Bench()
    given = answer("x")
    bench.engine.enqueue(
        Answer(given.text, given.engine, given.model, notes=(Note.ANSWER_CUT, Note.ANSWER_CUT))
    )
    result = await bench.look().run(request(ref()))
    assert result.seen[0].answer.notes == (Note.ANSWER_CUT,)
