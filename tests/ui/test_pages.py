"""What /status and /about say."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.conversation import Retention
from bot.domain.conversation_ports import Forgotten
from bot.domain.ports import EngineStatus, GateState
from bot.domain.task import TaskName
from bot.ui.house import CommandNames
from bot.ui.i18n import words
from bot.ui.pages import about_page, forgotten_page, help_page, status_page

ENGLISH = words("en-US")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
GATE = GateState(running=1, waiting=2, capacity=1, queue_limit=50, places={7: 2})


KEPT = Retention(timedelta(days=30), timedelta(days=90))


def about(kept: timedelta, conversations: Retention = KEPT) -> str:
    return about_page(
        CommandNames(),
        ENGLISH,
        version="1.2.3",
        model="qwen3-vl:8b",
        answers_kept=kept,
        buttons_kept=timedelta(days=30),
        conversations_kept=conversations,
    )


def test_a_ready_engine_is_named_with_its_model_and_the_queue() -> None:
    models = ((TaskName.DESCRIBE, "qwen3-vl:8b"), (TaskName.ALT, "qwen3-vl:8b"))
    status = EngineStatus("ollama", ready=True, version="0.33.0", models=models)
    assert status_page(status, GATE, ENGLISH, person_id=7).splitlines() == [
        "## Status",
        "Ollama 0.33.0 is ready.",
        "Model: qwen3-vl:8b",
        "Being looked at: 1 (at most 1 at once). Waiting: 2 (at most 50).",
        "Your next picture has place 2 in the queue.",
        "No outage since I was started.",
    ]


def test_an_engine_that_is_down_is_not_praised_for_having_been_up() -> None:
    status = EngineStatus("ollama", ready=False, down_since=NOON)
    page = status_page(status, GATE, ENGLISH, person_id=1)
    assert "Ollama has been down since <t:1767355200:f>." in page
    assert "outage" not in page
    assert "Your next picture" not in page


def test_the_last_outage_is_told_with_its_end() -> None:
    outage = (NOON, NOON + timedelta(minutes=1))
    status = EngineStatus("builtin", ready=True, last_outage=outage)
    page = status_page(status, GATE, ENGLISH, person_id=1)
    assert "Built-in reader is ready." in page
    assert page.endswith("Last outage: <t:1767355200:f> to <t:1767355260:f>.")


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (timedelta(hours=1), "for 1 hour,"),
        (timedelta(hours=36), "for 36 hours,"),
        (timedelta(days=1), "for 1 day,"),
        (timedelta(days=7), "for 7 days,"),
    ],
)
def test_times_are_told_in_whole_days_where_they_are(kept: timedelta, said: str) -> None:
    assert said in about(kept)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (KEPT, "for up to 90 days, their pictures, made smaller, for up to 30 days."),
        (Retention(timedelta(), timedelta(days=1)), "for up to 1 day, their pictures not at all."),
        (Retention(timedelta(), timedelta()), "Conversations: nothing beyond the answer."),
    ],
)
def test_what_is_kept_of_conversations_is_said(kept: Retention, said: str) -> None:
    page = about(timedelta(days=7), kept)
    assert said in page
    assert ("`/conversation settings`" in page) is bool(kept.text)


def test_help_names_the_ways_to_ask_and_to_ask_on() -> None:
    names = CommandNames(
        names={"conversation": "lookout-conversation"}, ids={"lookout-conversation": 5, "ask": 6}
    )
    page = help_page(names, ENGLISH)
    assert "</ask:6>" in page
    assert "`/compare`" in page
    assert "`/conversations`" in page
    assert "</lookout-conversation settings:5>" in page
    for way in ("Ask a follow-up", "Continue in a thread", "Look closer", "mention me"):
        assert way in page
    assert len(page) <= 4000


@pytest.mark.parametrize("loaded", [True, False])
def test_help_says_how_to_report_where_there_is_moderation(loaded: bool) -> None:
    names = CommandNames(names={"moderation": "moderation"} if loaded else {})
    page = help_page(names, ENGLISH)
    assert ("Report picture" in page) is loaded
    assert ("`/moderation setup`" in page) is loaded


@pytest.mark.parametrize(
    ("records", "forgotten", "said"),
    [
        (0, Forgotten(0, 0, 0), ["I keep nothing about what you asked."]),
        (
            2,
            Forgotten(0, 0, 0),
            ["Deleted: the records of 2 answers. Their buttons no longer work."],
        ),
        (
            0,
            Forgotten(1, 3, 0),
            ["Deleted: 1 conversation, altogether 3 questions."],
        ),
        (
            1,
            Forgotten(2, 5, 4),
            [
                "Deleted: the record of 1 answer. Its buttons no longer work.",
                "Deleted: 2 conversations, altogether 5 questions and 4 pictures.",
            ],
        ),
        (
            0,
            Forgotten(0, 1, 1),
            ["Deleted: 1 question and 1 picture in conversations that others began."],
        ),
    ],
)
def test_what_was_forgotten_is_said_in_words(
    records: int, forgotten: Forgotten, said: list[str]
) -> None:
    assert forgotten_page(records, forgotten, 0, ENGLISH).splitlines() == said


def test_what_moderation_forgot_is_said_in_words() -> None:
    assert forgotten_page(0, Forgotten(0, 0, 0), 2, ENGLISH) == (
        "Deleted: 2 records of moderation (appeals, reports, pictures without a case)."
    )
