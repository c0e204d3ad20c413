"""What is known of a model: asked of the server, never guessed from its name."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from bot.domain.errors import (
    EngineRejected,
    EngineUnavailable,
    ModelCannotSee,
    ModelUnsupported,
)
from bot.vision.ollama_client import OllamaClient, Shown
from bot.vision.recommended import DEFAULT_MODEL

_log = structlog.get_logger(__name__)

_FRESH_SECONDS = 60.0
"""How long facts are taken for true: a model of the same name can be pulled anew at any time."""
_WITHOUT_MLLAMA = (0, 30)
"""The engine of 0.30.0 knows no ``mllama``, the architecture of Llama 3.2 Vision."""


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model on one server."""

    model: str
    family: str
    """``general.architecture``."""
    projector: str
    """``clip.projector_type`` of a separate projector file, ``mlp_grid`` for one with tiles."""
    sees: bool
    thinks: bool
    context_tokens: int | None
    """What it was trained for."""
    engine_version: str


def facts_from(model: str, shown: Shown, engine_version: str) -> ModelFacts:
    """Pick what matters out of ``/api/show``."""
    family = shown.model_info.get("general.architecture") or shown.details.family
    context = shown.model_info.get(f"{family}.context_length")
    projector_info = shown.projector_info or {}
    projector = str(projector_info.get("clip.projector_type", ""))
    if projector == "mlp" and "clip.vision.image_grid_pinpoints" in projector_info:
        projector = "mlp_grid"
    return ModelFacts(
        model=model,
        family=str(family),
        projector=projector,
        sees="vision" in shown.capabilities,
        thinks="thinking" in shown.capabilities,
        context_tokens=context if isinstance(context, int) else None,
        engine_version=engine_version,
    )


def version_numbers(version: str) -> tuple[int, ...]:
    """Read ``0.33.0-rc2`` as (0, 33, 0); what has no numbers is ()."""
    found = re.match(r"v?(\d+(?:\.\d+)*)", version.strip())
    return tuple(int(part) for part in found.group(1).split(".")) if found else ()


def require_sight(facts: ModelFacts) -> None:
    """Raise ModelUnsupported or ModelCannotSee when no picture can be shown to this model."""
    numbers = version_numbers(facts.engine_version)
    # A build from source calls itself 0.0.0 and is taken for a new one.
    new = numbers >= _WITHOUT_MLLAMA or not any(numbers)
    if facts.family == "mllama" and new:
        raise ModelUnsupported(facts.model, facts.engine_version, DEFAULT_MODEL)
    if not facts.sees:
        raise ModelCannotSee(facts.model)


class FactBook:
    """Facts per model, asked again after a minute and after every error."""

    def __init__(self, client: OllamaClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._clock = clock
        self._facts: dict[str, tuple[float, ModelFacts]] = {}
        self._stale: set[str] = set()

    async def read(self, model: str) -> ModelFacts:
        """Return the facts of a model that sees.

        Raises ModelMissing, ModelCannotSee, ModelUnsupported, or what kept the server from
        answering.
        """
        read_at, facts = self._facts.get(model, (0.0, None))
        fresh = model not in self._stale and self._clock() - read_at < _FRESH_SECONDS
        if facts is None or not fresh:
            facts = await self._ask(model)
        require_sight(facts)
        return facts

    async def _ask(self, model: str) -> ModelFacts:
        try:
            version = await self._client.version()
        except EngineRejected as error:  # whatever answers there, it is no Ollama that serves us
            raise EngineUnavailable from error
        facts = facts_from(model, await self._client.shown(model), version)
        if self.last_known(model) != facts:
            _log.info(
                "model_facts",
                model=model,
                family=facts.family,
                sees=facts.sees,
                context_tokens=facts.context_tokens,
                engine_version=facts.engine_version,
            )
        self._facts[model] = (self._clock(), facts)
        self._stale.discard(model)
        return facts

    def last_known(self, model: str) -> ModelFacts | None:
        """Return what was last known, however old."""
        known = self._facts.get(model)
        return known[1] if known else None

    def doubt(self, model: str) -> None:
        """Ask anew next time: something about ``model`` was not as expected."""
        self._stale.add(model)
