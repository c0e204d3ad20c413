"""The engine for this package's tests."""

from tests.engine.fixtures import front_process, tiny_models, vision_server

__all__ = ["front_process", "tiny_models", "vision_server"]
