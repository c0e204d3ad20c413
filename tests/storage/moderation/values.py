"""Uploads, what was found in them, and verdicts, to put into the stores."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from bot.domain.moderation.assessment import Assessment, Finding, Outcome, Source, Verdict
from bot.domain.moderation.case import ActionKind, Case
from bot.domain.moderation.fingerprint import Fingerprint, Views
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import Category, Policy, Step
from bot.domain.moderation.upload import Conclusion, NewUpload, Screened
from bot.domain.picture import Frame, PictureRef, SourceKind
from bot.storage.database import Database
from bot.storage.moderation.case_reading import read_cases
from bot.storage.moderation.cases import SqlCaseStore
from bot.storage.moderation.policies import SqlPolicyStore
from bot.storage.moderation.uploads import SqlUploadStore
from bot.storage.moderation_tables import ActionRow, CaseRow, DayCountRow, JobRow, UploadRow
from tests.storage.fakes import HandClock

GUILD, OTHER_GUILD = 1_000_000_000_000_000_001, 1_000_000_000_000_000_002
CHANNEL, LOG = 2_000_000_000_000_000_001, 2_000_000_000_000_000_002
ANNE, BERT, CLEO = (3_000_000_000_000_000_000 + number for number in range(1, 4))
MODERATOR = 3_000_000_000_000_000_099
FIRST_MESSAGE = 4_000_000_000_000_000_000

LINK = "https://cdn.discordapp.com/attachments/1/2/cat.png?ex=68000000"


def upload(number: int, *, prefix: str = "", **changes: Any) -> NewUpload:
    """An attachment, all alone in message ``number``."""
    message_id = FIRST_MESSAGE + number
    values: dict[str, Any] = {
        "key": f"{prefix}m:{message_id}:a:1",
        "guild_id": GUILD,
        "channel_id": CHANNEL,
        "message_id": message_id,
        "author_id": ANNE,
        "ref": PictureRef(
            SourceKind.ATTACHMENT, LINK, "cat.png", "image/png", 1234, 640, 480, item_id=1
        ),
        "posted_at": HandClock().now,
        "text": "look at this cat",
        **changes,
    }
    return NewUpload(**values)


def sha256(picture: int) -> str:
    return hashlib.sha256(f"picture {picture}".encode()).hexdigest()


def halves(picture: int) -> tuple[int, int]:
    """A hash, coarse and fine, that no other picture's comes near."""
    digest = hashlib.sha256(f"looks {picture}".encode()).digest()
    return int.from_bytes(digest[:8], "big"), int.from_bytes(digest[8:16], "big")


def fingerprint(picture: int, *, changed_bits: int = 0, copy: int = 0) -> Fingerprint:
    """That of a picture, or of a copy with other bytes which looks nearly the same."""
    digest = sha256(picture) if not copy else sha256(1000 * copy + picture)
    coarse, fine = halves(picture)
    return Fingerprint(digest, (coarse ^ ((1 << changed_bits) - 1), fine))


def views(picture: int) -> Views:
    whole = halves(picture)
    return Views((*whole, *halves(picture + 500), 2**64 - 1, 0), whole, "ab" * 32)


def frame(data: bytes, at_seconds: float | None = None) -> Frame:
    return Frame(data, "image/jpeg", 64, 48, at_seconds)


def screened(picture: int = 1, *frames: bytes) -> Screened:
    found = frames or (b"first frame", b"second frame")
    return Screened(
        fingerprint(picture),
        frames=tuple(frame(data, 0.5 * place) for place, data in enumerate(found)),
        dark=(frame(b"dark frame"),),
        codes=("https://example.com/free-nitro",),
        findings=(finding(Category.SCAM, source=Source.QR, evidence="free nitro"),),
        animated=True,
    )


def finding(rule: str = Category.SEXUAL, **changes: Any) -> Finding:
    values = {"source": Source.MODEL, "score": 0.9, "severity": 2, "evidence": "a sentence"}
    return Finding(rule, **{**values, **changes})


def copy_of(case: Case, rule: str = Category.SEXUAL) -> Finding:
    """What the bank says of a copy."""
    return finding(rule, source=Source.BANK, score=1.0, case_id=case.id)


def verdict(outcome: Outcome = Outcome.FLAGGED, *reasons: Finding, **changes: Any) -> Verdict:
    found = reasons or (finding(),)
    values: dict[str, Any] = {
        "rule": found[0].rule,
        "score": found[0].score,
        "severity": found[0].severity,
        "step": Step.FLAG,
        "reasons": found,
        **changes,
    }
    if outcome is Outcome.CLEAN:
        return Verdict(outcome)
    return Verdict(outcome, **values)


def acted(automatic: Step = Step.DELETE, *reasons: Finding, **changes: Any) -> Verdict:
    """A verdict of which something is done at once."""
    return verdict(
        Outcome.ACTED, *reasons, **{"step": automatic, "automatic": automatic, **changes}
    )


@dataclass
class Desk:
    """Uploads of one database, and verdicts on them."""

    database: Database
    clock: HandClock = field(default_factory=HandClock)
    woken: int = 0

    def __post_init__(self) -> None:
        self.uploads = SqlUploadStore(self.database, woken=self.wake, clock=self.clock)

    def wake(self) -> None:
        self.woken += 1

    async def policy(self, **changes: Any) -> None:
        policy = Policy(**{"enabled": True, "dry_run": False, "log_channel_id": LOG, **changes})
        await SqlPolicyStore(self.database, clock=self.clock).save(GUILD, policy, [])

    async def posted(self, number: int, **changes: Any) -> int:
        """Record one upload, posted now; return its id."""
        new = upload(number, **{"posted_at": self.clock(), **changes})
        assert await self.uploads.record([new]) == 1
        return await self.id_of(new.key)

    async def id_of(self, key: str) -> int:
        async with self.database.reading() as session:
            found = await session.scalar(select(UploadRow.id).where(UploadRow.key == key))
        assert found is not None
        return found

    def conclusion(
        self, upload_id: int, given: Verdict, picture: int | Fingerprint, **changes: Any
    ) -> Conclusion:
        print_ = fingerprint(picture) if isinstance(picture, int) else picture
        number = picture if isinstance(picture, int) else 1
        values: dict[str, Any] = {
            "assessment": Assessment(findings=given.reasons),
            "fingerprint": print_,
            "views": views(number),
            "thumbnail": b"thumbnail of %d" % number,
            **changes,
        }
        return Conclusion(upload_id, given, **values)

    async def judged(
        self,
        number: int,
        given: Verdict | None = None,
        picture: int | Fingerprint | None = None,
        conclusion: dict[str, Any] | None = None,
        **changes: Any,
    ) -> Case | None:
        """Record an upload and conclude it."""
        upload_id = await self.posted(number, **changes)
        picture = number if picture is None else picture
        return await self.concluded(
            self.conclusion(upload_id, given or verdict(), picture, **(conclusion or {}))
        )

    async def concluded(self, conclusion: Conclusion) -> Case | None:
        """Conclude an upload; return its case."""
        case_id = await self.uploads.conclude(conclusion)
        cases = SqlCaseStore(self.database, clock=self.clock)
        return None if case_id is None else await cases.get(case_id)

    async def rows(self, table: type[Any], *order: Any) -> Sequence[Any]:
        async with self.database.reading() as session:
            return (await session.scalars(select(table).order_by(*order))).all()

    async def cases(self) -> list[Case]:
        """All cases, in order."""
        async with self.database.reading() as session:
            rows = (await session.scalars(select(CaseRow).order_by(CaseRow.id))).all()
            return await read_cases(session, self.database.seal, rows)

    async def actions(self) -> list[tuple[ActionKind, int | None, int | None]]:
        """What is to be done: kind, message, person."""
        return [
            (row.kind, row.message_id - FIRST_MESSAGE, row.person_id)
            for row in await self.rows(ActionRow, ActionRow.id)
        ]

    async def work(self, kind: JobKind) -> list[int]:
        """The subjects of the jobs of a kind."""
        return [job.subject_id for job in await self.rows(JobRow, JobRow.id) if job.kind is kind]

    async def counted(self) -> dict[tuple[str, str], float]:
        """The counts of the day: what, and under which name."""
        rows = await self.rows(DayCountRow)
        assert all((row.guild_id, row.day) == (GUILD, self.clock().date()) for row in rows)
        return {(row.what, row.name): row.count for row in rows}

    async def opened(self, number: int, *arguments: Any, **changes: Any) -> Case:
        """The case of an upload that has one."""
        case = await self.judged(number, *arguments, **changes)
        assert case is not None
        return case
