"""A conversation to take away: as Markdown to read, as JSON to work with, with its pictures.

People are Person A, Person B … in order of appearance: the whole tree is told in order of time,
each turn with the one it follows. What was deleted is said to be; other people's private turns are
not told at all.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bot.domain.conversation import Conversation, KeptPicture, Turn, TurnState
from bot.domain.conversation_ports import ConversationStore
from bot.domain.errors import Expired, NotYours
from bot.domain.picture import Picture
from bot.tasks.ask import picture_name, quote, speaker_name

FORMAT = "lookout-conversation"
VERSION = 1
"""Raised whenever a field changes its meaning or goes; new ones may come within a version."""
FOLDER = "pictures"
"""Where the words expect the pictures, beside themselves."""
_MAX_PICTURE_BYTES = 24 * 1024 * 1024
_SUFFIXES = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
_DELETED = "This part was deleted."
_MARKUP = re.compile(r"[\\<\[]")
_NO_ANSWER = {
    TurnState.WAITING: "The answer is not there yet.",
    TurnState.FAILED: "There was no answer: something failed.",
    TurnState.STOPPED: "There was no answer: it was stopped.",
    TurnState.INTERRUPTED: "There was no answer: Lookout was restarted.",
}


@dataclass(frozen=True, slots=True)
class Export:
    """A conversation's words, and its pictures by file name."""

    markdown: str = field(repr=False)
    json: str = field(repr=False)
    pictures: tuple[tuple[str, bytes], ...] = field(default=(), repr=False)


async def export(
    store: ConversationStore,
    conversation_id: int,
    *,
    asker_id: int,
    max_picture_bytes: int = _MAX_PICTURE_BYTES,
) -> Export:
    """Return all that ``asker_id`` may read of a conversation.

    At most ``max_picture_bytes`` of pictures come with it, first ones first. Whether somebody who
    does not own a public conversation may read it at all is for the caller to decide. Raises
    Expired, and NotYours for somebody else's private conversation.
    """
    conversation = await store.conversation(conversation_id)
    if conversation is None:
        raise Expired
    if conversation.private and conversation.owner_id != asker_id:
        raise NotYours
    turns = [
        turn
        for turn in await store.turns(conversation_id)
        if conversation.private or not turn.private or turn.person_id == asker_id
    ]
    files, pictures = await _pictures(store, turns, max_picture_bytes)
    told = [dict(turn) for turn in _told(turns, files)]
    document = {
        "format": FORMAT,
        "version": VERSION,
        "begun_at": conversation.created_at.isoformat(),
        "private": conversation.private,
        "turns": told,
    }
    return Export(
        markdown=_markdown(conversation, told),
        json=json.dumps(document, ensure_ascii=False, indent=2) + "\n",
        pictures=pictures,
    )


async def _pictures(
    store: ConversationStore, turns: Sequence[Turn], max_bytes: int
) -> tuple[dict[int, list[str]], tuple[tuple[str, bytes], ...]]:
    """Load pictures one by one while they fit; return their file names by number, and them."""
    names: dict[int, list[str]] = {}
    files: list[tuple[str, bytes]] = []
    for kept in sorted(_all_pictures(turns).values(), key=lambda one: one.number):
        picture = (await store.load([kept])).get(kept.number)
        if picture is None or picture.size_bytes > max_bytes:
            continue
        max_bytes -= picture.size_bytes
        named = _file_names(kept.number, picture)
        names[kept.number] = named
        files += zip(named, (frame.data for frame in picture.frames), strict=True)
    return names, tuple(files)


def _all_pictures(turns: Sequence[Turn]) -> dict[int, KeptPicture]:
    return {kept.number: kept for turn in turns for kept in turn.pictures}


def _file_names(number: int, picture: Picture) -> list[str]:
    stem = f"picture-{number}"
    stems = (
        [stem] if not picture.animated else [f"{stem}-{n + 1}" for n in range(len(picture.frames))]
    )
    return [
        f"{one}.{_SUFFIXES.get(frame.media_type, 'bin')}"
        for one, frame in zip(stems, picture.frames, strict=True)
    ]


def _told(turns: Sequence[Turn], files: Mapping[int, list[str]]) -> Iterator[dict[str, Any]]:
    """Yield each turn as the JSON has it."""
    numbers = {turn.id: number for number, turn in enumerate(turns, start=1)}
    people: dict[int, str] = {}
    last_tries = {turn.question_id: turn.id for turn in turns if turn.state is TurnState.ANSWERED}
    for turn in turns:
        told: dict[str, Any] = {
            "number": numbers[turn.id],
            "follows": numbers.get(turn.parent_id or 0),
            "at": turn.created_at.isoformat(),
            "state": turn.state.value,
        }
        if turn.person_id is not None and turn.state is not TurnState.FORGOTTEN:
            name = people.setdefault(turn.person_id, speaker_name(len(people)))
            last_try = last_tries.get(turn.question_id, turn.id)
            told["earlier_try_of"] = numbers[last_try] if last_try > turn.id else None
            told |= _words(turn, name, files)
        yield told


def _words(turn: Turn, name: str, files: Mapping[int, list[str]]) -> dict[str, Any]:
    closer = turn.closer
    return {
        "speaker": name,
        "private": turn.private,
        "said_before": turn.preface or None,
        "question": turn.question,
        "look_closer": {"picture": closer.number, "place": closer.place.value} if closer else None,
        "pictures": [
            {
                "number": kept.number,
                "name": picture_name(kept),
                "part_of": kept.part_of,
                "place": kept.place.value if kept.place else None,
                "description": kept.description or None,
                "files": [f"{FOLDER}/{file}" for file in files.get(kept.number, [])],
            }
            for kept in turn.pictures
        ],
        "shown_again": list(turn.again),
        "answer": turn.answer or None,
        "model": turn.model or None,
        "notes": [note.value for note in turn.notes],
    }


def _markdown(conversation: Conversation, told: Sequence[Mapping[str, Any]]) -> str:
    parts = [
        "# Conversation about pictures",
        f"Begun {conversation.created_at:%Y-%m-%d %H:%M} UTC.",
    ]
    for turn in told:
        parts.append(f"## {turn['number']}{_follows(turn)}{_tried(turn)}")
        parts += [_DELETED] if "speaker" not in turn else _said(turn)
    return "\n\n".join(parts) + "\n"


def _follows(turn: Mapping[str, Any]) -> str:
    """Say what a turn follows where it is not simply the one before."""
    follows = turn["follows"]
    return f" (follows {follows})" if follows not in {None, turn["number"] - 1} else ""


def _tried(turn: Mapping[str, Any]) -> str:
    """Say which answer took the place of one that is only kept for what follows it."""
    later = turn.get("earlier_try_of")
    return "" if later is None else f" (an earlier try of {later})"


def _said(turn: Mapping[str, Any]) -> Iterator[str]:
    for picture in turn["pictures"]:
        if picture["files"]:
            yield from (f"![{picture['name']}]({file})" for file in picture["files"])
        else:
            yield f"{picture['name']} is not included."
    if turn["said_before"]:
        yield f"**Lookout** had said:\n\n{_quoted(turn['said_before'])}"
    yield f"**{turn['speaker']}**:\n\n{_quoted(turn['question'])}"
    if turn["answer"]:
        yield f"**Lookout**:\n\n{_quoted(turn['answer'])}"
    else:
        yield _NO_ANSWER.get(TurnState(turn["state"]), "There was no answer.")


def _quoted(text: str) -> str:
    """Quote somebody's words so that they fetch nothing and hide no link when they are read.

    Emphasis and lists are left as they are; tags, pictures and links with a text become letters.
    """
    return quote(_MARKUP.sub(r"\\\g<0>", text))
