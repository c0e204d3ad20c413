"""Text in a picture that gives orders lowers no verdict, and is noticed where it can be read.

Pictures go through the real decoding process, the real code reader and the real text reader. The
model is the worst there can be: it does as it is told and finds nothing wrong with anything.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field, replace
from itertools import chain, combinations

import pytest
import pytest_asyncio

from bot.domain.answer import Answer
from bot.domain.moderation.assessment import Assessment, Context, Outcome, Source
from bot.domain.moderation.fingerprint import BankKind, BankMatch
from bot.domain.moderation.policy import ORDERS, Policy
from bot.domain.moderation.upload import Screened
from bot.domain.ports import Asker
from bot.domain.task import Asked, Question
from bot.media.examiner import HANDLER, PictureExaminer
from bot.services.moderation.assessing import Assessing
from bot.services.moderation.deciding import decide
from bot.services.moderation.looking import Looking
from bot.services.moderation.presets import PRESETS, preset
from bot.services.moderation.rules import read_codes, recognised
from bot.vision.builtin import BuiltinEngine
from bot.vision.gate import Gate, Limits
from bot.workers.pool import WorkerPool
from tests.services.fakes import FakeAnswers
from tests.services.moderation.eyes import Eyes, Scores, always, said
from tests.services.moderation.injections import INJECTIONS, Injection, without_orders
from tests.services.moderation.ranking import RANK, no_milder

pytestmark = pytest.mark.asyncio(loop_scope="module")

GENERAL = Policy(enabled=True, dry_run=False)
BLOCKED = BankMatch(1, BankKind.BLOCKED, ("scam",), distance=3, exact=False)
OTHERS = (Source.BANK, Source.QR, Source.WORDS, Source.CLASSIFIER)


class Remembering(BuiltinEngine):
    """The text reader, which reads the very same picture once."""

    def __init__(self) -> None:
        super().__init__(timeout_seconds=120)
        self._read: dict[str, Answer] = {}

    async def stream(self, question: Asked) -> AsyncGenerator[Answer, None]:
        assert isinstance(question, Question)
        sha256 = question.picture.sha256
        if sha256 not in self._read:
            async for answer in super().stream(question):
                self._read[sha256] = answer
        yield self._read[sha256]


@dataclass
class Road:
    """From an upload's bytes to an assessment, with a model that obeys whatever it reads."""

    examiner: PictureExaminer
    reader: Remembering
    model: Eyes = field(default_factory=lambda: Eyes(always(said(shown="A lovely cat."))))

    async def assess(self, data: bytes, message: str = "", *, legible: bool = True) -> Assessment:
        examined = await self.examiner.examine(data)
        found = recognised([BLOCKED]).with_findings(*read_codes(examined.codes))
        gate = Gate(parallel=1, queue_limit=4, limits=Limits())
        reader = self.reader if legible else None
        assessing = Assessing(self.model, gate, FakeAnswers(), Looking(reader, Scores(0.8)))
        return await assessing.assess(
            Screened(examined.fingerprint, examined.frames, examined.dark),
            GENERAL,
            before=found,
            text=message,
            age_restricted=False,
            asker=Asker(1, 1),
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def road() -> AsyncIterator[Road]:
    pool = WorkerPool(HANDLER, size=1, memory_bytes=2**30, timeout_seconds=20)
    async with pool, Remembering() as reader:
        yield Road(PictureExaminer(pool), reader)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def innocent(road: Road) -> Assessment:
    """Assess the picture without any orders."""
    return await road.assess(without_orders())


def only(assessment: Assessment, sources: tuple[Source, ...]) -> Assessment:
    """Return what would have been found had only the model and these others looked."""
    left = [found for found in assessment.findings if found.source in (*sources, Source.MODEL)]
    return replace(assessment, findings=tuple(left))


async def test_there_are_enough_of_them() -> None:
    assert len(INJECTIONS) >= 40
    assert len({injection.name for injection in INJECTIONS}) == len(INJECTIONS)


async def test_everybody_finds_something_in_the_picture_itself(innocent: Assessment) -> None:
    found = {source: only(innocent, (source,)).findings for source in OTHERS}
    assert all(found.values()), found
    assert ORDERS not in {finding.rule for finding in innocent.findings}
    assert not any(finding.source is Source.MODEL for finding in innocent.findings)


@pytest.mark.parametrize("injection", INJECTIONS, ids=lambda injection: injection.name)
async def test_no_order_lowers_a_verdict(
    road: Road, innocent: Assessment, injection: Injection
) -> None:
    """Whatever hash, code, words and classifier found, alone or together, under every preset."""
    ordered = await road.assess(injection.draw(), injection.message, legible=injection.legible)
    assert ordered.asked_model
    others = [source for source in OTHERS if injection.legible or source is not Source.WORDS]
    for sources in chain.from_iterable(combinations(others, count) for count in range(5)):
        for name in sorted(PRESETS):
            policy = preset(name, GENERAL)
            after = decide(only(ordered, sources), policy, Context())
            before = decide(only(innocent, sources), policy, Context())
            assert no_milder(after, before), (sources, name)
    noticed = [finding for finding in ordered.findings if finding.rule == ORDERS]
    if injection.noticed:
        assert noticed
        alone = decide(replace(ordered, findings=tuple(noticed)), GENERAL, Context())
        assert RANK[alone.outcome] >= RANK[Outcome.FLAGGED]
    if injection.message:
        assert not noticed
