"""Messages that come at once, change, or go away while they are answered."""

from pathlib import Path

import discord

from bot.domain.conversation import TurnState
from tests.discord.engines import HandEngine
from tests.discord.messaging import last, mention, ours, said, wrote
from tests.discord.pictures import png
from tests.discord.test_messages import PICTURE, READ_ALL, deny
from tests.discord.world import World, until, world


def questions(engine: HandEngine, position: int = -1) -> list[str]:
    """Return the questions of a dialogue, oldest first."""
    lines = engine.dialogues[position].lines[::2]
    return [line.text.splitlines()[1].removeprefix("> ") for line in lines]


def paused() -> HandEngine:
    engine = HandEngine()
    engine.go.clear()
    return engine


async def is_kept(w: World, message: discord.Message) -> bool:
    turn = await w.lookout.conversations.store.turn_of_message(message.id)
    return turn is not None and turn.state is not TurnState.FORGOTTEN


async def test_two_replies_at_once_are_two_branches(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        first = last(w)
        engine.go.clear()
        await w.ann.send(w.channel, "hers", reply_to=first)
        await w.ben.send(w.channel, "his", reply_to=first)
        engine.go.set()
        await w.lookout.running.idle()
        branches = sorted(questions(engine, position) for position in (1, 2))
        assert branches == [["one", "hers"], ["one", "his"]]
        assert len(ours(w)) == 3


async def test_a_reply_to_an_answer_that_is_still_coming_waits_and_says_so(tmp_path: Path) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        await until(lambda: "Thinking" in said(last(w)))
        await w.ben.send(w.channel, "two", reply_to=last(w))
        await until(lambda: "answer before this one" in said(last(w)))
        assert len(engine.dialogues) == 1
        engine.go.set()
        await w.lookout.running.idle()
        assert questions(engine) == ["one", "two"]
        assert len(engine.dialogues[-1].lines) == 3


async def test_quick_messages_in_a_thread_are_a_chain_in_order(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine, discord=READ_ALL) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        await w.finished(await w.ann.click(last(w), label="Continue in a thread"))
        (thread,) = w.channel.threads
        engine.go.clear()
        for number, actor in (("two", w.ann), ("three", w.ben), ("four", w.ann)):
            w.env.backend.create_message(thread.id, actor.id, number)
        await w.env.settle()
        engine.go.set()
        await w.lookout.running.idle()
        assert questions(engine) == ["one", "two", "three", "four"]


async def test_an_event_that_comes_twice_is_one_question(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        stored = w.env.backend.get_message(w.channel.id, question.id)
        w.env.backend.announce_message_create(stored)
        await w.env.settle()
        await w.lookout.running.idle()
        assert len(ours(w)) == 1
        assert len(engine.dialogues) == 1


async def test_a_question_deleted_while_it_is_answered_takes_everything_with_it(
    tmp_path: Path,
) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        await until(lambda: "Thinking" in said(last(w)))
        await w.ann.delete(question)
        await until(lambda: ours(w) == [])
        await w.lookout.running.idle()
        assert engine.stopped == 1
        assert not await is_kept(w, question)
        assert w.lookout.gate.state().running == 0


async def test_a_question_deleted_before_anything_was_shown_shows_nothing(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        w.transport.ready.clear()
        question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        await w.ann.delete(question)
        w.transport.ready.set()
        await w.lookout.running.idle()
        assert ours(w) == []


async def test_a_question_deleted_later_takes_its_answer_with_it(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        question = await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        await wrote(w, w.ben, "two", to=last(w), files=[("b.png", png("blue"))])
        follow_up = last(w)
        await w.ann.delete(question)
        assert [message.id for message in ours(w)] == [follow_up.id]
        assert not await is_kept(w, question)
        assert await is_kept(w, follow_up)
        await wrote(w, w.ben, "three", to=follow_up)
        assert all("> one" not in line.text for line in engine.dialogues[-1].lines)
        assert questions(engine)[-2:] == ["two", "three"]


async def test_an_answer_deleted_by_a_moderator_is_forgotten(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        question = await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        await w.mod.delete(last(w))
        assert not await is_kept(w, question)


async def test_an_answer_deleted_while_it_comes_is_stopped(tmp_path: Path) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        await until(lambda: "Thinking" in said(last(w)))
        await w.mod.delete(last(w))
        await w.lookout.running.idle()
        assert engine.stopped == 1
        assert ours(w) == []
        assert not await is_kept(w, question)


async def test_many_messages_deleted_at_once_are_all_forgotten(tmp_path: Path) -> None:
    async with world(tmp_path, engine=HandEngine()) as w:
        asked = [
            await wrote(w, actor, f"{mention(w)} one", files=PICTURE) for actor in (w.ann, w.ben)
        ]
        other = await wrote(w, w.ann, "hello")
        ids = [message.id for message in (*asked, other)]
        w.env.backend.bulk_delete_messages(w.channel.id, ids)
        await w.env.settle()
        assert ours(w) == []
        assert [await is_kept(w, message) for message in asked] == [False, False]


async def test_an_edit_before_the_answer_begins_it_again_in_its_place(tmp_path: Path) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        await until(lambda: "Thinking" in said(last(w)))
        place = last(w)
        await w.ann.edit(question, f"{mention(w)} other")
        engine.go.set()
        await w.lookout.running.idle()
        assert questions(engine) == ["other"]
        (answer,) = ours(w)
        assert answer.id == place.id
        assert "ask standard 2" in said(answer)
        assert await is_kept(w, question)
        await wrote(w, w.ben, "two", to=answer)
        assert questions(engine) == ["other", "two"]


async def test_an_edit_while_the_message_waits_for_its_place_in_line_counts(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        backend, channel_id = w.env.backend, w.channel.id
        files = backend.store_attachments(channel_id, PICTURE)
        one = backend.create_message(channel_id, w.ann.id, f"{mention(w)} oen", attachments=files)
        backend.edit_message(channel_id, one.id, {"content": f"{mention(w)} one"})
        await w.env.settle()
        await w.lookout.running.idle()
        assert questions(engine) == ["one"]
        assert len(ours(w)) == 1


async def test_an_edit_of_a_follow_up_stays_where_it_was(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        engine.go.clear()
        engine.asked.clear()
        follow_up = await w.ben.send(w.channel, "two", reply_to=last(w))
        await until(engine.asked.is_set)
        await w.ben.edit(follow_up, "two and a half")
        engine.go.set()
        await w.lookout.running.idle()
        assert questions(engine) == ["one", "two and a half"]
        assert len(ours(w)) == 2


async def test_an_edit_after_the_answer_changes_nothing(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        question = await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        await w.ann.edit(question, f"{mention(w)} other")
        await w.lookout.running.idle()
        assert len(engine.dialogues) == 1


async def test_an_edit_that_leaves_the_words_changes_nothing(tmp_path: Path) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        await until(engine.asked.is_set)
        await w.ann.edit(question, f"one {mention(w)}")
        engine.go.set()
        await w.lookout.running.idle()
        assert len(engine.dialogues) == 1


async def test_an_edit_that_hides_the_message_from_us_changes_nothing(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        engine.go.clear()
        engine.asked.clear()
        follow_up = await w.ben.send(w.channel, f"{mention(w)} two", reply_to=last(w))
        await until(engine.asked.is_set)
        stored = w.env.backend.get_message(w.channel.id, follow_up.id)
        stored.reply_author_interaction = True
        await w.ben.edit(follow_up, "two without a mention")
        engine.go.set()
        await w.lookout.running.idle()
        assert questions(engine) == ["one", "two"]


async def test_an_edit_into_too_many_words_is_told_so(tmp_path: Path) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        await until(lambda: "Thinking" in said(last(w)))
        await w.ann.edit(question, f"{mention(w)} " + "<t:0> " * 200)
        engine.go.set()
        await w.lookout.running.idle()
        assert "too long" in said(last(w))
        assert len(ours(w)) == 1


async def following(w: World) -> tuple[discord.Message, discord.Message]:
    """Ask, and follow up while the answer comes; return both messages."""
    question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
    await until(lambda: "Thinking" in said(last(w)))
    follow_up = await w.ben.send(w.channel, f"{mention(w)} two", reply_to=last(w))
    await until(lambda: "answer before this one" in said(last(w)))
    return question, follow_up


async def test_a_follow_up_deleted_while_it_waits_leaves_the_answer_before_it_alone(
    tmp_path: Path,
) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        _, follow_up = await following(w)
        await w.ben.delete(follow_up)
        await until(lambda: len(ours(w)) == 1)
        engine.go.set()
        await w.lookout.running.idle()
        assert "ask standard 1" in said(last(w))
        assert len(engine.dialogues) == 1


async def test_a_follow_up_edited_while_it_waits_is_asked_in_its_new_words(tmp_path: Path) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        _, follow_up = await following(w)
        await w.ben.edit(follow_up, f"{mention(w)} two and a half")
        engine.go.set()
        await w.lookout.running.idle()
        assert questions(engine) == ["one", "two and a half"]
        assert len(engine.dialogues) == 2
        assert len(ours(w)) == 2


async def test_a_question_edited_while_a_follow_up_waits_leaves_that_one_an_end_in_words(
    tmp_path: Path,
) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        question, _ = await following(w)
        await w.ann.edit(question, f"{mention(w)} other")
        engine.go.set()
        await w.lookout.running.idle()
        assert ["other"] in [questions(engine, place) for place in range(len(engine.dialogues))]
        first, second = ours(w)
        assert "ask standard" in said(first)
        assert "answer before this one" not in said(second)
        assert not any(pending for pending in await w.lookout.conversations.store.pending())


async def test_a_question_deleted_while_a_follow_up_waits_leaves_that_one_an_end_in_words(
    tmp_path: Path,
) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        question, _ = await following(w)
        await w.ann.delete(question)
        engine.go.set()
        await w.lookout.running.idle()
        (reply,) = ours(w)
        assert "answer before this one" not in said(reply)
        assert questions(engine, 0) == ["one"]
        for dialogue in engine.dialogues[1:]:
            assert all("> one" not in line.text for line in dialogue.lines)
            assert not any(line.shown for line in dialogue.lines)
        assert not any(pending for pending in await w.lookout.conversations.store.pending())


async def test_a_channel_deleted_while_answering_ends_the_turn(tmp_path: Path) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        await until(lambda: "Thinking" in said(last(w)))
        w.env.backend.delete_channel(w.channel.id)
        await w.env.settle()
        engine.go.set()
        await w.lookout.running.idle()
        turn = await w.lookout.conversations.store.turn_of_message(question.id)
        assert turn is None or turn.state is not TurnState.WAITING
        assert w.lookout.gate.state().running == 0


async def test_rights_lost_while_answering_end_the_turn(tmp_path: Path) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        question = await w.ann.send(w.channel, f"{mention(w)} one", attachments=PICTURE)
        await until(lambda: "Thinking" in said(last(w)))
        deny(w, view_channel=True, send_messages=True)
        await w.env.settle()
        engine.go.set()
        await w.lookout.running.idle()
        turn = await w.lookout.conversations.store.turn_of_message(question.id)
        assert turn is not None
        assert turn.state is not TurnState.WAITING
        assert w.lookout.gate.state().running == 0


async def test_a_deleted_thread_is_forgotten_and_its_conversation_is_not(tmp_path: Path) -> None:
    engine = HandEngine()
    async with world(tmp_path, engine=engine, discord=READ_ALL) as w:
        await wrote(w, w.ann, f"{mention(w)} one", files=PICTURE)
        answer = last(w)
        await w.finished(await w.ann.click(answer, label="Continue in a thread"))
        (thread,) = w.channel.threads
        await wrote(w, w.ben, "two", channel=thread)
        w.env.backend.delete_channel(thread.id)
        await w.env.settle()
        store = w.lookout.conversations.store
        assert not await store.is_thread(thread.id)
        await wrote(w, w.ben, "three", to=answer)
        assert questions(engine) == ["one", "three"]


async def test_what_waits_for_a_spoiler_still_to_come_is_hidden_while_it_is_written(
    tmp_path: Path,
) -> None:
    engine = paused()
    async with world(tmp_path, engine=engine) as w:
        w.transport.ready.clear()
        await w.ann.send(w.channel, f"{mention(w)} one", attachments=[("SPOILER_a.png", png())])
        await until(lambda: "Getting" in said(last(w)))
        await w.ben.send(w.channel, "two", reply_to=last(w))
        await until(lambda: "answer before this one" in said(last(w)))
        w.transport.ready.set()
        await until(lambda: "Thinking" in said(ours(w)[0]))
        await w.ann.click(ours(w)[0], label="Stop here")
        await until(lambda: "Thinking" in said(last(w)))
        assert said(last(w)) == "||Thinking aloud||"
        engine.go.set()
        await w.lookout.running.idle()
        assert "||ask standard 2||" in said(last(w))
