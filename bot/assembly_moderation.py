"""Builds moderation from the settings; ``bot.app`` and the worker command put it to use."""

import importlib.util
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from bot.config import Config
from bot.domain.moderation.ports import Classifier
from bot.domain.ports import AnswerStore, Asker, Engine, Fetcher, Gate, WordReader
from bot.media.bank import MemoryBank
from bot.media.classifier import OnnxClassifier
from bot.media.examiner import HANDLER, PictureExaminer
from bot.services.moderation.assessing import Assessing
from bot.services.moderation.intake import Intake
from bot.services.moderation.looking import Looking
from bot.services.moderation.moderation import Moderation, Pace
from bot.services.moderation.policies import Policies
from bot.storage.database import Database
from bot.storage.moderation.bank import SqlBankStore
from bot.storage.moderation.cases import SqlCaseStore
from bot.storage.moderation.forgetting import SqlModerationKeeper
from bot.storage.moderation.jobs import SqlJobQueue
from bot.storage.moderation.policies import SqlPolicyStore
from bot.storage.moderation.uploads import SqlUploadStore
from bot.vision.builtin import BuiltinEngine
from bot.vision.limits import Limits, Meter
from bot.workers.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class Shared:
    """What moderation shares with everything else that is open."""

    database: Database
    engine: Engine
    reader: WordReader | None
    gate: Gate
    answers: AnswerStore
    fetcher: Fetcher


def installed() -> bool:
    """Say whether the extra ``moderation`` is there."""
    return all(importlib.util.find_spec(name) for name in ("numpy", "zxingcpp"))


def open_keeper(config: Config, database: Database) -> SqlModerationKeeper:
    """Return who forgets."""
    moderation = config.moderation
    return SqlModerationKeeper(
        database,
        case_retention=timedelta(days=moderation.case_retention_days),
        upload_retention=timedelta(days=moderation.upload_retention_days),
    )


async def open_moderation(
    config: Config, shared: Shared, stack: AsyncExitStack, *, judge_here: bool = True
) -> Moderation:
    """Open all of moderation; it begins to work when it is started.

    Raises ConfigError for a classifier that is not there, and StorageFailed.
    """
    settings, pictures = config.moderation, config.pictures
    database = shared.database
    queue = await stack.enter_async_context(
        SqlJobQueue(database, lease_seconds=settings.lease_seconds)
    )
    pool = await stack.enter_async_context(
        WorkerPool(
            HANDLER,
            size=pictures.workers,
            memory_bytes=pictures.worker_memory_bytes,
            timeout_seconds=pictures.decode_timeout_seconds,
        )
    )
    uploads = SqlUploadStore(database, woken=queue.wake, spool_max_bytes=settings.spool_max_bytes)
    policies = Policies(SqlPolicyStore(database))
    await policies.open()
    bank_store = SqlBankStore(database)
    judges = shared.engine.name != BuiltinEngine.name
    return Moderation(
        policies=policies,
        uploads=uploads,
        cases=SqlCaseStore(database, woken=queue.wake),
        bank_store=bank_store,
        bank=MemoryBank(bank_store),
        examiner=PictureExaminer(
            pool, max_pixels_jpeg=pictures.max_pixels_jpeg, max_pixels=pictures.max_pixels
        ),
        intake=Intake(uploads, charge_report=_charge(settings.reports_per_person_per_hour)),
        assessing=Assessing(
            engine=shared.engine if judges else None,
            gate=shared.gate,
            answers=shared.answers,
            looking=Looking(
                # Where nothing judges, reading is the best there is.
                reader=shared.reader if settings.read_text or not judges else None,
                classifier=await _open_classifier(settings.classifier_model, stack),
            ),
        ),
        queue=queue,
        keeper=open_keeper(config, database),
        fetcher=shared.fetcher,
        gate=shared.gate,
        engine=shared.engine,
        pace=Pace(
            screen_parallel=settings.screen_parallel,
            judge_parallel=config.vision.parallel if judge_here else 0,
            attempts=settings.attempts,
            max_age=timedelta(hours=settings.max_age_hours),
        ),
    )


async def _open_classifier(path: str, stack: AsyncExitStack) -> Classifier | None:
    return await stack.enter_async_context(OnnxClassifier(Path(path))) if path else None


def _charge(reports_per_hour: int) -> Callable[[int], None]:
    meter = Meter(Limits(person_per_hour=reports_per_hour))
    return lambda person_id: meter.charge(Asker(person_id), 1, time.monotonic())
