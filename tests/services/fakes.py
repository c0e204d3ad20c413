"""Fakes at the ports that a look at a picture needs."""

import asyncio
from dataclasses import dataclass, field

from bot.domain.answer import Answer
from bot.domain.errors import LookoutError
from bot.domain.picture import Frame, Picture, PictureFacts, PictureNeeds, PictureRef, SourceKind
from bot.domain.ports import AnswerKey


def ref(name: str = "cat") -> PictureRef:
    return PictureRef(
        SourceKind.ATTACHMENT, url=f"https://cdn.discordapp.com/{name}.png", name=name
    )


@dataclass
class FakeFetcher:
    """Hands out each name's bytes; a name with an error raises it."""

    errors: dict[str, LookoutError] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    async def fetch(self, ref: PictureRef) -> bytes:
        self.fetched.append(ref.name)
        await asyncio.sleep(0)
        if ref.name in self.errors:
            raise self.errors[ref.name]
        return ref.name.encode()


@dataclass
class FakePreparer:
    """Makes a one-frame picture of the bytes it is given; remembers what was needed."""

    needs: list[PictureNeeds] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0

    async def prepare(self, data: bytes, needs: PictureNeeds) -> Picture:
        self.needs.append(needs)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await asyncio.sleep(0)
        self.at_once -= 1
        side = int(needs.max_pixels**0.5)
        frame = Frame(data, "image/png", side, side)
        return Picture((frame,), PictureFacts("PNG", side, side, len(data)))


@dataclass
class FakeAnswers:
    """Keeps answers in a dictionary; may be out of order."""

    kept: dict[AnswerKey, Answer] = field(default_factory=dict)
    error: LookoutError | None = None

    async def get(self, key: AnswerKey) -> Answer | None:
        if self.error is not None:
            raise self.error
        return self.kept.get(key)

    async def put(self, key: AnswerKey, answer: Answer) -> None:
        if self.error is not None:
            raise self.error
        self.kept[key] = answer
