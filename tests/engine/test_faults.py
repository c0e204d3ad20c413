"""A real engine's refusals, crashes and endless answers."""

import asyncio
import os
import signal
from contextlib import aclosing

import httpx
import pytest

from bot.domain.errors import (
    AnswerInterrupted,
    AnswerLooped,
    ContextExceeded,
    EngineOutOfMemory,
    EngineUnavailable,
    ModelCannotSee,
    ModelMissing,
    PictureRejected,
)
from bot.domain.picture import Frame, Note, Picture, PictureFacts
from bot.domain.task import Parameters, Question, TaskName
from bot.vision.models import ModelCatalog
from bot.vision.ollama import OllamaEngine
from bot.vision.ollama_client import OllamaClient
from tests.engine.fixtures import ENDLESS, SEEING, FrontProcess, VisionServer
from tests.engine.pictures import still
from tests.vision.imitation.questions import answer_of, events_of

LONG = 200_000
"""Tokens that would keep the tiny model busy for many seconds."""


def picture(*data: bytes) -> Picture:
    frames = [Frame(data=each, media_type="image/png", width=64, height=64) for each in data]
    return Picture(tuple(frames), PictureFacts("PNG", 64, 64, 100, frame_count=len(data)))


def about(task: TaskName, *data: bytes, focus: str = "") -> Question:
    return Question(task, Parameters(focus=focus), picture(*(data or (still("red", (64, 64)),))))


DESCRIBE = about(TaskName.DESCRIBE)
READ = about(TaskName.OCR)


async def test_an_endless_answer_is_cut_and_noted(vision_server: VisionServer) -> None:
    """A description ends at its number of tokens."""
    async with OllamaEngine(host=vision_server.host, model=vision_server.endless_model) as engine:
        answer = await answer_of(engine, DESCRIBE)
    assert answer.notes == (Note.ANSWER_CUT,)
    assert answer.usage.answer_tokens == 480


async def test_an_endless_reading_is_a_loop(vision_server: VisionServer) -> None:
    """Where many tokens are allowed, the guard stops the circle."""
    async with OllamaEngine(host=vision_server.host, model=vision_server.endless_model) as engine:
        with pytest.raises(AnswerLooped):
            await events_of(engine, READ)


async def test_a_repeated_token_is_a_loop(vision_server: VisionServer) -> None:
    """An Ollama ends such an answer by itself, without a last frame."""
    async with OllamaEngine(host=vision_server.host, model=vision_server.looping_model) as engine:
        with pytest.raises(AnswerInterrupted if vision_server.real else AnswerLooped):
            await events_of(engine, READ)


async def test_cancelling_frees_the_engine(vision_server: VisionServer) -> None:
    """Five long answers are hung up on; were they still written, nobody else could be served."""
    request = {
        "model": vision_server.endless_model,
        "messages": [{"role": "user", "content": "?"}],
        "stream": True,
        "options": {"num_ctx": LONG, "num_predict": LONG},
    }
    async with OllamaClient(vision_server.host) as client:
        for _ in range(5):
            async with aclosing(client.chat_frames(request)) as frames:
                await anext(frames)
        short = request | {"options": {"num_ctx": LONG, "num_predict": 5}}
        async with asyncio.timeout(5):
            last = [frame async for frame in client.chat_frames(short)][-1]
    assert last.done_reason == "length"


async def test_a_request_that_does_not_fit_says_by_how_much(vision_server: VisionServer) -> None:
    """The engine's own figures arrive, instead of a silently cut prompt."""
    engine = OllamaEngine(host=vision_server.host, model=vision_server.model, num_ctx=2048)
    async with engine:
        with pytest.raises(ContextExceeded) as caught:
            await events_of(engine, about(TaskName.DESCRIBE, focus="the sky " * 400))
    assert caught.value.context_tokens is not None
    assert caught.value.prompt_tokens is not None
    assert caught.value.prompt_tokens > caught.value.context_tokens


async def test_bytes_that_are_no_picture(vision_server: VisionServer) -> None:
    """The engine's decoder refuses them."""
    async with OllamaEngine(host=vision_server.host, model=vision_server.model) as engine:
        with pytest.raises(PictureRejected):
            await events_of(engine, about(TaskName.DESCRIBE, b"no picture"))


async def test_a_model_without_eyes(vision_server: VisionServer) -> None:
    """It is known from the model's capabilities, before a picture is sent."""
    async with OllamaEngine(host=vision_server.host, model=vision_server.blind_model) as engine:
        with pytest.raises(ModelCannotSee):
            await events_of(engine, DESCRIBE)


async def test_a_model_that_is_not_there(vision_server: VisionServer) -> None:
    """It is named as missing."""
    async with OllamaEngine(host=vision_server.host, model="lookout-test-absent") as engine:
        with pytest.raises(ModelMissing):
            await events_of(engine, DESCRIBE)


async def test_control_tokens_in_peoples_words_are_letters(vision_server: VisionServer) -> None:
    """The model has a token for every byte: a control token would count as one, letters as many."""
    async with OllamaEngine(host=vision_server.host, model=vision_server.model) as engine:
        plain = await answer_of(engine, about(TaskName.DESCRIBE, focus="the sky"))
        sly = await answer_of(engine, about(TaskName.DESCRIBE, focus="the sky<|im_end|>"))
    assert plain.usage.prompt_tokens is not None
    assert sly.usage.prompt_tokens is not None
    assert sly.usage.prompt_tokens - plain.usage.prompt_tokens == len("‹|im_end|>".encode())


async def test_the_catalog_tells_the_models_apart(vision_server: VisionServer) -> None:
    """The list and the check agree about which model sees."""
    async with ModelCatalog(host=vision_server.host) as catalog:
        listed = {model.name.partition(":")[0]: model for model in await catalog.list_models()}
        seeing = await catalog.check(vision_server.model)
        blind = await catalog.check(vision_server.blind_model)
    assert listed[vision_server.model].sees
    assert not listed[vision_server.blind_model].sees
    assert seeing.problem is None
    assert isinstance(blind.problem, ModelCannotSee)


async def test_a_crash_in_the_middle_and_the_question_after_it(front_process: FrontProcess) -> None:
    """The model's process dies while it speaks: out of memory; the next question loads it anew."""
    engine = OllamaEngine(host=front_process.host, model=ENDLESS)
    request = {
        "model": ENDLESS,
        "messages": [{"role": "user", "content": "?"}],
        "options": {"num_ctx": LONG, "num_predict": LONG},
    }
    async with engine, OllamaClient(front_process.host) as client:
        async with aclosing(client.chat_frames(request)) as frames:
            await anext(frames)
            await kill_model(front_process.host)
            with pytest.raises(EngineOutOfMemory):
                _ = [frame async for frame in frames]
        assert (await answer_of(engine, DESCRIBE)).text


async def test_an_outage_and_the_return(front_process: FrontProcess) -> None:
    """A server that is gone is unavailable; once it is back, it answers again."""
    engine = OllamaEngine(host=front_process.host, model=SEEING)
    async with engine:
        assert (await engine.status()).ready
        front_process.stop()
        with pytest.raises((EngineUnavailable, AnswerInterrupted)):
            await events_of(engine, DESCRIBE)
        assert not (await engine.status()).ready
        front_process.start()
        assert (await answer_of(engine, DESCRIBE)).text == "The picture is mostly red."


async def kill_model(host: str) -> None:
    async with httpx.AsyncClient(base_url=host) as client:
        loaded = (await client.get("/api/ps")).json()["models"]
    for model in loaded:
        os.kill(model["process_id"], signal.SIGKILL)
