"""What people delete is gone from the files, as it was put there by the whole of Lookout."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from bot.domain.picture import PictureNeeds
from bot.domain.task import Parameters, TaskName
from tests.discord.engines import HandEngine
from tests.discord.forms import filled
from tests.discord.pictures import png
from tests.discord.world import shown, world


@dataclass
class ParticularEngine(HandEngine):
    """Wants smaller pictures for questions than for descriptions, as engines do."""

    def needs_for(self, task: TaskName, parameters: Parameters) -> PictureNeeds:
        return PictureNeeds(max_pixels=100_000 if task is TaskName.ASK else 200_000)


def holds(folder: Path, word: str) -> bool:
    """Say whether a word lies in any file."""
    return any(word.encode() in file.read_bytes() for file in folder.iterdir() if file.is_file())


async def test_forget_me_takes_along_the_description_that_was_asked_about(tmp_path: Path) -> None:
    word = secrets.token_hex(12)
    engine = ParticularEngine(said=f"A cat named {word}.")
    async with world(tmp_path, engine=engine) as w:
        described = await w.slash(w.ann, "describe", picture=("a.png", png("red", (640, 480))))
        assert word in shown(described)
        assert described.response is not None
        engine.said = "It sleeps."
        form = await w.ann.click(described.response.message, label="Ask")
        assert "It sleeps." in shown(await filled(w, w.ann, form, question="What is it doing?"))
        assert word in engine.dialogues[-1].lines[0].text
        assert holds(tmp_path, word)

        assert "1 conversation" in shown(await w.slash(w.ann, "forget-me"))

        assert not holds(tmp_path, word)
