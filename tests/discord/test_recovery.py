"""What people see after Lookout was restarted while they waited."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import discord

from bot.domain.answer import Answer
from bot.domain.conversation import Address, AskRequest, Pending, Retention, Turn, TurnState
from bot.domain.picture import Note, PictureRef, SourceKind
from bot.domain.ports import Asker
from bot.domain.task import Parameters
from bot.ui.conversation.recovery import Recovery
from bot.ui.house import House
from bot.ui.layouts import plain
from bot.ui.resolver import from_message
from tests.discord.engines import HandEngine
from tests.discord.messaging import found, last, offered, ours, said
from tests.discord.test_messages import PICTURE
from tests.discord.world import World, labels, restarted, shown, until, world

RESTARTED = "I was restarted"


async def left_waiting(
    w: World, question: discord.Message | None, address: Address, *, private: bool = False
) -> Turn:
    """Accept a question and go no further, as a process does that is killed then."""
    if question is not None:
        sources = await from_message(question, limit=10)
    else:
        sources = (PictureRef(SourceKind.OPTION, "https://cdn.simcord.invalid/gone"),)
    turn = await w.lookout.conversations.accept(
        AskRequest(
            "Why?",
            sources,
            Parameters(language=""),
            Asker(w.ann.id, w.guild.id),
            address,
            private=private,
        )
    )
    assert turn is not None
    return turn


async def picture_of(w: World) -> discord.Message:
    """Show a picture that the bot may read and does not answer about."""
    return await w.ann.send(w.channel, "", attachments=PICTURE)


@asynccontextmanager
async def silent(tmp_path: Path, engine: HandEngine | None = None) -> AsyncIterator[World]:
    """Open a world in which the bot can read everything and answers no mention by itself."""
    settings: dict[str, object] = {"message_content": True, "answer_mentions": False}
    async with world(tmp_path, engine=engine or HandEngine(), discord=settings) as w:
        yield w


async def test_whoever_was_shown_nothing_yet_gets_a_reply_and_can_try_again(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    async with silent(tmp_path) as w:
        question = await picture_of(w)
        await left_waiting(w, question, Address(w.channel.id, question.id))
        async with restarted(w, engine) as again:
            await again.lookout.running.idle()
            (reply,) = ours(again)
            assert RESTARTED in said(reply)
            assert offered(reply) == ["Try again", "Delete"]
            assert reply.reference is not None
            assert reply.reference.message_id == question.id
            await again.finished(await again.ann.click(reply, label="Try again"))
            assert "ask standard 1" in said(found(again.channel, reply.id))


async def test_for_whom_nothing_is_kept_there_is_nothing_to_be_tried_again(
    tmp_path: Path,
) -> None:
    async with silent(tmp_path) as w:
        question = await picture_of(w)
        nothing = Retention(timedelta(0), timedelta(0))
        await w.lookout.conversations.choose_retention(w.ann.id, nothing)
        await left_waiting(w, question, Address(w.channel.id, question.id))
        async with restarted(w, HandEngine()) as again:
            await again.lookout.running.idle()
            (reply,) = ours(again)
            assert said(reply) == "I was restarted before I could finish. Please ask again."
            assert offered(reply) == ["Delete"]
            await again.finished(await again.ann.click(reply, label="Delete"))
            assert ours(again) == []


async def test_a_reply_that_was_begun_is_used_again(tmp_path: Path) -> None:
    async with silent(tmp_path) as w:
        question = await picture_of(w)
        channel = w.env.bot.get_channel(w.channel.id)
        assert isinstance(channel, discord.TextChannel)
        begun = await channel.send(view=plain("Looking…"))
        turn = await left_waiting(w, question, Address(w.channel.id, question.id))
        await w.lookout.conversations.shown(turn.id, begun.id)
        async with restarted(w, HandEngine()) as again:
            await again.lookout.running.idle()
            (reply,) = ours(again)
            assert reply.id == begun.id
            assert RESTARTED in said(reply)


async def test_nobody_is_told_twice(tmp_path: Path) -> None:
    async with silent(tmp_path) as w:
        question = await picture_of(w)
        await left_waiting(w, question, Address(w.channel.id, question.id))
        async with restarted(w, HandEngine()) as again:
            await again.lookout.running.idle()
            await again.mod.delete(last(again))
            async with restarted(again, HandEngine()) as third:
                await third.lookout.running.idle()
                assert ours(third) == []


async def deferred(w: World, engine: HandEngine, *, private: bool) -> tuple[Any, Address]:
    """Use a command and return its reply, with the address under which it was kept."""
    engine.go.clear()
    result = await w.ann.slash(
        w.channel, "ask", question="What?", picture=PICTURE[0], private=private
    )
    await until(lambda: labels(result) != [])
    (pending,) = await w.lookout.conversations.store.pending()
    engine.go.set()
    await w.finished(result)
    return result, pending.address


async def test_the_reply_to_a_command_is_used_while_its_token_lives(tmp_path: Path) -> None:
    engine = HandEngine()
    async with silent(tmp_path, engine) as w:
        result, address = await deferred(w, engine, private=True)
        turn = await left_waiting(w, None, address, private=True)
        await w.lookout.conversations.shown(turn.id, address.answer_message_id)
        async with restarted(w, HandEngine()) as again:
            await again.lookout.running.idle()
            assert RESTARTED in shown(result)
            assert labels(result) == ["Try again", "Delete"]


async def test_after_the_token_the_message_itself_is_edited(tmp_path: Path) -> None:
    engine = HandEngine()
    async with silent(tmp_path, engine) as w:
        result, address = await deferred(w, engine, private=False)
        turn = await left_waiting(w, None, address)
        await w.lookout.conversations.shown(turn.id, address.answer_message_id)
        await w.env.advance_time(901)
        async with restarted(w, HandEngine()) as again:
            await again.lookout.running.idle()
            assert RESTARTED in shown(result)


async def test_a_token_that_discord_calls_invalid_is_given_up_for_the_message(
    tmp_path: Path,
) -> None:
    engine = HandEngine()
    async with silent(tmp_path, engine) as w:
        result, address = await deferred(w, engine, private=False)
        turn = await left_waiting(w, None, address)
        await w.lookout.conversations.shown(turn.id, address.answer_message_id)
        w.env.inject_error("PATCH", "/webhooks/*", status=401, code=50027)
        async with restarted(w, HandEngine()) as again:
            await again.lookout.running.idle()
            assert RESTARTED in shown(result)


async def test_a_reply_whose_message_is_not_known_is_asked_for_by_its_name(tmp_path: Path) -> None:
    engine = HandEngine()
    async with silent(tmp_path, engine) as w:
        _, address = await deferred(w, engine, private=True)
        await left_waiting(w, None, replace(address, answer_message_id=None), private=True)
        w.env.inject_error("PATCH", "/webhooks/*", status=404, code=10015)
        async with restarted(w, HandEngine()) as again:
            await again.lookout.running.idle()
            path = unquote(w.env.backend.http_requests[-1].path)
            assert path.endswith("/messages/@original")
            assert await again.lookout.conversations.store.pending() == ()


async def test_an_answer_that_was_kept_and_not_shown_is_shown(tmp_path: Path) -> None:
    async with silent(tmp_path) as w:
        question = await picture_of(w)
        turn = await left_waiting(w, question, Address(w.channel.id, question.id))
        answer = Answer("It is red.", "ollama", "qwen3-vl:8b", notes=(Note.CONTEXT_LEFT_OUT,))
        await w.lookout.conversations.store.answered(turn.id, answer, window_id=None, again=())
        engine = HandEngine()
        async with restarted(w, engine) as again:
            await again.lookout.running.idle()
            (reply,) = ours(again)
            assert "It is red." in said(reply)
            assert offered(reply)[0] == "Ask a follow-up"
            assert engine.dialogues == []
            kept = await again.lookout.conversations.store.turn_of_message(reply.id)
            assert kept is not None
            assert kept.id == turn.id


async def test_an_answer_that_discord_refused_is_shown_with_its_picture(tmp_path: Path) -> None:
    async with silent(tmp_path) as w:
        w.env.inject_error("PATCH", "/webhooks/*", status=400, times=None)
        result = await w.slash(w.ann, "ask", question="What?", picture=PICTURE[0])
        w.env.backend.faults.clear()
        async with restarted(w, HandEngine()) as again:
            await again.lookout.running.idle()
            assert "ask standard 1" in shown(result)
            assert "> What?" in shown(result)
            assert result.response is not None
            assert [a.filename for a in result.response.attachments] == ["picture-1.png"]


async def test_one_who_cannot_be_reached_keeps_nobody_waiting(tmp_path: Path) -> None:
    async with silent(tmp_path) as w:
        question = await picture_of(w)
        quiet = w.guild.create_text_channel("quiet")
        await left_waiting(w, question, Address(quiet.id, 5))
        w.env.backend.delete_channel(quiet.id)
        other = await picture_of(w)
        await left_waiting(w, other, Address(w.channel.id, other.id))
        async with restarted(w, HandEngine()) as again:
            await again.lookout.running.idle()
            (reply,) = ours(again)
            assert reply.reference is not None
            assert reply.reference.message_id == other.id
            (unreached,) = await again.lookout.conversations.store.pending()
            assert unreached.address.channel_id == quiet.id


@dataclass
class Waiting:
    """Conversations in which these people were left waiting."""

    left: tuple[Pending, ...]
    done: list[int] = field(default_factory=list)
    store: Any = None

    async def recover(self) -> tuple[Pending, ...]:
        return self.left

    async def told(self, turn: Turn) -> None:
        self.done.append(turn.id)

    async def shown(self, turn_id: int, message_id: int | None) -> None: ...

    async def retention_of(self, person_id: int) -> Retention:
        return Retention(timedelta(1), timedelta(1))


async def test_after_a_day_one_is_given_up(tmp_path: Path) -> None:
    async with silent(tmp_path) as w:
        question = await picture_of(w)
        turn = await left_waiting(w, question, Address(w.channel.id, question.id))
        (pending,) = await w.lookout.conversations.store.pending()
        interrupted = replace(turn, state=TurnState.INTERRUPTED)
        old = replace(pending, turn=interrupted, since=datetime.now(UTC) - timedelta(hours=25))
        conversations = Waiting((old,))
        await told(w, conversations)
        assert conversations.done == [turn.id]
        assert ours(w) == []


async def test_a_private_one_whose_token_has_died_is_not_told_in_public(tmp_path: Path) -> None:
    async with silent(tmp_path) as w:
        question = await picture_of(w)
        turn = await left_waiting(w, question, Address(w.channel.id, question.id))
        (pending,) = await w.lookout.conversations.store.pending()
        hidden = replace(turn, state=TurnState.INTERRUPTED, private=True)
        conversations = Waiting((replace(pending, turn=hidden),))
        await told(w, conversations)
        assert conversations.done == [turn.id]
        assert ours(w) == []


class RepeatingChannel(discord.PartialMessageable):
    """A channel that knows a nonce again and gives back what was sent under it."""

    def __init__(self, w: World, first: discord.Message) -> None:
        super().__init__(state=w.env.bot._connection, id=w.channel.id)
        self.first = first

    async def send(self, *_: Any, **__: Any) -> discord.Message:
        return self.first


@dataclass
class InOneChannel:
    """As much of a client as telling needs."""

    channel: discord.PartialMessageable

    def get_channel(self, channel_id: int) -> discord.PartialMessageable:
        return self.channel


async def test_a_reply_sent_just_before_the_end_is_used_and_no_second_one_sent(
    tmp_path: Path,
) -> None:
    async with silent(tmp_path) as w:
        question = await picture_of(w)
        turn = await left_waiting(w, question, Address(w.channel.id, question.id))
        (pending,) = await w.lookout.conversations.store.pending()
        channel = w.env.bot.get_channel(w.channel.id)
        assert isinstance(channel, discord.TextChannel)
        first = await channel.send(view=plain("Looking…"))
        conversations = Waiting(
            (replace(pending, turn=replace(turn, state=TurnState.INTERRUPTED)),)
        )
        await told(w, conversations, InOneChannel(RepeatingChannel(w, first)))
        assert conversations.done == [turn.id]
        (reply,) = ours(w)
        assert reply.id == first.id
        assert RESTARTED in said(reply)


async def told(w: World, conversations: Waiting, client: Any = None) -> None:
    """Have those told who were left waiting in ``conversations``."""

    @dataclass
    class Here:
        conversations: Any
        running: Any

    house = cast("House", Here(conversations, w.lookout.running))
    recovery = Recovery(client or cast("Any", w.env.bot), house)
    await recovery.load()
    recovery.begin()
    await w.lookout.running.idle()
