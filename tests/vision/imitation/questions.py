"""Questions and engines for the imitation server, which looks at no picture."""

from collections.abc import Mapping

from bot.domain.answer import Answer, EngineEvent
from bot.domain.picture import Frame, Picture, PictureFacts
from bot.domain.task import Asked, Detail, Layout, Parameters, Question, TaskName
from bot.vision.ollama import OllamaEngine
from tests.vision.imitation.server import MODEL


def picture(frames: int = 1) -> Picture:
    """Make a picture whose bytes stand for themselves."""
    stills = [
        Frame(
            data=b"picture bytes %d" % index,
            media_type="image/png",
            width=64,
            height=64,
            at_seconds=index / 2 if frames > 1 else None,
        )
        for index in range(frames)
    ]
    return Picture(tuple(stills), PictureFacts("PNG", 64, 64, 100, frame_count=frames))


def question(
    task: TaskName = TaskName.DESCRIBE,
    *,
    frames: int = 1,
    focus: str = "",
    layout: Layout = Layout.PLAIN,
    detail: Detail = Detail.STANDARD,
    seed: int | None = None,
) -> Question:
    """Ask ``task`` about a small picture."""
    parameters = Parameters(focus=focus, layout=layout, detail=detail)
    return Question(task, parameters, picture(frames), seed)


def engine(
    host: str,
    model: str = MODEL,
    *,
    task_models: Mapping[TaskName, str] | None = None,
    connect_timeout_seconds: float = 5,
    first_word_timeout_seconds: float = 5,
    next_word_timeout_seconds: float = 5,
) -> OllamaEngine:
    """Make an engine with little patience."""
    return OllamaEngine(
        host=host,
        model=model,
        task_models=task_models or {},
        connect_timeout_seconds=connect_timeout_seconds,
        first_word_timeout_seconds=first_word_timeout_seconds,
        next_word_timeout_seconds=next_word_timeout_seconds,
    )


async def events_of(asked: OllamaEngine, about: Asked) -> list[EngineEvent]:
    """Collect everything an engine yields."""
    return [event async for event in asked.stream(about)]


async def answer_of(asked: OllamaEngine, about: Asked) -> Answer:
    """Return the last event, which is the answer."""
    final = (await events_of(asked, about))[-1]
    assert isinstance(final, Answer)
    return final
