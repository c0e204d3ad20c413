"""What is kept, forgotten, tried again and found after a restart."""

import asyncio
from datetime import timedelta

import pytest

from bot.domain.conversation import Retention, TurnState
from bot.domain.errors import (
    Expired,
    FetchFailed,
    NotYours,
)
from bot.services.progress import Stage
from tests.services.conversing import (
    ANA,
    BEN,
    Talk,
    asks,
    names,
    words,
)
from tests.services.fakes import ref


async def test_a_turn_that_is_forgotten_while_it_waits_never_reaches_the_engine() -> None:
    talk = Talk()
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    async with talk.converse.gate.admit(BEN):
        answering = asyncio.create_task(talk.answer(turn, request))
        await talk.heard.stage(Stage.WAITING)
        await talk.store.forget_turn(turn.id)
    with pytest.raises(Expired):
        await answering
    assert talk.engine.asked == []


async def test_words_forgotten_while_a_follow_up_waits_are_not_sent() -> None:
    talk = Talk()
    first = await talk.ask(asks("Who?", ref("cat")))
    second = await talk.ask(asks("My secret?", after=first))
    request = asks("And?", after=second, asker=BEN)
    turn = await talk.accept(request)
    talk.heard.parts.clear()
    async with talk.converse.gate.admit(BEN):
        answering = asyncio.create_task(talk.answer(turn, request))
        await talk.heard.stage(Stage.WAITING)
        await talk.store.forget_turn(second.turn.id)
    await answering
    assert "secret" not in words(talk.last)
    assert "Who?" in words(talk.last)


async def test_with_no_retention_nothing_remains_once_the_person_was_told() -> None:
    talk = Talk()
    await talk.converse.choose_retention(1, Retention(timedelta(0), timedelta(0)))
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    result = await talk.answer(turn, request)
    assert not result.kept
    assert result.answer.text
    assert [picture.frames[0].data for _, picture in result.new] == [b"cat"]
    await talk.converse.told(turn)
    assert (talk.store.kept, talk.store.blobs) == ({}, {})


async def test_nobody_keeps_longer_than_the_operator_allows() -> None:
    talk = Talk(retention=Retention(timedelta(days=1), timedelta(days=2)))
    chosen = await talk.converse.choose_retention(
        1, Retention(timedelta(days=9), timedelta(hours=1))
    )
    assert chosen == Retention(timedelta(days=1), timedelta(hours=1))
    assert await talk.converse.retention_of(1) == chosen
    assert await talk.converse.retention_of(2) == talk.retention


async def test_trying_again_asks_the_same_with_another_seed_and_the_same_pictures() -> None:
    talk = Talk()
    zero = await talk.ask(asks("Start", ref("start")))
    first = await talk.ask(asks("Who?", ref("cat"), after=zero))
    address = asks().address
    with pytest.raises(NotYours):
        await talk.converse.again(first.turn.id, BEN, address)
    request = await talk.converse.again(first.turn.id, ANA, address)
    again = await talk.ask(request)
    assert talk.engine.asked[-1].seed == request.seed is not None
    assert talk.engine.asked[-1].lines == talk.engine.asked[-2].lines
    assert [kept.number for kept, _ in again.new] == [2]
    assert talk.fetcher.fetched == ["start", "cat"]


async def test_trying_again_what_failed_while_fetching_fetches_again() -> None:
    talk = Talk()
    talk.fetcher.errors["cat"] = FetchFailed(500)
    request = asks("Who?", ref("cat"))
    turn = await talk.accept(request)
    with pytest.raises(FetchFailed):
        await talk.answer(turn, request)
    talk.fetcher.errors.clear()
    result = await talk.ask(await talk.converse.again(turn.id, ANA, asks().address))
    assert names(talk.last) == ["Picture 1"]
    assert result.turn.state is TurnState.ANSWERED


async def test_who_was_not_told_is_found_after_a_restart() -> None:
    talk = Talk()
    waiting_request, answered_request = asks("Who?", ref("cat")), asks("What?", ref("dog"))
    waiting = await talk.accept(waiting_request)
    answered = await talk.accept(answered_request)
    await talk.answer(answered, answered_request)
    talk.restarted()
    recovered = {pending.turn.id: pending for pending in await talk.converse.recover()}
    assert recovered[waiting.id].turn.state is TurnState.INTERRUPTED
    assert recovered[answered.id].turn.answer
    for pending in recovered.values():
        await talk.converse.told(pending.turn)
    assert await talk.converse.recover() == ()
    await talk.ask(asks("And?", ref("cat"), after=waiting))
    assert talk.last.lines[1].text == "I could not answer that."
