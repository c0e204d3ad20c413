"""The child process behind one loaded model, as Ollama keeps one."""

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_START_SECONDS = 30.0


@dataclass
class Runner:
    """A running ``tests.engine.server``."""

    process: asyncio.subprocess.Process
    address: str
    context_tokens: int

    @classmethod
    async def start(cls, text: Path, projector: Path | None, context_tokens: int) -> Self:
        """Load a model; raises TimeoutError when it does not come up."""
        files = [str(text)] + ([str(projector)] if projector else [])
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.engine.server",
            *files,
            "--context",
            str(context_tokens),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None
        async with asyncio.timeout(_START_SECONDS):
            address = (await process.stdout.readline()).decode().strip()
        return cls(process, address, context_tokens)

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self.process.returncode is None

    async def stop(self) -> None:
        """Unload the model."""
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()
