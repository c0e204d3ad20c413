"""Questions asked by writing: mentions, replies, threads and direct messages."""

from pathlib import Path

import discord
from simcord.backend.models import Overwrite
from simcord.enums import OverwriteType

from tests.discord.engines import HandEngine
from tests.discord.messaging import (
    last,
    mention,
    offered,
    ours,
    said,
    wrote,
    wrote_directly,
    wrote_without_ping,
)
from tests.discord.pictures import png
from tests.discord.world import World, labels, world

PICTURE = [("a.png", png())]
READ_ALL: dict[str, object] = {"message_content": True}


def asked(engine: HandEngine, position: int = -1) -> str:
    """Return the words of the person's line that the model was last asked."""
    return engine.dialogues[position].lines[-1].text


async def test_a_mention_with_a_picture_is_answered_in_a_reply(tmp_path: Path) -> None:
    engine = HandEngine(said="It is red.")
    async with world(tmp_path, engine=engine) as w:
        question = await wrote(w, w.ann, f"{mention(w)} Which colour?", files=PICTURE)
        (answer,) = ours(w)
        assert "It is red." in said(answer)
        assert "asked:" not in said(answer)
        assert offered(answer)[0] == "Ask a follow-up"
        assert answer.reference is not None
        assert answer.reference.message_id == question.id
        assert answer.mentions == []
        assert "> Which colour?" in asked(engine)


async def test_a_picture_without_words_gets_the_usual_question(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        await wrote(w, w.ann, mention(w), files=PICTURE)
        assert "> What is in this picture?" in asked(engine)


async def test_a_mention_in_reply_to_a_picture_is_about_that_picture(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine, discord=READ_ALL) as w:
        shown = await w.ben.send(w.channel, "look", attachments=PICTURE)
        await wrote(w, w.ann, f"{mention(w)} What is that?", to=shown)
        assert "ask standard 1" in said(last(w))
        assert len(engine.dialogues[-1].lines[-1].shown) == 1


async def test_a_picture_that_discord_hides_is_said_to_be_hidden(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        shown = await w.ben.send(w.channel, "look", attachments=PICTURE)
        await wrote(w, w.ann, f"{mention(w)} What is that?", to=shown)
        assert "Ask about picture" in said(last(w))
        assert offered(last(w)) == ["Delete"]


async def test_a_mention_about_nothing_says_how_to_ask_once_in_a_while(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        await wrote(w, w.ann, f"{mention(w)} hello")
        await wrote(w, w.ann, f"{mention(w)} hello?")
        (hint,) = ours(w)
        assert "together with a picture" in said(hint)
        await wrote(w, w.ben, f"{mention(w)} hello")
        assert len(ours(w)) == 2


async def test_nothing_else_is_answered(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine(), discord=READ_ALL) as w:
        await wrote(w, w.ann, "hello", files=PICTURE)
        await wrote(w, w.ann, "@everyone look", files=PICTURE)
        role = w.guild.create_role("Bots")
        await wrote(w, w.ann, f"<@&{role.id}> look", files=PICTURE)
        friend = w.guild.add_member(w.env.create_user("robot", bot=True))
        await wrote(w, friend, f"{mention(w)} look", files=PICTURE)
        assert ours(w) == []


async def test_a_reply_follows_up_and_a_reply_to_an_older_answer_branches(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        first = last(w)
        await wrote(w, w.ben, "two", to=first)
        await wrote(w, w.ann, "three", to=last(w))
        assert [line.text.splitlines()[1] for line in engine.dialogues[-1].lines[::2]] == [
            "> one",
            "> two",
            "> three",
        ]
        await wrote(w, w.ben, "four", to=first)
        assert [line.text.splitlines()[1] for line in engine.dialogues[-1].lines[::2]] == [
            "> one",
            "> four",
        ]
        assert len(ours(w)) == 4


async def test_a_reply_may_bring_another_picture(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        await wrote(w, w.ann, "and this?", to=last(w), files=[("b.png", png("blue"))])
        (shown,) = engine.dialogues[-1].lines[-1].shown
        assert shown.name == "Picture 2"


async def test_a_reply_to_a_description_begins_a_conversation_about_its_picture(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        result = await w.slash(w.ann, "describe", picture=PICTURE[0])
        assert result.response is not None
        await wrote(w, w.ben, f"{mention(w)} why?", to=result.response.message)
        assert "> why?" in asked(engine)
        assert len(engine.dialogues[-1].lines[-1].shown) == 1


async def test_a_reply_that_discord_hides_is_met_once_with_what_works(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "ask", question="What?", picture=PICTURE[0])
        assert result.response is not None
        answer = result.response.message
        before = len(ours(w))
        await wrote(w, w.ben, "why?", to=answer)
        await wrote(w, w.ann, "indeed", to=answer)
        assert len(ours(w)) == before + 1
        assert mention(w) in said(last(w))
        assert "Ask a follow-up" in said(last(w))


async def test_a_hidden_reply_to_a_description_is_met_with_what_works_there(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        result = await w.slash(w.ann, "describe", picture=PICTURE[0])
        assert "Ask" in labels(result)
        assert result.response is not None
        await wrote(w, w.ben, "why?", to=result.response.message)
        assert "press “Ask” under" in said(last(w))


async def test_a_reply_without_a_ping_counts_where_it_can_be_read(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine, discord=READ_ALL) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        await wrote_without_ping(w, w.ben, "two", to=last(w))
        assert "> two" in asked(engine)


async def test_a_reply_to_a_forgotten_answer_is_told_so(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        answer = last(w)
        turn = await w.lookout.conversations.store.turn_of_message(answer.id)
        assert turn is not None
        await w.lookout.conversations.store.delete(turn.conversation_id)
        await wrote(w, w.ben, "two", to=answer)
        assert "no longer keep" in said(last(w))


async def test_in_our_thread_every_message_is_a_turn(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine, discord=READ_ALL) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        answer = last(w)
        await w.finished(await w.ann.click(answer, label="Continue in a thread"))
        (thread,) = w.channel.threads
        for number in ("two", "three"):
            await wrote(w, w.ben, number, channel=thread)
        assert [line.text.splitlines()[1] for line in engine.dialogues[-1].lines[::2]] == [
            "> one",
            "> two",
            "> three",
        ]


async def test_a_thread_that_somebody_else_opened_becomes_ours(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine, discord=READ_ALL) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        w.env.backend.create_thread(w.channel.id, "mine", w.ann.id, message_id=last(w).id)
        await w.env.settle()
        (thread,) = w.channel.threads
        await wrote(w, w.ben, "nothing yet", channel=thread)
        assert len(engine.dialogues) == 1
        turn = await w.lookout.conversations.store.turn_of_message(last(w).id)
        assert turn is not None
        await w.lookout.conversations.store.open_thread(thread.id, turn.id)
        await wrote(w, w.ben, "two", channel=thread)
        assert len(engine.dialogues) == 2


async def test_without_the_intent_a_thread_needs_mentions(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        await w.finished(await w.ann.click(last(w), label="Continue in a thread"))
        (thread,) = w.channel.threads
        before = len(ours(w, thread))
        await wrote(w, w.ben, "unread", channel=thread)
        assert len(ours(w, thread)) == before
        await wrote(w, w.ben, f"{mention(w)} two", channel=thread)
        assert "> two" in asked(engine)
        await wrote(w, w.ben, "three", channel=thread, to=last(w, thread))
        assert "> three" in asked(engine)


async def test_a_direct_message_begins_and_goes_on_without_replies(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        direct = w.ann.user.dm_channel
        await wrote_directly(w, w.ann, "hello")
        assert "Send me a picture" in said(last(w, direct))
        await wrote_directly(w, w.ann, "one", files=PICTURE)
        first = last(w, direct)
        await wrote_directly(w, w.ann, "two")
        assert len(engine.dialogues[-1].lines) == 3
        await wrote_directly(w, w.ann, "three", to=first)
        assert len(engine.dialogues[-1].lines) == 3
        await wrote_directly(w, w.ann, "", files=[("b.png", png("blue"))])
        assert len(engine.dialogues[-1].lines) == 1


async def test_our_sentences_are_in_the_servers_language(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        w.env.backend.get_guild(w.guild.id).preferred_locale = "ja"
        guild = w.env.bot.get_guild(w.guild.id)
        assert guild is not None
        guild.preferred_locale = discord.Locale.japanese
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        assert "Delete" not in offered(last(w))


async def test_a_question_that_is_too_long_is_told_so(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        await wrote(w, w.ann, f"{mention(w)} " + "<t:0> " * 200, files=PICTURE)
        assert "2000 characters" in said(last(w)).replace(",", "")


async def test_a_file_that_is_no_picture_is_told_so(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        await wrote(w, w.ann, f"{mention(w)} what?", files=[("a.mp4", b"video")])
        assert "That is a video" in said(last(w))


async def test_where_the_bot_may_not_write_it_stays_silent(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        deny(w, send_messages=True)
        await wrote(w, w.ann, f"{mention(w)} what?", files=PICTURE)
        assert ours(w) == []
        assert engine.dialogues == []


async def test_without_the_right_to_read_history_the_answer_is_no_reply(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        deny(w, read_message_history=True)
        await wrote(w, w.ann, f"{mention(w)} what?", files=PICTURE)
        (answer,) = ours(w)
        assert answer.reference is None
        assert "ask standard 1" in said(answer)


async def test_without_the_right_to_attach_a_long_answer_comes_without_its_file(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, engine=HandEngine(said="word " * 1500)) as w:
        deny(w, attach_files=True)
        await wrote(w, w.ann, f"{mention(w)} what?", files=PICTURE)
        (answer,) = ours(w)
        assert answer.attachments == []
        assert "not allowed to attach files" in said(answer)
        assert "text.txt" not in said(answer)


async def test_mentions_can_be_left_to_somebody_else(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine, discord={"answer_mentions": False}) as w:
        await wrote(w, w.ann, f"{mention(w)} what?", files=PICTURE)
        await wrote_directly(w, w.ann, "what?", files=PICTURE)
        assert engine.dialogues == []
        result = await w.slash(w.ann, "ask", question="What?", picture=PICTURE[0])
        assert labels(result)
        assert result.response is not None
        await wrote(w, w.ben, f"{mention(w)} why?", to=result.response.message)
        assert "> why?" in asked(engine)


def deny(w: World, **rights: bool) -> None:
    """Take rights from the bot in the channel."""
    denied = discord.Permissions(**rights).value
    me = w.env.backend.bot_user.id
    w.env.backend.set_overwrite(
        w.channel.id, Overwrite(target_id=me, type=OverwriteType.MEMBER, allow=0, deny=denied)
    )
