"""Every failure of Ollama becomes an error of the domain, also in the middle of an answer."""

import contextlib
import dataclasses
import json
import socket
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import (
    AnswerInterrupted,
    ContextExceeded,
    EngineError,
    EngineOutOfMemory,
    EngineTimeout,
    EngineUnavailable,
)
from bot.vision.ollama_errors import read_refusal, refused
from tests.vision.imitation.case import FIRST_WORD_SECONDS, NEXT_WORD_SECONDS, Case
from tests.vision.imitation.cases import CASES
from tests.vision.imitation.questions import engine, events_of, question
from tests.vision.imitation.server import ImitationOllama


@pytest.fixture
async def server() -> AsyncIterator[ImitationOllama]:
    async with ImitationOllama() as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_each_failure_has_its_error(case: Case, server: ImitationOllama) -> None:
    """Class and fields are as expected, and the exception's text says nothing of the request."""
    case.prepare(server)
    asked = engine(
        server.host,
        case.model,
        first_word_timeout_seconds=FIRST_WORD_SECONDS if case.impatient else 5,
        next_word_timeout_seconds=NEXT_WORD_SECONDS if case.impatient else 5,
    )
    async with asked:
        with pytest.raises(EngineError) as caught:
            await events_of(asked, case.asked)
    assert isinstance(caught.value, type(case.expected))
    assert dataclasses.asdict(caught.value) == dataclasses.asdict(case.expected)
    assert str(caught.value) == type(caught.value).__name__


async def test_nothing_listens(unused_host: str) -> None:
    """A refused connection means that the engine is not running."""
    async with engine(unused_host) as asked:
        with pytest.raises(EngineUnavailable):
            await events_of(asked, question())


async def test_server_stops_between_two_questions(server: ImitationOllama) -> None:
    """A refused connection is noticed at the stream too, when the facts are known already."""
    async with engine(server.host) as asked:
        await events_of(asked, question())
        await server.__aexit__(None, None, None)
        with pytest.raises((EngineUnavailable, AnswerInterrupted)):
            await events_of(asked, question())


async def test_nobody_accepts(full_host: str) -> None:
    """A connection that nobody accepts is given up after the connect timeout."""
    async with engine(full_host, connect_timeout_seconds=0.2) as asked:
        with pytest.raises(EngineTimeout) as caught:
            await events_of(asked, question())
    assert (caught.value.phase, caught.value.limit_seconds) == ("connect", 0.2)


@pytest.fixture
def unused_host() -> str:
    """Return an address where nothing listens."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as held:
        return f"http://127.0.0.1:{held.getsockname()[1]}"


@pytest.fixture
def full_host() -> Iterator[str]:
    """Return an address whose queue of connections is full, so that a new one gets no reply."""
    with contextlib.ExitStack() as stack:
        held = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(held.getsockname())
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


def nested(value: str, depth: int) -> str:
    for _ in range(depth):
        value = json.dumps({"error": value})
    return value


@given(
    st.text(max_size=40).filter(lambda text: not text.strip().startswith("{")), st.integers(0, 3)
)
def test_errors_are_unwrapped(text: str, depth: int) -> None:
    """Plain text is found under up to three layers of JSON strings."""
    assert read_refusal(nested(text, depth)).message == text.strip()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["error", "message", "x"]), inner)
    ),
    max_leaves=12,
)


@given(
    st.one_of(st.text(), json_values, json_values.map(json.dumps)),
    st.none() | st.integers(400, 599),
)
def test_any_error_body_is_understood(body: object, status: int | None) -> None:
    """No body, however odd, breaks the translation."""
    assert isinstance(refused(status, body, "m"), EngineError)


def test_deep_nesting_ends() -> None:
    """A bottomless error costs nothing but its meaning."""
    assert isinstance(refused(500, '{"error":' * 100_000, "m"), EngineError)
    assert isinstance(refused(500, nested("x", 12), "m"), EngineError)


def test_context_figures_are_read() -> None:
    """The engine's own counts reach the error, for a smaller second try."""
    inner = {"code": 400, "type": "exceed_context_size_error", "n_prompt_tokens": 10, "n_ctx": 5}
    error = refused(400, {"error": json.dumps({"error": inner})}, "m")
    assert isinstance(error, ContextExceeded)
    assert (error.prompt_tokens, error.context_tokens) == (10, 5)


def test_last_words_behind_the_json_count() -> None:
    """A memory error may stand behind the engine's JSON."""
    assert isinstance(
        refused(500, '{"error":{"message":"x"}}\nout of memory', "m"), EngineOutOfMemory
    )
