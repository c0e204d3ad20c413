"""From a member's command to the answer in the channel, by the real bot."""

from collections import deque
from pathlib import Path

import pytest

from bot.domain.errors import EngineUnavailable
from tests.discord.engines import HandEngine
from tests.discord.pictures import gif, png
from tests.discord.world import components, labels, shown, texts, until, world


async def test_a_slash_command_is_answered_with_its_picture_and_controls(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine(said="A red wall.")) as w:
        result = await w.slash(w.ann, "describe", picture=("wall.png", png()))
        assert result.acknowledged
        assert not result.ephemeral
        assert shown(result).splitlines() == ["-# AI description by qwen3-vl:8b", "A red wall."]
        assert labels(result) == ["Shorter", "More detail", "Read text", "Ask", "Delete"]
        (gallery,) = [c for c in components(result.response) if c["type"] == 12]
        assert gallery["items"][0]["description"] == "A red wall."
        assert result.response is not None
        assert [a.filename for a in result.response.attachments] == ["picture-1.png"]


@pytest.mark.parametrize(
    ("menu", "task"), [("Describe picture", "describe"), ("Alt text", "alt"), ("Read text", "ocr")]
)
async def test_a_right_click_answers_about_every_picture_in_order(
    tmp_path: Path, menu: str, task: str
) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        files = [("a.png", png("red")), ("b.png", b"not a picture at all"), ("c.png", png("blue"))]
        message = await w.ben.send(w.channel, "look", attachments=files)
        text = shown(await w.menu(w.ann, menu, message))
        places = [text.index(f"Picture {n} of 3") for n in (1, 2, 3)]
        assert places == sorted(places)
        assert "That is a text file" in text[places[1] : places[2]]
        assert [question.task for question in engine.history] == [task, task]


async def test_a_forwarded_picture_is_found(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        message = await w.ben.send(w.channel, "look", attachments=[("a.png", png())])
        forwarded = await w.ben.forward(message, w.channel)
        assert "describe standard 1" in shown(await w.menu(w.ann, "Describe picture", forwarded))


async def test_the_picture_of_the_message_replied_to_is_found(tmp_path: Path) -> None:
    intents: dict[str, object] = {"message_content": True}
    async with world(tmp_path, engine=HandEngine(), discord=intents) as w:
        message = await w.ben.send(w.channel, "look", attachments=[("a.png", png())])
        reply = await w.ann.send(w.channel, "what is this?", reply_to=message)
        assert "describe standard 1" in shown(await w.menu(w.ann, "Describe picture", reply))


async def test_a_message_without_a_picture_gets_a_private_sentence(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        message = await w.ben.send(w.channel, "just words")
        result = await w.menu(w.ann, "Describe picture", message)
        assert result.ephemeral
        assert "I found no picture there" in shown(result)


async def test_other_files_are_refused_with_their_kind(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "describe", picture=("film.mp4", b"\0\0\0\x18ftypmp42"))
        assert result.ephemeral
        assert shown(result).startswith("That is a video.")


async def test_private_answers_are_for_the_asker_alone(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "alt", picture=("a.png", png()), private=True)
        assert result.ephemeral
        assert "alt standard 1" in shown(result)


async def test_an_animation_is_one_answer_about_several_frames(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        await w.slash(w.ann, "describe", picture=("a.gif", gif("red", "green", "blue")))
        (question,) = engine.history
        assert len(question.picture.frames) == 3


async def test_while_the_model_works_the_text_so_far_and_a_way_to_stop_are_shown(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: "Thinking aloud" in shown(result))
        assert labels(result) == ["Cancel"]
        engine.go.set()
        await w.finished(result)
        assert labels(result)[-1] == "Delete"


async def test_a_slow_download_is_told_before_anything_else(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        w.transport.ready.clear()
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: shown(result) == "Getting the picture…")
        assert labels(result) == ["Cancel"]
        w.transport.ready.set()
        await w.finished(result)
        assert "describe standard 1" in shown(result)


async def test_others_wait_their_turn_and_see_their_place(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        first = await w.ann.slash(w.channel, "describe", picture=("a.png", png("red")))
        await until(lambda: labels(first) == ["Cancel"])
        second = await w.ben.slash(w.channel, "describe", picture=("b.png", png("blue")))
        await until(lambda: "Next in the queue" in texts(second.response))
        engine.go.set()
        await w.finished(second)


async def test_the_asker_stops_an_answer_and_the_engine_stops_too(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Cancel"])
        await until(engine.asked.is_set)
        assert result.response is not None
        refused = await w.ben.click(result.response.message, label="Cancel")
        assert "Only the person who asked" in texts(refused.response)
        await w.click(w.ann, result, "Cancel")
        assert shown(result) == "Stopped."
        assert engine.stopped == 1
        assert w.lookout.gate.state().running == 0


async def test_a_moderator_may_stop_an_answer(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Cancel"])
        await w.click(w.mod, result, "Cancel")
        assert shown(result) == "Stopped."


async def test_an_engine_that_is_down_is_said_in_words_with_a_reference(tmp_path: Path) -> None:
    engine = HandEngine(errors=deque([EngineUnavailable()]))
    async with world(tmp_path, engine=engine) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        assert "not running right now" in shown(result)
        assert "Reference: " in shown(result)
        assert labels(result) == ["Delete"]


async def test_asking_too_often_is_answered_at_once_with_the_time_to_wait(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine(), limits={"person_per_minute": 1}) as w:
        await w.slash(w.ann, "describe", picture=("a.png", png()))
        result = await w.slash(w.ann, "describe", picture=("b.png", png()))
        assert result.ephemeral
        assert "You have asked a lot just now. Please try again in" in shown(result)


async def test_the_same_picture_posted_by_many_is_looked_at_once(tmp_path: Path) -> None:
    engine = HandEngine(said="A meme.")
    async with world(tmp_path, engine=engine) as w:
        for actor in (w.ann, w.ben, w.mod):
            result = await w.slash(actor, "describe", picture=("meme.png", png("green")))
            assert "A meme." in shown(result)
        assert len(engine.history) == 1


async def test_words_of_a_model_ping_nobody_and_link_nowhere(tmp_path: Path) -> None:
    said = "@everyone <@1> [free](https://evil.example) </ban:1> discord.gg/x"
    async with world(tmp_path, engine=HandEngine(said=said)) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        text = shown(result).splitlines()[1]
        assert "@everyone" not in text
        assert "`https://evil.example`" in text
        assert "\\<" in text
