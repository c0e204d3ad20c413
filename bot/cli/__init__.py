"""``python -m bot …``: the one place that reads settings, sets up the log and ends the process."""

from bot.cli.main import main

__all__ = ["main"]
