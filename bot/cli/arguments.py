"""What can be typed after ``python -m bot``."""

import argparse
from pathlib import Path

from bot import __version__
from bot.domain.task import Detail, Layout, TaskName

_EXIT_CODES = (
    "Exit codes: 0 all well, 1 a picture could not be answered, 2 wrong usage, 3 wrong settings, "
    "4 the engine, the database or Discord failed, 130 interrupted."
)


def build_parser() -> argparse.ArgumentParser:
    """Describe every command; ``command`` is empty when none was given."""
    parser = argparse.ArgumentParser(
        prog="python -m bot",
        description="Lookout looks at pictures: in Discord, in the browser, or right here.",
        epilog=f"Without a command: run when there is a token, else playground. {_EXIT_CODES}",
        parents=[_common()],
    )
    parser.add_argument("--version", action="version", version=f"Lookout {__version__}")
    parser.set_defaults(command="", config=None, verbose=False)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, summary: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=summary, description=summary, parents=[_common()])
        command.set_defaults(command=name)
        return command

    add("run", "Connect to Discord and serve.")
    add("worker", "Help to judge uploads, without Discord; several may run beside the bot.")
    add("playground", "Open a simulated Discord in the browser; no token needed.")
    _add_look_options(add("describe", "Describe pictures."), TaskName.DESCRIBE)
    _add_look_options(add("alt", "Write alt text for pictures."), TaskName.ALT)
    _add_look_options(add("ocr", "Read the text in pictures."), TaskName.OCR)
    doctor = add("doctor", "Check the set-up and say what to do about each problem.")
    doctor.add_argument("--json", action="store_true", help="print JSON instead of text")
    _add_models(add("models", "List or install vision models."))
    database = add("db", "Look after the database.").add_subparsers(
        dest="action", metavar="ACTION", required=True
    )
    upgrade = "Bring the database to this version's structure."
    database.add_parser("upgrade", help=upgrade, description=upgrade, parents=[_common()])
    reseal = "Seal everything that is kept with the first key of storage.encryption_keys."
    rewrite = "Write the file anew, without what is left of deleted things; stop the bot first."
    database.add_parser("rewrite", help=rewrite, description=rewrite, parents=[_common()])
    database.add_parser("reseal", help=reseal, description=reseal, parents=[_common()])
    return parser


def _common() -> argparse.ArgumentParser:
    """Describe what may stand before the command and after it; made anew for each place.

    Nothing is set where nothing was typed, so that what stands after does not undo what stands
    before.
    """
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--config", type=Path, metavar="PATH", help="settings file to use")
    common.add_argument("-v", "--verbose", action="store_true", help="show the log as well")
    return common


def _add_look_options(command: argparse.ArgumentParser, task: TaskName) -> None:
    command.add_argument(
        "files", nargs="+", metavar="FILE", help="a picture; - reads one from standard input"
    )
    command.add_argument(
        "--json", action="store_true", help="print one JSON object a picture, each on one line"
    )
    command.add_argument(
        "--language", default="en-US", help="language of the answer, such as ja (default: en-US)"
    )
    if task is TaskName.DESCRIBE:
        command.add_argument(
            "--detail", choices=[detail.value for detail in Detail], default=Detail.STANDARD.value
        )
        command.add_argument("--focus", default="", help="what to look at most of all")
    if task is TaskName.OCR:
        command.add_argument("--layout", choices=[layout.value for layout in Layout])
        command.add_argument("--text-language", default="", help="language of the text, such as ja")
        command.add_argument(
            "--csv", type=Path, metavar="PATH", help="write tables there, too (implies table)"
        )


def _add_models(command: argparse.ArgumentParser) -> None:
    actions = command.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = "List the models that Ollama has here, and some that are worth having."
    listed = actions.add_parser("list", help=listing, description=listing, parents=[_common()])
    listed.add_argument("--json", action="store_true", help="print JSON instead of text")
    pulling = "Download a model with Ollama."
    pull = actions.add_parser("pull", help=pulling, description=pulling, parents=[_common()])
    pull.add_argument("name", metavar="NAME", help="a model's name in Ollama's library")
