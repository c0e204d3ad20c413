"""Workers that misbehave in the place of the decoder. Runs in the children."""

from collections.abc import Sequence
from typing import Any

GOOD = {"format": "JPEG", "width": 1, "height": 1, "size_bytes": 9}
FRAME = {"media_type": "image/png", "width": 32, "height": 32, "at_seconds": None}
_REPLIES: dict[bytes, tuple[dict[str, Any], Sequence[bytes]]] = {
    b"empty": ({}, ()),
    b"no frames": ({"facts": GOOD, "notes": [], "frames": []}, ()),
    b"missing body": ({"facts": GOOD, "notes": [], "frames": [FRAME]}, ()),
    b"strange note": ({"facts": GOOD, "notes": ["x"], "frames": [FRAME]}, (b"png",)),
    b"strange fact": ({"facts": {"evil": 1}, "notes": [], "frames": [FRAME]}, (b"png",)),
    b"strange error": ({"refused": "SystemExit", "fields": {}}, ()),
    b"strange fields": ({"refused": "NotAPicture", "fields": {"evil": 1}}, ()),
}


def lie(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Answer what no honest decoder answers."""
    return _REPLIES[body.removeprefix(b"\xff\xd8\xff")]


_SEEN: dict[str, Any] = {
    "frames": [FRAME], "dark": [], "hashes": [1, 2], "codes": [], "animated": False,
    "whole": [1, 2], "pdq": None,
}  # fmt: skip
_FALSE: dict[bytes, tuple[dict[str, Any], Sequence[bytes]]] = {
    b"empty": ({}, ()),
    b"no frames": ({**_SEEN, "frames": []}, ()),
    b"missing body": (_SEEN, ()),
    b"half a hash": ({**_SEEN, "hashes": [1]}, (b"png",)),
    b"large hash": ({**_SEEN, "hashes": [1, 1 << 64]}, (b"png",)),
    b"many hashes": ({**_SEEN, "hashes": [1] * 10_000}, (b"png",)),
    b"strange pdq": ({**_SEEN, "pdq": "x"}, ()),
    b"strange error": ({"refused": "SystemExit", "fields": {}}, ()),
}


def examine_falsely(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Answer what no honest examination answers."""
    return _FALSE[body.removeprefix(b"\xff\xd8\xff")]
