"""Questions and dialogues as Ollama's chat requests."""

import base64
import re
from typing import Any

from bot.domain.picture import Frame, Picture
from bot.domain.task import Asked, Dialogue, Line, Shown, Speaker
from bot.tasks import Prompt
from bot.vision.families import WITHOUT_PICTURE_MARKS
from bot.vision.ollama_facts import ModelFacts
from bot.vision.schemas import json_schema

THINKING_TOKENS = 2048
"""Extra room for a model that may think although it is told not to: what it thinks counts as
answer, and without room it stops before its first word (ollama/ollama issues 14798, 17978)."""

_ROLES = {Speaker.PERSON: "user", Speaker.LOOKOUT: "assistant"}

_MARKERS = re.compile(
    r"""(?P<square>\[) (?=
            [iI][mM][gG]                                   # Ollama's places of pictures
          | /?[A-Z][A-Z0-9_]*\] | gMASK\] | sop\]          # Mistral's and GLM's control tokens
        )
      | (?P<angle><) (?= __ | [|｜] | [^>\s]{1,64}> )      # everybody else's
      | (?P<broken>[\0\ud800-\udfff])                     # no characters: C or UTF-8 refuse them
    """,
    re.VERBOSE,
)
"""The beginnings of picture placeholders and of chat templates' control tokens."""
_HARMLESS = {"square": "(", "angle": "‹", "broken": "\N{REPLACEMENT CHARACTER}"}


def plain_words(text: str) -> str:
    """Make text harmless that may hold what people wrote: ``[img-0]`` becomes ``(img-0]``.

    Ollama takes ``[img]`` and ``[img-0]`` for places of pictures, and llama.cpp ``<|im_end|>``,
    ``<end_of_turn>`` and ``[INST]`` for the ends and beginnings of turns, wherever they stand.
    """
    return _MARKERS.sub(lambda match: _HARMLESS[str(match.lastgroup)], text)


def chat_request(
    prompt: Prompt,
    asked: Asked,
    facts: ModelFacts,
    *,
    num_ctx: int,
    keep_alive_seconds: float,
    answer_tokens: int,
) -> dict[str, Any]:
    """Write the body for ``/api/chat``; with large pictures this takes milliseconds.

    ``num_ctx`` and ``shift`` are always sent and always the same, as the model is loaded anew when
    they change. ``truncate`` and ``shift`` are off: a request that does not fit must fail rather
    than lose its picture without a word.
    """
    options: dict[str, Any] = {
        "num_ctx": num_ctx,
        "num_predict": answer_tokens,
        "temperature": prompt.temperature,
    }
    if asked.seed is not None:
        options["seed"] = asked.seed
    if isinstance(asked, Dialogue):
        messages = [_message(line) for line in asked.lines]
    else:
        messages = [_question(prompt, asked.picture, facts)]
    if prompt.system:
        messages.insert(0, {"role": "system", "content": prompt.system})
    request: dict[str, Any] = {
        "model": facts.model,
        "messages": messages,
        "stream": True,
        "think": False,
        "truncate": False,
        "shift": False,
        "keep_alive": keep_alive_seconds,
        "options": options,
    }
    if prompt.schema is not None:
        request["format"] = json_schema(prompt.schema)
    return request


def _question(prompt: Prompt, picture: Picture, facts: ModelFacts) -> dict[str, Any]:
    content = plain_words(prompt.user)
    if picture.animated and facts.projector in WITHOUT_PICTURE_MARKS:
        places = (
            f"Picture {number}{_moment(frame)}: [img]\n"
            for number, frame in enumerate(picture.frames, start=1)
        )
        content = "".join(places) + content
    return {"role": "user", "content": content, "images": _encoded(picture)}


def _message(line: Line) -> dict[str, Any]:
    """Write one line of a dialogue, of nothing but the line: it must never come out otherwise."""
    content = "".join(map(_places, line.shown)) + plain_words(line.text)
    message: dict[str, Any] = {"role": _ROLES[line.speaker], "content": content}
    if line.shown:
        message["images"] = [image for shown in line.shown for image in _encoded(shown.picture)]
    return message


def _places(shown: Shown) -> str:
    """Say where a picture's frames belong; Ollama puts the images there, one after the other."""
    frames = shown.picture.frames
    if len(frames) == 1:
        return f"{shown.name}: [img]\n"
    return "".join(
        f"{shown.name}, frame {number} of {len(frames)}{_moment(frame)}: [img]\n"
        for number, frame in enumerate(frames, start=1)
    )


def _encoded(picture: Picture) -> list[str]:
    # Encoded here, from bytes: the official client reads a string as the name of a local file.
    return [base64.b64encode(frame.data).decode("ascii") for frame in picture.frames]


def _moment(frame: Frame) -> str:
    return "" if frame.at_seconds is None else f" ({frame.at_seconds:.1f} s)"
