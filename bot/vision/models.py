"""The models on an Ollama server, for the command line and the doctor."""

import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from typing import Any, Self

from pydantic import ValidationError

from bot.domain.errors import (
    AnswerInterrupted,
    EngineError,
    EngineRejected,
)
from bot.vision.ollama_client import (
    Listed,
    OllamaClient,
    Patience,
    Processes,
    PullLine,
    Tags,
)
from bot.vision.ollama_facts import facts_from, require_sight, version_numbers

MINIMUM_VERSION = "0.31.2"
"""Older servers run, but forget ``format`` when thinking is off (ollama/ollama pull 15901)."""
_PULL_SILENCE_SECONDS = 600.0
"""Checking the sums of a large download says nothing for minutes."""


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """One model on the server."""

    name: str
    size_bytes: int
    sees: bool
    context_tokens: int | None


@dataclass(frozen=True, slots=True)
class PullProgress:
    """How far a download is: Ollama's own status words, bytes of the layer under way."""

    status: str
    completed_bytes: int = 0
    total_bytes: int = 0


@dataclass(frozen=True, slots=True)
class ModelCheck:
    """What the doctor wants to know. ``problem`` is what keeps the model from answering."""

    model: str
    engine_version: str = ""
    version_is_old: bool = False
    family: str = ""
    thinks: bool = False
    context_tokens: int | None = None
    """The longest context the model was trained for."""
    loaded: bool = False
    loaded_context_tokens: int | None = None
    processor_share: float = 0.0
    """How much of a loaded model lies in ordinary memory, from 0 to 1: slow above 0."""
    problem: EngineError | None = None


class ModelCatalog:
    """Lists, checks and downloads models. Every method raises EngineError, except ``check``."""

    def __init__(self, *, host: str, connect_timeout_seconds: float = 5) -> None:
        self._client = OllamaClient(
            host, Patience(connect_timeout_seconds, _PULL_SILENCE_SECONDS, _PULL_SILENCE_SECONDS)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()  # type: ignore[no-untyped-call]

    async def list_models(self) -> tuple[InstalledModel, ...]:
        """Return the installed models, the newest first."""
        tags = await self._client.ask(Tags, "GET", "/api/tags")
        return tuple([await self._installed(listed) for listed in tags.models])

    async def _installed(self, listed: Listed) -> InstalledModel:
        capabilities, context = listed.capabilities, listed.details.context_length
        if capabilities is None:  # before 0.30
            facts = facts_from(listed.name, await self._client.shown(listed.name), "")
            return InstalledModel(listed.name, listed.size, facts.sees, facts.context_tokens)
        return InstalledModel(listed.name, listed.size, "vision" in capabilities, context)

    async def pull(self, model: str) -> AsyncGenerator[PullProgress, None]:
        """Download ``model``, yielding progress; closing the iterator stops the download.

        Raises ModelMissing when the library has none of that name. What was downloaded is kept,
        and the next pull goes on from there.
        """
        body = {"model": model, "stream": True}
        status = ""
        async with contextlib.aclosing(self._client.lines("/api/pull", body)) as lines:
            async for line in lines:
                progress = _progress(line)
                status = progress.status
                yield progress
        if status != "success":
            raise AnswerInterrupted

    async def check(self, model: str) -> ModelCheck:
        """Find out whether ``model`` can be used here and how well; never raises."""
        found = ModelCheck(model)
        try:
            version = await self._client.version()
            old = version_numbers(version) < version_numbers(MINIMUM_VERSION)
            found = replace(found, engine_version=version, version_is_old=old)
            facts = facts_from(model, await self._client.shown(model), version)
            found = replace(
                found,
                family=facts.family,
                thinks=facts.thinks,
                context_tokens=facts.context_tokens,
            )
            require_sight(facts)
            processes = await self._client.ask(Processes, "GET", "/api/ps")
        except EngineError as error:
            return replace(found, problem=error)
        for loaded in processes.models:
            if same_model(loaded.name, model):
                share = 1 - loaded.size_vram / loaded.size if loaded.size else 0.0
                return replace(
                    found,
                    loaded=True,
                    loaded_context_tokens=loaded.context_length,
                    processor_share=min(1.0, max(0.0, share)),
                )
        return found


def _progress(line: dict[str, Any]) -> PullProgress:
    try:
        parsed = PullLine.model_validate(line)
    except ValidationError as error:
        raise EngineRejected(200) from error
    return PullProgress(parsed.status, parsed.completed, parsed.total)


def same_model(listed: str, asked: str) -> bool:
    """Compare names as Ollama does: without a tag, ``latest`` is meant."""
    return listed in (asked, f"{asked}:latest")
