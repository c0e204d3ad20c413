"""Pictures from this machine's own files, in place of Discord's."""

import asyncio
import functools
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.domain.errors import PictureError, PictureTooLarge
from bot.domain.picture import PictureRef, SourceKind

STANDARD_INPUT = "-"


@dataclass(eq=False)
class FileUnreadable(PictureError):
    """A file that cannot be opened; ``reason`` is the system's own word for it."""

    reason: str


def file_ref(name: str) -> PictureRef:
    """Refer to a file by its path; ``-`` is standard input."""
    return PictureRef(SourceKind.FILE, url=name, name=name)


class LocalFiles:
    """A Fetcher that reads files the operator named, up to ``max_bytes`` each."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes

    async def fetch(self, ref: PictureRef) -> bytes:
        """Return the file's bytes. Raises FileUnreadable and PictureTooLarge."""
        return await asyncio.to_thread(self._read, ref.url)

    def _read(self, name: str) -> bytes:
        try:
            if name == STANDARD_INPUT:
                return self._standard_input
            with Path(name).open("rb") as file:
                return self._capped(file)
        except (OSError, ValueError) as error:  # ValueError: a name with a null character
            raise FileUnreadable(getattr(error, "strerror", None) or "unusable name") from error

    @functools.cached_property
    def _standard_input(self) -> bytes:
        """Kept, as it can be read only once and a picture may be asked for twice."""
        return self._capped(sys.stdin.buffer)

    def _capped(self, file: BinaryIO) -> bytes:
        data = file.read(self._max_bytes + 1)
        if len(data) > self._max_bytes:
            raise PictureTooLarge(self._max_bytes)
        return data
