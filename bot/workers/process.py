"""One worker process as the parent sees it: start, one exchange at a time, kill."""

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import structlog

from bot.workers import wire
from bot.workers.failure import WorkerFailure

_log = structlog.get_logger(__name__)

_START_SECONDS = 60.0
"""Importing and warming a handler may load models from a cold disk."""
_CHUNK_BYTES = 256 * 1024
_READ_AHEAD_BYTES = 1024 * 1024
_PASSED_ON = (
    "PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "LD_LIBRARY_PATH", "OMP_NUM_THREADS",
    "OMP_THREAD_LIMIT", "TESSDATA_PREFIX", "SYSTEMROOT", "TEMP", "TMP",
)  # fmt: skip
"""The environment variables a child sees. Tokens and passwords are not among them."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answered."""

    head: dict[str, Any]
    bodies: tuple[bytes, ...]


class WorkerProcess:
    """A running child. After any failure it is dead: an answer can never reach a later job."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._killed = False
        self.jobs_done = 0

    @classmethod
    async def spawn(cls, handler: str, memory_bytes: int) -> Self:
        """Start a child; it is of use after ``wait_until_ready``. Raises WorkerFailure."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the working directory is no place to import from
                "-m",
                "bot.workers.child",
                handler,
                str(memory_bytes),
                stdin=PIPE,
                stdout=PIPE,
                stderr=DEVNULL,  # decoders print what the picture's author wrote
                env=_environment(),
                limit=_READ_AHEAD_BYTES,
                start_new_session=True,
            )
        except OSError as error:
            _log.warning("worker_not_spawned", handler=handler, error=type(error).__name__)
            raise WorkerFailure("start") from error
        return cls(process)

    async def wait_until_ready(self) -> None:
        """Wait until the handler is imported and warm. Raises WorkerFailure (``start``)."""
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._receive()
        except Exception as error:
            self.kill()
            _log.warning("worker_not_ready", error=type(error).__name__)
            raise WorkerFailure("start") from error

    @property
    def id(self) -> int:
        """The operating system's process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be given a job, as far as is known."""
        if self._killed or self._process.returncode is not None:
            return False
        return self._process.stdout is not None and not self._process.stdout.at_eof()

    async def exchange(self, request: bytes, body: bytes, *, timeout_seconds: float) -> Reply:
        """Send one packed job and return its reply; the process is killed on any failure.

        Raises WorkerFailure.
        """
        try:
            async with asyncio.timeout(timeout_seconds):
                await self._send(request, body)
                envelope, bodies = await self._receive()
            failure = envelope.get("failure")
            reply = None if failure else Reply(dict(envelope["head"]), bodies)
        except TimeoutError as error:
            self.kill()
            raise WorkerFailure("timeout") from error
        except Exception as error:  # whatever a child that was taken over may send
            self.kill()
            raise WorkerFailure("crash") from error
        except BaseException:
            self.kill()
            raise
        self.jobs_done += 1
        if reply is not None:
            return reply
        self.kill()
        if failure == "memory":
            raise WorkerFailure("memory")
        _log.error("worker_handler_raised", error=str(envelope.get("error"))[:80])
        raise WorkerFailure("crash")

    def kill(self) -> None:
        """End the child and whatever it started, at once. Harmless when it is dead."""
        self._killed = True
        if self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    async def close(self) -> None:
        """Kill and reap."""
        self.kill()
        await self._process.wait()

    async def _send(self, request: bytes, body: bytes) -> None:
        """Write in pieces, so that the event loop runs between them."""
        writer = self._process.stdin
        assert writer is not None
        writer.write(request)
        view = memoryview(body)
        for begin in range(0, len(body), _CHUNK_BYTES):
            writer.write(view[begin : begin + _CHUNK_BYTES])
            await writer.drain()
        await writer.drain()

    async def _receive(self) -> tuple[dict[str, Any], tuple[bytes, ...]]:
        """Read one envelope with its bodies. Raises EOFError or ValueError for anything else."""
        reader = self._process.stdout
        assert reader is not None
        head_bytes, rest_bytes = wire.PREFIX.unpack(await reader.readexactly(wire.PREFIX.size))
        if head_bytes > wire.MAX_HEAD_BYTES or rest_bytes > wire.MAX_REPLY_BYTES:
            raise ValueError("a reply over its limit")
        envelope = wire.unpack_head(await reader.readexactly(head_bytes))
        sizes = [int(size) for size in envelope.get("sizes", ())]
        if sum(sizes) != rest_bytes or min(sizes, default=0) < 0:
            raise ValueError("a reply that does not add up")
        return envelope, tuple([await reader.readexactly(size) for size in sizes])


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # The child imports what the parent could import, wherever it was started from.
    passed["PYTHONPATH"] = os.pathsep.join(path or str(Path.cwd()) for path in sys.path)
    # One arena per thread would reserve address space far beyond what is used (glibc).
    passed["MALLOC_ARENA_MAX"] = "2"
    return passed
