"""How far a request has come, on standard error."""

from bot.cli.line import Line
from bot.services.progress import Part, Stage


class LookProgress:
    """Says how far the pictures of one request have come."""

    def __init__(self, line: Line, names: tuple[str, ...]) -> None:
        self._line = line
        self._names = names
        self._said: dict[int, tuple[Stage, int | None]] = {}

    def report(self, parts: tuple[Part, ...]) -> None:
        """Show the state of every picture; what did not change is not said again."""
        if self._line.living:
            self._draw(parts)
            return
        for index, part in enumerate(parts):
            state = (part.stage, part.place)
            if self._said.get(index) != state and part.outcome is None:
                self._said[index] = state
                self._line.say(f"{self._names[index]}: {_stage(part)}")

    def _draw(self, parts: tuple[Part, ...]) -> None:
        done = sum(part.outcome is not None for part in parts)
        busy = [index for index, part in enumerate(parts) if part.outcome is None]
        if not busy:
            self._line.clear()
            return
        first = max(busy, key=lambda index: (parts[index].stage is Stage.LOOKING, -index))
        count = f"{done} of {len(parts)} done; " if len(parts) > 1 else ""
        self._line.draw(f"{count}{self._names[first]}: {_stage(parts[first])}")


def _stage(part: Part) -> str:
    match part.stage:
        case Stage.FETCHING:
            return "reading the file …"
        case Stage.WAITING if part.place:
            return f"waiting, place {part.place} in the queue …"
        case Stage.LOOKING if part.text:
            return f"looking … {len(part.text)} characters"
        case stage:
            return f"{stage} …"
