"""``config.example.toml``, written from the model so that it can never fall behind."""

import json
from collections.abc import Mapping

from annotated_types import Ge, Gt, Le
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from bot.config.model import Config, settings


def example_toml() -> str:
    """Write ``config.example.toml``: every setting with its default, meaning and bounds."""
    lines = [
        "# Every setting of Lookout with its default. Copy this file to config.toml and remove the",
        "# number sign before a setting to change it; the rest keeps its default.",
        "# The environment wins over the file: LOOKOUT_VISION__HOST sets host under [vision], and",
        "# DISCORD_TOKEN the token. LOOKOUT_CONFIG or --config names another file.",
        "# `make example` writes this file anew from bot/config/model.py.",
    ]
    current = None
    for section, name, field in settings():
        if section != current:
            kind = Config.model_fields[section].annotation
            assert kind is not None
            lines += ["", f"# {kind.__doc__}", f"[{section}]"]
            current = section
        lines.append(f"# {field.description}{_bounds(field)}")
        lines.append(f"#{name} = {_toml(field.get_default(call_default_factory=True))}")
    return "\n".join(lines) + "\n"


def _bounds(field: FieldInfo) -> str:
    low = next((item.ge for item in field.metadata if isinstance(item, Ge)), None)
    above = next((item.gt for item in field.metadata if isinstance(item, Gt)), None)
    high = next((item.le for item in field.metadata if isinstance(item, Le)), None)
    if high is None:
        return ""
    start = f"{_toml(low)}" if low is not None else f"more than {_toml(above)}"
    return f" ({start} to {_toml(high)})"


def _toml(value: object) -> str:
    match value:
        case SecretStr():
            text = '""'
        case bool() | float():
            text = str(value).lower()
        case int():
            text = f"{value:_}"
        case str():
            text = json.dumps(value, ensure_ascii=False)
        case tuple():
            text = "[" + ", ".join(_toml(item) for item in value) + "]"
        case Mapping():
            text = "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
        case _:
            raise TypeError(f"no TOML for {type(value).__name__}")
    return text
