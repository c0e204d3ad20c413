"""What of a conversation the model sees: all of it while that fits, then less in large steps.

Pure functions: they count with a ``Meter`` and decide, and everything they decide is kept with the
turn, so that the next prompt begins with the same bytes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.domain.conversation import KeptPicture, Turn, Window
from bot.domain.picture import Note
from bot.domain.task import Line
from bot.services.costs import LINE_TOKENS, Load, Meter
from bot.services.naming import named
from bot.services.recap import recap
from bot.tasks.ask import REMEMBERED, answer_line, person_line, recap_line, system_text

_MOST_NEEDED = 4
"""How many earlier pictures one question may have shown again."""
_MOST_TALKED_ABOUT = 2
_WINDOW_SHARE = 0.5
"""How much of the room is in use once a new window is open."""
_RECAP_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class View:
    """What can be looked back on from a turn that is asked now."""

    turn: Turn
    before: tuple[Turn, ...]
    """What came before it, from where its window begins, oldest first."""
    window: Window | None
    pictures: Mapping[int, KeptPicture]
    """All on the way to the turn, its own included."""
    model: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What the model will see. ``window`` is new, with the id 0, when ``opens``."""

    window: Window | None
    before: tuple[Turn, ...]
    again: tuple[int, ...]
    tokens: int
    """The prompt's estimate."""
    opens: bool = False


def shown_with(turn: Turn, pictures: Mapping[int, KeptPicture]) -> tuple[int, ...]:
    """Return the numbers of what is shown with a turn: its own pictures and those shown again."""
    numbers = {kept.number for kept in turn.pictures} | set(turn.again)
    return tuple(sorted(number for number in numbers if number in pictures))


def plan(view: View, meter: Meter, budget: int) -> Plan:
    """Decide what the prompt of ``view.turn`` holds, in at most ``budget`` tokens.

    A question that needs more by itself is planned all the same: only the engine knows for sure.
    """
    seen = set(_carried(view))
    for turn in view.before:
        seen.update(shown_with(turn, view.pictures))
    again = tuple(number for number in needed(view) if number not in seen)
    asked = _person(replace(view.turn, again=again), view, meter)
    tokens = _so_far(view, meter) + asked
    if tokens <= budget or not (view.before or view.window):
        return Plan(view.window, view.before, again, tokens)
    return reopened(view, meter, budget)


def reopened(view: View, meter: Meter, budget: int, drift: float = 1.0) -> Plan:
    """Begin a new window, so late that at most half of ``budget`` tokens are in use.

    What the question itself needs may take more than that. ``drift`` is by how much prompts turned
    out longer than estimated; what the engine counted earlier in this conversation may raise it.
    """
    drift = max(drift, _so_far(view, meter) / _estimated(view, meter))
    room = int(budget / drift)
    half = int(room * _WINDOW_SHARE)
    used = _system(meter) + _person(view.turn, view, meter) + _recap_frame(meter)
    main = needed(view) or (() if view.turn.pictures else _talked_about(view))
    carried = _fitting(main, view, meter, room - used)
    used += sum(meter.picture(view.pictures[number]) for number in carried)
    others = [number for number in _talked_about(view) if number not in carried]
    further = _fitting(others, view, meter, half - used)
    used += sum(meter.picture(view.pictures[number]) for number in further)
    left = max(half, used) - used
    recap_tokens = min(int(room * _RECAP_SHARE), left // 2)
    tail, tail_tokens = _tail(view, meter, {*carried, *further}, left - recap_tokens)
    recap_tokens = min(int(room * _RECAP_SHARE), left - tail_tokens)
    inside = {number for turn in tail for number in shown_with(turn, view.pictures)}
    carried = tuple(number for number in (*carried, *further) if number not in inside)
    told_later = inside.union(kept.number for kept in view.turn.pictures)
    words = recap(
        view.before[: len(view.before) - len(tail)],
        [kept for number, kept in view.pictures.items() if number not in told_later],
        view.window.recap if view.window else "",
        int(recap_tokens / meter.tokens_per_byte),
    )
    first_depth = tail[0].depth if tail else view.turn.depth
    window = Window(0, view.turn.conversation_id, first_depth, words, tuple(sorted(carried)))
    begun = replace(view, window=window, before=tail)
    tokens = _estimated(begun, meter) + _person(view.turn, view, meter)
    return Plan(window, tail, (), int(drift * tokens), opens=True)


def needed(view: View) -> tuple[int, ...]:
    """Return the earlier pictures that the question is about by name."""
    own = {kept.number for kept in view.turn.pictures}
    earlier = [number for number in view.pictures if number not in own]
    numbers = named(view.turn.question, earlier)
    closer = view.turn.closer
    if closer is not None and closer.number in earlier:
        numbers = tuple(dict.fromkeys((closer.number, *numbers)))
    return numbers[:_MOST_NEEDED]


def counted_before(view: View) -> Turn | None:
    """Return the newest turn whose prompt is counted and is how this one's begins."""
    window_id = view.window.id if view.window else None
    for turn in reversed(view.before):
        begins_so = turn.window_id == window_id and turn.model == view.model
        # A picture that words stood for may be there again.
        if begins_so and turn.prompt_tokens and Note.PICTURES_IN_WORDS not in turn.notes:
            return turn
    return None


def _so_far(view: View, meter: Meter) -> int:
    """Estimate all that stands before the new question; exact for what was counted."""
    counted = counted_before(view)
    if counted is None or counted.prompt_tokens is None:
        return _estimated(view, meter)
    after = view.before[view.before.index(counted) + 1 :]
    answer = _answer(counted, meter)
    if counted.answer_tokens is not None:  # what was thought is counted, and not sent again
        answer = min(answer, counted.answer_tokens + LINE_TOKENS)
    return counted.prompt_tokens + answer + sum(_cost(turn, view, meter) for turn in after)


def _estimated(view: View, meter: Meter) -> int:
    tokens = _system(meter) + sum(_cost(turn, view, meter) for turn in view.before)
    if view.window is not None:
        tokens += _lines([recap_line(view.window, ()), REMEMBERED], meter)
        tokens += _pictures(_carried(view), view, meter)
    return tokens


def _cost(turn: Turn, view: View, meter: Meter) -> int:
    return _person(turn, view, meter) + _answer(turn, meter)


def _person(turn: Turn, view: View, meter: Meter) -> int:
    words = _lines([person_line(turn, shown=())], meter)
    return words + _pictures(shown_with(turn, view.pictures), view, meter)


def _answer(turn: Turn, meter: Meter) -> int:
    return _lines([answer_line(turn)], meter)


def _system(meter: Meter) -> int:
    return meter.load(Load.of((), system_text()))


def _recap_frame(meter: Meter) -> int:
    """Estimate what stands around a recap's words."""
    return _lines([recap_line(Window(0, 0, 0, ""), ()), REMEMBERED], meter)


def _lines(lines: Iterable[Line], meter: Meter) -> int:
    return meter.load(Load.of(lines))


def _pictures(numbers: Iterable[int], view: View, meter: Meter) -> int:
    return sum(meter.picture(view.pictures[number]) for number in numbers)


def _carried(view: View) -> tuple[int, ...]:
    """Return what is shown with the window's words and was not deleted since."""
    carried = view.window.carried if view.window else ()
    return tuple(number for number in carried if number in view.pictures)


def _talked_about(view: View) -> tuple[int, ...]:
    """Return the earlier pictures that were shown last, newest first."""
    for turn in reversed(view.before):
        numbers = shown_with(turn, view.pictures)
        if numbers:
            return tuple(reversed(numbers))[:_MOST_TALKED_ABOUT]
    return tuple(reversed(_carried(view)))[:_MOST_TALKED_ABOUT]


def _fitting(numbers: Sequence[int], view: View, meter: Meter, room: int) -> tuple[int, ...]:
    """Return those pictures, in order, that fit into ``room`` together."""
    taken = []
    for number in numbers:
        tokens = meter.picture(view.pictures[number])
        if tokens <= room:
            taken.append(number)
            room -= tokens
    return tuple(taken)


def _tail(view: View, meter: Meter, paid: set[int], room: int) -> tuple[tuple[Turn, ...], int]:
    """Return the newest turns that fit into ``room``, and what they cost.

    Pictures in ``paid`` have room of their own, once.
    """
    tail: list[Turn] = []
    used = 0
    for turn in reversed(view.before):
        shown = set(shown_with(turn, view.pictures))
        tokens = _cost(turn, view, meter) - _pictures(shown & paid, view, meter)
        if used + tokens > room:
            break
        paid = paid - shown
        used += tokens
        tail.insert(0, turn)
    return tuple(tail), used
