"""Text on its way to Discord: neutralised, clipped at words, fences intact."""

import re

FENCE = "```"
SPOILER = "||"
_ELLIPSIS = "…"
_PART = "\u200b"
_JOINERS = "\u200c\u200d"
"""Unprintable, but Persian, the scripts of India and emoji are spelled with them."""
_LINK = re.compile(
    r"(?:https?://|(?:www\.|discord(?:app)?\.(?:gg|com/invite)/)(?=[^\s<>`|()\[\]]))"
    r"[^\s<>`|()\[\]]*",
    re.IGNORECASE,
)
_MENTION = re.compile(r"(?<=@)(?=everyone|here)")
_MARK = re.compile(r"[\\*_~`|<\[\]]")
_LINE_MARK = re.compile(r"^([ \t]*)([#>+-]|[0-9]+(?=[.)]\s))", re.MULTILINE)
_FENCE_INSIDE = re.compile("`(?=``)")
_BARS_INSIDE = re.compile(r"\|(?=\|)")


def neutral(text: str) -> str:
    """Make somebody else's words harmless: no mention, no markup, no clickable link.

    One pass over the text: discord.py's own ``escape_markdown`` takes cubic time on a line of
    brackets that somebody made for it.
    """
    text = _MENTION.sub("\u200b", text)
    parts: list[str] = []
    end = 0
    for link in _LINK.finditer(text):
        parts += [_escaped(text[end : link.start()]), f"`{link.group()}`"]
        end = link.end()
    parts.append(_escaped(text[end:]))
    return "".join(parts)


def _escaped(text: str) -> str:
    return _LINE_MARK.sub(_line_escaped, _MARK.sub(r"\\\g<0>", text))


def _line_escaped(match: re.Match[str]) -> str:
    """Escape what begins a list, quote or heading; of a number only its point can be."""
    indent, mark = match.groups()
    return f"{indent}{mark}\\" if mark[0].isdigit() else f"{indent}\\{mark}"


def clip_words(text: str, limit: int) -> str:
    """Shorten to at most ``limit`` characters, between words where there are any."""
    if len(text) <= limit:
        return text
    head = text[: max(0, limit - 1)]
    cut = max(head.rfind(" "), head.rfind("\n"))
    if cut >= limit // 2 and not text[len(head)].isspace():
        head = head[:cut]
    return (head.rstrip() + _ELLIPSIS)[:limit]


def neutral_clipped(text: str, limit: int) -> str:
    """Neutralise ``text`` within ``limit`` characters without breaking an escape or a code mark."""
    limit = max(0, limit)
    room = min(limit, len(text))
    while len(safe := neutral(clip_words(text, room))) > limit:
        room = min(room - 1, room * limit // len(safe))
    return safe


def fenced(text: str, limit: int | None = None) -> str:
    """Put ``text`` into a code block of at most ``limit`` characters, exactly as it is.

    Three backticks inside would end the block early: an invisible space parts them.
    """
    inner = _FENCE_INSIDE.sub("`\u200b", text)
    if limit is not None:
        inner = clip_words(inner, limit - len(f"{FENCE}\n\n{FENCE}"))
    return f"{FENCE}\n{inner}\n{FENCE}"


def spoilered(text: str) -> str:
    """Hide ``text``, whose bars were parted before, behind a spoiler.

    A bar at its end is no part of the spoiler's own: an invisible space parts them.
    """
    return f"{SPOILER}{text}{_PART if text.endswith('|') else ''}{SPOILER}"


def bars_parted(text: str) -> str:
    """Keep bars inside a text from ending a spoiler early: an invisible space parts them."""
    return _BARS_INSIDE.sub("|\u200b", text)


def displayed(text: str, limit: int, *, hidden: bool) -> tuple[str, bool]:
    """Neutralise ``text`` within ``limit`` characters, ``hidden`` behind a spoiler.

    Return what is to be shown, and whether that is all of it.
    """
    if hidden:
        text = bars_parted(text)
        limit -= 2 * len(SPOILER) + len(_PART)
    shown = neutral_clipped(text, limit)
    complete = len(text) <= limit and len(neutral(text)) <= limit
    return (spoilered(shown) if hidden else shown), complete


def quoted(text: str) -> str:
    """Set ``text`` as a quote, line by line."""
    return "\n".join(f"> {line}" for line in text.splitlines())


def one_line(text: str, limit: int) -> str:
    """Make ``text`` a line of plain words, for names and labels, which show no markup."""
    printable = "".join(char if char.isprintable() or char in _JOINERS else " " for char in text)
    return clip_words(_MENTION.sub("\u200b", " ".join(printable.split())), limit)


def shares(lengths: list[int], total: int) -> list[int]:
    """Share ``total`` characters: nobody gets more than asked for; what is left helps others."""
    given = [0] * len(lengths)
    hungry = sorted(range(len(lengths)), key=lengths.__getitem__)
    left = total
    while hungry:
        index = hungry.pop(0)
        given[index] = min(lengths[index], left // (len(hungry) + 1))
        left -= given[index]
    return given
