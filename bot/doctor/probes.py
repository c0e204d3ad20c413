"""Where the doctor's facts come from. Nothing here raises for what it looks at."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from bot.config import PictureSettings, StorageSettings, VisionSettings
from bot.doctor.local_findings import ReaderFacts
from bot.doctor.samples import samples
from bot.domain.errors import ConfigError, LookoutError, StorageFailed
from bot.domain.picture import PictureNeeds
from bot.media.preparer import HANDLER, PicturePreparer
from bot.storage.database import Database, DatabaseHealth
from bot.vision.builtin import BuiltinEngine, tesseract
from bot.vision.models import ModelCatalog, ModelCheck
from bot.workers.pool import WorkerPool


async def probe_models(vision: VisionSettings) -> tuple[ModelCheck, ...]:
    """Ask Ollama about every model the settings name."""
    async with ModelCatalog(
        host=vision.host, connect_timeout_seconds=vision.connect_timeout_seconds
    ) as catalog:
        return tuple([await catalog.check(name) for name in vision.all_models])


async def probe_database(
    storage: StorageSettings,
) -> DatabaseHealth | StorageFailed | ConfigError | None:
    """Open the database and look at it; None for an SQLite file that can be made later."""
    try:
        database = Database(storage.database, encryption_keys=storage.revealed_keys)
    except ConfigError as error:
        return error
    if database.path is not None and not await asyncio.to_thread(database.path.exists):
        folder = await asyncio.to_thread(_nearest_folder, database.path)
        return None if os.access(folder, os.W_OK) else StorageFailed("read_only")
    try:
        async with database:
            health = await database.health()
            if health.up_to_date:
                await database.check_keys()
            return health
    except (StorageFailed, ConfigError) as error:
        return error


async def probe_disk(url: str) -> int | None:
    """Return the free bytes where an SQLite file is or will be; None for a server's database."""
    try:
        path = Database(url).path
    except ConfigError:
        return None  # the database's own check says what is wrong with the address
    if path is None:
        return None
    folder = await asyncio.to_thread(_nearest_folder, path)
    return (await asyncio.to_thread(shutil.disk_usage, folder)).free


def _nearest_folder(path: Path) -> Path:
    return next(folder for folder in path.absolute().parents if folder.is_dir())


async def probe_pictures(pictures: PictureSettings) -> Mapping[str, LookoutError | None]:
    """Decode a sample of each format in a worker, with the limits of service."""
    found: dict[str, LookoutError | None] = {}
    async with WorkerPool(
        HANDLER,
        size=1,
        memory_bytes=pictures.worker_memory_bytes,
        timeout_seconds=pictures.decode_timeout_seconds,
    ) as pool:
        preparer = PicturePreparer(pool)
        for name, data in samples().items():
            try:
                await preparer.prepare(data, PictureNeeds())
                found[name] = None
            except LookoutError as error:
                found[name] = error
    return found


async def probe_reader(*, needed: bool) -> ReaderFacts:
    """See whether the built-in reader is there, and what it can read."""
    return ReaderFacts(
        installed=BuiltinEngine.available(),
        needed=needed,
        tesseract=tesseract.installed(),
        scripts=await asyncio.to_thread(BuiltinEngine.readable_scripts),
    )
