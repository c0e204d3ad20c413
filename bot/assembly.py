"""Builds the parts of Lookout from its settings; ``bot.app`` puts them together."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from types import MappingProxyType

import aiohttp

from bot.config import Config
from bot.domain.errors import ConfigError
from bot.domain.ports import Engine, Fetcher
from bot.domain.task import TaskName
from bot.media.fetch import DISCORD_HOSTS, AiohttpTransport, DiscordFetcher, Transport
from bot.media.preparer import HANDLER, PicturePreparer
from bot.ui.links import LinkRenewer
from bot.vision.builtin import BuiltinEngine
from bot.vision.fallback import FallbackEngine
from bot.vision.gate import Gate, Limits
from bot.vision.health import WatchedEngine
from bot.vision.models import ModelCatalog
from bot.vision.ollama import OllamaEngine
from bot.workers.pool import WorkerPool

_FALLBACK_TASKS = frozenset({TaskName.OCR, TaskName.ALT})


@dataclass(frozen=True, slots=True)
class Eyes:
    """What looks at pictures. ``reader`` is the built-in one, if its extra is installed."""

    engine: Engine
    reader: BuiltinEngine | None
    catalog: ModelCatalog | None


@dataclass(frozen=True, slots=True)
class Fetchers:
    """Who gets files: pictures that people ask about, and uploads, which may be videos too."""

    pictures: Fetcher
    uploads: Fetcher


def build_gate(config: Config) -> Gate:
    """Make the one door to the engine."""
    limits = config.limits
    return Gate(
        parallel=config.vision.parallel,
        queue_limit=limits.queue,
        limits=Limits(
            person_per_minute=limits.person_per_minute,
            person_per_hour=limits.person_per_hour,
            guild_per_minute=limits.guild_per_minute,
        ),
    )


async def open_preparer(config: Config, stack: AsyncExitStack) -> PicturePreparer:
    """Start the processes that decode pictures."""
    pictures = config.pictures
    pool = await stack.enter_async_context(
        WorkerPool(
            HANDLER,
            size=pictures.workers,
            memory_bytes=pictures.worker_memory_bytes,
            timeout_seconds=pictures.decode_timeout_seconds,
        )
    )
    return PicturePreparer(
        pool, max_pixels_jpeg=pictures.max_pixels_jpeg, max_pixels=pictures.max_pixels
    )


async def open_fetchers(
    config: Config, stack: AsyncExitStack, *, transport: Transport | None, links: LinkRenewer
) -> Fetchers:
    """Open the roads to Discord's file hosts, or to what stands in for them."""
    pictures = config.pictures
    if transport is None:
        session = await stack.enter_async_context(
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        )
        transport = AiohttpTransport(session)
    of_pictures, of_uploads = (
        DiscordFetcher(
            transport,
            hosts=DISCORD_HOSTS | set(pictures.extra_hosts),
            max_bytes=pictures.max_bytes,
            timeout_seconds=pictures.fetch_timeout_seconds,
            renew=links.renew,
            accept_videos=accept_videos,
        )
        for accept_videos in (False, True)
    )
    return Fetchers(of_pictures, of_uploads)


async def open_eyes(config: Config, stack: AsyncExitStack) -> Eyes:
    """Open the engine that the settings name, and what stands in for it.

    Raises ConfigError for an engine that is not installed; one that is down is no reason to.
    """
    vision, builtin = config.vision, config.builtin
    reader = await stack.enter_async_context(
        BuiltinEngine(
            workers=builtin.workers,
            timeout_seconds=builtin.timeout_seconds,
            memory_bytes=builtin.memory_bytes,
        )
    )
    installed = reader if reader.available() else None
    if vision.engine == "builtin":
        if installed is None:
            raise ConfigError(
                ('vision.engine is "builtin", but the extra "builtin" is not installed',)
            )
        return Eyes(installed, installed, None)
    ollama = await stack.enter_async_context(
        OllamaEngine(
            host=vision.host,
            model=vision.model,
            task_models=MappingProxyType(dict(vision.models)),
            num_ctx=vision.num_ctx,
            keep_alive_seconds=vision.keep_alive_seconds,
            connect_timeout_seconds=vision.connect_timeout_seconds,
            first_word_timeout_seconds=vision.first_word_timeout_seconds,
            next_word_timeout_seconds=vision.next_word_timeout_seconds,
        )
    )
    catalog = await stack.enter_async_context(
        ModelCatalog(host=vision.host, connect_timeout_seconds=vision.connect_timeout_seconds)
    )
    watched = WatchedEngine(ollama)
    stack.push_async_callback(watched.aclose)
    if vision.fallback and installed is not None:
        return Eyes(FallbackEngine(watched, installed, _FALLBACK_TASKS), installed, catalog)
    return Eyes(watched, installed, catalog)
