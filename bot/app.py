"""The composition root: opens everything once, builds the services, attaches them to a bot."""

import asyncio
import contextlib
import importlib.util
import secrets
import sys
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Self

import structlog
from discord import app_commands
from discord.ext import commands

from bot.assembly import build_gate, open_eyes, open_fetchers, open_preparer
from bot.assembly_moderation import Shared, installed, open_keeper, open_moderation
from bot.config import Config
from bot.domain.conversation import Retention
from bot.domain.errors import ConfigError, StorageFailed
from bot.domain.ports import Engine, Fetcher
from bot.logs import use_host_logging
from bot.media.fetch import Transport
from bot.services.converse import Converse
from bot.services.look import Look, Observer, log_record
from bot.services.moderation.moderation import Moderation
from bot.services.originals import Originals
from bot.services.turn_record import TurnObserver, log_turn
from bot.storage.answers import SqlAnswerStore
from bot.storage.conversations import SqlConversationStore
from bot.storage.costs import SqlCostStore
from bot.storage.database import Database
from bot.storage.housekeeping import expire_once
from bot.storage.moderation.forgetting import SqlModerationKeeper
from bot.storage.posted import SqlPostedAnswerStore
from bot.ui.buttons import AnswerButton, RunButton
from bot.ui.conversation.buttons import TurnButton
from bot.ui.conversation.list_buttons import ListButton
from bot.ui.conversation.settings_panel import RetentionSelect
from bot.ui.house import ATTRIBUTE, CommandNames, ReplySettings
from bot.ui.links import LinkRenewer
from bot.ui.moderation.blocklist_buttons import BlocklistButton
from bot.ui.moderation.card_buttons import BUTTONS as CARD_BUTTONS
from bot.ui.moderation.gaps import Reach
from bot.ui.moderation.history import HistoryButton
from bot.ui.moderation.policy_controls import PolicyControl
from bot.ui.running import Running
from bot.vision.builtin import BuiltinEngine
from bot.vision.gate import Gate
from bot.vision.models import ModelCatalog

_log = structlog.get_logger(__name__)

COGS = ("describe", "alt", "ocr", "ask", "conversations", "about")
MODERATION_COGS = ("moderation", "watch")
"""Loaded where the extra ``moderation`` is installed."""
BUTTONS = (
    AnswerButton,
    RunButton,
    TurnButton,
    ListButton,
    RetentionSelect,
    *CARD_BUTTONS,
    BlocklistButton,
    HistoryButton,
    PolicyControl,
)
"""What hears clicks on messages from before a restart."""
COG_PACKAGE = "lookout_cogs"
"""Our cogs are imported under this name: a host bot may well have a package ``cogs`` of its own."""

GRACE_SECONDS = 20.0
"""How long answers under way may still finish when Lookout is closed."""

_TIDY_EVERY_SECONDS = 3600.0


class Lookout:
    """Everything Lookout needs, opened together: ``async with Lookout(config) as lookout``.

    ``fetcher``, ``transport`` and ``engine`` replace the real ones (files for the command line, a
    simulated Discord's file host for the playground); ``observers`` hear of every request and
    ``turn_observers`` of every turn of a conversation in figures, for metrics. Raises ConfigError
    and StorageFailed when it cannot be opened; an engine that is down is no reason not to open.
    """

    look: Look
    conversations: Converse
    moderation: Moderation
    keeper: SqlModerationKeeper
    engine: Engine
    gate: Gate
    posted: SqlPostedAnswerStore
    running: Running
    database: Database
    catalog: ModelCatalog | None = None

    def __init__(
        self,
        config: Config | None = None,
        *,
        fetcher: Fetcher | None = None,
        transport: Transport | None = None,
        engine: Engine | None = None,
        observers: Sequence[Observer] = (),
        turn_observers: Sequence[TurnObserver] = (),
    ) -> None:
        self.config = config or Config()
        self.links = LinkRenewer(asks_discord=transport is None)
        self.commands = CommandNames()
        storage, replies = self.config.storage, self.config.replies
        self.retention = timedelta(hours=storage.answer_retention_hours)
        self.replies = ReplySettings(
            edit_interval_seconds=replies.edit_interval_seconds,
            buttons_kept=timedelta(days=storage.button_retention_days),
            pictures_per_request=self.config.limits.pictures_per_request,
            answer_mentions=self.config.discord.answer_mentions,
        )
        moderation = self.config.moderation
        self.reach = Reach(
            max_age=timedelta(hours=moderation.catch_up_hours),
            messages_a_round=moderation.catch_up_messages_per_channel,
        )
        self.cogs = (*COGS, *(MODERATION_COGS if installed() else ()))
        self._fetcher = fetcher
        self._transport = transport
        self._engine = engine
        self._observers = observers
        self._turn_observers = turn_observers
        self._reader: BuiltinEngine | None = None
        self._stack = contextlib.AsyncExitStack()

    def new_id(self) -> int:
        """Return an id for something kept: random, so that it tells nothing and is not guessed."""
        return secrets.randbits(62)

    async def __aenter__(self) -> Self:
        use_host_logging()
        storage = self.config.storage
        async with contextlib.AsyncExitStack() as stack:
            self.database = await stack.enter_async_context(
                Database(
                    storage.database,
                    backup=storage.backup,
                    encryption_keys=storage.revealed_keys,
                )
            )
            await self.database.upgrade()
            answers = SqlAnswerStore(self.database, retention=self.retention)
            self.posted = SqlPostedAnswerStore(self.database)
            self.keeper = open_keeper(self.config, self.database)
            longest = Retention(
                pictures=timedelta(days=storage.picture_retention_days),
                text=timedelta(days=storage.conversation_retention_days),
            )
            store = SqlConversationStore(
                self.database,
                longest=longest,
                picture_store_max_bytes=storage.picture_store_max_bytes,
            )
            self.engine = self._engine or await self._open_engine(stack)
            self.gate = build_gate(self.config)
            stack.callback(self.gate.close)
            fetchers = await open_fetchers(
                self.config, stack, transport=self._transport, links=self.links
            )
            originals = Originals(
                fetcher=self._fetcher or fetchers.pictures,
                preparer=await open_preparer(self.config, stack),
                hold=self.config.pictures.workers + 1,
                max_frames=self.config.pictures.max_frames,
            )
            self.look = Look(
                originals=originals,
                engine=self.engine,
                gate=self.gate,
                answers=answers,
                observers=(log_record, *self._observers),
            )
            self.conversations = Converse(
                originals=originals,
                engine=self.engine,
                gate=self.gate,
                store=store,
                costs=SqlCostStore(self.database),
                answers=answers,
                retention_limits=longest,
                text_finder=self._reader,
                observers=(log_turn, *self._turn_observers),
            )
            if installed():
                shared = Shared(
                    database=self.database,
                    engine=self.engine,
                    reader=self._reader,
                    gate=self.gate,
                    answers=answers,
                    fetcher=self._fetcher or fetchers.uploads,
                )
                self.moderation = await open_moderation(
                    self.config, shared, stack, judge_here=self.config.moderation.judge_here
                )
            await stack.enter_async_context(self._tidying(answers, store))
            self.running = Running()
            stack.push_async_callback(self.running.close, GRACE_SECONDS)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def attach(self, bot: commands.Bot) -> None:
        """Load Lookout's cogs into ``bot``, whose own commands and handlers stay as they are.

        Commands whose names are taken get the prefix ``lookout-``. The bot's owner registers the
        commands with Discord as usual (``tree.sync()``). Raises ConfigError, and leaves the bot as
        it was, when something else is attached under the same attribute or a cog cannot be loaded.
        """
        if hasattr(bot, ATTRIBUTE):
            raise ConfigError((f"the bot already has an attribute named {ATTRIBUTE}",))
        setattr(bot, ATTRIBUTE, self)
        self.links.use(bot)
        bot.add_dynamic_items(*BUTTONS)
        _register_cog_package()
        try:
            for name in self.cogs:
                await bot.load_extension(f"{COG_PACKAGE}.{name}")
        except commands.ExtensionError as error:
            await self.detach(bot)
            raise ConfigError((_reason(error),)) from error
        _log.info("attached", cogs=len(self.cogs))

    async def detach(self, bot: commands.Bot) -> None:
        """Undo ``attach``."""
        for name in self.cogs:
            with contextlib.suppress(commands.ExtensionNotLoaded):
                await bot.unload_extension(f"{COG_PACKAGE}.{name}")
        bot.remove_dynamic_items(*BUTTONS)
        self.links.use(None)
        self.commands.names.clear()
        delattr(bot, ATTRIBUTE)

    @contextlib.asynccontextmanager
    async def _tidying(
        self, answers: SqlAnswerStore, conversations: SqlConversationStore
    ) -> AsyncIterator[None]:
        """Let go of what has expired, at start and every hour."""
        stopping = asyncio.Event()

        async def tidy() -> None:
            while not stopping.is_set():
                try:
                    await expire_once(
                        self.database, answers, self.posted, conversations, moderation=self.keeper
                    )
                except StorageFailed:
                    _log.warning("storage_not_tidied")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_TIDY_EVERY_SECONDS):
                        await stopping.wait()

        task = asyncio.create_task(tidy())
        try:
            yield
        finally:
            # Not cancelled: a connection that is cut off while it opens outlives the event loop.
            stopping.set()
            await asyncio.wait([task])

    async def _open_engine(self, stack: contextlib.AsyncExitStack) -> Engine:
        eyes = await open_eyes(self.config, stack)
        self.catalog, self._reader = eyes.catalog, eyes.reader
        return eyes.engine


def _reason(error: commands.ExtensionError) -> str:
    """Say in a few words why a cog cannot be loaded into a host's bot."""
    cause = error.__cause__ or error
    if isinstance(cause, app_commands.CommandLimitReached):
        return f"the bot has {cause.limit} commands already, which is all that Discord allows"
    return f"a part of Lookout cannot be loaded ({type(cause).__name__})"


def _register_cog_package() -> None:
    """Make our ``cogs`` folder importable as ``lookout_cogs``, beside any other ``cogs``."""
    if COG_PACKAGE in sys.modules:
        return
    folder = Path(__file__).resolve().parent.parent / "cogs"
    spec = importlib.util.spec_from_file_location(
        COG_PACKAGE, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules[COG_PACKAGE] = package
    spec.loader.exec_module(package)
