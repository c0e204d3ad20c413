"""Subjects as this process sees them: started, given orders, and their memory."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

from bench.subjects.watch import Settings

_ORDER_SECONDS = 120.0
_LOOK_EVERY_SECONDS = 0.1


class Subject:
    """One process under measurement."""

    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def id(self) -> int:
        """Its process id."""
        return self._process.pid

    async def alive_until(self, coming: Coroutine[Any, Any, Any], timeout_seconds: float) -> None:
        """Wait for ``coming``; raises when that takes too long or the process ends before."""
        came, ended = asyncio.create_task(coming), asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait(
                (came, ended), timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED
            )
            arrived = came.done()
        finally:
            came.cancel()
            ended.cancel()
        if not arrived:
            raise RuntimeError(f"the process has not come that far ({self._process.returncode})")
        await came

    def kill(self) -> None:
        """End it by SIGKILL, without a chance to do anything; one that has ended is fine."""
        if self._process.returncode is None:
            self._process.kill()

    async def ended(self) -> int:
        """Wait for its end; returns the exit code."""
        return await self._process.wait()

    async def order(self, **order: Any) -> dict[str, float]:
        """Send an order and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        async with asyncio.timeout(_ORDER_SECONDS):
            line = await self._process.stdout.readline()
        return cast("dict[str, float]", json.loads(line))

    def memory_mb(self) -> float:
        """Return the resident memory of now, without its children."""
        return _status_mb(self.id, "VmRSS")

    def peak_memory_mb(self) -> float:
        """Return the most resident memory it ever had, without its children."""
        return _status_mb(self.id, "VmHWM")

    async def look_at_workers(self, peaks: dict[int, float]) -> None:
        """Keep the peak of every child process in ``peaks`` until cancelled."""
        while True:
            for child in _children(self.id):
                with suppress(OSError):  # it has just ended
                    peaks[child] = max(peaks.get(child, 0.0), _status_mb(child, "VmHWM"))
            await asyncio.sleep(_LOOK_EVERY_SECONDS)


@asynccontextmanager
async def running(name: str, settings: Settings) -> AsyncIterator[Subject]:
    """Start subject ``name`` and end it."""
    process = await asyncio.create_subprocess_exec(
        *settings.arguments(name), stdin=PIPE, stdout=PIPE
    )
    try:
        yield Subject(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(30):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _status_mb(process_id: int, key: str) -> float:
    for line in Path(f"/proc/{process_id}/status").read_text("ascii").splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1]) * 1024 / 1e6
    raise OSError(f"no {key}")


def _children(process_id: int) -> list[int]:
    with suppress(OSError):
        children = Path(f"/proc/{process_id}/task/{process_id}/children").read_text("ascii")
        return [int(child) for child in children.split()]
    return []
