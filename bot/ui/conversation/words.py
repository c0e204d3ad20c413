"""A person's message as a question: what Discord writes as codes is put into plain words."""

import re
from datetime import UTC, datetime

from bot.domain.errors import QuestionTooLong
from bot.services.admission import MAX_QUESTION_CHARACTERS
from bot.ui.i18n import words

_CODE = re.compile(
    r"<(?:@!?(?P<person>[0-9]{1,20})"
    r"|(?P<role>@&[0-9]{1,20})"
    r"|(?P<channel>#[0-9]{1,20}|id:[a-z-]{1,32})"
    r"|a?:(?P<emoji>\w{1,32}):[0-9]{1,20}"
    r"|/(?P<command>[-_'\w]{1,32}(?: [-_'\w]{1,32}){0,2}):[0-9]{1,20}"
    r"|t:(?P<moment>-?[0-9]{1,13})(?::[tTdDfFsSR])?)>"
)
_SPACES = re.compile(r"[^\S\n]+")
_BLANK_LINES = re.compile(r"\n{3,}")


def question(text: str, me_id: int) -> str:
    """Make a question of what was written to the bot ``me_id``; may be empty.

    Raises QuestionTooLong.
    """
    clean = plain_words(text, me_id)
    if len(clean) > MAX_QUESTION_CHARACTERS:
        raise QuestionTooLong(MAX_QUESTION_CHARACTERS)
    return clean


def usual_question(pictures: int, locale: str) -> str:
    """Ask what people want to know when they show pictures without a word."""
    say = words(locale)
    return say.say_plural("What is in this picture?", "What is in these pictures?", pictures)


def plain_words(text: str, me_id: int) -> str:
    """Leave out mentions of the bot ``me_id`` and put Discord's other codes into words.

    Everybody else becomes ``@someone``: nobody's id is the model's business.
    """

    def plain(code: re.Match[str]) -> str:
        return _plain(code, me_id)

    lines = _CODE.sub(plain, text).splitlines()
    clean = "\n".join(_SPACES.sub(" ", line).strip() for line in lines)
    return _BLANK_LINES.sub("\n\n", clean).lstrip(" \n,:;").rstrip()


def mentions(text: str, person_id: int) -> bool:
    """Say whether ``text`` itself mentions somebody; the ping of a reply is none."""
    return any(
        code["person"] is not None and int(code["person"]) == person_id
        for code in _CODE.finditer(text)
    )


def _plain(code: re.Match[str], me_id: int) -> str:
    match code.lastgroup:
        case "person":
            # A space, so that what stood around it never becomes another code.
            return " " if int(code["person"]) == me_id else "@someone"
        case "role":
            return "@role"
        case "channel":
            return "#channel"
        case "emoji":
            return f":{code['emoji']}:"
        case "command":
            return f"/{code['command']}"
        case _:
            return _moment(int(code["moment"]))


def _moment(seconds: int) -> str:
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, OSError, ValueError):  # a year that no calendar here reaches
        return "some day"
