"""Which engine answers a task now, and under what its answers are kept."""

from bot.domain.picture import Picture
from bot.domain.ports import AnswerKey, ChoosingEngine, Engine
from bot.domain.task import Parameters, TaskName
from bot.tasks import TASKS


def chosen(engine: Engine, task: TaskName) -> Engine:
    """Return the engine that would answer ``task`` now, where there are several."""
    return engine.would_use(task) if isinstance(engine, ChoosingEngine) else engine


def kept_under(
    engine: Engine, task: TaskName, parameters: Parameters, picture: Picture
) -> AnswerKey:
    """Return under what the answer of ``engine`` about a picture is kept."""
    # The built-in reader says in the person's language what it could not read: to it, all matters.
    asked = parameters if engine.name == "builtin" else TASKS[task].asked(parameters)
    return AnswerKey(
        picture_sha256=picture.sha256,
        task=task,
        task_version=TASKS[task].version,
        engine=engine.name,
        model=engine.model_for(task),
        parameters=asked,
    )
