"""Every command as Discord will get it: unique, described, translated, within Discord's limits.

Limits: discord-api-docs, interactions/application-commands.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
from discord import AppCommandType
from discord.ext import commands

from bot.app import COGS, MODERATION_COGS, Lookout
from bot.config import Config, StorageSettings
from bot.ui.translator import Translator
from tests.vision.fakes import ScriptedEngine

ROOT = Path(__file__).parents[1]
NAME = re.compile(r"[-_'\w]{1,32}")
MENU_NAME = re.compile(r".{1,32}")
MAX_DESCRIPTION = 100
MAX_OPTIONS = 25
MAX_CHOICES = 25
MAX_CHOICE_NAME = 100
MAX_MENUS = 15
MAX_SLASH_COMMANDS = 100
MAX_CHARACTERS = 8000

Payload = dict[str, Any]


@pytest.fixture(scope="module")
def payloads(tmp_path_factory: pytest.TempPathFactory) -> list[Payload]:
    """What a client of ours, with every cog loaded, would register with Discord."""
    return asyncio.run(_payloads(tmp_path_factory.mktemp("commands")))


async def _payloads(folder: Path) -> list[Payload]:
    config = Config(storage=StorageSettings(database=f"sqlite:///{folder}/new.sqlite3"))
    intents = discord.Intents(guilds=True)
    async with (
        Lookout(config, engine=ScriptedEngine()) as lookout,
        commands.Bot(command_prefix=commands.when_mentioned, intents=intents) as client,
    ):
        await lookout.attach(client)
        translator = Translator()
        return [
            await command.get_translated_payload(client.tree, translator)
            for command in client.tree.get_commands()
        ]


def _slash(payloads: list[Payload]) -> list[Payload]:
    return [p for p in payloads if p["type"] == AppCommandType.chat_input.value]


def _menus(payloads: list[Payload]) -> list[Payload]:
    return [p for p in payloads if p["type"] != AppCommandType.chat_input.value]


def _with_options(payload: Payload) -> Iterator[Payload]:
    yield payload
    for option in payload.get("options", []):
        yield from _with_options(option)


def _in_all_languages(payload: Payload, key: str) -> Iterator[str]:
    yield payload[key]
    yield from (payload.get(f"{key}_localizations") or {}).values()


def test_every_cog_is_loaded_and_no_file_is_forgotten() -> None:
    files = {path.stem for path in (ROOT / "cogs").glob("*.py")} - {"__init__"}
    assert {*COGS, *MODERATION_COGS} == files


def test_names_are_unique(payloads: list[Payload]) -> None:
    counts = Counter((payload["type"], payload["name"]) for payload in payloads)
    assert [name for name, count in counts.items() if count > 1] == []


def test_there_are_no_more_commands_than_discord_takes(payloads: list[Payload]) -> None:
    assert 0 < len(_slash(payloads)) <= MAX_SLASH_COMMANDS
    per_type = Counter(payload["type"] for payload in _menus(payloads))
    assert per_type
    assert max(per_type.values()) <= MAX_MENUS


def test_names_have_discord_s_form_in_every_language(payloads: list[Payload]) -> None:
    for payload in _slash(payloads):
        for part in _with_options(payload):
            for name in _in_all_languages(part, "name"):
                assert NAME.fullmatch(name), name
                assert name == name.lower()
    for payload in _menus(payloads):
        for name in _in_all_languages(payload, "name"):
            assert MENU_NAME.fullmatch(name), name


def test_everything_is_described_within_the_limit_in_every_language(
    payloads: list[Payload],
) -> None:
    for payload in _slash(payloads):
        for part in _with_options(payload):
            for description in _in_all_languages(part, "description"):
                assert 1 < len(description) <= MAX_DESCRIPTION, part["name"]


def test_options_and_choices_fit(payloads: list[Payload]) -> None:
    for payload in _slash(payloads):
        for part in _with_options(payload):
            assert len(part.get("options", [])) <= MAX_OPTIONS
            choices = part.get("choices", [])
            assert len(choices) <= MAX_CHOICES
            for choice in choices:
                for name in _in_all_languages(choice, "name"):
                    assert 1 <= len(name) <= MAX_CHOICE_NAME


def test_a_command_s_words_together_fit(payloads: list[Payload]) -> None:
    for payload in _slash(payloads):
        for language in (None, "ja", "zh-CN"):
            assert sum(_characters(part, language) for part in _with_options(payload)) <= (
                MAX_CHARACTERS
            )


def _characters(part: Payload, language: str | None) -> int:
    def longest(item: Payload, key: str) -> int:
        translated = (item.get(f"{key}_localizations") or {}).get(language, "")
        return max(len(item[key]), len(translated))

    values = sum(
        longest(choice, "name") + len(str(choice["value"])) for choice in part.get("choices", [])
    )
    return longest(part, "name") + longest(part, "description") + values
