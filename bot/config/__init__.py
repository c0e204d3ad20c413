"""Every setting, typed: ``config.toml`` with the environment laid over it.

Reading happens in ``load_config`` alone; constructing ``Config()`` gives the defaults and touches
neither file nor environment.
"""

from bot.config.example import example_toml
from bot.config.load import load_config
from bot.config.model import (
    BuiltinSettings,
    Config,
    DiscordSettings,
    LimitSettings,
    LogSettings,
    ModerationSettings,
    PictureSettings,
    PlaygroundSettings,
    ReplySettings,
    StorageSettings,
    VisionSettings,
)

__all__ = [
    "BuiltinSettings",
    "Config",
    "DiscordSettings",
    "LimitSettings",
    "LogSettings",
    "ModerationSettings",
    "PictureSettings",
    "PlaygroundSettings",
    "ReplySettings",
    "StorageSettings",
    "VisionSettings",
    "example_toml",
    "load_config",
]
