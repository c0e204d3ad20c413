"""The shape every task has."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from pydantic import BaseModel

from bot.domain.answer import Table
from bot.domain.picture import PictureNeeds
from bot.domain.task import Dialogue, Parameters, Question, Review, TaskName

LANGUAGE_NAMES = {
    "bg": "Bulgarian", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek",
    "en-GB": "British English", "en-US": "English", "es-419": "Latin American Spanish",
    "es-ES": "Spanish", "fi": "Finnish", "fr": "French", "hi": "Hindi", "hr": "Croatian",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean",
    "lt": "Lithuanian", "nl": "Dutch", "no": "Norwegian", "pl": "Polish",
    "pt-BR": "Brazilian Portuguese", "ro": "Romanian", "ru": "Russian", "sv-SE": "Swedish",
    "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "vi": "Vietnamese",
    "zh-CN": "Simplified Chinese", "zh-TW": "Traditional Chinese",
}  # fmt: skip
"""Discord's 32 locales in words a model understands (discord-api-docs, reference: locales)."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One model call in words. Pictures are placed by the engine before ``user``.

    ``user`` is empty for a dialogue, whose own lines say what is asked.
    """

    system: str
    user: str = field(default="", repr=False)
    schema: type[BaseModel] | None = None
    temperature: float = 0.2
    max_answer_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """What a task made of the model's raw words."""

    text: str = field(repr=False)
    tables: tuple[Table, ...] = field(default=(), repr=False)
    decorative: bool = False


AskedT = TypeVar("AskedT", Question, Dialogue, Review)


class Task(ABC, Generic[AskedT]):
    """A named question to a vision model. Raise ``version`` whenever words or needs change."""

    name: TaskName
    version: int

    @abstractmethod
    def needs(self, parameters: Parameters) -> PictureNeeds:
        """Say how large a picture the task wants, before the model's own limits."""

    @abstractmethod
    def asked(self, parameters: Parameters) -> Parameters:
        """Return ``parameters`` with all that this task does not ask about at its default.

        Two questions that differ in nothing else are the same question.
        """

    @abstractmethod
    def prompt(self, question: AskedT, family: str = "") -> Prompt:
        """Write the prompt; ``family`` is the model's architecture as the engine names it."""

    @abstractmethod
    def finish(self, raw: str | BaseModel, parameters: Parameters) -> Finished:
        """Turn the model's raw text, or its validated schema object, into what people read."""


def language_name(locale: str) -> str:
    """Name a locale for a model; an unknown one is passed on as it is."""
    return LANGUAGE_NAMES.get(locale, locale)


def quoted(text: str) -> str:
    """Fence what a person wrote, so the model can tell data from instructions."""
    return "<<<" + text.replace("<<<", "«").replace(">>>", "»") + ">>>"
