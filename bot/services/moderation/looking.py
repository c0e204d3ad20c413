"""What is found without a model: by a reader of text and by a classifier."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.domain.errors import CannotAnswer, EngineError, ServiceError
from bot.domain.moderation.assessment import Finding, Source
from bot.domain.moderation.policy import Category, Policy
from bot.domain.moderation.ports import Classifier
from bot.domain.moderation.upload import Screened
from bot.domain.picture import Picture
from bot.domain.ports import WordReader
from bot.services.moderation.rules import read_words

_log = structlog.get_logger(__name__)

_CLASSIFIED = ((Category.NUDITY, 1), (Category.SEXUAL, 2))
"""What a classifier's one score is about, and how bad that is."""


@dataclass(frozen=True, slots=True)
class Looking:
    """Reads words by ``reader`` and scores nudity by ``classifier``; both may be missing.

    Neither stops an assessment when it fails.
    """

    reader: WordReader | None = None
    classifier: Classifier | None = None

    async def find(
        self, pictures: Sequence[Picture], screened: Screened, policy: Policy
    ) -> list[Finding]:
        """Return what is found in an upload's ``pictures``, on white and on dark."""
        return [*await self._read(pictures, policy), *await self._classified(screened)]

    async def _read(self, pictures: Sequence[Picture], policy: Policy) -> list[Finding]:
        """Return what the words say that the reader finds."""
        if self.reader is None:
            return []
        findings: list[Finding] = []
        for picture in pictures:
            try:
                words = await self.reader.words(picture)
            except (EngineError, CannotAnswer) as error:
                _log.warning("reader_failed", error=type(error).__name__)
                break
            findings += await asyncio.to_thread(read_words, words, policy)
        return findings

    async def _classified(self, screened: Screened) -> list[Finding]:
        if self.classifier is None:
            return []
        try:
            score = await self.classifier.score((*screened.frames, *screened.dark))
        except ServiceError as error:
            _log.warning("classifier_failed", error=type(error).__name__)
            return []
        return [
            Finding(rule, Source.CLASSIFIER, score, severity, evidence=self.classifier.name)
            for rule, severity in _CLASSIFIED
        ]
