"""The playground: which engine it takes, and that it opens and answers."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import discord
import pytest
import simcord
from simcord.backend.errors import SetupError

from bot.cli.exits import Exit
from bot.config import Config, VisionSettings
from bot.domain.task import TaskName
from bot.media.samples import samples
from bot.playground import choose_engine, opened
from tests.app.command import bot
from tests.discord.world import texts, until
from tests.vision.imitation.server import ImitationOllama, responds


@pytest.fixture
async def server() -> AsyncIterator[ImitationOllama]:
    async with ImitationOllama() as running:
        yield running


def has(server: ImitationOllama, *seeing: str, blind: tuple[str, ...] = ()) -> None:
    """Install models."""
    models = [{"name": name, "capabilities": ["completion", "vision"]} for name in seeing]
    models += [{"name": name, "capabilities": ["completion"]} for name in blind]
    server.overrides["/api/tags"] = responds(200, json.dumps({"models": models}).encode())


async def chosen(server: ImitationOllama, **vision: Any) -> VisionSettings:
    """Choose an engine and return its settings."""
    settings = VisionSettings(host=server.host, **vision)
    return (await choose_engine(Config(vision=settings))).config.vision


# Which engine


@pytest.mark.parametrize(
    ("wanted", "seeing", "model"),
    [
        ("mine:7b", ["qwen3-vl:8b", "mine:7b"], "mine:7b"),
        ("mine", ["qwen3-vl:8b", "mine:latest"], "mine:latest"),
        ("mine:7b", ["other:1b", "glm-ocr:latest", "gemma4:latest"], "gemma4:latest"),
        ("mine:7b", ["gemma4:latest", "qwen3-vl:8b"], "qwen3-vl:8b"),
        ("mine:7b", ["deepseek-ocr:3b", "glm-ocr:latest", "other:1b"], "other:1b"),
        ("mine:7b", ["glm-ocr:latest"], "glm-ocr:latest"),
        ("glm-ocr", ["qwen3-vl:8b", "glm-ocr:latest"], "glm-ocr:latest"),
    ],
)
async def test_the_configured_model_is_taken_else_one_that_is_known_to_work(
    server: ImitationOllama, wanted: str, seeing: list[str], model: str
) -> None:
    has(server, *seeing, blind=("qwen3.6:27b",))
    vision = await chosen(server, model=wanted)
    assert (vision.engine, vision.model) == ("ollama", model)


async def test_models_of_single_tasks_that_are_not_installed_are_left_out(
    server: ImitationOllama,
) -> None:
    has(server, "qwen3-vl:8b", "glm-ocr:latest", blind=("blind:1b",))
    models = {TaskName.OCR: "glm-ocr", TaskName.ALT: "mine:7b", TaskName.DESCRIBE: "blind:1b"}
    assert (await chosen(server, models=models)).models == {TaskName.OCR: "glm-ocr"}


async def test_without_a_model_that_sees_the_built_in_reader_is_taken(
    server: ImitationOllama,
) -> None:
    has(server, blind=("qwen3-vl:8b",))
    choice = await choose_engine(Config(vision=VisionSettings(host=server.host)))
    assert choice.config.vision.engine == "builtin"
    assert "ollama pull qwen3-vl:8b" in choice.sentence


async def test_without_ollama_the_built_in_reader_is_taken() -> None:
    async with ImitationOllama() as gone:
        vision = VisionSettings(host=gone.host)
    choice = await choose_engine(Config(vision=vision))
    assert choice.config.vision.engine == "builtin"
    assert f"no Ollama answered at {vision.host}" in choice.sentence


async def test_a_configured_built_in_reader_asks_no_ollama(server: ImitationOllama) -> None:
    assert (await chosen(server, engine="builtin")).engine == "builtin"
    assert server.received == []


# From end to end


async def offline(folder: Path) -> Config:
    """Return the settings of a playground without Ollama."""
    database = f"sqlite:///{folder / 'playground.sqlite3'}"
    settings = {"vision": {"engine": "builtin"}, "playground": {"database": database}}
    return (await choose_engine(Config.model_validate(settings))).config


async def test_it_opens_with_samples_whose_buttons_answer(tmp_path: Path) -> None:
    async with opened(await offline(tmp_path)) as preview:
        assert preview.url.startswith("http://127.0.0.1:")
        async with aiohttp.ClientSession() as session, session.get(preview.url) as page:
            assert page.status == HTTPStatus.OK
            assert "<html" in await page.text()

        *pictures, welcome = preview.channel.history()
        assert [message.attachments[0].filename for message in pictures] == [
            sample.file_name for sample in samples()
        ]
        you = preview.viewers[0]
        assert isinstance(you, simcord.MemberActor)
        meme = pictures[-1]
        pressed = await you.click(welcome, custom_id=f"playground:ocr:{meme.id}")
        await until(lambda: "HANDWRITING" in texts(pressed.response))


async def used(slash: Any, *arguments: Any, **options: Any) -> None:
    """Use a slash command once the playground is not busy with the world itself."""
    async with asyncio.timeout(30):
        while True:
            try:
                await slash(*arguments, **options)
            except SetupError:
                await asyncio.sleep(0.05)
            else:
                return


async def test_the_bot_can_be_started_anew_and_the_page_goes_elsewhere(tmp_path: Path) -> None:
    async with opened(await offline(tmp_path)) as preview:
        channel = preview.channel
        you = preview.viewers[0]
        assert isinstance(you, simcord.MemberActor)
        first = preview.env.bot
        await used(you.slash, channel, "restart")
        await until(lambda: preview.env.bot is not first)
        await used(you.slash, channel, "go", place="direct")
        await until(lambda: preview.channel.id == you.user.dm_channel.id)
        sample = samples()[-1]
        await used(
            you.user.slash, "post", text="What is it?", picture=(sample.file_name, sample.data)
        )
        await until(lambda: len(preview.channel.history()) > 0)
        await until(lambda: any(m.attachments for m in preview.channel.history()))
        await used(you.slash, channel, "go", place="channel")
        await until(lambda: preview.channel.id == channel.id)
        await used(
            you.slash, channel, "post", text="@Lookout?", picture=(sample.file_name, sample.data)
        )
        mention = f"<@{preview.env.backend.bot_user.id}>?"
        await until(lambda: any(m.content == mention for m in preview.channel.history()))


async def test_sam_posts_again_who_was_banned_once_that_is_taken_back(tmp_path: Path) -> None:
    async with opened(await offline(tmp_path)) as preview:
        channel = preview.channel
        you, sam = preview.viewers
        assert isinstance(you, simcord.MemberActor)
        guild = preview.env.bot.guilds[0]
        before = len(channel.history())
        await guild.ban(discord.Object(sam.id))
        said = await you.slash(channel, "sam")
        assert said.response is not None
        assert "Sam is banned here" in said.response.content
        await guild.unban(discord.Object(sam.id))
        await used(you.slash, channel, "sam", text="I am back")
        await until(lambda: any(m.content == "I am back" for m in channel.history()[before:]))
        await used(you.slash, channel, "go", place="log")
        await until(lambda: preview.channel.name == "mod-log")


async def test_a_taken_port_ends_as_a_wrong_setting(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port: int = taken.getsockname()[1]
        env = {"LOOKOUT_VISION__ENGINE": "builtin", "LOOKOUT_PLAYGROUND__PORT": str(port)}
        done = await bot("playground", folder=tmp_path, env=env)
    assert done.code == Exit.CONFIGURATION
    assert done.out.splitlines() == [
        "Engine: the built-in reader, as configured.",
        "Opening the playground …",
    ]
    assert f"playground.port: port {port} is taken by another program;" in done.err
    assert "Traceback" not in done.err
