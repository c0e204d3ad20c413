"""Questions, pictures and answers to put into a store of conversations."""

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from bot.domain.answer import Answer, Usage
from bot.domain.conversation import Address, AskRequest, KeptPicture, Retention, Turn
from bot.domain.conversation_ports import ConversationStore, Forgotten, NewPicture
from bot.domain.picture import Frame, Note, Picture, PictureFacts, PictureRef, SourceKind
from bot.domain.ports import Asker
from bot.domain.task import Detail, Parameters
from tests.storage.fakes import HandClock

GUILD = 2**62 + 7
CHANNEL = 2**62 + 8
OWNER = 2**62 + 1
GUEST = 2**62 + 2

DAY = timedelta(days=1)

_numbers = itertools.count(1)


class Store(ConversationStore, Protocol):
    """A store of conversations with its housekeeping."""

    async def expire(self, batch: int = 200) -> Forgotten: ...


def source(name: str = "cat") -> PictureRef:
    return PictureRef(
        kind=SourceKind.ATTACHMENT,
        url=f"https://cdn.discordapp.com/attachments/1/2/{name}.png?ex=1&is=1&hm=2",
        name=f"{name}.png",
        declared_type="image/png",
        size_bytes=1234,
        width=640,
        height=480,
        spoiler=True,
        channel_id=CHANNEL,
        message_id=2**62 + 3,
        item_id=sum(name.encode()),
    )


def still(data: bytes, at_seconds: float | None = None) -> Frame:
    return Frame(data, "image/png", 64, 48, at_seconds)


def picture(*stills: bytes) -> Picture:
    """Return a picture of these bytes; an animation when there are several."""
    moving = len(stills) > 1
    frames = tuple(still(data, float(at) if moving else None) for at, data in enumerate(stills))
    facts = PictureFacts("GIF" if moving else "PNG", 64, 48, 999, len(stills), 2.5, True)
    return Picture(frames, facts, (Note.FRAMES_SAMPLED,))


def new_picture(
    data: bytes = b"a cat", name: str = "cat", description: str = "", *more: bytes
) -> NewPicture:
    return NewPicture(picture(data, *more), source(name), description=description)


def asked(
    question: str = "What is this? 猫 \x00",
    *,
    person: int = OWNER,
    guild: int | None = GUILD,
    channel: int = CHANNEL,
    sources: Sequence[PictureRef | Exception] = (),
    message: int | None = None,
    token: str | None = None,
    private: bool = False,
    parent: Turn | None = None,
    thread: int | None = None,
    replaces: Turn | None = None,
) -> AskRequest:
    return AskRequest(
        question=question,
        sources=tuple(sources),
        parameters=Parameters(language="", detail=Detail.BRIEF),
        asker=Asker(person, guild),
        address=Address(channel, message, None, None if token is None else 9, token),
        locale="de",
        private=private,
        parent_id=None if parent is None else parent.id,
        thread_id=thread,
        seed=next(_numbers),
        replaces_id=None if replaces is None else replaces.id,
    )


def answer(text: str = "A cat. 🐈", tokens: int = 1000) -> Answer:
    return Answer(
        text=text,
        engine="ollama",
        model="qwen3-vl:8b",
        notes=(Note.CONTEXT_LEFT_OUT,),
        usage=Usage(prompt_tokens=tokens, answer_tokens=50, total_seconds=3.5),
    )


LONGEST = Retention(pictures=365 * DAY, text=365 * DAY)
"""What the operator allows in most tests."""

MAX_DEPTH, MAX_PICTURES = 6, 5
"""Limits of one conversation that tests reach."""

Build = Callable[..., Store]
"""Makes stores over the same data: ``longest``, ``max_bytes``."""


class Talk:
    """Asks and answers, in the times of a clock."""

    def __init__(self, store: Store, clock: HandClock) -> None:
        self.store = store
        self.clock = clock
        self.pictures = 7 * DAY
        self.text = 30 * DAY

    async def ask(self, request: AskRequest | None = None, **asking: object) -> Turn:
        turn = await self.try_to_ask(request or asked(**asking))  # type: ignore[arg-type]
        assert turn is not None
        return turn

    async def try_to_ask(self, request: AskRequest) -> Turn | None:
        now: datetime = self.clock()
        return await self.store.begin(
            request, keep_pictures_until=now + self.pictures, keep_text_until=now + self.text
        )

    async def answered(self, request: AskRequest | None = None, **asking: object) -> Turn:
        """Ask, and be answered and told."""
        turn = await self.ask(request, **asking)
        return await self.answer(turn)

    async def answer(self, turn: Turn, text: str = "A cat. 🐈") -> Turn:
        await self.store.answered(turn.id, answer(text), window_id=None, again=())
        await self.store.told(turn.id)
        return await self.present(turn)

    async def show(self, turn: Turn, *pictures: NewPicture) -> tuple[KeptPicture, ...]:
        return await self.store.attach(turn.id, pictures or (new_picture(),))

    async def present(self, turn: Turn) -> Turn:
        found = await self.store.turn(turn.id)
        assert found is not None
        return found
