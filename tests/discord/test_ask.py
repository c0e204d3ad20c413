"""Questions about pictures by command, menu and form, and how their answers look."""

from collections import deque
from pathlib import Path

import pytest

from bot.domain.errors import EngineUnavailable
from tests.discord.engines import HandEngine
from tests.discord.forms import filled
from tests.discord.pictures import png
from tests.discord.world import components, labels, shown, texts, until, world

BUTTONS = ["Ask a follow-up", "Look closer", "Continue in a thread", "Try again", "Delete"]


async def test_a_question_is_answered_with_its_picture_and_all_controls(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine(said="It is red.")) as w:
        result = await w.slash(w.ann, "ask", question="Which colour?", picture=("a.png", png()))
        assert not result.ephemeral
        assert shown(result).splitlines() == [
            "-# AI answer by qwen3-vl:8b",
            f"<@{w.ann.id}> asked:",
            "> Which colour?",
            "It is red.",
        ]
        assert labels(result) == BUTTONS
        assert result.response is not None
        assert [a.filename for a in result.response.attachments] == ["picture-1.png"]
        (gallery,) = [c for c in components(result.response) if c["type"] == 12]
        assert gallery["items"][0]["description"] == "Picture 1, which the question is about"


async def test_several_pictures_are_told_apart_by_number(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        result = await w.slash(
            w.ann, "compare", picture=("a.png", png()), picture2=("b_b.png", png("blue"))
        )
        assert "> What is the same in these pictures, and what differs?" in shown(result)
        assert "-# Picture 1: a.png\n-# Picture 2: b\\_b.png" in shown(result)
        (dialogue,) = engine.dialogues
        assert dialogue.parameters.language == "en-US"
        assert len(dialogue.lines[-1].shown) == 2


async def test_comparing_takes_a_question_in_its_own_language(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        pictures = {"picture": ("a.png", png()), "picture2": ("b.png", png("blue"))}
        result = await w.slash(w.ann, "compare", question="Quelle photo est rouge ?", **pictures)
        assert "> Quelle photo est rouge ?" in shown(result)
        assert engine.dialogues[-1].parameters.language == ""
        await w.slash(w.ann, "compare", question="Which?", language="German", **pictures)
        assert engine.dialogues[-1].parameters.language == "de"


async def test_a_question_without_a_word_is_the_usual_one(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        me = f"<@{w.env.backend.bot_user.id}>"
        result = await w.slash(w.ann, "ask", question=me, picture=("a.png", png()))
        assert "> What is in this picture?" in shown(result)
        assert engine.dialogues[0].parameters.language == "en-US"


async def test_the_menu_opens_a_form_and_takes_further_pictures(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        message = await w.ben.send(w.channel, "look", attachments=[("wall.png", png())])
        form = await w.ann.context_menu(w.channel, "Ask about picture", message)
        assert form.modal is not None
        assert form.modal["title"] == "Ask about picture"
        result = await filled(
            w,
            w.ann,
            form,
            question="Which is warmer?",
            detail=["brief"],
            pictures=[("sea.png", png("blue"))],
        )
        text = shown(result)
        assert "> Which is warmer?" in text
        assert "ask brief 1" in text
        assert "-# Picture 1: wall.png\n-# Picture 2: sea.png" in text
        assert result.response is not None
        assert [a.filename for a in result.response.attachments] == ["picture-2.png"]


async def test_the_menu_says_at_once_that_there_is_no_picture(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        message = await w.ben.send(w.channel, "look", attachments=[("film.mp4", b"video")])
        result = await w.menu(w.ann, "Ask about picture", message)
        assert result.ephemeral
        assert shown(result).startswith("That is a video.")


async def test_a_private_question_is_answered_for_the_asker_alone(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(
            w.ann, "ask", question="What?", picture=("a.png", png()), private=True
        )
        assert result.ephemeral
        assert labels(result) == ["Ask a follow-up", "Look closer", "Try again", "Delete"]


async def test_words_of_people_and_of_a_model_ping_nobody_and_make_no_markup(
    tmp_path: Path,
) -> None:
    said = "@everyone [free](https://evil.example) </ban:1>"
    async with world(tmp_path, engine=HandEngine(said=said)) as w:
        question = f"<@{w.ben.id}> <:smile:123456789012345678> **what** @here\n# is this"
        result = await w.slash(w.ann, "ask", question=question, picture=("a.png", png()))
        text = shown(result)
        assert "@everyone" not in text
        assert "@here" not in text
        assert f"<@{w.ben.id}>" not in text
        assert "> @someone :smile: \\*\\*what\\*\\*" in text
        assert "> \\# is this" in text
        assert "`https://evil.example`" in text


async def test_what_is_said_and_asked_of_a_spoiler_is_hidden(tmp_path: Path) -> None:
    engine = HandEngine(said="The butler did it || really")
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(
            w.channel, "ask", question="Who || did it?", picture=("SPOILER_a.png", png())
        )
        await until(lambda: shown(result) == "||Thinking aloud||")
        engine.go.set()
        await w.finished(result)
        lines = shown(result).splitlines()
        assert lines[2].startswith("||Who")
        assert lines[2].endswith("||")
        assert lines[3].startswith("||The butler")
        assert result.response is not None
        assert [a.filename for a in result.response.attachments] == ["SPOILER_picture-1.png"]


async def test_a_question_about_a_spoiler_is_hidden_before_its_picture_has_come(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        w.transport.ready.clear()
        asked = await w.ann.slash(
            w.channel, "ask", question="Who did it?", picture=("SPOILER_a.png", png())
        )
        await until(lambda: "Getting the picture" in shown(asked))
        conversations = await w.ann.slash(w.channel, "conversations")
        assert conversations.response is not None
        opened = await w.ann.click(conversations.response.message, label="Open 1")
        text = texts(opened.response)
        assert "## ||Who did it?||" in text
        assert text.count("Who did it?") == text.count("||Who did it?||") == 2
        w.transport.ready.set()
        await w.finished(asked)


async def test_a_long_answer_comes_as_a_file_too(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine(said="word " * 2000)) as w:
        result = await w.slash(w.ann, "ask", question="What?", picture=("a.png", png()))
        assert "-# Shown in part: the whole text is in text.txt." in shown(result)
        assert result.response is not None
        names = [attachment.filename for attachment in result.response.attachments]
        assert names == ["picture-1.png", "text.txt"]


async def test_a_picture_that_cannot_be_used_is_said_beside_the_answer(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(
            w.ann,
            "ask",
            question="What?",
            picture=("a.png", png()),
            picture2=("film.mp4", b"video"),
        )
        assert "ask standard 1\nThat is a video." in shown(result)


async def test_progress_shows_what_is_being_done_and_how_to_end_it(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        w.transport.ready.clear()
        result = await w.ann.slash(w.channel, "ask", question="What?", picture=("a.png", png()))
        await until(lambda: shown(result) == "Getting the picture…")
        assert labels(result) == ["Cancel"]
        w.transport.ready.set()
        await until(lambda: shown(result) == "Thinking aloud")
        assert labels(result) == ["Stop here", "Cancel"]
        engine.go.set()
        await w.finished(result)


async def test_stop_here_keeps_the_words_that_are_there(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "ask", question="What?", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Stop here", "Cancel"])
        assert result.response is not None
        refused = await w.ben.click(result.response.message, label="Stop here")
        assert "Only the person who asked" in texts(refused.response)
        await w.click(w.ann, result, "Stop here")
        assert "Thinking aloud" in shown(result)
        assert "-# Somebody stopped the answer here." in shown(result)
        assert labels(result) == BUTTONS
        assert engine.stopped == 1


async def test_cancel_ends_it_without_an_answer_and_it_can_be_tried_again(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "ask", question="What?", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Stop here", "Cancel"])
        await w.click(w.ann, result, "Cancel")
        assert shown(result) == "Stopped."
        assert labels(result) == ["Try again", "Delete"]
        assert engine.stopped == 1
        engine.go.set()
        await w.click(w.ann, result, "Try again")
        assert "ask standard 2" in shown(result)
        assert labels(result) == BUTTONS


async def test_a_failure_is_said_and_can_be_tried_again(tmp_path: Path) -> None:
    engine = HandEngine(errors=deque([EngineUnavailable()]))
    async with world(tmp_path, engine=engine) as w:
        result = await w.slash(w.ann, "ask", question="What?", picture=("a.png", png()))
        assert "not running right now" in shown(result)
        assert "Reference: " in shown(result)
        assert labels(result) == ["Try again", "Delete"]
        await w.click(w.ann, result, "Try again")
        assert "ask standard 2" in shown(result)


async def test_an_answer_of_another_command_can_be_asked_about(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        described = await w.slash(w.ann, "describe", picture=("a.png", png()))
        assert described.response is not None
        form = await w.ben.click(described.response.message, label="Ask")
        result = await filled(w, w.ben, form, question="How large is it?")
        assert "> How large is it?" in shown(result)
        assert "ask standard 2" in shown(result)
        assert f"<@{w.ben.id}> asked:" in shown(result)
        (dialogue,) = engine.dialogues
        assert len(dialogue.lines[-1].shown) == 1


@pytest.mark.parametrize("name", ["describe", "alt", "ocr"])
async def test_asking_about_a_private_answer_stays_private(tmp_path: Path, name: str) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        answer = await w.slash(w.ann, name, picture=("a.png", png()), private=True)
        assert answer.response is not None
        form = await w.ann.click(answer.response.message, label="Ask")
        result = await filled(w, w.ann, form, question="What?")
        assert result.ephemeral
