"""Cases as values, from their rows, and what everybody who changes cases must do alike."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Select, and_, case, distinct, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.domain.moderation.assessment import Finding
from bot.domain.moderation.case import (
    Action,
    ActionKind,
    ActionState,
    Appeal,
    Case,
    Decision,
    Report,
    Sighting,
)
from bot.domain.moderation.jobs import JobKind
from bot.domain.moderation.policy import RuleId, Step
from bot.domain.moderation.upload import Subject
from bot.storage.database import Database
from bot.storage.moderation.jobs import enqueue_in
from bot.storage.moderation_tables import (
    ActionRow,
    AppealRow,
    CaseRow,
    GuildRow,
    ReportRow,
    SightingRow,
    UploadRow,
)
from bot.storage.seal import Seal

SIGHTINGS_SHOWN = 10
ACTIONS_SHOWN = 25
WORDS_SHOWN = 25
"""How many appeals, and how many reports, come with a case."""

_findings = TypeAdapter(tuple[Finding, ...])
