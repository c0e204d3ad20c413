"""The panels and pages of moderation at their largest, in every language."""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from discord import ui

from bot.domain.moderation.assessment import Finding, Outcome, Source
from bot.domain.moderation.case import (
    Action,
    ActionCount,
    ActionKind,
    ActionState,
    Appeal,
    Case,
    CaseEvent,
    CaseState,
    Decision,
    EventKind,
    Report,
    Sighting,
)
from bot.domain.moderation.fingerprint import BankEntry, BankKind, Views
from bot.domain.moderation.policy import (
    MAX_BLOCKED_WORDS,
    MAX_CUSTOM_RULES,
    SPECIAL,
    Category,
    CustomRule,
    Policy,
    PolicyChange,
    Rule,
    Step,
)
from bot.domain.moderation.stats import Backlog, DayCount, Stats
from bot.domain.moderation.upload import Author, Subject
from bot.ui.i18n import words
from bot.ui.moderation.blocklist import PAGE_SIZE, Blocked, blocklist_page, removal
from bot.ui.moderation.case_view import case_page
from bot.ui.moderation.checks import Check
from bot.ui.moderation.exporting import case_record, packed
from bot.ui.moderation.history import PAGE_SIZE as HISTORY_SIZE
from bot.ui.moderation.history import History, history_page
from bot.ui.moderation.policy_forms import FIELD_CHARACTERS, fields_of
from bot.ui.moderation.rule_panel import people_confirmation, removal_confirmation, rule_panel
from bot.ui.moderation.settings import home_panel, people_panel, words_panel
from bot.ui.moderation.setup import setup_panel
from bot.ui.moderation.stats_view import alt_text, chart_of, stats_page
from tests.ui.markup import live

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LARGEST = 2**63 - 1
HOSTILE = ("**@everyone** [x](https://evil.example) `||" * 50)[:200]
EVERY_LANGUAGE = ("en-US", "ja", "zh-CN")
LONG_RULE = Rule(True, 0.95, (Step.DELETE, Step.TIME_OUT, Step.KICK, Step.BAN), True)
FULL = replace(
    Policy(),
    rules=dict.fromkeys(Category, LONG_RULE),
    custom_rules=tuple(
        CustomRule(10**6 + number, HOSTILE, LONG_RULE) for number in range(MAX_CUSTOM_RULES)
    ),
    blocked_words=tuple(f"{number:060}" for number in range(MAX_BLOCKED_WORDS)),
    log_channel_id=LARGEST,
    channel_ids=(LARGEST,) * 50,
    exempt_role_ids=(LARGEST,) * 20,
)


def guild() -> Any:
    """A server in which everything that is chosen is still there."""
    permissions = SimpleNamespace(manage_channels=True)
    return SimpleNamespace(
        me=SimpleNamespace(guild_permissions=permissions),
        get_channel=lambda _: True,
        get_role=lambda _: True,
    )


def case(**changed: Any) -> Case:
    sightings = tuple(
        Sighting(n, LARGEST, LARGEST, LARGEST, Author.MEMBER, Subject.MESSAGE, NOON)
        for n in range(10)
    )
    whole = Case(
        id=LARGEST,
        guild_id=LARGEST,
        number=2**31 - 1,
        state=CaseState.DECIDED,
        outcome=Outcome.FLAGGED,
        rule="custom:1000001",
        score=0.9,
        severity=3,
        step=Step.BAN,
        automatic=Step.DELETE,
        dry_run=True,
        opened_at=NOON,
        updated_at=NOON,
        version=1,
        findings=tuple(Finding(category, Source.MODEL, 0.9, 3, HOSTILE) for category in Category),
        sightings=sightings,
        sighting_count=10**6,
        people_count=10**6,
        decision=Decision.NOT_VIOLATION,
        decided_by=LARGEST,
        decided_at=NOON,
        actions=tuple(
            Action(n, 1, 1, LARGEST, kind, ActionState.OUTRANKED, NOON)
            for n, kind in enumerate(ActionKind)
        ),
        action_counts=tuple(ActionCount(kind, ActionState.OUTRANKED, 10**6) for kind in ActionKind),
        appeals=(Appeal(LARGEST, HOSTILE * 5, NOON),) * 5,
        reports=(Report(LARGEST, HOSTILE * 2, NOON),) * 5,
        card_channel_id=LARGEST,
        card_message_id=LARGEST,
        seen_before=3,
        person_before=4,
    )
    return replace(whole, **changed)


EVENTS = [CaseEvent(EventKind.DECIDED, NOON, LARGEST, Decision.NOT_VIOLATION)] * 40
CHANGES = [(NOON, PolicyChange(LARGEST, "rule:custom:1000001:text", HOSTILE, HOSTILE))] * 10


def stats(days: int = 90) -> Stats:
    counts = dict.fromkeys([*Category, *(one.id for one in FULL.custom_rules)], 10**6)
    return Stats(
        tuple(
            DayCount(
                date(2026, 1, 1) + timedelta(days=n),
                dict.fromkeys(Outcome, 10**6),
                counts,
                counts,
                counts,
            )
            for n in range(days)
        ),
        Backlog(10**6, 10**6, NOON),
        10**6,
        99.5,
        10**6,
    )


def views(locale: str) -> Iterator[ui.LayoutView]:
    """Everything that is drawn, at its largest."""
    say = words(locale)
    rule_id = FULL.custom_rules[0].id
    above = "x" * 300
    entry = BankEntry(
        LARGEST, LARGEST, BankKind.BLOCKED, (), None, Views(pdq="0" * 64), added_by=LARGEST,
        added_at=NOON, label=HOSTILE[:100],
    )  # fmt: skip
    yield home_panel(FULL, CHANGES, say, above=above)
    yield people_panel(FULL, say, above=above)
    yield words_panel(FULL, say, reads_text=False, above=above)
    yield setup_panel(guild(), FULL, [Check(ready=False, text="x" * 200)] * 12, say, above=above)
    yield rule_panel(FULL, rule_id, LONG_RULE, say, above=above)
    yield rule_panel(FULL, Category.SCAM, LONG_RULE, say)
    yield people_confirmation(FULL, rule_id, LONG_RULE, say)
    yield removal_confirmation(FULL.custom_rules[0], FULL, say)
    yield blocklist_page([Blocked(entry)] * PAGE_SIZE, 80, 10**6, say, above=above)
    yield removal(Blocked(entry, 12), 80, say)
    yield history_page(History(LARGEST, 8, 10**6, 10**6, 10**6, [case()] * HISTORY_SIZE), FULL, say)
    yield stats_page(stats(), FULL, None, say)


@pytest.mark.parametrize("locale", EVERY_LANGUAGE)
def test_everything_is_within_discord_s_limits(locale: str) -> None:
    for view in views(locale):
        assert len(list(view.walk_children())) <= 40
        assert view.content_length() <= 4000
        for item in view.walk_children():
            custom_id = getattr(item, "custom_id", "")
            assert len(custom_id) <= 100
            if isinstance(item, ui.Button):
                assert 0 < len(item.label or "") <= 80
            if isinstance(item, ui.Select):
                assert 0 < len(item.options) <= 25
                assert len(item.placeholder or "") <= 150


@pytest.mark.parametrize("locale", EVERY_LANGUAGE)
def test_a_case_at_its_largest_fits_and_says_that_there_is_more(locale: str) -> None:
    say = words(locale)
    page = case_page(case(), EVENTS, FULL, say)
    assert len(page) <= 4000
    assert case_page(case(findings=(), reports=(), appeals=()), (), Policy(), say) != page


def test_what_pictures_members_and_models_say_does_no_harm_on_a_case() -> None:
    page = case_page(case(sightings=()), (), FULL, words("en-US"))
    ours = ("**", "##", "-", ">", "<@", "<#", "<t:", "https:", "[to the message](")
    harmful = [
        mark for line in page.splitlines() for mark in live(line) if not mark.startswith(ours)
    ]
    assert "@everyone" not in [mark.strip() for mark in harmful]
    assert "evil.example" not in page.replace("`https://evil.example", "")


def test_a_special_case_shows_nothing_that_was_found() -> None:
    special = case(outcome=Outcome.SPECIAL, rule=SPECIAL)
    page = case_page(special, (), Policy(), words("en-US"))
    assert "evil" not in page.split("**Report")[0]
    assert "Nothing of the picture is kept" in page
    assert case_record(special, (), Policy())["findings"] == []


def test_the_chart_s_alt_text_says_its_numbers_in_words() -> None:
    one = DayCount(date(2026, 1, 1), {Outcome.CLEAN: 5, Outcome.FLAGGED: 2}, {"scam": 2})
    two = DayCount(date(2026, 1, 2), {Outcome.CLEAN: 1}, {}, {"scam": 1}, {"spam": 1})
    found = Stats((one, two), Backlog(0, 0), 1)
    assert alt_text(found, words("en-US")) == (
        "Bar chart by day, 2026-01-01 to 2026-01-02. Altogether 8 pictures looked at, 2 cases, "
        "1 confirmed by moderators, 1 not a violation. Most cases came up on 2026-01-01: 2."
    )
    drawn = chart_of(found, words("en-US"))
    assert (drawn.scanned, drawn.flagged) == ([7, 1], [2, 0])
    assert (drawn.confirmed, drawn.overturned) == ([0, 1], [0, 1])
    assert len(alt_text(stats(), words("ja"))) <= 1024


def test_a_file_for_spreadsheets_runs_no_formula() -> None:
    formula = Finding(Category.SCAM, Source.MODEL, 0.9, 2, '=HYPERLINK("https://evil.example")')
    own = CustomRule(1000001, "+cats")
    policy = replace(Policy(), custom_rules=(own,))
    data = packed([case_record(case(findings=(formula,)), (), policy)])
    assert b"thumbnail" not in data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        text = archive.read("cases.csv").decode("utf-8-sig")
    header, row = csv.reader(io.StringIO(text))
    cells = dict(zip(header, row, strict=True))
    assert cells["evidence"].startswith("'=HYPERLINK")
    assert not any(cell.startswith(("=", "+", "@")) for cell in row)


@pytest.mark.parametrize("count", [0, 1, 60, MAX_BLOCKED_WORDS])
def test_all_blocked_words_fit_into_one_form(count: int) -> None:
    blocked = FULL.blocked_words[:count]
    fields = fields_of(blocked)
    assert len(fields) <= 5
    assert all(len(field) <= FIELD_CHARACTERS for field in fields)
    assert "\n".join(fields).split() == list(blocked)
    assert len(fields[-1]) < FIELD_CHARACTERS - 400
