"""``python -m bot worker``: a process beside the bot that asks the model about uploads."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli.exits import Exit
from tests.app.command import ROOT, bot
from tests.storage.postgres import running_postgres

NOBODY = "http://127.0.0.1:9"
"""Where no Ollama answers."""


async def test_a_worker_beside_sqlite_is_refused_in_words(tmp_path: Path) -> None:
    done = await bot("worker", folder=tmp_path)
    assert done.code == Exit.CONFIGURATION
    assert "needs PostgreSQL" in done.err
    assert "SQLite" in done.err
    assert not (tmp_path / "data").exists()


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    """A PostgreSQL of its own."""
    with running_postgres() as server:
        if server is None:
            pytest.skip("the package with PostgreSQL's programs is not installed")
        yield server.create("worker")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to ask with")
async def test_a_worker_works_without_discord_until_it_is_asked_to_stop(
    tmp_path: Path, database_url: str
) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("LOOKOUT_")
    } | {
        "PYTHONPATH": str(ROOT),
        "LOOKOUT_STORAGE__DATABASE": database_url,
        "LOOKOUT_VISION__HOST": NOBODY,
        "LOOKOUT_LOG__FORMAT": "json",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "worker",
        cwd=tmp_path,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said: list[bytes] = []
    try:
        async with asyncio.timeout(120):
            async for line in process.stdout:
                said.append(line)
                if b"worker_ready" in line:
                    process.send_signal(signal.SIGTERM)
            code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
    assert code == Exit.OK, b"".join(said).decode()
    written = b"".join(said).decode()
    assert '"kinds": ["judge"]' in written
    assert "stopping" in written
