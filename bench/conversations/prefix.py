"""What a server that remembers the beginning of its last prompt has to work through anew."""

import base64
import hashlib
import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

_BYTES_A_TOKEN = 4
_PIXELS_A_TOKEN, _LEAST_TOKENS = 32 * 32, 1024
"""As models of the Qwen3-VL family see: a token for a square of 32 pixels, 1,024 at least."""
_PLACE = "[img]"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a server compares as a whole: a few letters, or a picture."""

    key: str
    tokens: int = 1


def units(messages: Iterable[dict[str, Any]]) -> list[Unit]:
    """Take messages of a chat request apart, in the order in which a model reads them."""
    found: list[Unit] = []
    for message in messages:
        found.append(Unit(f"<{message['role']}>"))
        pictures = iter(message.get("images", ()))
        for place, text in enumerate(message["content"].split(_PLACE)):
            if place:
                found.append(_picture(next(pictures)))
            found += [
                Unit(text[start : start + _BYTES_A_TOKEN])
                for start in range(0, len(text), _BYTES_A_TOKEN)
            ]
        found += map(_picture, pictures)  # without a place of their own they come last
    return found


def tokens(prompt: Iterable[Unit]) -> int:
    """Count what a prompt holds."""
    return sum(unit.tokens for unit in prompt)


def evaluated(prompt: Sequence[Unit], remembered: Sequence[Unit]) -> int:
    """Count what is left to be worked through of ``prompt`` after ``remembered``."""
    same = itertools.takewhile(
        lambda pair: pair[0] == pair[1], zip(prompt, remembered, strict=False)
    )
    return tokens(prompt) - sum(unit.tokens for unit, _ in same)


_known: dict[str, Unit] = {}


def _picture(encoded: str) -> Unit:
    key = hashlib.sha256(encoded.encode()).hexdigest()
    if key not in _known:
        with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
            squares = -(-image.width * image.height // _PIXELS_A_TOKEN)
        _known[key] = Unit(key, max(_LEAST_TOKENS, squares))
    return _known[key]
