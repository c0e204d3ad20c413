"""The real vision engine, for what claims that a model saw something."""

from tests.engine.fixtures import front_process, tiny_models, vision_server

__all__ = ["front_process", "tiny_models", "vision_server"]
