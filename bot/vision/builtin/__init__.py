"""The built-in reader: text and measurements without a vision model."""

from bot.vision.builtin.engine import BuiltinEngine

__all__ = ["BuiltinEngine"]
