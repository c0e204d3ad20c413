"""The bot speaks the reader's language, and Discord takes our names in it."""

import importlib
from collections.abc import Callable, Iterable, Iterator
from types import SimpleNamespace
from typing import Any, cast

import discord
import pytest
from discord import app_commands
from discord.app_commands.commands import validate_context_menu_name, validate_name
from discord.ext import commands

from bot.app import COGS, MODERATION_COGS
from bot.domain.errors import EngineTimeout, EngineUnavailable, QueueFull, RateLimited
from bot.ui.house import ATTRIBUTE, CommandNames
from bot.ui.i18n import CATALOGUES, words
from bot.ui.moderation.gaps import Reach
from bot.ui.pages import help_page
from bot.ui.sentences import sentence
from bot.ui.translator import Translator
from tests.ui.test_translations import COMMANDS

Payload = dict[str, Any]
MENU = discord.AppCommandType.message.value
SUBCOMMAND = discord.AppCommandOptionType.subcommand.value


async def _nobody_waits() -> tuple[()]:
    return ()


def _never_closes(_: Callable[[], Any]) -> None:
    pass


async def payloads(cogs: Iterable[str] = (*COGS, *MODERATION_COGS)) -> list[Payload]:
    """Return our commands as they are registered with Discord."""
    bot = commands.Bot(command_prefix="!", intents=discord.Intents(guilds=True), help_command=None)
    house = SimpleNamespace(
        commands=CommandNames(),
        conversations=SimpleNamespace(recover=_nobody_waits),
        running=SimpleNamespace(at_close=_never_closes),
        reach=Reach(),
    )
    setattr(bot, ATTRIBUTE, house)
    for name in cogs:
        await importlib.import_module(f"cogs.{name}").setup(bot)
    translator = Translator()
    return [
        await command.get_translated_payload(bot.tree, translator)
        for command in bot.tree.get_commands()
    ]


def slash(registered: list[Payload]) -> list[Payload]:
    return [command for command in registered if command["type"] != MENU]


def named(registered: list[Payload]) -> Iterator[Payload]:
    """What is typed after the slash: commands, groups and their subcommands."""
    for command in slash(registered):
        yield command
        yield from (part for part in command["options"] if part["type"] == SUBCOMMAND)


def own_options(command: Payload) -> list[Payload]:
    return [part for part in command["options"] if part["type"] != SUBCOMMAND]


def options(registered: list[Payload]) -> Iterator[Payload]:
    for command in named(registered):
        yield from own_options(command)


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("ja", "キャンセル"),
        ("zh-CN", "取消"),
        ("en-US", "Cancel"),
        ("zh-TW", "Cancel"),
        ("de", "Cancel"),
        ("", "Cancel"),
        ("../../etc", "Cancel"),
    ],
)
def test_each_reader_gets_their_language_or_english(locale: str, said: str) -> None:
    assert words(locale).say("Cancel") == said


def test_values_are_filled_in_after_translation() -> None:
    assert words("ja").say("AI description by {model}", model="a{b}") == "AIによる説明（a{b}）"
    assert words("zh-CN").say("Picture {number} of {count}", number=2, count=3) == "图片 2/3"


def test_a_sentence_no_catalogue_knows_is_said_as_it_is() -> None:
    assert words("ja").say("No such sentence, {name}.", name="Ann") == "No such sentence, Ann."


@pytest.mark.parametrize(
    ("locale", "count", "said"),
    [
        ("en-US", 1, "1 minute"),
        ("en-US", 2, "2 minutes"),
        ("en-US", 0, "0 minutes"),
        ("fr", 1, "1 minute"),
        ("ja", 1, "1分"),
        ("ja", 2, "2分"),
        ("zh-CN", 1, "1 分钟"),
        ("zh-CN", 2, "2 分钟"),
    ],
)
def test_numbers_get_the_form_of_the_language(locale: str, count: int, said: str) -> None:
    assert words(locale).say_plural("{count} minute", "{count} minutes", count) == said


def test_errors_are_said_with_their_figures_in_every_language() -> None:
    assert sentence(RateLimited(20.0, "person"), "ja").endswith("20秒後にもう一度お試しください。")
    assert "60 秒" in sentence(EngineTimeout("next_word", 60), "zh-CN")
    assert "すでに1枚" in sentence(QueueFull(1), "ja")
    assert "Ollama" in sentence(EngineUnavailable(), "zh-CN")


@pytest.mark.parametrize("locale", CATALOGUES)
async def test_the_help_page_calls_menus_and_buttons_by_their_names(locale: str) -> None:
    say = words(locale)
    page = help_page(CommandNames(), say)
    registered = await payloads(COGS)
    menus = [command for command in registered if command["type"] == MENU]
    assert len(menus) == 4
    for menu in menus:
        assert menu["name_localizations"][locale] in page
    for command in slash(registered):
        assert f"`/{command['name']}" in page or command["name"] == "help"


async def test_commands_keep_one_name_in_all_languages() -> None:
    """Discord does not follow a mention of a command by a translated name."""
    names = {command["name"]: command["name_localizations"] for command in named(await payloads())}
    assert set(names) == COMMANDS
    assert not any(names.values())


async def test_everything_beside_a_commands_name_is_translated() -> None:
    registered = await payloads()
    texts = [command["description_localizations"] for command in named(registered)]
    for option in options(registered):
        texts += [option["name_localizations"], option["description_localizations"]]
        texts += [
            choice["name_localizations"]
            for choice in option.get("choices", ())
            if choice["name"] != "Markdown"
        ]
    texts += [menu["name_localizations"] for menu in registered if menu["type"] == MENU]
    assert len(texts) > 50
    assert [text for text in texts if set(text) != set(CATALOGUES)] == []


async def test_discord_takes_our_names_in_every_language() -> None:
    registered = await payloads()
    for option in options(registered):
        for name in option["name_localizations"].values():
            assert validate_name(name) == name
    for menu in registered:
        if menu["type"] == MENU:
            for name in menu["name_localizations"].values():
                assert validate_context_menu_name(name) == name


@pytest.mark.parametrize("locale", CATALOGUES)
async def test_no_two_options_or_menus_share_a_name(locale: str) -> None:
    registered = await payloads()
    groups = [own_options(command) for command in named(registered)]
    groups.append([menu for menu in registered if menu["type"] == MENU])
    for group in groups:
        names = [item["name_localizations"][locale] for item in group]
        assert len(set(names)) == len(names)


async def test_discord_is_left_with_english_where_there_is_no_translation() -> None:
    translator = Translator()
    context = cast("app_commands.TranslationContextTypes", None)
    for locale in (discord.Locale.german, discord.Locale.taiwan_chinese):
        said = await translator.translate(app_commands.locale_str("picture"), locale, context)
        assert said is None
    strange = app_commands.locale_str("a host bot's own name")
    assert await translator.translate(strange, discord.Locale.japanese, context) is None
