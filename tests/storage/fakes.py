"""Stores in memory, and values to put into any store."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.domain.answer import Answer, Table, Usage
from bot.domain.picture import Note, PictureRef, SourceKind
from bot.domain.ports import AnswerKey, PostedAnswer
from bot.domain.task import Detail, Layout, Parameters, TaskName
from bot.storage.posted import link_expiry, unsigned


@dataclass
class HandClock:
    """A UTC clock moved by hand."""

    now: datetime = datetime(2026, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **units: float) -> None:
        self.now += timedelta(**units)


@dataclass
class MemoryAnswerStore:
    """The answer store without a database."""

    retention: timedelta = timedelta(hours=1)
    max_rows: int = 50_000
    now: Callable[[], datetime] = field(default_factory=HandClock)
    kept: dict[AnswerKey, tuple[datetime, Answer]] = field(default_factory=dict)

    async def get(self, key: AnswerKey) -> Answer | None:
        kept_at, answer = self.kept.get(key, (None, None))
        if kept_at is None or answer is None or kept_at <= self.now() - self.retention:
            return None
        return replace(answer, cached=True)

    async def put(self, key: AnswerKey, answer: Answer) -> None:
        self.kept[key] = (self.now(), answer)

    async def expire(self, batch: int = 200) -> int:
        del batch
        before = len(self.kept)
        limit = self.now() - self.retention
        fresh = [item for item in self.kept.items() if item[1][0] > limit]
        fresh.sort(key=lambda item: item[1][0], reverse=True)
        self.kept = dict(fresh[: self.max_rows])
        return before - len(self.kept)


@dataclass
class MemoryPostedAnswerStore:
    """The store of posted answers without a database."""

    now: Callable[[], datetime] = field(default_factory=HandClock)
    kept: dict[int, PostedAnswer] = field(default_factory=dict)

    async def add(self, posted: PostedAnswer) -> None:
        assert posted.id not in self.kept
        self.kept[posted.id] = posted

    async def get(self, posted_id: int) -> PostedAnswer | None:
        posted = self.kept.get(posted_id)
        return posted if posted is not None and posted.expires_at > self.now() else None

    async def delete(self, posted_id: int) -> None:
        self.kept.pop(posted_id, None)

    async def delete_person(self, person_id: int) -> int:
        return self._forget(lambda posted: posted.asker_id == person_id)

    async def delete_guild(self, guild_id: int) -> int:
        return self._forget(lambda posted: posted.guild_id == guild_id)

    async def expire(self, batch: int = 200) -> int:
        del batch
        count = self._forget(lambda posted: posted.expires_at <= self.now())
        for posted in list(self.kept.values()):
            sources = tuple(
                replace(source, url=unsigned(source.url)) if self._is_dead(source.url) else source
                for source in posted.sources
            )
            self.kept[posted.id] = replace(posted, sources=sources)
        return count

    def _is_dead(self, url: str) -> bool:
        expiry = link_expiry(url)
        return expiry is not None and expiry <= self.now()

    def _forget(self, condition: Callable[[PostedAnswer], bool]) -> int:
        chosen = [posted.id for posted in self.kept.values() if condition(posted)]
        for posted_id in chosen:
            del self.kept[posted_id]
        return len(chosen)


def answer_key(picture: str = "a", *, focus: str = "", model: str = "qwen3-vl:8b") -> AnswerKey:
    return AnswerKey(
        picture_sha256=picture * 64,
        task=TaskName.OCR,
        task_version=1,
        engine="ollama",
        model=model,
        parameters=Parameters(language="ja", layout=Layout.TABLE, focus=focus),
    )


def full_answer(text: str = "猫がいます 🐈 \x00 end") -> Answer:
    """An answer with something in every field."""
    return Answer(
        text=text,
        engine="ollama",
        model="qwen3-vl:8b",
        tables=(Table((("a", "b"), ("ragged",))), Table(())),
        decorative=True,
        notes=(Note.FRAMES_SAMPLED, Note.ANSWER_CUT),
        usage=Usage(prompt_tokens=1000, answer_tokens=50, load_seconds=0.25, total_seconds=3.5),
    )


def attachment(expiry: datetime | None = None, item_id: int = 7) -> PictureRef:
    """A reference as Discord gives it, with a link that dies at ``expiry``."""
    query = "" if expiry is None else f"?ex={int(expiry.timestamp()):x}&is=1&hm=2"
    return PictureRef(
        kind=SourceKind.ATTACHMENT,
        url=f"https://cdn.discordapp.com/attachments/1/{item_id}/cat.png{query}",
        name="cat.png",
        declared_type="image/png",
        size_bytes=1234,
        width=640,
        height=480,
        spoiler=True,
        channel_id=2**62 + 1,
        message_id=2**62 + 2,
        item_id=item_id,
    )


def posted_answer(
    posted_id: int = 2**62,
    *,
    now: datetime,
    asker_id: int = 2**63 - 1,
    guild_id: int | None = 2**61,
    sources: tuple[PictureRef, ...] | None = None,
    lifetime: timedelta = timedelta(days=30),
) -> PostedAnswer:
    """A posted answer with something in every field."""
    return PostedAnswer(
        id=posted_id,
        task=TaskName.DESCRIBE,
        parameters=Parameters(language="zh-CN", detail=Detail.DETAILED, focus="左边的猫"),
        sources=(attachment(now + timedelta(hours=24)),) if sources is None else sources,
        asker_id=asker_id,
        guild_id=guild_id,
        private=True,
        created_at=now,
        expires_at=now + lifetime,
    )
