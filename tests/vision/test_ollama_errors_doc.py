"""The guide of the engine's errors is what the cases and the sentences say.

To write it anew after a change, run this file with ``LOOKOUT_WRITE_DOCS=1`` in the environment.
"""

import os
from pathlib import Path

from bot.domain.errors import EngineTimeout, EngineUnavailable, LookoutError
from bot.ui.sentences import sentence
from bot.vision.ollama_client import Patience
from tests.vision.imitation.cases import CASES

PAGE = Path(__file__).parents[2] / "docs" / "engine-errors.md"
HEAD = """\
# When the engine fails

What Ollama does, what Lookout makes of it, and what the person who asked reads. Each row is a test:
a server that imitates Ollama does what the first column says, and the second column is the error
that has to come of it. The page is written by `tests/vision/test_ollama_errors_doc.py`.

Some failures never reach a person, because Lookout mends them: when a picture does not fit the
model's context or cannot be decoded, it is prepared anew at half its size and asked again; when
llama.cpp's cache lost its place among several pictures ("Chunk not found"), the model is unloaded
and asked again; a load that another client's hanging up has cancelled is asked for again; and an
answer without the promised structure, or without a word, is asked for once more. The table shows
what is read when that did not help.

| What the server does | Error | What the person reads |
| --- | --- | --- |
"""
WITHOUT_SERVER: tuple[tuple[str, LookoutError], ...] = (
    ("nothing: it is not running, and the connection is refused", EngineUnavailable()),
    ("it does not accept the connection within the time set", EngineTimeout("connect", 5)),
)


def page() -> str:
    """Write the page as it should be."""
    rows = [*WITHOUT_SERVER, *((case.does, _by_default(case.expected)) for case in CASES)]
    return HEAD + "".join(
        f"| {does} | `{type(error).__name__}` | {sentence(error, 'en-US')} |\n"
        for does, error in rows
    )


def _by_default(error: LookoutError) -> LookoutError:
    """Show the time limits that are set by default, not those of an impatient test."""
    patience = Patience()
    limits = {"first_word": patience.first_word_seconds, "next_word": patience.next_word_seconds}
    if isinstance(error, EngineTimeout):
        return EngineTimeout(error.phase, limits[error.phase])
    return error


def test_the_page_is_up_to_date() -> None:
    """docs/engine-errors.md equals what is generated, or is written when asked for."""
    if os.environ.get("LOOKOUT_WRITE_DOCS") == "1":
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()


def test_no_sentence_breaks_its_table() -> None:
    """Every row has three cells, and says something to the person."""
    for line in page().splitlines()[len(HEAD.splitlines()) :]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 3
        assert all(cells)
