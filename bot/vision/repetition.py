"""Notices when a model goes round in circles."""

_STEP = 100
"""Characters between two looks: each look compares a few thousand characters."""
_MIN_REPEATS = 6
IN_LINE_CHARACTERS = 600
"""Longer than any row of dots, dashes or "ha ha ha" that one line of a picture holds."""
ACROSS_LINES_CHARACTERS = 3_000
"""Longer than the empty rows of a form, a table or a sheet of music paper."""


class RepetitionGuard:
    """Watches a streamed text for a tail that says the same again and again.

    A tail is a loop when its last ``in_line_characters`` hold no line break (or nothing but white
    space) and repeat one unit at least six times, or when its last ``across_lines_characters`` do
    so with line breaks in them. What people really write repeats too, but not for so long. JSON
    has no line breaks of its own: give both limits the same value for it.
    """

    def __init__(
        self,
        *,
        in_line_characters: int = IN_LINE_CHARACTERS,
        across_lines_characters: int = ACROSS_LINES_CHARACTERS,
    ) -> None:
        self._in_line = in_line_characters
        self._across_lines = max(in_line_characters, across_lines_characters)
        self._tail = ""
        self._unseen = 0

    def loops(self, piece: str) -> bool:
        """Take the next piece of text; say whether the text has begun to loop."""
        self._tail = (self._tail + piece)[-self._across_lines :]
        self._unseen += len(piece)
        if self._unseen < _STEP:
            return False
        self._unseen = 0
        line = self._tail[-self._in_line :]
        one_line = "\n" not in line or line.isspace()
        if one_line and len(line) == self._in_line and _repeats(line):
            return True
        return len(self._tail) == self._across_lines and _repeats(self._tail)


def _repeats(text: str) -> bool:
    """Say whether ``text`` is one unit over and over, beginning anywhere inside it."""
    longest = len(text) // _MIN_REPEATS
    return any(text.startswith(text[period:]) for period in range(1, longest + 1))
