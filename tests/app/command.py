"""The command line as a person has it: typed, in a terminal, in a process of its own."""

import argparse
import asyncio
import io
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bot.cli.arguments import build_parser

ROOT = Path(__file__).parents[2]
_TIMEOUT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def parse(*arguments: str) -> argparse.Namespace:
    """Read a command line."""
    return build_parser().parse_args(arguments)


async def bot(
    *arguments: str,
    folder: Path,
    env: dict[str, str] | None = None,
    stdin: bytes = b"",
    output: int = asyncio.subprocess.PIPE,
) -> Done:
    """Run ``python -m bot`` in ``folder``, with no setting but those of ``env``."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LOOKOUT_") and name != "DISCORD_TOKEN"
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        *arguments,
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), **(env or {})},
        stdin=asyncio.subprocess.PIPE,
        stdout=output,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(_TIMEOUT_SECONDS):
        out, err = await process.communicate(stdin)
    assert process.returncode is not None
    return Done(process.returncode, (out or b"").decode(), err.decode())
