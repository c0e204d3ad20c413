"""Reading the settings: defaults, then the TOML file, then the environment."""

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.model import Config, settings
from bot.domain.errors import ConfigError

DEFAULT_PATH = Path("config.toml")
ENVIRONMENT_PREFIX = "LOOKOUT_"
_NOT_SETTINGS = ("LOOKOUT_CONFIG", "LOOKOUT_TEST_")
"""Names with our prefix that are not settings: where the file is, and what only tests read."""


def load_config(path: Path | None = None, env: Mapping[str, str] | None = None) -> Config:
    """Read the settings: defaults, then the file, then the environment (``env`` for tests).

    ``path`` None means the file that ``LOOKOUT_CONFIG`` names, else ``./config.toml`` where there
    is one. Raises ConfigError with every problem found, by key and reason, never with a value.
    """
    surroundings = os.environ if env is None else env
    named = surroundings.get("LOOKOUT_CONFIG", "")
    if path is None:
        path = Path(named) if named else DEFAULT_PATH
        required = bool(named)
    else:
        required = True
    data = _read_file(path) if required or path.exists() else {}
    origins = _lay_over(data, surroundings)
    try:
        return Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError(
            tuple(_problem(detail, origins) for detail in error.errors(include_input=False))
        ) from None


def _read_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
        return tomllib.loads(text)
    except FileNotFoundError:
        reason = "does not exist"
    except UnicodeDecodeError:
        reason = "is not UTF-8 text"
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    except tomllib.TOMLDecodeError as error:
        reason = f"is not valid TOML: {error}"
    raise ConfigError((f"{path}: {reason}",))


def _lay_over(data: dict[str, Any], env: Mapping[str, str]) -> dict[tuple[str, ...], str]:
    """Put the environment's settings into ``data``; return which variable set which key."""
    origins: dict[tuple[str, ...], str] = {}
    for variable, value, keys in _variables(env):
        node: object = data
        for key in keys[:-1]:
            node = node.setdefault(key, {}) if isinstance(node, dict) else None
        if isinstance(node, dict):
            node[keys[-1]] = _table(value) if len(keys) > 1 else value
            origins[keys] = variable
    return origins


def _table(value: str) -> object:
    """Read a table written as JSON; anything else stays what it is."""
    if not value.lstrip().startswith("{"):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def _variables(env: Mapping[str, str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield variable, value and key path; an empty variable counts as not set."""
    token = env.get("DISCORD_TOKEN", "")
    if token:
        yield "DISCORD_TOKEN", token, ("discord", "token")
    for variable in sorted(env):
        if variable.startswith(ENVIRONMENT_PREFIX) and not variable.startswith(_NOT_SETTINGS):
            keys = tuple(variable.removeprefix(ENVIRONMENT_PREFIX).lower().split("__"))
            if env[variable]:
                yield variable, env[variable], keys


def _problem(detail: ErrorDetails, origins: Mapping[tuple[str, ...], str]) -> str:
    keys = tuple(str(part) for part in detail["loc"] if part != "[key]")
    name = ".".join(keys)
    variables = _set_by(keys, origins)
    if variables:
        name += f" ({', '.join(variables)})"
    match detail["type"]:
        case "extra_forbidden":
            near = _nearest(keys)
            reason = f"unknown setting; did you mean {near}?" if near else "unknown setting"
        case "model_type":
            reason = "is a section: settings go inside it"
        case "dict_type":
            reason = "must be a table"
        case _:
            message = detail["msg"].removeprefix("Value error, ")
            reason = message[:1].lower() + message[1:]
    return f"{name}: {reason}"


def _set_by(keys: tuple[str, ...], origins: Mapping[tuple[str, ...], str]) -> list[str]:
    """Name the variable that set ``keys`` or a table around it, else all that set parts of it."""
    for length in range(len(keys), 0, -1):
        if keys[:length] in origins:
            return [origins[keys[:length]]]
    return [variable for origin, variable in origins.items() if origin[: len(keys)] == keys]


def _nearest(keys: tuple[str, ...]) -> str | None:
    """Name the known setting that ``keys`` was probably meant to be."""
    if len(keys) == 1:
        sections = difflib.get_close_matches(keys[0], list(Config.model_fields), n=1)
        if sections:
            return sections[0]
    known = [f"{section}.{name}" for section, name, _ in settings()]
    same_name = [setting for setting in known if setting.endswith(f".{keys[-1]}")]
    similar = difflib.get_close_matches(".".join(keys), known, n=1)
    return next(iter(same_name + similar), None)
