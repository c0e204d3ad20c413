"""From turns to the lines that the engine is sent."""

from collections.abc import Iterable, Mapping, Sequence

from bot.domain.conversation import KeptPicture, Turn, Window
from bot.domain.picture import Picture
from bot.domain.task import Line, Shown
from bot.services.context import shown_with
from bot.tasks.ask import REMEMBERED, answer_line, person_line, picture_name, recap_line


def lines_of(
    turns: Sequence[Turn],
    window: Window | None,
    pictures: Mapping[int, KeptPicture],
    loaded: Mapping[int, Picture],
) -> tuple[Line, ...]:
    """Write a dialogue that ends with what the last of ``turns`` asks.

    A picture that is not ``loaded`` is told in words.
    """
    lines: list[Line] = []
    if window is not None:
        carried = [pictures[number] for number in window.carried if number in pictures]
        lines += [recap_line(window, _shown(carried, loaded), _words(carried, loaded)), REMEMBERED]
    for turn in turns:
        with_it = [pictures[number] for number in shown_with(turn, pictures)]
        shown = _shown(with_it, loaded)
        lines.append(person_line(turn, shown=shown, in_words=_words(with_it, loaded)))
        if turn is not turns[-1]:
            lines.append(answer_line(turn))
    return tuple(lines)


def numbers_of(
    turns: Iterable[Turn], window: Window | None, pictures: Mapping[int, KeptPicture]
) -> tuple[int, ...]:
    """Return the numbers of all pictures that such a dialogue shows."""
    numbers = {number for turn in turns for number in shown_with(turn, pictures)}
    if window is not None:
        numbers.update(number for number in window.carried if number in pictures)
    return tuple(sorted(numbers))


def _shown(kept: Iterable[KeptPicture], loaded: Mapping[int, Picture]) -> list[Shown]:
    return [Shown(picture_name(one), loaded[one.number]) for one in kept if one.number in loaded]


def _words(kept: Iterable[KeptPicture], loaded: Mapping[int, Picture]) -> list[tuple[str, str]]:
    return [(picture_name(one), one.description) for one in kept if one.number not in loaded]
