"""Logging: one form for all records, and nothing secret in any of them."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import structlog

from bot.logs import logging_to
from tests.app.checks import TOKEN
from tests.app.command import Terminal


@contextmanager
def _json(level: str = "INFO") -> Iterator[list[dict[str, Any]]]:
    stream = io.StringIO()
    records: list[dict[str, Any]] = []
    with logging_to(stream, level, "json"):
        yield records
    records += [json.loads(line) for line in stream.getvalue().splitlines()]


def test_own_and_foreign_records_come_in_one_form() -> None:
    with _json() as records:
        structlog.get_logger("bot.services.look").info("picture_answered", seconds=1.5)
        logging.getLogger("discord.gateway").info("Shard %s connected", 3)
    own, foreign = records
    assert own["event"] == "picture_answered"
    assert own["seconds"] == 1.5
    assert own["logger"] == "bot.services.look"
    assert foreign["event"] == "Shard 3 connected"
    assert own.keys() - {"seconds"} == foreign.keys()


def test_auto_means_console_in_a_terminal_and_json_elsewhere() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        with logging_to(stream):
            structlog.get_logger("bot").warning("engine_down")
    assert json.loads(pipe.getvalue())["event"] == "engine_down"
    assert "engine_down" in terminal.getvalue()
    assert not terminal.getvalue().startswith("{")


def test_libraries_stay_at_info_when_lookout_says_more() -> None:
    with _json("DEBUG") as records:
        logging.getLogger("discord.http").debug("POST with what a person wrote")
        logging.getLogger("httpx").info("HTTP Request: POST http://127.0.0.1:11434")
        structlog.get_logger("cogs.look").debug("picture_found")
    assert [record["event"] for record in records] == ["picture_found"]


def test_a_record_below_the_level_is_not_written() -> None:
    with _json("WARNING") as records:
        structlog.get_logger("bot").info("unimportant")
        logging.getLogger("discord").info("unimportant")
    assert records == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("token", "abc"),
        ("api_key", "abc"),
        ("Authorization", "Bot abc"),
        ("event_text", f"logged in with {TOKEN}"),
        ("address", "postgresql://lookout:abc@db/lookout"),
        ("address", "https://discord.com/api/webhooks/123456/abc/messages"),
        ("address", "https://cdn.discordapp.com/a/b.png?ex=abc&is=abc&hm=abc"),
        ("nested", {"token": "abc", "rows": ["postgresql://lookout:abc@db/lookout"]}),
        ("problem", ValueError(f"no such token: {TOKEN}")),
    ],
)
def test_secrets_are_hidden_wherever_they_stand(field: str, value: object) -> None:
    with _json() as records:
        structlog.get_logger("bot").info("something", **{field: value})
    (record,) = records
    written = json.dumps(record)
    assert "[hidden]" in written
    assert "abc" not in written.replace("[hidden]", "")
    assert TOKEN not in written


def test_figures_called_tokens_are_kept() -> None:
    with _json() as records:
        structlog.get_logger("bot").info("picture_answered", prompt_tokens=12, token=None)
    assert (records[0]["prompt_tokens"], records[0]["token"]) == (12, None)


def test_a_secret_in_a_traceback_is_hidden() -> None:
    with _json() as records:
        try:
            int(TOKEN)
        except ValueError:
            logging.getLogger("discord.client").exception("Failed")
    assert "ValueError" in records[0]["exception"]
    assert "[hidden]" in records[0]["exception"]
    assert TOKEN not in records[0]["exception"]


def test_context_of_a_request_is_on_every_line() -> None:
    with _json() as records, structlog.contextvars.bound_contextvars(reference="K7Q2"):
        structlog.get_logger("bot").info("picture_answered")
        logging.getLogger("discord").warning("rate limited")
    assert [record["reference"] for record in records] == ["K7Q2", "K7Q2"]


def test_everything_is_as_before_afterwards() -> None:
    root = logging.getLogger()
    before = (root.level, list(root.handlers), logging.getLogger("bot").level)
    with _json("DEBUG"):
        assert len(root.handlers) == len(before[1]) + 1
    assert (root.level, list(root.handlers), logging.getLogger("bot").level) == before
    assert not structlog.is_configured()
