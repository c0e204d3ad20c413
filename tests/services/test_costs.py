"""Costs that are guessed safely and learned from the engine's own counts."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.conversation import KeptPicture
from bot.domain.conversation_ports import Costs
from bot.services.converse import TurnResult
from bot.services.costs import LINE_TOKENS, Load, Meter, learned, without
from bot.tasks.ask import system_text
from tests.services.conversing import MODEL, CountingEngine, Talk, asks
from tests.services.fakes import ref

SMALL, LARGE = (100, 100), (1000, 1000)


def meter(rate: float | None = None, pictures: dict[tuple[int, int], int] | None = None) -> Meter:
    return Meter(lambda width, height: width * height // 500, Costs(rate, pictures))


def test_a_text_teaches_what_a_byte_costs_up_at_once_and_down_slowly() -> None:
    load = Load(1000, 1)
    dearer = learned(meter(), load, 700 + LINE_TOKENS)
    assert dearer.tokens_per_byte == pytest.approx(0.7)
    cheaper = learned(meter(), load, 200 + LINE_TOKENS)
    assert cheaper.tokens_per_byte == pytest.approx(0.41)


def test_a_short_text_teaches_nothing() -> None:
    assert learned(meter(), Load(20, 1), 30) == Costs()


def test_a_picture_gets_what_its_prompt_has_more_than_its_text() -> None:
    found = learned(meter(0.25), Load(400, 2, {LARGE: 1}), 100 + 2 * LINE_TOKENS + 750)
    assert found == Costs(pictures={LARGE: 750})


def test_known_sizes_are_subtracted_and_new_ones_share_the_rest_by_their_estimates() -> None:
    known = meter(0.25, {LARGE: 800})
    found = learned(known, Load(0, 0, {LARGE: 2, SMALL: 1}), 1640)
    assert found == Costs(pictures={SMALL: 40})
    both = learned(meter(0.25), Load(0, 0, {LARGE: 1, SMALL: 1}), 1010)
    assert both == Costs(pictures={LARGE: 1000, SMALL: 10})


def test_a_count_below_what_is_known_teaches_nothing() -> None:
    assert learned(meter(0.25, {LARGE: 800}), Load(0, 0, {LARGE: 1, SMALL: 1}), 500) == Costs()


def test_what_was_added_is_the_difference() -> None:
    whole, beginning = Load(300, 3, {LARGE: 1, SMALL: 1}), Load(100, 1, {LARGE: 1})
    assert without(whole, beginning) == Load(200, 2, {SMALL: 1})


def test_a_picture_without_stills_is_taken_for_a_large_one() -> None:
    assert meter().picture(KeptPicture(1, ref(), ())) > 1024 * 1024 // 500


@given(rate=st.floats(0.15, 0.6), still=st.floats(0.0002, 0.0014))
@settings(max_examples=15)
def test_costs_come_close_to_what_the_engine_really_takes(rate: float, still: float) -> None:
    async def talk() -> tuple[int, int, Costs]:
        engine = CountingEngine(context_tokens=60_000, rate=rate, still=still)
        engine.say = lambda _: "Some words about it. " * 20
        talk = Talk(engine=engine)
        result: TurnResult | None = None
        for number in range(30):
            sources = (ref(f"p{number}"),) if number % 10 == 0 else ()
            result = await talk.ask(asks("And what is there? " * 5, *sources, after=result))
        costs = await talk.costs.costs(MODEL)
        load = Load.of(talk.last.lines, system_text())
        return Meter(lambda *_: 9999, costs).load(load), engine.tokens(talk.last.lines), costs

    estimated, counted, costs = asyncio.run(talk())
    assert estimated == pytest.approx(counted, rel=0.05)
    assert costs.pictures is not None
    assert costs.pictures[1000, 1000] == pytest.approx(still * 1_000_000, rel=0.15, abs=60)


async def test_what_was_learned_outlasts_a_restart() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    assert (await talk.costs.costs(MODEL)).pictures is not None
    talk.restarted()
    await talk.ask(asks("And?", after=first))
    assert len(talk.engine.asked) == 2
