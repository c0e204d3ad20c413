"""The Ollama engine against an imitation server: what it asks for, and what it makes of it."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from bot.domain.answer import Answer, Reset, TextDelta
from bot.domain.errors import (
    EngineRejected,
    ModelCannotSee,
    ModelMissing,
    ModelUnsupported,
)
from bot.domain.picture import Note
from bot.domain.task import Layout, Parameters, TaskName
from bot.vision.ollama import OllamaEngine
from bot.vision.ollama_request import THINKING_TOKENS
from tests.vision.imitation.questions import answer_of, engine, events_of, question
from tests.vision.imitation.server import (
    LLAMA_VISION,
    MODEL,
    TEXT_ONLY,
    THINKING,
    TILELESS,
    ImitationOllama,
    frame,
    last,
    refuses,
    refuses_nested,
    says,
    sends,
    shown,
)

ALT_REPLY = '{"text_in_picture": "SALE", "description": "A red poster.", "meaningful": true}'


@pytest.fixture
async def server() -> AsyncIterator[ImitationOllama]:
    async with ImitationOllama() as running:
        yield running


@pytest.fixture
async def asked(server: ImitationOllama) -> AsyncIterator[OllamaEngine]:
    async with engine(server.host) as opened:
        yield opened


async def test_free_text_streams_and_ends_with_one_answer(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """Deltas come as they are spoken; the answer has the whole text, model and counters."""
    server.chats.append(says("A red ", "square."))
    *deltas, answer = await events_of(asked, question())
    assert deltas == [TextDelta("A red "), TextDelta("square.")]
    assert isinstance(answer, Answer)
    assert (answer.text, answer.engine, answer.model) == ("A red square.", "ollama", MODEL)
    assert (answer.usage.prompt_tokens, answer.usage.answer_tokens) == (300, 12)
    assert (answer.usage.load_seconds, answer.usage.total_seconds) == (0.5, 2.5)


async def test_a_request_says_everything_that_matters(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """Context, truncation, shifting and thinking are never left to the server's defaults."""
    asking = question(seed=7)
    await events_of(asked, asking)
    body = server.chat_bodies[0]
    assert body["stream"] is True
    assert body["think"] is False
    assert body["truncate"] is False
    assert body["shift"] is False
    assert body["keep_alive"] == 1800
    assert body["options"] == {"num_ctx": 8192, "num_predict": 480, "temperature": 0.2, "seed": 7}
    assert "format" not in body
    system, user = body["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    frame_bytes = asking.picture.frames[0].data
    assert [base64.b64decode(image) for image in user["images"]] == [frame_bytes]


async def test_structured_answers_are_asked_by_schema_and_not_streamed(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """People see no raw JSON; the reply becomes the task's own answer."""
    server.chats.append(says(ALT_REPLY[:20], ALT_REPLY[20:]))
    events = await events_of(asked, question(TaskName.ALT))
    assert [type(event) for event in events] == [Answer]
    assert isinstance(events[0], Answer)
    assert events[0].text == "“SALE”. A red poster."
    schema = server.chat_bodies[0]["format"]
    assert schema["required"] == ["text_in_picture", "description", "meaningful"]
    assert schema["additionalProperties"] is False


async def test_a_reply_that_breaks_its_structure_is_repaired_once(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """The second try is warmer, so that it is not the same again."""
    server.chats.extend([says("Sure! Here you are"), says(ALT_REPLY)])
    reset, answer = await events_of(asked, question(TaskName.ALT))
    assert isinstance(reset, Reset)
    assert isinstance(answer, Answer)
    first, second = server.chat_bodies
    assert second["options"]["temperature"] > first["options"]["temperature"]
    assert second["messages"][1]["images"] == first["messages"][1]["images"]
    assert second["messages"][1]["content"].startswith(first["messages"][1]["content"])


async def test_a_structured_reply_that_was_cut_gets_more_room(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """Half a table is no table: it is asked again with twice the tokens."""
    server.chats.extend(
        [
            says('{"tables": [{"rows": [["a"', reason="length"),
            says('{"tables": [{"rows": [["a"]]}]}'),
        ]
    )
    answer = await answer_of(asked, question(TaskName.OCR, layout=Layout.TABLE))
    assert answer.tables[0].rows == (("a",),)
    first, second = server.chat_bodies
    assert second["options"]["num_predict"] == 2 * first["options"]["num_predict"]


async def test_a_cut_free_text_is_kept_and_noted(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """A long description that reaches its limit is better than none."""
    server.chats.append(says("A red square on", reason="length"))
    answer = await answer_of(asked, question())
    assert answer.notes == (Note.ANSWER_CUT,)
    assert answer.text == "A red square on"


async def test_silence_is_repaired_for_descriptions(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """An empty description is asked again."""
    server.chats.extend([says(), says("A square.")])
    events = await events_of(asked, question())
    assert [type(event) for event in events] == [Reset, TextDelta, Answer]


async def test_silence_is_an_answer_where_there_is_no_text(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """A model that only reads says nothing about a picture without text."""
    server.chats.append(says())
    assert (await answer_of(asked, question(TaskName.OCR))).text == ""
    assert len(server.chat_bodies) == 1


async def test_thoughts_are_not_shown_and_get_room(server: ImitationOllama) -> None:
    """A model that thinks although told not to still has all its tokens for the answer."""
    server.chats.append(says("A square.", thoughts=["Let me see. ", "Red?"]))
    async with engine(server.host, THINKING) as asked:
        events = await events_of(asked, question())
        await events_of(asked, question())
    assert events[0] == TextDelta("A square.")
    assert isinstance(events[-1], Answer)
    assert events[-1].text == "A square."
    rooms = [body["options"]["num_predict"] for body in server.chat_bodies]
    assert rooms == [480 + THINKING_TOKENS] * 2


async def test_an_obedient_thinker_needs_no_room(server: ImitationOllama) -> None:
    """Once a model answered without a thought, its answers are bounded like any other's."""
    async with engine(server.host, THINKING) as asked:
        await events_of(asked, question())
        await events_of(asked, question())
    rooms = [body["options"]["num_predict"] for body in server.chat_bodies]
    assert rooms == [480 + THINKING_TOKENS, 480]


async def test_a_mixed_up_cache_is_mended_by_unloading(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """After "Chunk not found" the model is unloaded and asked once more."""
    server.chats.extend([refuses_nested(500, "got exception: Chunk not found"), says("Red.")])
    assert (await answer_of(asked, question())).text == "Red."
    _, unload, _ = server.chat_bodies
    assert (unload["messages"], unload["keep_alive"]) == ([], 0)


async def test_another_clients_cancelled_load_is_repeated(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """A load that somebody else hung up on is asked for again."""
    server.chats.extend([refuses(499, "request canceled"), says("Red.")])
    assert (await answer_of(asked, question())).text == "Red."


async def test_line_separators_in_an_answer_do_not_tear_it(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """Only a line feed ends a line of the stream, whatever Unicode holds for a separator."""
    text = "a\x85b\u2028c\u2029d"
    server.chats.append(says(text))
    assert (await answer_of(asked, question())).text == text


async def test_lines_may_arrive_in_any_pieces(server: ImitationOllama, asked: OllamaEngine) -> None:
    """Lines are put together from pieces of any size, blank lines skipped, the last one kept."""
    whole = frame("Ré") + b"\r\n\n" + frame("d.") + last().rstrip(b"\n")
    server.chats.append(sends(*[whole[at : at + 7] for at in range(0, len(whole), 7)]))
    assert (await answer_of(asked, question())).text == "Réd."


async def test_closing_the_iterator_closes_the_connection(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """Somebody who cancels makes the server stop."""
    server.chats.append(server.talks_for_ever())
    async with aclosing(asked.stream(question())) as events:
        assert isinstance(await anext(events), TextDelta)
        assert not server.hung_up.is_set()
    await asyncio.wait_for(server.hung_up.wait(), 5)


async def test_cancelling_before_the_first_word_closes_the_connection(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """A task cancelled while the model loads lets go of the server too."""
    server.chats.append(server.hangs())
    waiting = asyncio.create_task(events_of(asked, question()))
    await asyncio.wait_for(server.chat_arrived.wait(), 5)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(server.hung_up.wait(), 5)


async def test_a_loop_closes_the_connection(server: ImitationOllama, asked: OllamaEngine) -> None:
    """A model that goes in circles is stopped, not merely ignored."""
    server.chats.append(server.hangs(*[frame("la la la ")] * 100))
    with pytest.raises(Exception, match="AnswerLooped"):
        await events_of(asked, question())
    await asyncio.wait_for(server.hung_up.wait(), 5)


async def test_animations_are_sent_in_order(server: ImitationOllama, asked: OllamaEngine) -> None:
    """All frames go into one message; models that mark pictures themselves need no placeholders."""
    asking = question(frames=3)
    await events_of(asked, asking)
    user = server.chat_bodies[0]["messages"][1]
    sent = [base64.b64decode(image) for image in user["images"]]
    assert sent == [frame.data for frame in asking.picture.frames]
    assert "[img" not in user["content"]


async def test_pictures_without_marks_are_kept_apart(server: ImitationOllama) -> None:
    """Where the projector sets no marks around pictures, text between them does."""
    async with engine(server.host, TILELESS) as asked:
        await events_of(asked, question(frames=2, focus="the [img-0] and [img]"))
        await events_of(asked, question())
    animated, still = (body["messages"][1]["content"] for body in server.chat_bodies)
    assert animated.startswith("Picture 1 (0.0 s): [img]\nPicture 2 (0.5 s): [img]\n")
    assert animated.count("[img") == 2
    assert "[img" not in still


async def test_models_that_only_read_get_their_fixed_words(server: ImitationOllama) -> None:
    """No system message, no other word: their model cards know one prompt."""
    server.models["reader"] = shown("glmocr", "vision")
    async with engine(server.host, "reader") as asked:
        await events_of(asked, question(TaskName.OCR))
    (message,) = server.chat_bodies[0]["messages"]
    assert message["content"] == "Text Recognition:"


async def test_each_task_may_have_its_own_model(server: ImitationOllama) -> None:
    """Tasks without one of their own share the main model."""
    async with engine(server.host, task_models={TaskName.OCR: THINKING}) as asked:
        assert asked.model_for(TaskName.OCR) == THINKING
        assert asked.model_for(TaskName.ALT) == MODEL
        answer = await answer_of(asked, question(TaskName.OCR))
    assert answer.model == THINKING
    assert server.chat_bodies[0]["model"] == THINKING


async def test_facts_are_asked_once_and_again_after_an_error(
    server: ImitationOllama, asked: OllamaEngine
) -> None:
    """A model of the same name may be another one by now when something fails."""

    def asked_for_facts() -> int:
        return sum(request.path == "/api/show" for request in server.received)

    await events_of(asked, question())
    await events_of(asked, question())
    assert asked_for_facts() == 1
    server.chats.append(refuses(500, "odd"))
    with pytest.raises(EngineRejected):
        await events_of(asked, question())
    await events_of(asked, question())
    assert asked_for_facts() == 2


async def test_a_model_that_learns_to_see_is_noticed(server: ImitationOllama) -> None:
    """A blind model is never shown a picture; once it is replaced by a seeing one, it is."""
    async with engine(server.host, TEXT_ONLY) as asked:
        with pytest.raises(ModelCannotSee):
            await events_of(asked, question())
        assert server.chat_bodies == []
        server.models[TEXT_ONLY] = shown("qwen3vl", "vision")
        assert (await answer_of(asked, question())).text


async def test_old_servers_run_llama_vision(server: ImitationOllama) -> None:
    """Ollama before 0.30 knows the architecture that later ones refuse."""
    async with engine(server.host, LLAMA_VISION) as asked:
        with pytest.raises(ModelUnsupported):
            await events_of(asked, question())
        server.version = "0.24.0"
        assert (await answer_of(asked, question())).model == LLAMA_VISION


async def test_needs_follow_the_models_family(server: ImitationOllama) -> None:
    """Unknown before the server was asked; what the model cannot see is not sent afterwards."""
    server.models["gemma"] = shown("gemma4", "vision")
    asked = engine(server.host, "gemma")
    unknown = asked.needs_for(TaskName.OCR, Parameters())
    async with asked:
        known = asked.needs_for(TaskName.OCR, Parameters())
    assert unknown.max_pixels == 3_000_000
    assert known.max_pixels == 280 * 48 * 48
    assert known.keep_text_sharp


async def test_status_says_what_answers(server: ImitationOllama, asked: OllamaEngine) -> None:
    """Ready with a version when every model can see."""
    status = await asked.status()
    assert (status.name, status.ready, status.version) == ("ollama", True, "0.33.0")
    assert dict(status.models) == dict.fromkeys(TaskName, MODEL)


async def test_status_of_a_server_without_the_model(server: ImitationOllama) -> None:
    """A server that answers and lacks the model is there, and not ready."""
    async with engine(server.host, "absent:1b") as asked:
        status = await asked.status()
    assert (status.ready, status.version) == (False, "0.33.0")


async def test_status_of_a_hanging_server(server: ImitationOllama) -> None:
    """It answers within its connect timeout, whatever the server does."""
    server.overrides["/api/version"] = server.hangs()
    async with asyncio.timeout(2):
        async with engine(server.host, connect_timeout_seconds=0.1) as asked:
            status = await asked.status()
    assert (status.ready, status.version) == (False, "")


async def test_pictures_go_to_the_named_host_only(
    server: ImitationOllama, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Proxies and hosts of the environment have no say."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("OLLAMA_HOST", "http://127.0.0.1:1")
    async with engine(server.host) as asked:
        assert (await answer_of(asked, question())).text


async def test_a_model_is_asked_for_by_its_exact_name(server: ImitationOllama) -> None:
    """The error names the model that is missing, for the command that installs it."""
    async with engine(server.host, "absent:1b") as asked:
        with pytest.raises(ModelMissing) as caught:
            await events_of(asked, question())
    assert caught.value.model == "absent:1b"
