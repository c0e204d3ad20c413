"""What turns out to be special only at a second look leaves nothing behind from the first."""

from bot.domain.moderation.assessment import Assessment, Outcome
from bot.domain.moderation.case import Case
from bot.domain.moderation.fingerprint import BankKind
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import SPECIAL, Step
from bot.storage.database import Database
from bot.storage.moderation.cases import SqlCaseStore
from bot.storage.moderation_tables import BankEntryRow
from tests.storage.moderation.values import Desk, copy_of, finding, verdict


async def turned_out(desk: Desk, *earlier: Case) -> Case:
    """Conclude a report of another copy as special."""
    found = (finding(), *map(copy_of, earlier))
    special = verdict(Outcome.SPECIAL, finding(SPECIAL), step=Step.DELETE)
    changes = {"assessment": Assessment(findings=found, special=True)}
    case = await desk.judged(9, special, conclusion=changes, prefix="r:")
    assert case is not None
    return case


async def test_earlier_cases_of_the_picture_keep_nothing_of_it(database: Database) -> None:
    desk = Desk(database)
    await desk.policy()
    first, other = await desk.judged(1), await desk.judged(2)
    assert first is not None
    assert other is not None
    special = await turned_out(desk, first)

    bare, whole, own = await desk.cases()
    assert (bare.id, whole.id, own.id) == (first.id, other.id, special.id)
    assert (bare.thumbnail, bare.special, whole.special) == (None, True, False)
    store = SqlCaseStore(database)
    shown = [sighting.message_id for case in (bare, whole) for sighting in case.sightings]
    assert await store.special_messages(bare.guild_id, shown) == {shown[0]}
    assert await store.special_messages(bare.guild_id + 1, shown) == set()
    assert bare.version > first.version
    assert first.id in await desk.work(JobKind.CARD)
    assert {one.evidence for one in bare.findings} == {""}
    assert (whole.thumbnail, whole.findings) == (other.thumbnail, other.findings)
    (gone, left) = await desk.rows(BankEntryRow, BankEntryRow.id)
    assert (gone.removed, gone.sha256, gone.hashes) == (True, None, b"")
    assert (left.removed, left.kind, left.case_id) == (False, BankKind.SEEN, other.id)
