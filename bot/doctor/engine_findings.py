"""What the doctor makes of Ollama and its models."""

from collections.abc import Iterator

from bot.config import VisionSettings
from bot.doctor.check import Check, fail, ok, warn
from bot.domain.errors import (
    EngineError,
    EngineTimeout,
    EngineUnavailable,
    ModelCannotSee,
    ModelMissing,
    ModelUnsupported,
)
from bot.ui.sentences import sentence
from bot.vision.models import MINIMUM_VERSION, ModelCheck
from bot.vision.recommended import DEFAULT_MODEL

_ON_PROCESSOR = 0.02
"""A layer or two in ordinary memory is nothing to tell of."""


def engine_checks(found: ModelCheck, vision: VisionSettings) -> Iterator[Check]:
    """Look at Ollama itself."""
    if not found.engine_version:
        yield _unanswered(found.problem, vision)
    elif found.version_is_old:
        yield warn(
            "ollama",
            f"Ollama {found.engine_version} answers at {vision.host}; answers with tables may "
            f"fail before {MINIMUM_VERSION}.",
            "Update Ollama: https://ollama.com/download",
        )
    else:
        yield ok("ollama", f"Ollama {found.engine_version} answers at {vision.host}.")


def _unanswered(problem: EngineError | None, vision: VisionSettings) -> Check:
    if isinstance(problem, EngineUnavailable | EngineTimeout):
        return fail(
            "ollama",
            f"Nothing answers at {vision.host}.",
            "Install Ollama (https://ollama.com/download) and start it, or set vision.host to "
            'where it runs, or do without: vision.engine = "builtin" reads text offline.',
        )
    return fail(
        "ollama",
        f"What answers at {vision.host} does not speak as Ollama does.",
        "Check vision.host: Ollama's own port is 11434.",
    )


def model_checks(found: ModelCheck, vision: VisionSettings) -> Iterator[Check]:
    """Look at one model that the settings ask for; nothing when Ollama did not answer."""
    if not found.engine_version:
        return
    name = f"model {found.model}"
    match found.problem:
        case None:
            yield ok(name, f"{found.model} is installed and sees pictures ({found.family}).")
            yield from _context_checks(name, found, vision)
        case ModelMissing():
            yield fail(
                name,
                f"{found.model} is not installed.",
                f"python -m bot models pull {found.model}",
            )
        case ModelCannotSee():
            yield fail(
                name,
                f"{found.model} is installed and cannot see pictures.",
                f"Choose a vision model, such as {DEFAULT_MODEL}: python -m bot models list",
            )
        case ModelUnsupported():
            yield fail(
                name,
                f"{found.model} does not run on Ollama {found.problem.engine_version}.",
                f"Use {found.problem.replacement} instead: set vision.model.",
            )
        case problem:
            yield fail(name, sentence(problem, "en-US"), "Look into Ollama's own log.")


def _context_checks(name: str, found: ModelCheck, vision: VisionSettings) -> Iterator[Check]:
    if found.context_tokens is not None and vision.num_ctx > found.context_tokens:
        yield warn(
            name,
            f"vision.num_ctx asks for {vision.num_ctx} tokens; this model knows "
            f"{found.context_tokens}.",
            f"Set vision.num_ctx = {found.context_tokens} or less.",
        )
    if found.loaded_context_tokens not in (None, vision.num_ctx):
        yield warn(
            name,
            f"It is loaded with a context of {found.loaded_context_tokens} tokens by another "
            f"program; Lookout uses {vision.num_ctx}, so each change loads it anew.",
            "Let all programs use the same context, or give Lookout a model of its own.",
        )
    if found.processor_share > _ON_PROCESSOR:
        yield warn(
            name,
            f"{found.processor_share:.0%} of it lies in ordinary memory, where it is slow.",
            "Choose a smaller model, lower vision.num_ctx, or free video memory.",
        )
