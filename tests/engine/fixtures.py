"""A real vision engine for tests: llama.cpp with a tiny model, or a real Ollama.

``vision_server`` is the fixture. Where the environment variable ``LOOKOUT_TEST_OLLAMA`` names a
server (``http://127.0.0.1:11434``), the models are created there through its API and the same
tests run against it. Other test packages import the fixture into their ``conftest.py``.
"""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import ollama
import pytest

from tests.engine.tiny_model import Mode, ModelFiles, write_model

SEEING = "lookout-test-colours"
BLIND = "lookout-test-blind"
LOOPING = "lookout-test-loop"
ENDLESS = "lookout-test-endless"
SHARP = "lookout-test-sharp"
_MODES = {SEEING: Mode.STOP, LOOPING: Mode.LOOP, ENDLESS: Mode.ENDLESS, SHARP: Mode.STOP}
_SHARP_PATCHES = 32
SHARP_PICTURE_TOKENS = _SHARP_PATCHES**2
"""What a real model spends on a megapixel, in one that takes a byte of text for a token."""
_ROOT = Path(__file__).parents[2]
_STOP_SECONDS = 10.0


@dataclass
class VisionServer:
    """Where to ask and for which model. ``real`` is whether it is an Ollama."""

    host: str
    real: bool
    model: str = SEEING
    """Names the main colour of what it sees."""
    blind_model: str = BLIND
    looping_model: str = LOOPING
    endless_model: str = ENDLESS
    sharp_model: str = SHARP
    """Names the main colour too, but spends many more tokens on a picture."""


@dataclass
class FrontProcess:
    """``tests.engine.front`` in a child process, which can be stopped and started again."""

    models: Path
    host: str = ""
    _process: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Serve; after a stop, on the same port."""
        port = self.host.rpartition(":")[2] or "0"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.engine.front", str(self.models), "--port", port],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self.host = self._process.stdout.readline().strip()
        assert self.host, "the front did not start"

    def stop(self) -> None:
        """End the process; its own children end with it."""
        if self._process is not None:
            self._process.communicate(timeout=_STOP_SECONDS)
            self._process = None


@pytest.fixture(scope="session")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write all models once; return the folder that holds a folder for each."""
    folder = tmp_path_factory.mktemp("models")
    for name, mode in _MODES.items():
        write_model(folder / name, mode, patches=_SHARP_PATCHES if name == SHARP else 4)
    write_model(folder / BLIND).projector.unlink()
    return folder


@pytest.fixture(scope="session")
def vision_server(tiny_models: Path) -> Iterator[VisionServer]:
    """Run the engine for all tests that ask for it."""
    real = os.environ.get("LOOKOUT_TEST_OLLAMA")
    if real:
        _create(real, tiny_models)
        yield VisionServer(real, real=True)
        return
    front = FrontProcess(tiny_models)
    front.start()
    yield VisionServer(front.host, real=False)
    front.stop()


@pytest.fixture
def front_process(tiny_models: Path) -> Iterator[FrontProcess]:
    """Run an engine of one's own, to stop and start."""
    front = FrontProcess(tiny_models)
    front.start()
    yield front
    front.stop()


def _create(host: str, folder: Path) -> None:
    """Make the models on a real Ollama; one that has them already takes them again."""
    with contextlib.closing(ollama.Client(host, timeout=60)) as client:
        for name in (*_MODES, BLIND):
            files = ModelFiles(folder / name / "text.gguf", folder / name / "projector.gguf")
            present = [path for path in (files.text, files.projector) if path.exists()]
            blobs = {path.name: client.create_blob(path) for path in present}
            client.create(model=name, files=blobs)
