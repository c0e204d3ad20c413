"""Faults of an answer that has begun, or should have."""

from bot.domain import errors
from bot.domain.task import Layout, TaskName
from tests.vision.imitation.case import (
    FIRST_WORD_SECONDS,
    NEXT_WORD_SECONDS,
    STOPPED,
    Case,
    chat,
    hangs,
)
from tests.vision.imitation.questions import question
from tests.vision.imitation.server import cuts, frame, last, responds, says, sends

_WORD = frame("A red ")
_NOT_JSON = says("I cannot ", "do that.")
_HALF_TABLE = says('{"tables": [{"rows": [["a", ', reason="length")

STREAM_FAULTS = (
    Case(
        "page_instead_of_stream",
        "200 with a web page instead of a stream",
        errors.EngineRejected(200),
        chat(responds(200, b"<html>\n<body>Log in</body>", Content_Type="text/html")),
    ),
    Case(
        "redirect",
        "307: it sends on to another host",
        errors.EngineRejected(307),
        chat(responds(307, Location="https://example.org/")),
    ),
    Case(
        "lying_encoding",
        "a stream that says it is compressed and is not",
        errors.EngineRejected(),
        chat(responds(200, b"plain text", Content_Encoding="gzip")),
    ),
    Case(
        "error_line",
        "a line with an error in the middle of the answer",
        errors.EngineRejected(),
        chat(sends(_WORD, b'{"error":"something went wrong"}\n')),
    ),
    Case(
        "error_line_object",
        "a line with an error object in the middle of the answer",
        errors.EngineRejected(),
        chat(sends(_WORD, b'{"error":{"code":500,"message":"something went wrong"}}\n')),
    ),
    Case(
        "crash_line",
        "a crash in the middle of the answer",
        errors.EngineOutOfMemory(),
        chat(sends(_WORD, b'{"error":"%s"}\n' % STOPPED.encode())),
    ),
    Case(
        "no_final_frame",
        "the answer ends without its last line (Ollama's own stop after 30 equal words)",
        errors.AnswerInterrupted(),
        chat(sends(_WORD)),
    ),
    Case(
        "cut_in_the_middle",
        "the connection breaks in the middle of the answer",
        errors.AnswerInterrupted(),
        chat(cuts(_WORD)),
    ),
    Case(
        "cut_in_a_line",
        "the connection breaks in the middle of a line",
        errors.AnswerInterrupted(),
        chat(cuts(_WORD, b'{"message":{"cont')),
    ),
    Case(
        "cut_before_the_answer",
        "the connection breaks before the answer",
        errors.AnswerInterrupted(),
        chat(cuts()),
    ),
    Case(
        "garbage_line",
        "a line in the middle of the answer is no JSON",
        errors.EngineRejected(200),
        chat(sends(_WORD, b"\x00\xff garbage\n", last())),
    ),
    Case(
        "list_line",
        "a line in the middle of the answer is JSON of another form",
        errors.EngineRejected(200),
        chat(sends(_WORD, b"[1, 2]\n", last())),
    ),
    Case(
        "mistyped_line",
        "a line in the middle of the answer has a number for its words",
        errors.EngineRejected(200),
        chat(sends(_WORD, b'{"message":{"content":7}}\n', last())),
    ),
    Case(
        "endless_line",
        "a line that does not end",
        errors.EngineRejected(200),
        chat(sends(b'{"message":"', b" " * (5 * 1024 * 1024))),
    ),
    Case(
        "slow_first_word",
        "no first word within the time set",
        errors.EngineTimeout("first_word", FIRST_WORD_SECONDS),
        hangs(),
        impatient=True,
    ),
    Case(
        "slow_first_line",
        "the head of a reply, and no first word within the time set",
        errors.EngineTimeout("first_word", FIRST_WORD_SECONDS),
        hangs(b"\n"),
        impatient=True,
    ),
    Case(
        "slow_next_word",
        "no next word within the time set",
        errors.EngineTimeout("next_word", NEXT_WORD_SECONDS),
        hangs(_WORD),
        impatient=True,
    ),
    Case(
        "repeats_itself",
        "the model says the same words without end",
        errors.AnswerLooped(),
        chat(says(*["very very "] * 200)),
    ),
    Case(
        "thinks_in_circles",
        "the model thinks the same thought without end",
        errors.AnswerLooped(),
        chat(says(thoughts=["Wait, let me look again. "] * 100)),
    ),
    Case(
        "says_nothing",
        "an empty answer, twice",
        errors.AnswerInvalid(),
        chat(says(), says(" ")),
    ),
    Case(
        "thinks_too_long",
        "the model's thoughts leave no room for an answer, twice",
        errors.AnswerInvalid(),
        chat(*[says(thoughts=["Hm. "], reason="length")] * 2),
        asked=question(TaskName.OCR),
    ),
    Case(
        "wrong_structure",
        "an answer without the promised structure, twice",
        errors.AnswerInvalid(),
        chat(_NOT_JSON, says('{"description": 7}')),
        asked=question(TaskName.ALT),
    ),
    Case(
        "structure_cut",
        "a structured answer that is too long, twice",
        errors.AnswerInvalid(),
        chat(_HALF_TABLE, _HALF_TABLE),
        asked=question(TaskName.OCR, layout=Layout.TABLE),
    ),
)
