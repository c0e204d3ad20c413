"""What we ask a model: one file per task, with its prompt, answer schema and picture needs."""

from bot.domain.task import TaskName
from bot.tasks.alt import AltTask
from bot.tasks.base import Finished, Prompt, Task
from bot.tasks.describe import DescribeTask
from bot.tasks.ocr import OcrTask

TASKS: dict[TaskName, Task] = {
    TaskName.DESCRIBE: DescribeTask(),
    TaskName.ALT: AltTask(),
    TaskName.OCR: OcrTask(),
}

__all__ = ["TASKS", "Finished", "Prompt", "Task"]
