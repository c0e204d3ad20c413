"""Everything that is kept of a conversation as one file."""

import io
import json
import zipfile
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from bot.services.transcript import Export

NAME = "conversation.zip"
_FOLDER = "pictures"
_ENTRY_BYTES = 512
"""More than a ZIP file takes for an entry beside its bytes: two headers with a short name each."""
_PICTURES_SHARE = 0.75
"""Of the largest file that may be sent; words take far less than the rest."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A ZIP file, how many pictures are in it, and how many of the conversation's are not."""

    data: bytes = field(repr=False)
    pictures: int
    missing: int


def room_for_pictures(max_bytes: int) -> int:
    """Return how many bytes of pictures to ask for, for a file of ``max_bytes``."""
    return int(max_bytes * _PICTURES_SHARE)


def bundle(exported: Export, max_bytes: int) -> Bundle:
    """Pack the words, and as many pictures as fit into ``max_bytes`` altogether.

    Blocks while it compresses. The words are always in it, however large they are.
    """
    sink = io.BytesIO()
    packed: set[str] = set()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversation.md", exported.markdown)
        archive.writestr("conversation.json", exported.json)
        spare = max_bytes - sink.tell() - 3 * _ENTRY_BYTES
        for name, data in exported.pictures:
            spare -= len(data) + _ENTRY_BYTES
            if spare < 0:
                break
            # Pictures are compressed already.
            archive.writestr(f"{_FOLDER}/{name}", data, zipfile.ZIP_STORED)
            packed.add(f"{_FOLDER}/{name}")
    pictures, missing = _counted(exported.json, packed)
    return Bundle(sink.getvalue(), pictures, missing)


def _counted(document: str, packed: AbstractSet[str]) -> tuple[int, int]:
    """Count the pictures that are whole in the file, and the others that the words name."""
    files = {
        picture["number"]: picture["files"]
        for turn in json.loads(document)["turns"]
        for picture in turn.get("pictures", ())
    }
    whole = sum(bool(names) and packed >= set(names) for names in files.values())
    return whole, len(files) - whole
