"""How parent and child speak over two pipes: a fixed prefix, a JSON head, then raw bytes."""

import json
import struct
from collections.abc import Mapping
from typing import Any

PREFIX = struct.Struct(">IQ")
"""Length of the JSON head, length of all bytes after it."""

MAX_HEAD_BYTES = 4 * 1024 * 1024
MAX_REPLY_BYTES = 64 * 1024 * 1024
"""A child that decodes hostile bytes is not trusted with lengths: more than this is a crash."""


def pack(head: Mapping[str, Any], body_bytes: int) -> bytes:
    """Return prefix and head; the caller sends ``body_bytes`` bytes after them."""
    encoded = json.dumps(head, separators=(",", ":")).encode()
    return PREFIX.pack(len(encoded), body_bytes) + encoded


def unpack_head(encoded: bytes) -> dict[str, Any]:
    """Parse a head. Raises ValueError for anything but a JSON object."""
    head = json.loads(encoded)
    if not isinstance(head, dict):
        raise ValueError("a head is an object")  # noqa: TRY004 - every caller catches ValueError
    return head
