"""A world in which conversations are kept already, without a model having answered."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from PIL import Image

from bot.domain.answer import Answer
from bot.domain.conversation import Address, AskRequest, Closer, Retention, Turn
from bot.domain.conversation_ports import ConversationStore, NewPicture
from bot.domain.picture import Frame, Picture, PictureFacts, PictureRef, SourceKind
from bot.domain.ports import Asker
from bot.domain.task import Parameters
from tests.discord.engines import HandEngine
from tests.discord.world import World, world

LIMITS = Retention(timedelta(days=30), timedelta(days=90))


@asynccontextmanager
async def keeping(tmp_path: Path) -> AsyncIterator[World]:
    """Open a world in which conversations may be kept for ``LIMITS``."""
    days: dict[str, object] = {
        "picture_retention_days": LIMITS.pictures.days,
        "conversation_retention_days": LIMITS.text.days,
    }
    async with world(tmp_path, engine=HandEngine(), storage=days) as w:
        assert w.lookout.conversations.retention_limits == LIMITS
        yield w


def store_of(w: World) -> ConversationStore:
    return w.lookout.conversations.store


async def talk(
    w: World,
    person_id: int,
    question: str,
    *,
    answer: str = "It is red.",
    pictures: int = 1,
    spoiler: bool = False,
    message_id: int | None = None,
    **where: Any,
) -> Turn:
    """Keep one question with its answer; ``where`` as for ``unanswered``."""
    store, turn_id = store_of(w), await unanswered(w, person_id, question, **where)
    await store.attach(
        turn_id, [new_picture(number, spoiler=spoiler) for number in range(pictures)]
    )
    await store.answered(turn_id, Answer(answer, "ollama", "qwen3-vl:8b"), window_id=None, again=())
    await store.shown(turn_id, message_id)
    await store.told(turn_id)
    turn = await store.turn(turn_id)
    assert turn is not None
    return turn


async def unanswered(
    w: World,
    person_id: int,
    question: str = "Well?",
    *,
    private: bool = False,
    channel_id: int | None = None,
    guild_id: int | None = 0,
    parent: Turn | None = None,
    closer: Closer | None = None,
) -> int:
    """Keep one question; without ``parent`` it begins a conversation.

    ``guild_id`` 0 means that of the world.
    """
    now = datetime.now(UTC)
    place = w.guild.id if guild_id == 0 else guild_id
    turn = await store_of(w).begin(
        AskRequest(
            question,
            (),
            Parameters(language=""),
            Asker(person_id, place),
            Address(channel_id or w.channel.id),
            private=private,
            parent_id=None if parent is None else parent.id,
            closer=closer,
        ),
        keep_pictures_until=now + LIMITS.pictures,
        keep_text_until=now + LIMITS.text,
    )
    assert turn is not None
    return turn.id


def new_picture(number: int, *, spoiler: bool = False) -> NewPicture:
    data = _encoded(number)
    picture = Picture((Frame(data, "image/png", 40, 40),), PictureFacts("PNG", 40, 40, len(data)))
    source = PictureRef(SourceKind.OPTION, f"https://cdn.discordapp.com/{number}", spoiler=spoiler)
    return NewPicture(picture, source)


def _encoded(number: int) -> bytes:
    sink = io.BytesIO()
    Image.new("RGB", (40, 40), (number % 256, 80, 160)).save(sink, "PNG")
    return sink.getvalue()
