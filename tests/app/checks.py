"""What tests ask of the doctor's checks."""

from collections.abc import Iterable

from bot.doctor.check import Check, State

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4OQ" + ".GabcDE." + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5"
"""Has a token's shape, and belongs to nobody."""


def states(checks: Iterable[Check]) -> list[tuple[str, str]]:
    """Name each check with how it came out."""
    return [(check.name, check.state.value) for check in checks]


def advised(checks: Iterable[Check]) -> bool:
    """Whether every finding but a good one says what to do."""
    return all(bool(check.advice) is (check.state is not State.OK) for check in checks)
