"""Each bench runs to its end at a tiny size; what it measured is nobody's business here."""

from pathlib import Path

import pytest

from bench import load, memory, overhead
from bench.conversations import growth, kill
from bench.engine import Speed
from bench.moderation import backlog, everything, intake, lookup, pace, raid, reading
from bench.moderation import kill as moderation_kill
from bench.photos import SMALL, Kind

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="reads memory from /proc"
)
SNAPSHOT = Kind("snapshot", 640, 480)
FAST = Speed(parallel=2, first_word_seconds=0.05, words=2, word_seconds=0.01)


async def test_load_answers_everybody_about_their_own_picture() -> None:
    figures = await load.measure(load.Plan(kind=SNAPSHOT, people=3, bursts=2, speed=FAST))

    assert figures["answers"] == 6
    assert figures["wrong_pictures"] == 0
    assert 0 < figures["throughput_ratio"] <= 1
    assert 0 < figures["picture_bytes_max"] <= 400_000
    assert {"ack_p50_ms", "ack_p99_ms", "stall_max_ms"} <= figures.keys()


async def test_memory_is_that_of_the_bot_and_of_its_workers() -> None:
    figures = await memory.measure(memory.Plan(kind=SNAPSHOT, people=3, pictures=5, speed=FAST))

    assert figures["pictures"] == 5
    assert figures["wrong_pictures"] == 0
    assert figures["bot_peak_mb"] >= figures["bot_before_mb"] > 0
    assert figures["worker_peak_mb"] > 0


async def test_overhead_is_given_for_each_kind_of_picture() -> None:
    plan = overhead.Plan(kinds=(SMALL,), requests=2, streamed=2, others=2, first_words=FAST)

    figures = await overhead.measure(plan)

    assert figures["wrong_pictures"] == 0
    for key in ("p50_ms", "p99_ms", "first_word_p50_ms", "bare_ratio", "decode_ratio"):
        assert figures[f"small_{key}"] > 0


async def test_a_follow_up_costs_the_same_among_more_conversations() -> None:
    plan = growth.Plan(amounts=(2, 4), turns=3, depths=(2, 3), samples=2)

    figures = await growth.measure(plan)

    assert figures["conversations"] == 4
    assert figures["bytes_ratio"] == pytest.approx(1.0, abs=0.01)
    assert 0 < figures["evaluated_of_everything_ratio"] < 1
    assert 0 < figures["context_used_ratio"] <= 1
    assert {"context_4_ratio", "accept_ratio", "turn3_kb", "turn3_context_ms"} <= figures.keys()


async def test_nobody_is_lost_or_left_waiting_when_the_bot_is_killed() -> None:
    outcome = await kill.measure(kill.Plan(kills=1, people=3, speed=FAST, seed=1))

    assert outcome.passed, outcome.notes
    assert list(outcome.figures) == [
        "kills",
        "acknowledged",
        "lost",
        "duplicated",
        "interrupted_told",
    ]
    assert outcome.figures["kills"] == 1
    assert outcome.figures["acknowledged"] > 0


async def test_no_upload_is_lost_or_acted_on_twice_when_the_bot_is_killed() -> None:
    outcome = await moderation_kill.measure(moderation_kill.Plan(uploads=12, kills=1, seed=1))

    assert outcome.passed, outcome.notes
    assert outcome.figures == {
        "uploads": 12,
        "kills": 1,
        "lost": 0,
        "verdicts_twice": 0,
        "actions_twice": 0,
    }


async def test_moderation_is_measured_in_all_its_parts() -> None:
    plan = everything.Plan(
        intake.Plan(stream_seconds=0.5, singles=2, burst=4),
        pace.Plan(per_second=(1, 20), seconds=1.0, speed=FAST),
        raid.Plan(copies=6, unrelated=8),
        lookup.Plan(few=200, many=400, lookups=4),
        backlog.Plan(backlog=20, describes=2, speed=FAST),
        reading.Plan(pictures=1),
    )

    outcome = await everything.measure(plan)

    assert outcome.passed
    figures = outcome.figures
    assert figures["unrelated_folded_in"] == 0
    assert 0 < figures["raid_model_calls"] <= 6
    for key in (
        "queued_per_s",
        "verdict_1_per_s_p50_s",
        "lookup_p50_ms",
        "describe_ratio",
        "read_photo_p50_s",
    ):
        assert figures[key] > 0
