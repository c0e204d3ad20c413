"""What of a conversation the model sees."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.conversation import Closer, KeptFrame, KeptPicture, Place, Turn, TurnState, Window
from bot.domain.conversation_ports import Costs
from bot.domain.picture import Frame, Note, Picture, PictureFacts
from bot.domain.task import Line, Parameters
from bot.services.context import Plan, View, needed, plan, reopened, shown_with
from bot.services.converse import TurnResult
from bot.services.costs import Load, Meter
from bot.services.dialogue import lines_of
from bot.tasks.ask import REMEMBERED, recap_line, system_text
from tests.services.conversing import MODEL, CountingEngine, Talk, asks, names, words
from tests.services.fakes import ref

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def kept(number: int, side: int = 1000, description: str = "A cat.") -> KeptPicture:
    frame = KeptFrame(f"hash{number}", "image/png", side, side)
    return KeptPicture(number, ref(f"p{number}"), (frame,), description=description)


def turn(
    depth: int,
    question: str = "What?",
    answer: str = "That.",
    pictures: tuple[KeptPicture, ...] = (),
    *,
    closer: Closer | None = None,
    prompt_tokens: int | None = None,
) -> Turn:
    return Turn(
        id=depth + 1,
        conversation_id=1,
        parent_id=depth or None,
        depth=depth,
        person_id=1,
        speaker=0,
        guild_id=None,
        channel_id=1,
        private=False,
        parameters=Parameters(language=""),
        created_at=NOW,
        state=TurnState.ANSWERED if answer else TurnState.WAITING,
        question=question,
        answer=answer,
        pictures=pictures,
        closer=closer,
        model=MODEL,
        prompt_tokens=prompt_tokens,
        answer_tokens=None if prompt_tokens is None else 10,
    )


def view(*turns: Turn, window: Window | None = None) -> View:
    pictures = {one.number: one for each in turns for one in each.pictures}
    return View(turns[-1], turns[:-1], window, pictures, MODEL)


def meter(rate: float | None = 0.25) -> Meter:
    return Meter(lambda width, height: width * height // 1000, Costs(rate))


def sent(view: View, planned: Plan) -> int:
    """Estimate the very lines that a plan leads to, every picture being there."""
    loaded = {
        one.number: Picture(
            tuple(Frame(b"x", "image/png", f.width, f.height) for f in one.frames),
            PictureFacts("PNG", 1, 1, 1),
        )
        for one in view.pictures.values()
    }
    turns = (*planned.before, replace(view.turn, again=planned.again))
    lines = lines_of(turns, planned.window, view.pictures, loaded)
    return meter().load(Load.of(lines, system_text()))


@st.composite
def views(draw: st.DrawFn) -> View:
    count = draw(st.integers(1, 14))
    turns = []
    number = 0
    for depth in range(count):
        pictures = []
        for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2])) or (depth == 0)):
            number += 1
            side = draw(st.sampled_from([100, 700, 1000]))
            pictures.append(kept(number, side, "Seen. " * draw(st.integers(0, 50))))
        named = draw(st.sampled_from(["", " 1", " 2 and 3"]))
        turns.append(
            turn(
                depth,
                "Why? " * draw(st.integers(1, 60)) + named,
                "So. " * draw(st.integers(1, 300)) if depth < count - 1 else "",
                tuple(pictures),
            )
        )
    return view(*turns)


@given(views(), st.integers(300, 8000))
@settings(max_examples=150)
def test_a_plan_stays_within_the_budget_unless_the_question_alone_needs_more(
    seen: View, budget: int
) -> None:
    planned = plan(seen, meter(), budget)
    assert sent(seen, planned) <= planned.tokens
    alone = view(seen.turn)
    frame = meter().load(Load.of([recap_line(Window(0, 0, 0, ""), ()), REMEMBERED]))
    least = plan(alone, meter(), budget).tokens + frame
    assert planned.tokens <= max(budget, least)


@given(views(), st.integers(300, 8000))
@settings(max_examples=150)
def test_a_new_window_leaves_at_most_half_of_the_budget_in_use(seen: View, budget: int) -> None:
    planned = reopened(seen, meter(), budget)
    frame = meter().load(Load.of([recap_line(Window(0, 0, 0, ""), ()), REMEMBERED]))
    alone = plan(view(seen.turn), meter(), budget).tokens + frame
    main = [n for n in (planned.window.carried if planned.window else ()) if n in seen.pictures]
    needs = alone + sum(meter().picture(seen.pictures[number]) for number in main)
    assert planned.tokens <= max(budget // 2 + 2, needs)


@given(views())
@settings(max_examples=100)
def test_what_a_question_names_is_in_view_where_there_is_room(seen: View) -> None:
    planned = plan(seen, meter(), 12_000)
    shown = {n for one in planned.before for n in shown_with(one, seen.pictures)}
    shown |= set(planned.again) | (set(planned.window.carried) if planned.window else set())
    assert set(needed(seen)) <= shown


def test_counted_tokens_are_taken_as_they_are() -> None:
    first = turn(0, pictures=(kept(1),), prompt_tokens=500)
    seen = view(first, turn(1, answer=""))
    assert 500 < plan(seen, meter(), 5000).tokens < 600


def test_a_conversation_that_turned_out_longer_than_estimated_drops_more() -> None:
    turns = [turn(depth, answer="So. " * 50) for depth in range(8)]
    counted = replace(turns[-1], prompt_tokens=6000, answer_tokens=50)
    seen = view(*turns[:-1], counted, turn(8, answer=""))
    planned = plan(seen, meter(), 4000)
    assert planned.opens
    assert len(planned.before) < 8
    assert planned.tokens <= 4000


def test_a_closer_look_keeps_its_whole_in_view() -> None:
    window = Window(1, 1, 2, "Earlier.", ())
    first = turn(0, pictures=(kept(1),))
    asked = turn(3, answer="", closer=Closer(1, Place.TOP))
    seen = View(asked, (turn(2),), window, {1: first.pictures[0]}, MODEL)
    assert plan(seen, meter(), 5000).again == (1,)


async def long_talk(turns: int, engine: CountingEngine, answer: str) -> tuple[Talk, list[bool]]:
    """Ask many questions about one picture; return which of them opened a window."""
    engine.say = lambda dialogue: answer
    talk = Talk(engine=engine)
    result: TurnResult | None = None
    opened: list[bool] = []
    before: tuple[Line, ...] = ()
    window_id: int | None = None
    for number in range(turns):
        sources = () if result else (ref("cat"),)
        result = await talk.ask(asks(f"Question number {number}?", *sources, after=result))
        new = result.turn.window_id != window_id
        if not new:
            assert talk.last.lines[: len(before)] == before
        opened.append(new)
        before, window_id = talk.last.lines, result.turn.window_id
        assert (Note.CONTEXT_LEFT_OUT in result.answer.notes) == (window_id is not None)
    return talk, opened


@given(
    context_tokens=st.integers(4000, 12_000),
    rate=st.floats(0.15, 0.5),
    still=st.sampled_from([0.0003, 0.001, 0.0015]),
    length=st.integers(1, 1500),
)
@settings(max_examples=15)
def test_windows_open_rarely_and_nothing_is_ever_refused(
    context_tokens: int, rate: float, still: float, length: int
) -> None:
    engine = CountingEngine(context_tokens=context_tokens, rate=rate, still=still)
    _, opened = asyncio.run(long_talk(40, engine, "w" * length))
    assert len(engine.asked) == 40
    sent_in_all = 40 * (length + 120) * rate
    budget = context_tokens * 31 / 32 - 600
    room_for_talk = max(budget / 2 - 1_000_000 * still, budget / 16)
    assert sum(opened) <= 2 + 2 * sent_in_all / room_for_talk


async def test_after_a_window_the_picture_is_still_shown_and_what_was_said_is_told() -> None:
    engine = CountingEngine(context_tokens=4000)
    talk, opened = await long_talk(20, engine, "The cat is grey. " * 20)
    assert sum(opened) >= 1
    assert "Picture 1" in names(talk.last)
    assert "Person A: Question number" in talk.last.lines[0].text


async def test_a_named_picture_that_is_out_of_view_is_shown_again_at_the_end() -> None:
    engine = CountingEngine(context_tokens=6000, say=lambda _: "The answer is long. " * 30)
    talk = Talk(engine=engine)
    result = await talk.ask(asks("First?", ref("one")))
    for number in range(2, 8):
        result = await talk.ask(asks("Next?", ref(f"p{number}"), after=result))
    before = talk.last.lines
    assert "Picture 1" not in names(talk.last)
    result = await talk.ask(asks("Compare picture 1 with it", after=result))
    assert "Picture 1" in names(talk.last)
    if result.turn.again:
        assert talk.last.lines[: len(before)] == before
        assert [shown.name for shown in talk.last.lines[-1].shown] == ["Picture 1"]
    follow = await talk.ask(asks("And?", after=result))
    assert "Picture 1" in names(talk.last)
    assert follow.turn.again == ()


async def test_a_context_error_shrinks_the_view_and_is_learned_from() -> None:
    engine = CountingEngine(context_tokens=9000, say=lambda _: "So it is. " * 100, counts=False)
    talk = Talk(engine=engine)
    result = await talk.ask(asks("First?", ref("one")))
    for _ in range(8):
        result = await talk.ask(asks("Next?", after=result))
    engine.rate, engine.context_tokens = 2.0, 9000
    result = await talk.ask(asks("Next?", after=result))
    assert Note.CONTEXT_LEFT_OUT in result.answer.notes
    assert len(engine.asked) == 11
    assert len(words(engine.asked[-1])) < len(words(engine.asked[-2])) / 2


async def test_a_first_picture_that_does_not_fit_is_kept_smaller_from_then_on() -> None:
    engine = CountingEngine(context_tokens=3000, still=0.004, first_estimate=0.0005)
    talk = Talk(engine=engine)
    first = await talk.ask(asks("Who?", ref("cat")))
    assert Note.SHRUNK_AFTER_CONTEXT_ERROR in first.answer.notes
    assert len(engine.asked) == 2
    await talk.ask(asks("And?", after=first))
    assert engine.asked[2].lines[0] == engine.asked[1].lines[0]


async def test_many_new_pictures_are_prepared_small_enough_to_fit_together() -> None:
    engine = CountingEngine(context_tokens=4000, first_estimate=0.001)
    talk = Talk(engine=engine)
    result = await talk.ask(asks("Compare", *(ref(f"p{n}") for n in range(6))))
    assert len(engine.asked) == 1
    assert len(result.new) == 6


@pytest.mark.parametrize("counts", [True, False])
async def test_an_engine_that_does_not_count_is_not_overrun_either(counts: bool) -> None:
    engine = CountingEngine(context_tokens=5000, counts=counts)
    await long_talk(30, engine, "w" * 700)
    assert len(engine.asked) == 30
