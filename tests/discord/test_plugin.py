"""Lookout inside somebody else's bot."""

import contextvars
import sys
import types
from pathlib import Path

import discord
import pytest
import simcord
from discord import app_commands
from discord.ext import commands

from bot.app import Lookout
from bot.config import Config
from bot.domain.errors import ConfigError
from bot.playground import SIMULATED_HOST
from bot.services.look import LookRecord
from tests.discord.engines import HandEngine
from tests.discord.pictures import png
from tests.discord.world import SETTLE_SECONDS, PacedTransport, World, populate, shown


class Strangers(commands.Bot):
    """A bot that has a life of its own: /help, /describe, error handlers."""

    def __init__(self, lookout: Lookout) -> None:
        super().__init__(command_prefix="!", intents=discord.Intents.default())
        self.services = lookout
        self.heard: list[Exception] = []
        self.closed_cleanly = False

        @self.tree.command(name="describe", description="Describe a member")
        async def describe(interaction: discord.Interaction[Strangers]) -> None:
            await interaction.response.send_message("A fine person.")

        @self.tree.command(name="break", description="Fails")
        async def fail(interaction: discord.Interaction[Strangers]) -> None:
            raise LookupError

        @self.tree.context_menu(name="Alt text")
        async def alt(
            interaction: discord.Interaction[Strangers], message: discord.Message
        ) -> None:
            await interaction.response.send_message("Ours.")

        @self.tree.error
        async def on_error(
            interaction: discord.Interaction[Strangers], error: app_commands.AppCommandError
        ) -> None:
            self.heard.append(error)

    async def setup_hook(self) -> None:
        await self.services.attach(self)
        await self.tree.sync()

    async def close(self) -> None:
        await super().close()
        self.closed_cleanly = True


def config(tmp_path: Path) -> Config:
    return Config.model_validate(
        {
            "storage": {"database": f"sqlite:///{tmp_path / 'lookout.sqlite3'}"},
            "pictures": {"extra_hosts": (SIMULATED_HOST,), "workers": 1},
        }
    )


async def visit(tmp_path: Path, act) -> Strangers:  # type: ignore[no-untyped-def]
    transport = PacedTransport()
    async with Lookout(config(tmp_path), transport=transport, engine=HandEngine()) as lookout:
        theirs = Strangers(lookout)
        async with simcord.run(theirs, settle_timeout=SETTLE_SECONDS, check_errors=False) as env:
            transport.env = env
            lookout.running.adopt(contextvars.copy_context())
            await act(populate(env, lookout, transport), theirs)
    return theirs


async def test_our_commands_work_under_names_that_do_not_clash(tmp_path: Path) -> None:
    async def act(w: World, _: Strangers) -> None:
        ours = await w.slash(w.ann, "lookout-describe", picture=("a.png", png()))
        assert "describe standard 1" in shown(ours)
        read = await w.slash(w.ann, "ocr", picture=("a.png", png()))
        assert "ocr standard 2" in shown(read)
        message = await w.ben.send(w.channel, "look", attachments=[("a.png", png())])
        alt = await w.menu(w.ann, "Alt text (Lookout)", message)
        assert "alt standard 3" in shown(alt)

    await visit(tmp_path, act)


async def test_their_commands_stay_as_they_were(tmp_path: Path) -> None:
    async def act(w: World, _: Strangers) -> None:
        theirs = await w.ann.slash(w.channel, "describe")
        assert theirs.response is not None
        assert theirs.response.content == "A fine person."
        message = await w.ben.send(w.channel, "look", attachments=[("a.png", png())])
        menu = await w.ann.context_menu(w.channel, "Alt text", message)
        assert menu.response is not None
        assert menu.response.content == "Ours."

    await visit(tmp_path, act)


async def test_their_error_handler_hears_of_theirs_and_not_of_ours(tmp_path: Path) -> None:
    async def act(w: World, theirs: Strangers) -> None:
        await w.ann.slash(w.channel, "break")
        await w.slash(w.ann, "ocr", picture=("a.mp4", b"video"))
        assert [type(error.__cause__) for error in theirs.heard] == [LookupError]

    await visit(tmp_path, act)


async def test_help_names_the_commands_as_they_are_called_here(tmp_path: Path) -> None:
    async def act(w: World, _: Strangers) -> None:
        assert "lookout-describe" in shown(await w.slash(w.ann, "help"))

    await visit(tmp_path, act)


async def test_a_package_of_theirs_named_cogs_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    theirs = types.ModuleType("cogs")
    monkeypatch.setitem(sys.modules, "cogs", theirs)

    async def act(w: World, _: Strangers) -> None:
        assert "describe standard 1" in shown(
            await w.slash(w.ann, "lookout-describe", picture=("a.png", png()))
        )

    await visit(tmp_path, act)
    assert sys.modules["cogs"] is theirs


async def test_attaching_beside_something_of_that_name_is_refused(tmp_path: Path) -> None:
    async with Lookout(config(tmp_path), engine=HandEngine()) as lookout:
        theirs = Strangers(lookout)
        theirs.lookout = "their own"  # type: ignore[attr-defined]
        with pytest.raises(ConfigError):
            await lookout.attach(theirs)


async def test_attaching_twice_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with Lookout(config(tmp_path), engine=HandEngine()) as lookout:
        theirs = Strangers(lookout)
        await lookout.attach(theirs)
        with pytest.raises(ConfigError):
            await lookout.attach(theirs)
        assert theirs.tree.get_command("ocr") is not None


async def test_detaching_takes_everything_away(tmp_path: Path) -> None:
    async with Lookout(config(tmp_path), engine=HandEngine()) as lookout:
        theirs = Strangers(lookout)
        before = {command.name for command in theirs.tree.get_commands()}
        await lookout.attach(theirs)
        await lookout.detach(theirs)
        assert {command.name for command in theirs.tree.get_commands()} == before
        assert not hasattr(theirs, "lookout")


async def test_a_cog_of_theirs_with_a_name_like_ours_is_no_matter(tmp_path: Path) -> None:
    class About(commands.Cog):
        pass

    async with Lookout(config(tmp_path), engine=HandEngine()) as lookout:
        theirs = Strangers(lookout)
        await theirs.add_cog(About())
        await lookout.attach(theirs)
        assert theirs.tree.get_command("ocr") is not None


async def test_a_bot_without_room_for_our_commands_is_left_as_it_was(tmp_path: Path) -> None:
    async with Lookout(config(tmp_path), engine=HandEngine()) as lookout:
        theirs = Strangers(lookout)
        for number in range(97):

            @theirs.tree.command(name=f"their-{number}", description="Theirs")
            async def command(interaction: discord.Interaction[Strangers]) -> None: ...

        before = {command.name for command in theirs.tree.get_commands()}
        with pytest.raises(ConfigError, match="100 commands already"):
            await lookout.attach(theirs)
        assert {command.name for command in theirs.tree.get_commands()} == before
        assert not hasattr(theirs, "lookout")


async def test_requests_can_be_observed_in_figures(tmp_path: Path) -> None:
    heard: list[LookRecord] = []
    transport = PacedTransport()
    async with Lookout(
        config(tmp_path), transport=transport, engine=HandEngine(), observers=[heard.append]
    ) as lookout:
        theirs = Strangers(lookout)
        async with simcord.run(theirs, settle_timeout=SETTLE_SECONDS) as env:
            transport.env = env
            lookout.running.adopt(contextvars.copy_context())
            w = populate(env, lookout, transport)
            await w.slash(w.ann, "ocr", picture=("a.png", png()))
    (record,) = heard
    assert (record.task, record.pictures, record.failures) == ("ocr", 1, ())
    assert record.models == ("qwen3-vl:8b",)
