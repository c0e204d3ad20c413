"""What Discord makes of a text beyond its letters, by its own order of reading."""

import re

_INERT = re.compile(r"\\[^A-Za-z0-9\s]|(?P<fence>`+)(?:[\s\S]*?[^`])(?P=fence)(?!`)")
"""An escaped mark, and code: nothing in either is read any further."""
_LIVE = re.compile(
    r"<(?:@[!&]?[0-9]|\#[0-9]|/\w|a?:\w|t:|id:|https?:)|@(?:everyone|here)\b"
    r"|https?://\S|www\.\S|\bdiscord(?:app)?\.(?:gg|com/invite)/\S"
    r"|[*_~`|\[\]]|^[ \t]*(?:\#{1,3}|>{1,3}|-\#|[-+]|[0-9]+[.)])\s",
    re.MULTILINE | re.IGNORECASE,
)


def live(text: str) -> list[str]:
    """List what is more than letters in ``text``: mentions, links, marks and line marks."""
    return _LIVE.findall(_INERT.sub("x", text))


def hidden(text: str) -> bool:
    """Say whether ``text`` is one spoiler, with nothing live in it and no bars that end it."""
    inner = text[2:-2]
    whole = len(text) > 4 and text.startswith("||") and text.endswith("||")
    return whole and "||" not in f"{inner}|" and not live(inner)
