"""Which engine the playground uses: Ollama when it can, else the built-in reader."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.config import Config
from bot.domain.errors import LookoutError
from bot.playground.transport import SIMULATED_HOST
from bot.vision.models import ModelCatalog, same_model
from bot.vision.recommended import RECOMMENDED


@dataclass(frozen=True, slots=True)
class Choice:
    """Which engine the playground uses, and what to tell the person first."""

    config: Config
    sentence: str


async def choose_engine(config: Config) -> Choice:
    """Take Ollama when it answers with a vision model, else the built-in reader."""
    vision = config.vision
    reader = _with(config, engine="builtin")
    if vision.engine == "builtin":
        return Choice(reader, "Engine: the built-in reader, as configured.")
    how = f"install Ollama, run “ollama pull {vision.model}” and start again"
    try:
        async with ModelCatalog(host=vision.host, connect_timeout_seconds=2) as catalog:
            installed = await catalog.list_models()
    except LookoutError:
        return Choice(
            reader,
            f"Engine: the built-in reader (it reads text and measures; no Ollama answered at "
            f"{vision.host}). For a vision model: {how}.",
        )
    seeing = [model.name for model in installed if model.sees]
    if not seeing:
        return Choice(
            reader,
            f"Engine: the built-in reader (Ollama at {vision.host} has no vision model). For one: "
            f"run “ollama pull {vision.model}” and start again.",
        )
    model = _best(vision.model, seeing)
    models = {task: name for task, name in vision.models.items() if _listed(name, seeing)}
    return Choice(
        _with(config, engine="ollama", model=model, models=models),
        f"Engine: Ollama at {vision.host} with the vision model {model}. For the built-in reader "
        "instead: set LOOKOUT_VISION__ENGINE=builtin.",
    )


def _best(wanted: str, seeing: Sequence[str]) -> str:
    """Pick the configured model where there is one, else one that is known to work."""
    reading = {_listed(each.model, seeing) for each in RECOMMENDED if each.reads_only}
    others = [name for name in seeing if name not in reading]
    preferred = [wanted, *(each.model for each in RECOMMENDED if not each.reads_only)]
    known = (found for name in preferred if (found := _listed(name, seeing)))
    return next(known, (others or seeing)[0])


def _listed(name: str, seeing: Sequence[str]) -> str | None:
    return next((found for found in seeing if same_model(found, name)), None)


def _with(config: Config, **vision: object) -> Config:
    pictures = config.pictures.model_copy(update={"extra_hosts": (SIMULATED_HOST,)})
    storage = config.storage.model_copy(update={"database": config.playground.database})
    limits = config.limits.model_copy(update={"person_per_minute": 1000, "person_per_hour": 10_000})
    return config.model_copy(
        update={
            "vision": config.vision.model_copy(update=vision),
            "pictures": pictures,
            "storage": storage,
            "limits": limits,
        }
    )
