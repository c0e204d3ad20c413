"""The stand-in's messages behave as Discord's where the bot relies on it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bench import payloads
from bench.conversations.board import EPHEMERAL, LOADING, REPLY, Board

TEXT: dict[str, Any] = {"components": [{"type": 10, "content": "Hello"}], "flags": 1 << 15}


@pytest.fixture
def board() -> Board:
    return Board()


def test_an_enforced_nonce_sends_a_message_once(board: Board) -> None:
    body = {**TEXT, "nonce": "41", "enforce_nonce": True}
    sent = board.send(payloads.CHANNEL, body)

    assert board.once(payloads.CHANNEL, body) is sent
    assert board.once(payloads.CHANNEL, {**body, "nonce": "42"}) is None
    assert board.once(payloads.CHANNEL + 1, body) is None
    assert board.once(payloads.CHANNEL, {**body, "enforce_nonce": False}) is None


def test_a_reply_belongs_to_the_question_it_answers(board: Board) -> None:
    asked = board.add(payloads.CHANNEL, payloads.FIRST_PERSON, question=7)

    sent = board.send(payloads.CHANNEL, {**TEXT, "message_reference": {"message_id": asked.id}})

    assert sent.question == 7
    written = sent.payload()
    assert written["type"] == REPLY
    assert written["referenced_message"]["id"] == str(asked.id)


def test_an_edit_replaces_what_it_names_and_ends_the_waiting(board: Board) -> None:
    message = board.add(payloads.CHANNEL, payloads.BOT, body={"flags": EPHEMERAL | LOADING})

    board.write(message, TEXT)

    assert message.private
    assert message.body["flags"] == EPHEMERAL | TEXT["flags"]
    assert message.body["components"] == TEXT["components"]


def test_a_thread_has_the_id_of_its_message_and_is_there_for_the_next_connection(
    board: Board,
) -> None:
    message = board.add(payloads.CHANNEL, payloads.BOT)
    thread = board.thread(message, "About a tree")

    assert thread["id"] == str(message.id)
    assert board.guild()["threads"] == [thread]
    assert board.channel(message.id) == thread
    assert board.channel(payloads.CHANNEL)["type"] == 0


def test_an_id_says_the_time(board: Board) -> None:
    discord_epoch = datetime(2015, 1, 1, tzinfo=UTC)

    said = discord_epoch + timedelta(milliseconds=board.new_id() >> 22)

    assert abs(datetime.now(UTC) - said) < timedelta(minutes=1)
