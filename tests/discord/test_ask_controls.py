"""The buttons under a turn: who may press them, what they do, that they outlive a restart."""

from collections import deque
from pathlib import Path

import discord
import pytest
import simcord

from bot.domain.errors import AnswerLooped
from bot.domain.picture import Picture, Region
from tests.discord.engines import HandEngine
from tests.discord.forms import deny, filled, forms
from tests.discord.pictures import png
from tests.discord.world import World, components, labels, restarted, shown, texts, until, world

BUTTONS = ["Ask a follow-up", "Look closer", "Continue in a thread", "Try again", "Delete"]


class Upper:
    """Finds text in the upper half of every picture."""

    async def find_text(self, picture: Picture) -> Region | None:
        return Region(0, 0, 1, 0.5)


async def asked(w: World, **options: object) -> simcord.InteractionResult:
    """Let Ann ask about a picture."""
    return await w.slash(w.ann, "ask", question="What?", picture=("a.png", png()), **options)


async def test_a_follow_up_is_answered_below_with_a_new_picture(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        first = await asked(w)
        form = await w.click(w.ann, first, "Ask a follow-up")
        second = await filled(
            w, w.ann, form, question="And this?", pictures=[("b.png", png("blue"))]
        )
        assert "ask standard 1" in shown(first)
        assert "> And this?" in shown(second)
        assert "ask standard 2" in shown(second)
        assert "-# Picture 2: b.png" in shown(second)
        assert labels(second) == BUTTONS


async def test_anybody_who_sees_an_answer_follows_it_up_for_all_to_see(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await asked(w)
        form = await w.click(w.ben, first, "Ask a follow-up")
        second = await filled(w, w.ben, form, question="Why?")
        assert not second.ephemeral
        assert f"<@{w.ben.id}> asked:" in shown(second)


async def test_who_may_not_write_here_brings_no_answer_here(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await asked(w)
        form = await w.click(w.ben, first, "Ask a follow-up")
        deny(w, w.ben.id, send_messages=True)
        late = await filled(w, w.ben, form, question="Why?")
        for refused in (late, await w.click(w.ben, first, "Look closer")):
            assert refused.ephemeral
            assert "not allowed to write in this channel" in texts(refused.response)


async def test_what_follows_a_private_answer_is_private_too(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await asked(w, private=True)
        form = await w.click(w.ann, first, "Ask a follow-up")
        second = await filled(w, w.ann, form, question="Why?")
        assert second.ephemeral
        assert "ask standard 2" in shown(second)
        again = await w.click(w.ann, second, "Try again")
        assert again.acknowledged
        assert second.ephemeral
        assert "ask standard 3" in shown(second)


async def test_words_written_into_a_form_are_given_back_when_the_conversation_is_gone(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await asked(w)
        form = await w.click(w.ben, first, "Ask a follow-up")
        closer = await w.click(w.ann, first, "Look closer")
        await w.lookout.conversations.store.delete_guild(w.guild.id)
        late = await filled(w, w.ben, form, question="My *long* question")
        assert late.ephemeral
        assert "I no longer keep this conversation" in texts(late.response)
        assert "My \\*long\\* question" in texts(late.response)
        assert "I no longer keep" in texts(
            (await filled(w, w.ann, closer, part=["top_left"])).response
        )


async def test_words_written_into_a_form_are_given_back_when_they_cannot_be_asked_yet(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine(), limits={"person_per_minute": 1}) as w:
        first = await asked(w)
        form = await w.click(w.ann, first, "Ask a follow-up")
        refused = await filled(w, w.ann, form, question="Is it *really*\nred?")
        assert refused.ephemeral
        assert "You have asked a lot just now" in texts(refused.response)
        assert texts(refused.response).endswith("> Is it \\*really\\*\n> red?")


async def test_looking_closer_asks_which_part(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        first = await asked(w)
        form = await w.click(w.ben, first, "Look closer")
        (part, question) = forms(form)
        assert [option["label"] for option in part["options"]] == [
            "Top left",
            "Top",
            "Top right",
            "Left",
            "Middle",
            "Right",
            "Bottom left",
            "Bottom",
            "Bottom right",
        ]
        assert not question["required"]
        closer = await filled(w, w.ben, form, part=["bottom_right"])
        assert "> Picture 1, looked at more closely: bottom right" in shown(closer)
        assert "> What can be seen in this part of the picture?" in shown(closer)
        assert engine.dialogues[-1].parameters.language == "en-US"


async def test_looking_closer_can_find_the_text_where_there_is_who_finds_it(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await asked(w)
        w.lookout.conversations.text_finder = Upper()
        (part, _) = forms(await w.click(w.ann, first, "Look closer"))
        assert [option["label"] for option in part["options"]][9:] == ["Find the text"]


async def test_looking_closer_asks_which_picture_when_there_are_several(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        pictures = {"picture": ("a.png", png()), "picture2": ("b.png", png("blue"))}
        first = await w.slash(w.ann, "compare", **pictures)
        form = await w.click(w.ann, first, "Look closer")
        (_, picture, _) = forms(form)
        assert [(option["label"], option.get("default")) for option in picture["options"]] == [
            ("Picture 1: a.png", False),
            ("Picture 2: b.png", True),
        ]
        closer = await filled(w, w.ann, form, part=["top"], picture=["1"], question="A bird?")
        assert "> Picture 1, looked at more closely: top\n> A bird?" in shown(closer)


async def test_only_the_asker_tries_again_and_the_answer_stays_in_its_place(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await asked(w)
        refused = await w.click(w.ben, first, "Try again")
        assert refused.ephemeral
        assert "Only the person who asked" in texts(refused.response)
        await w.click(w.ann, first, "Try again")
        assert "ask standard 2" in shown(first)
        assert labels(first) == BUTTONS
        assert first.response is not None
        assert [a.filename for a in first.response.attachments] == ["picture-1.png"]


async def test_when_another_try_fails_the_old_answer_stays(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        first = await asked(w)
        before = [c.get("content") for c in components(first.response)]
        engine.errors = deque([AnswerLooped()])
        engine.go.clear()
        assert first.response is not None
        pressed = await w.ann.click(first.response.message, label="Try again")
        await until(lambda: "Cancel" in labels(first))
        engine.go.set()
        await w.finished(pressed)
        assert [c.get("content") for c in components(first.response)] == before
        assert labels(first) == BUTTONS
        assert "began to repeat itself" in texts(pressed.followups[-1])
        assert pressed.followups[-1].ephemeral
        form = await w.click(w.ann, first, "Ask a follow-up")
        assert "ask standard 3" in shown(await filled(w, w.ann, form, question="Why?"))


async def test_pressing_try_again_twice_asks_once(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        first = await asked(w)
        assert first.response is not None
        message = first.response.message
        engine.go.clear()
        one = await w.ann.click(message, label="Try again")
        two = await w.ann.click(message, label="Try again")
        assert two.acknowledged
        engine.go.set()
        await w.finished(one)
        assert "ask standard 2" in shown(first)
        assert len(engine.dialogues) == 2


async def test_only_the_asker_and_moderators_delete(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await asked(w)
        refused = await w.click(w.ben, first, "Delete")
        assert "Only the person who asked" in texts(refused.response)
        await w.click(w.mod, first, "Delete")
        assert first.response is None
        second = await asked(w)
        await w.click(w.ann, second, "Delete")
        assert second.response is None


async def test_a_deleted_turn_is_forgotten(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await asked(w)
        form = await w.click(w.ann, first, "Ask a follow-up")
        second = await filled(w, w.ann, form, question="Why?")
        message_id = second.response.id if second.response else 0
        assert await w.lookout.conversations.store.turn_of_message(message_id) is not None
        await w.click(w.ann, second, "Delete")
        assert await w.lookout.conversations.store.turn_of_message(message_id) is None


async def test_every_control_works_after_a_restart(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        first = await asked(w)
        async with restarted(w, engine) as again:
            form = await again.click(again.ben, first, "Ask a follow-up")
            second = await filled(again, again.ben, form, question="Why?")
            assert "ask standard 2" in shown(second)
            closer = await again.click(again.ann, first, "Look closer")
            third = await filled(again, again.ann, closer, part=["left"])
            assert "ask standard 3" in shown(third)
            await again.click(again.ann, first, "Try again")
            assert "ask standard 4" in shown(first)
            thread = await again.click(again.ann, first, "Continue in a thread")
            assert "goes on in" in texts(thread.response)
            await again.click(again.ann, first, "Delete")
            assert first.response is None


async def test_an_answer_that_a_restart_cut_off_says_so_and_can_be_tried_again(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    engine.go.clear()
    async with world(tmp_path, engine=engine) as w:
        result = await w.ann.slash(w.channel, "ask", question="What?", picture=("a.png", png()))
        await until(lambda: labels(result) == ["Stop here", "Cancel"])
        async with restarted(w, HandEngine()) as again:
            await until(lambda: "I was restarted while" in shown(result))
            assert labels(result) == ["Try again", "Delete"]
            await again.click(again.ann, result, "Try again")
            assert "ask standard 1" in shown(result)
            assert labels(result) == BUTTONS
            form = await again.click(again.ann, result, "Ask a follow-up")
            assert "ask standard 2" in shown(await filled(again, again.ann, form, question="Why?"))
        engine.go.set()


@pytest.mark.parametrize(("readable", "how"), [(True, "every message"), (False, "Mention me")])
async def test_a_thread_is_opened_once_and_says_how_to_speak_there(
    tmp_path: Path, *, readable: bool, how: str
) -> None:
    async with world(tmp_path, engine=HandEngine(), discord={"message_content": readable}) as w:
        first = await w.slash(
            w.ann, "ask", question="@everyone What\nis *this*?", picture=("a.png", png())
        )
        assert first.response is not None
        opened = await w.click(w.ben, first, "Continue in a thread")
        assert opened.ephemeral
        where = f"This conversation goes on in <#{first.response.id}>."
        assert texts(opened.response) == where
        (thread,) = w.channel.threads
        assert thread.id == first.response.id
        assert thread.name == "@\u200beveryone What is *this*?"
        (message,) = thread.history()
        (said,) = message.components
        assert isinstance(said, discord.TextDisplay)
        assert how in said.content
        assert await w.lookout.conversations.store.is_thread(first.response.id)
        again = await w.click(w.ann, first, "Continue in a thread")
        assert texts(again.response) == where
        assert len(thread.history()) == 1


async def test_a_threads_name_gives_no_spoiler_away(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await w.slash(
            w.ann, "ask", question="Why does he die?", picture=("SPOILER_a.png", png())
        )
        await w.click(w.ann, first, "Continue in a thread")
        assert [thread.name for thread in w.channel.threads] == ["About a picture"]


async def test_who_may_not_open_threads_is_told_so(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        first = await asked(w)
        deny(w, w.ben.id, create_public_threads=True)
        refused = await w.click(w.ben, first, "Continue in a thread")
        assert "You are not allowed to open threads" in texts(refused.response)
        assert w.guild.me is not None
        deny(w, w.guild.me.id, create_public_threads=True)
        refused = await w.click(w.ann, first, "Continue in a thread")
        assert "I am not allowed to open threads" in texts(refused.response)
        second = await asked(w)
        assert "Continue in a thread" not in labels(second)
