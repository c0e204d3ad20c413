"""The words that stand for what a conversation no longer has room for.

First what is known of the pictures, by number; then what was said, oldest first, the newest in most
detail. Each thing takes one line, whatever people wrote in it, so that nobody speaks as another.
"""

from collections.abc import Iterable, Iterator, Sequence

from bot.domain.conversation import KeptPicture, Turn, TurnState
from bot.tasks.ask import in_one_line, picture_name, speaker_name
from bot.tasks.phrases import clip_at_sentence

_NEWEST_CHARACTERS = 480
_LEAST_CHARACTERS = 60
"""How much of a question or an answer is told: half as much for each step back."""
_PICTURE_CHARACTERS = 320
_TOLD_CHARACTERS = 160
"""How much of a line of an earlier recap is told on."""
_PICTURE_SHARE = 0.5
_PICTURE = "Picture "
_UNKNOWN = "nothing is known of it in words."


def recap(
    dropped: Sequence[Turn], pictures: Iterable[KeptPicture], earlier: str, max_bytes: int
) -> str:
    """Tell in at most ``max_bytes`` what ``dropped`` turns said and what ``pictures`` show.

    The bytes are those of the quoted text.

    ``earlier`` is the recap that stood before them. What does not fit is the oldest.
    """
    lines = _within(_pictures(dropped, pictures, earlier), int(max_bytes * _PICTURE_SHARE))
    left = max_bytes - sum(map(_size, lines))
    talk = _within(_talk(dropped, earlier), left)
    return "\n".join([*reversed(lines), *reversed(talk)])


def _pictures(
    dropped: Sequence[Turn], pictures: Iterable[KeptPicture], earlier: str
) -> Iterator[str]:
    """Yield a line a description, newest first; pictures that share one are named together.

    A picture that nobody described is what was answered when it came.
    """
    known = dict(_told_of_pictures(earlier))
    for turn in dropped:
        known |= {picture_name(kept): turn.answer for kept in turn.pictures if turn.answer}
    names: dict[str, list[str]] = {}
    for kept in sorted(pictures, key=lambda one: one.number):
        name = picture_name(kept)
        said = in_one_line(kept.description or known.get(name, "")) or _UNKNOWN
        names.setdefault(clip_at_sentence(said, _PICTURE_CHARACTERS), []).append(name)
    for words, named in reversed(names.items()):
        yield f"{', '.join(named)}: {words}"


def _told_of_pictures(earlier: str) -> Iterator[tuple[str, str]]:
    """Yield what an earlier recap says of each picture."""
    for line in earlier.splitlines():
        named, _, words = line.partition(": ")
        if named.startswith(_PICTURE) and words != _UNKNOWN:
            yield from ((name, words) for name in named.split(", "))


def _talk(dropped: Sequence[Turn], earlier: str) -> Iterator[str]:
    """Yield what was said, newest first."""
    characters = _NEWEST_CHARACTERS
    for turn in reversed(dropped):
        if turn.state is not TurnState.FORGOTTEN:
            yield from reversed(_lines(turn, characters))
            characters = max(_LEAST_CHARACTERS, characters // 2)
    for line in reversed(earlier.splitlines()):
        if not line.startswith(_PICTURE):
            yield clip_at_sentence(line, _TOLD_CHARACTERS)


def _lines(turn: Turn, characters: int) -> list[str]:
    said = [(speaker_name(turn.speaker), turn.question), ("You", turn.answer)]
    if turn.preface:
        said.insert(0, ("You", turn.preface))
    folded = [(who, in_one_line(text)) for who, text in said]
    return [f"{who}: {clip_at_sentence(text, characters)}" for who, text in folded if text]


def _within(lines: Iterable[str], max_bytes: int) -> list[str]:
    """Take lines while they fit."""
    taken: list[str] = []
    left = max_bytes
    for line in lines:
        left -= _size(line)
        if left < 0:
            break
        taken.append(line)
    return taken


def _size(line: str) -> int:
    """Count a line with its break and the mark of a quotation that it gets in the prompt."""
    return len(line.encode()) + 3
