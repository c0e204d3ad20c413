"""Lookout: a Discord bot that sees, with a vision model on the operator's own machine."""

__version__ = "0.1.0"
