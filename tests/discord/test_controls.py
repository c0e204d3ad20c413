"""The buttons under an answer: who may press them, what they do, that they outlive a restart."""

from collections import deque
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot.domain.errors import AnswerLooped
from bot.storage.tables import PostedAnswerRow
from tests.discord.engines import HandEngine
from tests.discord.pictures import png
from tests.discord.world import World, components, labels, restarted, shown, texts, until, world

DEAD = "https://cdn.discordapp.com/ephemeral-attachments/1/2/a.png?ex=1&is=1&hm=1"


@pytest.mark.parametrize(
    ("label", "now", "left"),
    [
        ("Shorter", "describe brief 2", ["More detail", "Read text", "Ask", "Delete"]),
        ("More detail", "describe detailed 2", ["Shorter", "Read text", "Ask", "Delete"]),
    ],
)
async def test_the_asker_changes_an_answer_where_it_stands(
    tmp_path: Path, label: str, now: str, left: list[str]
) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        await w.click(w.ann, result, label)
        assert now in shown(result)
        assert labels(result) == left
        assert result.response is not None
        assert [a.filename for a in result.response.attachments] == ["picture-1.png"]


async def test_somebody_elses_press_answers_them_alone(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        pressed = await w.click(w.ben, result, "Shorter")
        assert pressed.ephemeral
        assert "describe brief 2" in shown(pressed)
        assert "describe standard 1" in shown(result)


async def test_read_text_answers_below(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        message = await w.ben.send(w.channel, "look", attachments=[("a.png", png())])
        result = await w.menu(w.ann, "Describe picture", message)
        read = await w.click(w.ann, result, "Read text")
        assert "ocr standard 2" in shown(read)
        assert labels(read) == ["As table", "Ask", "Delete"]
        assert "describe standard 1" in shown(result)


async def test_a_failure_puts_the_old_answer_back_and_is_said_aside(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        before = components(result.response)
        engine.errors = deque([AnswerLooped()])
        engine.go.clear()
        pressed = await w.ann.click(result.response.message, label="Shorter")  # type: ignore[union-attr]
        await until(lambda: labels(result) == ["Cancel"])
        engine.go.set()
        await w.finished(pressed)
        assert [c.get("content") for c in components(result.response)] == [
            c.get("content") for c in before
        ]
        assert labels(result) == ["Shorter", "More detail", "Read text", "Ask", "Delete"]
        assert "began to repeat itself" in texts(pressed.followups[-1])
        assert pressed.followups[-1].ephemeral
        again = await w.click(w.ann, result, "Shorter")
        assert "describe brief 3" in shown(again)


async def test_only_the_asker_and_moderators_delete(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        refused = await w.click(w.ben, result, "Delete")
        assert "Only the person who asked" in texts(refused.response)
        assert result.response is not None
        await w.click(w.ann, result, "Delete")
        assert result.response is None
        second = await w.slash(w.ann, "describe", picture=("b.png", png("blue")))
        await w.click(w.mod, second, "Delete")
        assert second.response is None


async def test_a_failed_answer_can_be_deleted_by_its_asker_only(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine(errors=deque([AnswerLooped()]))) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        refused = await w.click(w.ben, result, "Delete")
        assert "Only the person who asked" in texts(refused.response)
        await w.click(w.ann, result, "Delete")
        assert result.response is None


async def test_buttons_work_after_a_restart(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        by_command = await w.slash(w.ann, "describe", picture=("a.png", png()))
        message = await w.ben.send(w.channel, "look", attachments=[("b.png", png("blue"))])
        by_menu = await w.menu(w.ann, "Alt text", message)
        async with restarted(w, engine) as again:
            await again.click(again.ann, by_command, "Shorter")
            assert "describe brief 3" in shown(by_command)
            await again.click(again.ann, by_menu, "More detail")
            assert "alt detailed 4" in shown(by_menu)
            read = await again.click(again.ben, by_command, "Read text")
            assert "ocr standard 5" in shown(read)
            await again.click(again.ann, by_command, "Delete")
            assert by_command.response is None


async def test_cancel_after_a_restart_says_that_it_is_over(tmp_path: Path) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "describe", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Cancel"])
        async with restarted(w, HandEngine()) as again:
            late = await again.click(again.ann, result, "Cancel")
            assert late.ephemeral
            assert "no longer running" in texts(late.response)
        engine.go.set()


async def test_a_button_of_a_forgotten_answer_says_so(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        await w.slash(w.ann, "forget-me")
        pressed = await w.click(w.ann, result, "Shorter")
        assert "no longer keep what this belongs to" in texts(pressed.followups[-1])


async def test_a_picture_that_was_deleted_meanwhile_is_said_to_be_gone(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        message = await w.ben.send(w.channel, "look", attachments=[("a.png", png())])
        result = await w.menu(w.ann, "Describe picture", message)
        for url in list(w.env.backend.cdn._blobs):
            del w.env.backend.cdn._blobs[url]
        await w.ben.delete(message)
        pressed = await w.click(w.ann, result, "Shorter")
        assert "no longer there" in texts(pressed.followups[-1])
        assert "describe standard 1" in shown(result)


async def test_what_is_kept_for_buttons_ends_after_its_time(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        assert w.lookout.replies.buttons_kept == timedelta(days=30)
        await w.slash(w.ann, "describe", picture=("a.png", png()))
        assert await w.lookout.posted.delete_guild(w.guild.id) == 1


async def let_links_die(w: World) -> None:
    """Do to kept links what a day does: take their signatures, which is all that opens them."""
    seal = w.lookout.database.seal
    async with w.lookout.database.writing() as session:
        for row in (await session.execute(select(PostedAnswerRow))).scalars():
            dead = [{**source, "url": DEAD} for source in seal.open_json(row.sources)]
            row.sources = seal.seal_json(dead)


async def test_buttons_outlive_the_links_of_a_commands_pictures(tmp_path: Path) -> None:
    """What an answer carries stands in for a command's own picture, press after press."""
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        result = await w.slash(
            w.ann,
            "describe",
            picture=("notes.pdf", b"%PDF-1.7"),
            picture2=("red.png", png("red", (64, 64))),
            picture3=("blue.png", png("blue", (96, 64))),
        )
        for label in ("Shorter", "More detail", "More detail"):
            await let_links_die(w)
            engine.history.clear()
            await w.click(w.ann, result, label)
            widths = [question.picture.facts.width for question in engine.history]
            assert sorted(widths) in ([64, 96], [])
            assert "no longer there" not in shown(result)
            assert result.response is not None
            names = [attachment.filename for attachment in result.response.attachments]
            assert names == ["picture-1.png", "picture-2.png"]


async def test_a_spoilers_copy_stays_a_spoiler_for_everybody_who_asks_about_it(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine(said="secret")) as w:
        result = await w.slash(w.ann, "describe", picture=("SPOILER_a.png", png()))
        assert "||secret||" in shown(result)
        assert result.response is not None
        again = await w.menu(w.ben, "Describe picture", result.response.message)
        assert "||secret||" in shown(again)


async def test_one_of_several_pictures_failing_keeps_the_old_answer_whole(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        result = await w.slash(
            w.ann, "describe", picture=("a.png", png("red")), picture2=("b.png", png("blue"))
        )
        before = shown(result)
        engine.errors = deque([AnswerLooped()])
        pressed = await w.click(w.ann, result, "Shorter")
        assert shown(result) == before
        assert "began to repeat itself" in texts(pressed.followups[-1])


async def test_a_second_press_while_the_first_is_answered_changes_nothing(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        message = result.response.message  # type: ignore[union-attr]
        engine.go.clear()
        first = await w.ann.click(message, label="Shorter")
        second = await w.ann.click(message, label="More detail")
        assert second.acknowledged
        engine.go.set()
        await w.finished(first)
        assert "describe brief 2" in shown(result)
        assert len(engine.history) == 2


async def test_a_click_is_acknowledged_before_anything_is_looked_up(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        async with w.lookout.database.writing() as session:
            await session.execute(text("DROP TABLE posted_answer"))
        pressed = await w.click(w.ann, result, "Shorter")
        assert pressed.acknowledged
        assert "database" in texts(pressed.followups[-1])
        assert "describe standard 1" in shown(result)
        await w.click(w.mod, result, "Delete")
        assert result.response is None


async def test_read_text_can_be_had_as_a_table_and_back(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        result = await w.slash(w.ann, "ocr", picture=("a.png", png()))
        await w.click(w.ann, result, "As table")
        assert engine.history[-1].parameters.layout == "table"
        assert labels(result) == ["As plain text", "Ask", "Delete"]
        await w.click(w.ann, result, "As plain text")
        assert labels(result) == ["As table", "Ask", "Delete"]


async def test_a_picture_that_can_never_be_read_does_not_block_the_others_buttons(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(
            w.ann, "describe", picture=("a.png", b"just words"), picture2=("b.png", png())
        )
        assert "Picture 1 of 2" in shown(result)
        await w.click(w.ann, result, "Shorter")
        assert "describe brief 2" in shown(result)
        assert "text file" not in shown(result)
        assert result.response is not None
        names = [attachment.filename for attachment in result.response.attachments]
        assert names == ["picture-1.png"]


async def test_the_record_keeps_the_pictures_own_address_not_that_of_a_copy(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "describe", picture=("a.png", png()))
        await let_links_die(w)
        await w.click(w.ann, result, "Shorter")
        async with w.lookout.database.reading() as session:
            (row,) = (await session.execute(select(PostedAnswerRow))).scalars()
            sources = w.lookout.database.seal.open_json(row.sources)
            assert [source["url"] for source in sources] == [DEAD]
