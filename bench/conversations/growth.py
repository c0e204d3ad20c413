"""What a follow-up costs: among more and more conversations, and further and further into one."""

import asyncio
import random
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp

from bench import payloads
from bench.conversations import prefix
from bench.conversations.copies import STRIDE, add_copies
from bench.conversations.everything import Others
from bench.conversations.reader import Prompt, Reader
from bench.engine import MODEL
from bench.figures import Figure, percentile
from bench.file_host import FileHost
from bench.payloads import CDN
from bench.photos import Camera, Kind
from bench.subjects.lookout import LocalTransport, config
from bench.subjects.watch import Settings
from bench.world import serving
from bot.app import Lookout
from bot.domain.conversation import Address, AskRequest, Turn
from bot.domain.picture import PictureRef, SourceKind
from bot.domain.ports import Asker
from bot.domain.task import Parameters

PHOTO = Kind("photo", 400, 300)
_PICTURE_EVERY = 5
"""The first turn brings a picture, and so does every fifth after it."""
_COLD = 2
"""How many follow-ups are asked in each database before any is measured."""
_WORDS = "What else is to be seen there, and how many trees stand on the hillside?"


@dataclass(frozen=True, slots=True)
class Plan:
    """How many conversations, how many turns, and how often each thing is measured."""

    amounts: tuple[int, ...] = (10, 100, 1000)
    turns: int = 20
    depths: tuple[int, ...] = (2, 10, 20, 40)
    samples: int = 100

    @classmethod
    def quick(cls) -> "Plan":
        """Plan for 45 seconds."""
        return cls(samples=8)


@dataclass(slots=True)
class Costs:
    """What follow-ups took, a value for each."""

    accept_seconds: list[float] = field(default_factory=list)
    """From a question to its record on the disk."""
    context_seconds: list[float] = field(default_factory=list)
    """From then to the last byte of the prompt at the engine."""
    sent_bytes: list[float] = field(default_factory=list)


class Talk:
    """A person in a conversation with an opened Lookout, without Discord between them."""

    def __init__(self, lookout: Lookout, reader: Reader, files: FileHost) -> None:
        self.lookout = lookout
        self._reader = reader
        self._files = files
        self._camera = Camera(PHOTO)
        self._asked = 0

    async def ask(
        self, parent_id: int | None, costs: Costs, *, person: int = 1, picture: bool = False
    ) -> tuple[Turn, Prompt]:
        """Ask once and note what it took."""
        self._asked += 1
        request = AskRequest(
            question=_WORDS,
            sources=(self._picture(),) if picture else (),
            parameters=Parameters(language=""),
            asker=Asker(person, payloads.GUILD),
            address=Address(payloads.CHANNEL),
            parent_id=parent_id,
        )
        converse = self.lookout.conversations
        began = time.perf_counter()
        turn = await converse.accept(request)
        accepted = time.perf_counter()
        assert turn is not None
        result = await converse.answer(turn.id, request, lambda _part: None, asyncio.Event())
        await converse.told(result.turn)
        prompt = self._reader.last
        costs.accept_seconds.append(accepted - began)
        costs.context_seconds.append(prompt.arrived_at - accepted)
        costs.sent_bytes.append(prompt.sent_bytes)
        return result.turn, prompt

    def _picture(self) -> PictureRef:
        data = self._camera.picture(self._asked)
        path = self._files.keep(PHOTO, data)
        return PictureRef(SourceKind.ATTACHMENT, f"{CDN}{path}", size_bytes=len(data))


async def measure(plan: Plan) -> dict[str, Figure]:
    """Measure both."""
    with TemporaryDirectory(prefix="lookout-bench-") as folder:
        databases = await _databases(Path(folder), plan)
        async with AsyncExitStack() as stack:
            talks = {
                amount: await stack.enter_async_context(talking(database))
                for amount, database in databases.items()
            }
            figures = await _among_many(talks, plan)
            return figures | await _within_one(talks[plan.amounts[-1]], plan)


async def _databases(folder: Path, plan: Plan) -> dict[int, Path]:
    """Make a database of each size; the conversations in all of them are the same."""
    first = folder / "lookout-1.sqlite3"
    async with talking(first) as talk:
        turn: Turn | None = None
        for number in range(plan.turns):
            parent_id = None if turn is None else turn.id
            turn, _ = await talk.ask(parent_id, Costs(), picture=number % _PICTURE_EVERY == 0)
    databases = {amount: folder / f"lookout-{amount}.sqlite3" for amount in plan.amounts}
    for amount, database in databases.items():
        shutil.copy(first, database)
        await asyncio.to_thread(add_copies, database, 1, amount - 1)
    return databases


@asynccontextmanager
async def talking(database: Path) -> AsyncIterator[Talk]:
    """Open a Lookout on a SQLite file, with stand-ins for everything around it."""
    reader, files = Reader(), FileHost()
    async with (
        serving([*reader.routes(), *files.routes()]) as address,
        aiohttp.ClientSession() as session,
    ):
        settings = Settings(address=address, model=MODEL, database=f"sqlite:///{database}")
        transport = LocalTransport(session, address)
        async with Lookout(config(settings), transport=transport) as lookout:
            yield Talk(lookout, reader, files)


async def _among_many(talks: dict[int, Talk], plan: Plan) -> dict[str, Figure]:
    """Follow up conversations chosen by chance, in each database in turn."""
    chance = random.Random(4)
    measured = {amount: Costs() for amount in talks}
    for sample in range(-_COLD, plan.samples):
        for amount, talk in talks.items():
            copy = chance.randrange(amount) * STRIDE
            costs = measured[amount] if sample >= 0 else Costs()
            await talk.ask(plan.turns + copy, costs, person=1 + copy)
    few, many = measured[plan.amounts[0]], measured[plan.amounts[-1]]
    figures: dict[str, Figure] = {
        "conversations": plan.amounts[-1],
        "context_p50_ms": percentile(many.context_seconds, 0.5) * 1000,
    }
    for amount in plan.amounts[1:]:
        costs = measured[amount]
        figures[f"context_{amount}_ratio"] = _ratio(costs.context_seconds, few.context_seconds)
    figures["accept_ratio"] = _ratio(many.accept_seconds, few.accept_seconds)
    figures["bytes_ratio"] = _ratio(many.sent_bytes, few.sent_bytes)
    return figures


async def _within_one(talk: Talk, plan: Plan) -> dict[str, Figure]:
    """Talk on and on, and compare with sending all of it each time."""
    figures: dict[str, Figure] = {}
    turn: Turn | None = None
    remembered: list[prefix.Unit] = []
    sent = evaluated = most_tokens = 0
    others = Others(talk.lookout)
    for number in range(plan.depths[-1]):
        parent_id = None if turn is None else turn.id
        if number + 1 in plan.depths:
            costs = Costs()
            for _ in range(max(2, plan.samples // 4)):
                await talk.ask(parent_id, costs)
            figures[f"turn{number + 1}_context_ms"] = percentile(costs.context_seconds, 0.5) * 1000
            figures[f"turn{number + 1}_kb"] = percentile(costs.sent_bytes, 0.5) / 1000
        turn, prompt = await talk.ask(parent_id, Costs(), picture=number % _PICTURE_EVERY == 0)
        await others.add(turn)
        sent += prompt.sent_bytes
        evaluated += prefix.evaluated(prompt.units, remembered)
        most_tokens = max(most_tokens, prompt.tokens)
        remembered = prompt.remembered
    figures["bytes_of_everything_ratio"] = sent / others.whole_bytes
    figures["evaluated_of_everything_ratio"] = evaluated / others.whole_tokens
    figures["evaluated_of_sliding_ratio"] = evaluated / others.sliding_tokens
    figures["context_used_ratio"] = most_tokens / talk.lookout.config.vision.num_ctx
    return figures


def _ratio(values: list[float], base: list[float]) -> float:
    return percentile(values, 0.5) / percentile(base, 0.5)
