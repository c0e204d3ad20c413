"""Look at the whole set-up and say, for each thing that is wrong, what to do about it."""

import asyncio
import json
import platform
from collections.abc import Sequence

from bot import __version__
from bot.config import Config
from bot.doctor.check import Check, State, ok
from bot.doctor.discord_findings import discord_checks, token_checks
from bot.doctor.discord_login import look_up
from bot.doctor.engine_findings import engine_checks, model_checks
from bot.doctor.local_findings import (
    database_checks,
    disk_check,
    picture_checks,
    reader_checks,
)
from bot.doctor.probes import (
    probe_database,
    probe_disk,
    probe_models,
    probe_pictures,
    probe_reader,
)

__all__ = ["Check", "State", "as_json", "as_text", "examine"]


async def examine(config: Config) -> tuple[Check, ...]:
    """Examine everything at once; takes no longer than its slowest part (about 30 seconds)."""
    async with asyncio.TaskGroup() as group:
        parts = [
            group.create_task(part)
            for part in (
                _discord(config),
                _vision(config),
                _storage(config),
                _pictures(config),
            )
        ]
    here = ok("lookout", f"Lookout {__version__}, Python {platform.python_version()}.")
    return (here, *(check for part in parts for check in part.result()))


async def _discord(config: Config) -> list[Check]:
    token = config.discord.token.get_secret_value()
    checks = list(token_checks(token))
    if checks[-1].state is State.OK:
        found = await look_up(token)
        checks += discord_checks(found, message_content=config.discord.message_content)
    return checks


async def _vision(config: Config) -> list[Check]:
    builtin_alone = config.vision.engine == "builtin"
    checks: list[Check] = []
    if not builtin_alone:
        models = await probe_models(config.vision)
        checks += engine_checks(models[0], config.vision)
        for model in models:
            checks += model_checks(model, config.vision)
    reader = await probe_reader(needed=builtin_alone)
    return [*checks, *reader_checks(reader)]


async def _storage(config: Config) -> list[Check]:
    checks = list(database_checks(await probe_database(config.storage)))
    free_bytes = await probe_disk(config.storage.database)
    return checks if free_bytes is None else [*checks, disk_check(free_bytes)]


async def _pictures(config: Config) -> list[Check]:
    return list(picture_checks(await probe_pictures(config.pictures)))


def as_text(checks: Sequence[Check]) -> str:
    """Write the checks for people, one a line, with what to do below."""
    lines = []
    width = max(len(check.name) for check in checks)
    for check in checks:
        lines.append(f"{check.state:<4}  {check.name:<{width}}  {check.sentence}")
        if check.advice:
            lines.append(f"{'':<{width + 6}}  → {check.advice}")
    count = {state: sum(check.state is state for check in checks) for state in State}
    lines.append(
        f"{count[State.OK]} fine, {count[State.WARN]} to know, {count[State.FAIL]} to mend."
    )
    return "\n".join(lines)


def as_json(checks: Sequence[Check]) -> str:
    """Write the checks for programs: a list of objects."""
    rows = [
        {
            "name": check.name,
            "state": check.state.value,
            "sentence": check.sentence,
            "advice": check.advice,
        }
        for check in checks
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)
