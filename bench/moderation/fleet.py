"""The bot's processes: the one that is in Discord, and those that help to judge."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from bench.gateway import Gateway
from bench.subjects.watch import Settings

_CONNECT_SECONDS = 60.0
_END_SECONDS = 30.0


class Member:
    """One process, which may have several lives."""

    def __init__(self, name: str, command: list[str], log: Path, gateway: Gateway | None) -> None:
        self.name = name
        self.lives = 0
        self._command = command
        self._log = log
        self._gateway = gateway
        self._process: Process | None = None

    @property
    def is_client(self) -> bool:
        """Whether it is the one in Discord."""
        return self._gateway is not None

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Begin a life."""
        if self._gateway is not None:
            self._gateway.begin()
        self.lives += 1
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=log, stderr=log
            )

    async def ready(self) -> None:
        """Wait until the client is connected; raises RuntimeError when it ends before."""
        if self._gateway is None:
            return
        ended = asyncio.create_task(self.ended())
        connected = asyncio.create_task(self._gateway.connected())
        try:
            await asyncio.wait(
                (ended, connected),
                timeout=_CONNECT_SECONDS,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not connected.done():
                raise RuntimeError("the bot did not connect")
        finally:
            ended.cancel()
            connected.cancel()

    def kill(self) -> None:
        """End it by SIGKILL; one that has ended is fine."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()

    async def ended(self) -> None:
        """Wait for its end."""
        assert self._process is not None
        await self._process.wait()
        if self._gateway is not None:
            self._gateway.begin()

    async def end(self) -> None:
        """End it politely."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            assert process.stdin is not None
            process.stdin.close()
            if not self.is_client:
                process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


@asynccontextmanager
async def fleet(
    settings: Settings, gateway: Gateway, workers: int, log: Path
) -> AsyncIterator[list[Member]]:
    """Start the client, which comes first, and so many workers; end them all."""
    members = [Member("client", settings.arguments("lookout"), log, gateway)]
    if workers:
        config = log.with_name("worker.toml")
        await asyncio.to_thread(config.write_text, _worker_config(settings), "utf-8")
        command = [sys.executable, "-m", "bot", "worker", "--config", str(config)]
        members += [Member(f"worker {n + 1}", command, log, None) for n in range(workers)]
    try:
        for member in members:
            await member.start()
        await members[0].ready()
        yield members
    finally:
        for member in members:
            await member.end()


def _worker_config(settings: Settings) -> str:
    """Write the settings of a worker; JSON's strings are TOML's, too."""
    sections: dict[str, dict[str, object]] = {
        "vision": {
            "host": settings.engine or settings.address,
            "model": settings.model,
            "parallel": settings.parallel,
        },
        "storage": {"database": settings.database},
        "moderation": {"lease_seconds": settings.lease_seconds, "read_text": False},
    }
    lines: list[str] = []
    for section, values in sections.items():
        lines.append(f"[{section}]")
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"
