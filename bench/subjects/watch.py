"""What every process measured has: its orders, and a watch on its event loop."""

import asyncio
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass

import discord
import yarl

_TICK_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Settings:
    """How a subject is started; given as JSON in its first argument."""

    address: str
    """Where Discord, its file host and the engine are: ``http://127.0.0.1:PORT``."""
    engine: str = ""
    """Where the engine is, if not there."""
    model: str = ""
    parallel: int = 1
    edit_interval_seconds: float = 1.2
    database: str = ""
    message_content: bool = False
    """Whether the bot asks for that intent."""
    judge_here: bool = True
    """Whether the bot asks the model about uploads itself."""
    lease_seconds: float = 60.0
    log: str = os.devnull
    """The file that the log is appended to."""

    @classmethod
    def read(cls) -> "Settings":
        """Read the first argument."""
        return cls(**json.loads(sys.argv[1]))

    def arguments(self, name: str) -> list[str]:
        """Write the command line that starts subject ``name``."""
        return [sys.executable, "-m", f"bench.subjects.{name}", json.dumps(asdict(self))]


def at_the_stand_in(address: str) -> None:
    """Let discord.py speak with the stand-in instead of Discord."""
    discord.http.Route.BASE = f"{address}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = (
        yarl.URL(address).with_scheme("ws") / "gateway"
    )


class LoopWatch:
    """Notes how late a task comes that wants to run every millisecond."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Forget what was noted."""
        self._longest_seconds = self._longest_cpu_seconds = 0.0
        self._cpu_began = time.process_time()
        self._began = time.perf_counter()

    async def run(self) -> None:
        """Watch for ever."""
        while True:
            asleep, cpu = time.perf_counter(), time.thread_time()
            await asyncio.sleep(_TICK_SECONDS)
            late = time.perf_counter() - asleep - _TICK_SECONDS
            self._longest_seconds = max(self._longest_seconds, late)
            self._longest_cpu_seconds = max(
                self._longest_cpu_seconds, min(late, time.thread_time() - cpu)
            )

    def report(self) -> dict[str, float]:
        """Say how late it was at worst, how much of a delay its own work was, and the CPU share."""
        elapsed = time.perf_counter() - self._began
        return {
            "stall_max_ms": self._longest_seconds * 1000,
            "stall_cpu_max_ms": self._longest_cpu_seconds * 1000,
            "cpu_share": (time.process_time() - self._cpu_began) / elapsed,
        }


Obey = Callable[[dict[str, object]], Awaitable[dict[str, float]]]


async def obey(orders: Obey) -> None:
    """Carry out one order a line of standard input, answering each with one line, to its end."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        answer = json.dumps(await orders(json.loads(line))) + "\n"
        await asyncio.to_thread(os.write, sys.stdout.fileno(), answer.encode())


async def watched(work: Awaitable[None]) -> None:
    """Do ``work`` (a bot's life) until standard input ends, watching the loop when ordered to."""
    watch = LoopWatch()

    watching: list[asyncio.Task[None]] = []  # only when asked: a thousand ticks a second cost time

    async def orders(order: dict[str, object]) -> dict[str, float]:
        if order["do"] == "begin":
            watch.begin()
            watching.append(asyncio.create_task(watch.run()))
            return {}
        return watch.report()

    living, obeying = asyncio.ensure_future(work), asyncio.create_task(obey(orders))
    try:
        await asyncio.wait([living, obeying], return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            await living  # raises what ended it
    finally:
        tasks = [living, obeying, *watching]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
