import json
import re

import pytest

from bench import __main__ as command
from bench.figures import line, percentile, spread


def test_the_line_begins_with_the_name_and_gives_each_figure_once() -> None:
    written = line("load", {"throughput_ratio": 0.98765, "ack_p50_ms": 12.345, "answers": 80})

    assert written == "load throughput_ratio=0.988 ack_p50_ms=12.3 answers=80"


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 5), (0.99, 10), (1.0, 10)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert percentile([10, 1, 9, 2, 8, 3, 7, 4, 6, 5], share) == expected


def test_a_spread_is_in_milliseconds() -> None:
    assert spread("ack", [0.001, 0.002, 0.003]) == {"ack_p50_ms": 2.0, "ack_p99_ms": 3.0}


def test_without_a_name_all_are_meant() -> None:
    assert command.arguments([]).names == []
    assert set(command.BENCHES) == {
        "overhead",
        "load",
        "memory",
        "conversations",
        "conversations_kill",
        "moderation",
        "moderation_kill",
    }


def test_quick_may_stand_anywhere() -> None:
    asked = command.arguments(["--quick", "load", "memory"])

    assert asked.quick
    assert asked.names == ["load", "memory"]


def test_the_database_is_a_file_unless_said_otherwise() -> None:
    assert command.arguments([]).database == "sqlite"
    asked = command.arguments(["moderation_kill", "--database", "postgresql"])
    assert asked.database == "postgresql"


def test_an_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.arguments(["speed"])

    assert "there are overhead, load, memory, conversations" in capsys.readouterr().err


def test_figures_are_kept_as_json(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("bench") / "results"

    command.keep("load", {"ack_p50_ms": 12.5}, folder, quick=True, seconds=1.23)

    record = json.loads((folder / "load.json").read_text("utf-8"))
    assert record["figures"] == {"ack_p50_ms": 12.5}
    assert record["quick"] is True
    assert re.fullmatch(r"3\.\d+\.\d+\S*", record["python"])
