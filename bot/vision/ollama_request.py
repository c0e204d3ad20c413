"""Questions as Ollama's chat requests."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from bot.domain.picture import Frame, Picture
from bot.domain.task import Question
from bot.tasks import Prompt
from bot.vision.families import WITHOUT_PICTURE_MARKS
from bot.vision.ollama_facts import ModelFacts
from bot.vision.schemas import json_schema

THINKING_TOKENS = 2048
"""Extra room for a model that may think although it is told not to: what it thinks counts as
answer, and without room it stops before its first word (ollama/ollama issues 14798, 17978)."""

_MARKERS = re.compile(r"\[(?=img)|<(?=__|\|)", re.IGNORECASE)
"""The beginnings of picture placeholders and of chat templates' control tokens."""


def plain_words(text: str) -> str:
    """Make text harmless that may hold what people wrote: ``[img-0]`` becomes ``(img-0]``.

    Ollama takes ``[img]`` and ``[img-0]`` for places of pictures, and llama.cpp ``<|im_end|>`` for
    the end of a turn, wherever they stand.
    """
    return _MARKERS.sub(lambda match: "(" if match.group() == "[" else "‹", text)


def chat_request(
    prompt: Prompt,
    question: Question,
    facts: ModelFacts,
    *,
    num_ctx: int,
    keep_alive_seconds: float,
    answer_tokens: int,
) -> dict[str, Any]:
    """Write the body for ``/api/chat``.

    ``num_ctx`` and ``shift`` are always sent and always the same, as the model is loaded anew when
    they change. ``truncate`` and ``shift`` are off: a request that does not fit must fail rather
    than lose its picture without a word.
    """
    options: dict[str, Any] = {
        "num_ctx": num_ctx,
        "num_predict": answer_tokens,
        "temperature": prompt.temperature,
    }
    if question.seed is not None:
        options["seed"] = question.seed
    request: dict[str, Any] = {
        "model": facts.model,
        "messages": _messages(prompt, question.picture, facts),
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


def _messages(prompt: Prompt, picture: Picture, facts: ModelFacts) -> list[Mapping[str, Any]]:
    content = plain_words(prompt.user)
    if picture.animated and facts.projector in WITHOUT_PICTURE_MARKS:
        content = "".join(map(_place, range(1, 1 + len(picture.frames)), picture.frames)) + content
    # Encoded here, from bytes: the official client reads a string as the name of a local file.
    images = [base64.b64encode(frame.data).decode("ascii") for frame in picture.frames]
    messages: list[Mapping[str, Any]] = []
    if prompt.system:
        messages.append({"role": "system", "content": prompt.system})
    messages.append({"role": "user", "content": content, "images": images})
    return messages


def _place(number: int, frame: Frame) -> str:
    at = "" if frame.at_seconds is None else f" ({frame.at_seconds:.1f} s)"
    return f"Picture {number}{at}: [img]\n"
