"""What the doctor makes of this machine: database, disk, decoders and the built-in reader."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.doctor.check import Check, fail, ok, warn
from bot.domain.errors import ConfigError, FormatUnsupported, LookoutError, StorageFailed
from bot.storage.database import DatabaseHealth
from bot.storage.trouble import ADVICE, trouble_sentence

_MEGABYTE = 1_000_000
_GIGABYTE = 1_000_000_000
_LITTLE_SPACE_BYTES = _GIGABYTE
_NO_SPACE_BYTES = 100 * _MEGABYTE


def database_checks(
    found: DatabaseHealth | StorageFailed | ConfigError | None,
) -> Iterator[Check]:
    """Look at the database; None is one that will be made at the first start."""
    match found:
        case None:
            yield ok("database", "It will be made at the first start.")
        case ConfigError():
            yield fail("database", "It cannot be used as it is configured.", f"{found}.")
        case StorageFailed():
            yield _database_trouble(found.reason)
        case DatabaseHealth(trouble=str() as trouble):
            yield _database_trouble(trouble)
        case DatabaseHealth(up_to_date=False):
            yield warn(
                "database",
                f"Its structure is at revision {found.revision or 'none'}; this version needs "
                f"{found.newest_revision}.",
                "Nothing: it is brought up to date at the next start, or now with `python -m bot "
                "db upgrade`.",
            )
        case _:
            size = max(1, found.size_bytes // _MEGABYTE)
            yield ok("database", f"{found.kind}, {size} MB, up to date.")


def _database_trouble(reason: str) -> Check:
    return fail("database", trouble_sentence(reason), ADVICE)


def disk_check(free_bytes: int) -> Check:
    """Look at the space left beside the database."""
    free = f"{free_bytes / _GIGABYTE:.1f} GB are free where the database is."
    if free_bytes < _NO_SPACE_BYTES:
        return fail("disk", free, "Free some space: answers can no longer be kept.")
    if free_bytes < _LITTLE_SPACE_BYTES:
        return warn("disk", free, "Free some space before it runs out.")
    return ok("disk", free)


def picture_checks(found: Mapping[str, LookoutError | None]) -> Iterator[Check]:
    """Look at which formats could really be decoded, in the worker as in service."""
    readable = [name for name, problem in found.items() if problem is None]
    broken = {name: problem for name, problem in found.items() if problem is not None}
    heif = broken.get("HEIC")
    if isinstance(heif, FormatUnsupported):
        del broken["HEIC"]
    if readable:
        yield ok("pictures", f"Can be read: {', '.join(readable)}.")
    if heif is not None and "HEIC" not in broken:
        yield warn(
            "HEIC",
            "HEIC pictures (iPhone) cannot be read.",
            "If you want them: make setup EXTRAS=heif (pillow-heif's wheel is under the GPL).",
        )
    if broken:
        kinds = sorted({type(problem).__name__ for problem in broken.values()})
        yield fail(
            "pictures",
            f"Cannot be read: {', '.join(broken)} ({', '.join(kinds)}).",
            "Raise pictures.worker_memory_bytes and pictures.decode_timeout_seconds, then try "
            "again; if that does not help, run `make clean setup`.",
        )


@dataclass(frozen=True, slots=True)
class ReaderFacts:
    """What the built-in reader has at hand."""

    installed: bool
    needed: bool
    """Whether the settings make it the engine."""
    tesseract: bool
    scripts: tuple[str, ...] = ()
    """What it can read, with Tesseract's help where there is any."""


def reader_checks(found: ReaderFacts) -> Iterator[Check]:
    """Look at the built-in reader and what it can read."""
    if not found.installed:
        judge = fail if found.needed else warn
        yield judge(
            "built-in reader",
            "The built-in reader is not installed, so there is nothing to fall back on.",
            'Install the extra "builtin": make setup',
        )
        return
    yield ok("built-in reader", f"Reads QR codes, bar codes and text: {', '.join(found.scripts)}.")
    if not found.tesseract:
        yield warn(
            "other scripts",
            "Tesseract is not installed, so no other script can be read offline.",
            "For Cyrillic, Arabic, Korean, Thai and more: apt install tesseract-ocr "
            "tesseract-ocr-osd tesseract-ocr-rus (or -ara, -kor, -tha …).",
        )
