"""What we ask a model: one file per task, with its prompt, answer schema and picture needs."""

from bot.domain.task import Asked, Dialogue, Question, Review, TaskName
from bot.tasks.alt import AltTask
from bot.tasks.ask import AskTask
from bot.tasks.base import Finished, Prompt, Task
from bot.tasks.describe import DescribeTask
from bot.tasks.moderate import ModerateTask
from bot.tasks.ocr import OcrTask

TASKS: dict[TaskName, Task[Question]] = {
    TaskName.DESCRIBE: DescribeTask(),
    TaskName.ALT: AltTask(),
    TaskName.OCR: OcrTask(),
}
"""What is asked about one picture."""

ASK: Task[Dialogue] = AskTask()
"""What is asked in a conversation."""

MODERATE: Task[Review] = ModerateTask()
"""What is asked about an upload."""


def task_named(name: TaskName) -> Task[Question] | Task[Dialogue] | Task[Review]:
    """Return any task, for what all have in common."""
    match name:
        case TaskName.ASK:
            return ASK
        case TaskName.MODERATE:
            return MODERATE
        case _:
            return TASKS[name]


def prompt_for(asked: Asked, family: str = "") -> Prompt:
    """Write the prompt for whatever an engine is asked."""
    if isinstance(asked, Dialogue):
        return ASK.prompt(asked, family)
    if isinstance(asked, Review):
        return MODERATE.prompt(asked, family)
    return TASKS[asked.task].prompt(asked, family)


__all__ = ["ASK", "MODERATE", "TASKS", "Finished", "Prompt", "Task", "prompt_for", "task_named"]
