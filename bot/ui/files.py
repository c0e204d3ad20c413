"""Files that go with an answer: the picture itself, the whole text, tables as CSV."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import discord

from bot.domain.answer import Table
from bot.domain.picture import Picture

SPOILER_PREFIX = "SPOILER_"
"""How Discord knows a file of which only a blur is shown at first."""
MAX_FILES = 10
"""As many as a message holds (discord-api-docs, uploading files)."""
MAX_TABLE_FILES = 5
"""More tables than this share one file."""
_CARRIED = re.compile(rf"(?:{SPOILER_PREFIX})?picture-\d+\.(?:png|jpg)")
_BYTE_ORDER_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file of ours, with its alt text where it is a picture."""

    name: str
    data: bytes = field(repr=False)
    alt_text: str = ""

    def file(self) -> discord.File:
        """Make it ready for sending (a File can be sent once)."""
        return discord.File(
            io.BytesIO(self.data), filename=self.name, description=self.alt_text or None
        )


def picture_name(position: int, picture: Picture, *, spoiler: bool) -> str:
    """Name the picture that an answer carries; ``position`` counts the request's pictures from 0.

    What was refused before it was fetched does not count: it is not kept for the buttons either.
    """
    suffix = "png" if picture.frames[0].media_type == "image/png" else "jpg"
    return f"{SPOILER_PREFIX if spoiler else ''}picture-{position + 1}.{suffix}"


def is_picture_at(position: int, name: str) -> bool:
    """Say whether ``name`` is one that ``picture_name`` gives at ``position``."""
    return name.removeprefix(SPOILER_PREFIX).rpartition(".")[0] == f"picture-{position + 1}"


def is_carried_picture(name: str) -> bool:
    """Say whether ``name`` is one that ``picture_name`` gives."""
    return _CARRIED.fullmatch(name) is not None


def text_file(texts: Sequence[tuple[str, str]]) -> Attached:
    """Put whole texts into one file; each is a heading (may be empty) and a text."""
    parts = [f"{heading}\n\n{text}" if heading else text for heading, text in texts]
    return Attached("text.txt", "\n\n".join(parts).encode())


def table_files(tables: Sequence[Table]) -> tuple[Attached, ...]:
    """Write each table as a CSV file, or all into one when there are many."""
    if len(tables) > MAX_TABLE_FILES:
        return (Attached("tables.csv", csv_bytes(tables)),)
    return tuple(
        Attached(f"table-{number}.csv", csv_bytes([table]))
        for number, table in enumerate(tables, start=1)
    )


def csv_bytes(tables: Sequence[Table]) -> bytes:
    """Write tables as CSV for spreadsheets (UTF-8 with a byte order mark), a blank line between.

    A cell that a spreadsheet would run as a formula gets an apostrophe before it, unless it is a
    number (OWASP, CSV injection).
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for position, table in enumerate(tables):
        if position:
            writer.writerow([])
        writer.writerows([_cell(cell) for cell in row] for row in table.rows)
    return (_BYTE_ORDER_MARK + buffer.getvalue()).encode()


def _cell(cell: str) -> str:
    number = cell.lstrip("+-").replace(",", "").replace(".", "").replace("%", "").isdigit()
    return f"'{cell}" if cell.startswith(_FORMULA) and not number else cell
