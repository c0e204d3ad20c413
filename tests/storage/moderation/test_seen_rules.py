"""A picture that has a case is remembered for what was found in it, and nothing else."""

from typing import Any

import pytest

from bot.domain.moderation.assessment import Finding, Outcome
from bot.domain.moderation.fingerprint import BankKind
from bot.domain.moderation.policy import Category
from bot.storage.database import Database
from bot.storage.moderation_tables import BankEntryRow
from tests.storage.moderation.values import FIRST_MESSAGE, Desk, acted, finding, verdict


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def seen(desk: Desk) -> list[str]:
    rows = await desk.rows(BankEntryRow, BankEntryRow.id)
    return [row.rules for row in rows if row.kind is BankKind.SEEN]


async def test_a_picture_is_not_remembered_for_another_one_of_its_message(desk: Desk) -> None:
    await desk.policy()
    first = await desk.judged(1, acted())
    beside: dict[str, Any] = {"key": "m:1:a:2", "message_id": FIRST_MESSAGE + 1}
    second = await desk.judged(2, verdict(Outcome.FLAGGED, finding(Category.SCAM)), **beside)
    assert first is not None
    assert second is not None
    assert (second.id, second.rule) == (first.id, Category.SEXUAL)
    assert await seen(desk) == ["sexual", "scam"]


@pytest.mark.parametrize(
    ("reasons", "rules"),
    [
        ((finding(severity=0),), ""),
        ((finding(severity=1), finding(Category.SPAM, severity=0)), "sexual"),
    ],
    ids=["harmless", "in part"],
)
async def test_copies_are_not_judged_by_what_was_found_harmless(
    reasons: tuple[Finding, ...], rules: str, desk: Desk
) -> None:
    await desk.policy()
    await desk.judged(1, verdict(Outcome.FLAGGED, *reasons))
    assert await seen(desk) == [rules]
