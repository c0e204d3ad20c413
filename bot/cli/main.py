"""From the command line to an exit code."""

import argparse
import asyncio
import contextlib
import io
import os
import sys
from collections.abc import Sequence
from typing import Literal, TextIO

from bot.cli.arguments import build_parser
from bot.cli.commands import COMMANDS
from bot.cli.exits import Exit, say
from bot.config import Config, load_config
from bot.domain.errors import ConfigError, LookoutError, ServiceError
from bot.logs import logging_to

SERVING = frozenset({"run", "worker"})


def main(argv: Sequence[str] | None = None) -> int:
    """Do what ``argv`` (the command line by default) asks for; return the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # whatever the locale: answers are UTF-8
            stream.reconfigure(encoding="utf-8")
    arguments = build_parser().parse_args(argv)
    try:
        config = load_config(arguments.config)
        command = arguments.command or _default_command(config)
        with logging_to(*_log_target(command, arguments, config)):
            code = asyncio.run(COMMANDS[command](arguments, config))
            sys.stdout.flush()
            return code
    except ConfigError as error:
        _print_error("The settings are wrong:", *(f"  {problem}" for problem in error.problems))
        return Exit.CONFIGURATION
    except LookoutError as error:
        _print_error(say(error))
        return Exit.SERVICE if isinstance(error, ServiceError) else Exit.PICTURE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; keep the interpreter from complaining at its end.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK


def _default_command(config: Config) -> str:
    return "run" if config.discord.token.get_secret_value() else "playground"


def _log_target(
    command: str, arguments: argparse.Namespace, config: Config
) -> tuple[TextIO, str, Literal["auto", "console", "json"]]:
    """Log to standard output when serving; others keep that for answers and say it in words."""
    if command in SERVING:
        return sys.stdout, config.log.level, config.log.format
    level = config.log.level if arguments.verbose else "ERROR"
    return sys.stderr, level, config.log.format


def _print_error(*lines: str) -> None:
    print(*lines, sep="\n", file=sys.stderr)
