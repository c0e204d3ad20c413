"""The guide for moderators says what the code does: rules, presets, buttons, endings, limits.

Parts are written from the code, as ``tests/test_docs.py`` says: with ``LOOKOUT_WRITE_DOCS=1``.
"""

import itertools
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from discord import ui

from bot.domain.moderation.assessment import WITH_CASE, Outcome
from bot.domain.moderation.case import Case, CaseState, Decision, Sighting
from bot.domain.moderation.policy import Category, Policy, Rule
from bot.domain.moderation.taxonomy import DEFINITIONS
from bot.domain.moderation.upload import Author, Subject
from bot.media.classifier import OPEN_NSFW_SHA256
from bot.services.moderation.presets import PRESETS
from bot.ui.i18n import words
from bot.ui.moderation.card import card
from bot.ui.moderation.changes import FACETS
from bot.ui.moderation.naming import (
    ACTION_STATES,
    CATEGORY_NAMES,
    OUTCOME_NAMES,
    PRESET_NAMES,
    SOURCE_NAMES,
    STEP_NAMES,
    percent,
)
from tests.media.lookalikes import CHANGES

DOCS = Path(__file__).parents[1] / "docs"
GUIDE, OPERATING = DOCS / "moderation.md", DOCS / "moderation-operating.md"
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SIGHTING = Sighting(1, 1, 1, 1, Author.MEMBER, Subject.MESSAGE, _NOW)
_CASE = Case(
    id=1,
    guild_id=1,
    number=1,
    state=CaseState.OPEN,
    outcome=Outcome.FLAGGED,
    rule=Category.SCAM,
    score=0.9,
    severity=2,
    step=None,
    automatic=None,
    dry_run=True,
    opened_at=_NOW,
    updated_at=_NOW,
    version=1,
    sightings=(_SIGHTING,),
)


def _table(*rows: Iterable[str]) -> str:
    head, *body = [list(row) for row in rows]
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _categories() -> str:
    rows = [(CATEGORY_NAMES[one], DEFINITIONS[one].meaning) for one in Category]
    return _table(("Category", "What the model is asked to look for"), *rows)


def _presets() -> str:
    heads = ("Category", *(PRESET_NAMES[name] for name in PRESETS))
    rows = [
        (CATEGORY_NAMES[one], *(_in_words(rules[one]) for rules in PRESETS.values()))
        for one in Category
    ]
    return _table(heads, *rows)


def _in_words(rule: Rule) -> str:
    if not rule.enabled:
        return "not looked for"
    steps = ", then ".join(STEP_NAMES[step] for step in rule.ladder)
    return f"{percent(rule.threshold)}: {steps}"


def _names() -> str:
    heads = ("Category", "Its id", "OpenAI", "MLCommons", "Azure", "Rekognition")
    rows = [
        (
            CATEGORY_NAMES[one],
            f"`{one.value}`",
            *(
                ", ".join(names)
                for names in (found.openai, found.mlcommons, found.azure, found.rekognition)
            ),
        )
        for one, found in DEFINITIONS.items()
    ]
    return _table(heads, *rows)


@pytest.mark.parametrize(
    ("page", "part", "written"),
    [
        (GUIDE, "categories", _categories()),
        (GUIDE, "presets", _presets()),
        (OPERATING, "names", _names()),
    ],
    ids=["categories", "presets", "names"],
)
def test_what_is_written_from_the_code_is_up_to_date(page: Path, part: str, written: str) -> None:
    """Each part equals what is generated, or is written when asked for."""
    before, begin, rest = _text(page).partition(f"<!-- begin: {part} -->\n")
    now, end, after = rest.partition(f"<!-- end: {part} -->")
    assert begin
    assert end
    if os.environ.get("LOOKOUT_WRITE_DOCS") == "1":
        page.write_text(before + begin + written + end + after, encoding="utf-8")
        now = written
    assert now == written


def _text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def _first_cells(page: Path) -> set[str]:
    rows = (line for line in _text(page).splitlines() if line.startswith("| "))
    return {row.split("|")[1].strip() for row in rows}


def test_every_button_of_a_card_is_in_the_guide() -> None:
    labels = set(_labels())
    assert {"Keep", "Let it pass", "Not a violation", "Undo", "Delete all 3"} <= labels
    for label in labels:
        assert f"**{label.partition(' all ')[0]}**" in _first_cells(GUIDE), label


def _labels() -> Iterator[str]:
    say = words("en-US")
    ways = itertools.product(WITH_CASE - {Outcome.NOTED}, (None, *Decision), (1, 3))
    for outcome, decision, count in ways:
        shown = replace(
            _CASE,
            outcome=outcome,
            decision=decision,
            state=CaseState.OPEN if decision is None else CaseState.DECIDED,
            sighting_count=count,
            people_count=count,
        )
        view = card(shown, Policy(), {}, say).view
        yield from (
            item.label
            for item in view.walk_children()
            if isinstance(item, ui.Button) and item.label is not None
        )


def test_every_ending_of_an_upload_is_in_the_guide() -> None:
    assert set(OUTCOME_NAMES.values()) <= _first_cells(GUIDE)


def test_every_ending_of_an_action_is_in_the_guide() -> None:
    assert set(ACTION_STATES.values()) <= _first_cells(GUIDE)


def test_every_source_and_step_is_in_the_guide() -> None:
    assert {*SOURCE_NAMES.values(), *STEP_NAMES.values()} <= _first_cells(GUIDE)


def test_every_setting_of_a_server_is_in_the_guide() -> None:
    assert {facet.label for facet in FACETS.values()} <= _first_cells(GUIDE)


def test_the_table_of_copies_has_every_change_that_is_measured() -> None:
    assert set(CHANGES) <= _first_cells(GUIDE)


def test_the_classifier_that_is_named_is_the_one_that_is_known() -> None:
    assert OPEN_NSFW_SHA256 in _text(OPERATING)
