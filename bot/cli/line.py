"""The last line of standard error: living in a terminal, plain lines elsewhere."""

import shutil
from typing import TextIO


class Line:
    """The last line of a terminal, rewritten in place."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.living = stream.isatty()
        self._drawn = False

    def draw(self, text: str) -> None:
        """Replace the line; only in a terminal."""
        width = shutil.get_terminal_size().columns
        self.stream.write(f"\r\x1b[K{text[: width - 1]}")
        self.stream.flush()
        self._drawn = True

    def clear(self) -> None:
        """Take the living line away, so that something else can be printed."""
        if self._drawn:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self._drawn = False

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self.clear()
        self.stream.write(f"{text}\n")
        self.stream.flush()
