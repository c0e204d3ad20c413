"""One case for each way in which Ollama fails, with the error that has to come of it."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain import errors
from bot.domain.errors import EngineError
from bot.domain.task import Layout, Question, TaskName
from tests.vision.imitation.questions import question
from tests.vision.imitation.server import (
    LLAMA_VISION,
    MODEL,
    TEXT_ONLY,
    ImitationOllama,
    Reply,
    cuts,
    frame,
    last,
    refuses,
    refuses_nested,
    responds,
    says,
    sends,
)

FIRST_WORD_SECONDS = 0.2
NEXT_WORD_SECONDS = 0.1
_WORD = frame("A red ")
_DESCRIBE = question()


@dataclass(frozen=True)
class Case:
    """What the server does, in words and in deed, and what becomes of it."""

    name: str
    does: str
    expected: EngineError
    prepare: Callable[[ImitationOllama], None]
    model: str = MODEL
    asked: Question = _DESCRIBE
    impatient: bool = False


def _chat(*replies: Reply) -> Callable[[ImitationOllama], None]:
    return lambda server: server.chats.extend(replies)


def _path(path: str, reply: Reply) -> Callable[[ImitationOllama], None]:
    return lambda server: server.overrides.update({path: reply})


def _nothing(_: ImitationOllama) -> None:
    """The server is well; the model is the matter."""


def _hangs(*lines: bytes) -> Callable[[ImitationOllama], None]:
    return lambda server: server.chats.append(server.hangs(*lines))


_STOPPED = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal "
    "error, check ollama server logs for details"
)
_ALT = question(TaskName.ALT)
_TABLE = question(TaskName.OCR, layout=Layout.TABLE)
_NOT_JSON = says("I cannot ", "do that.")
_HALF_TABLE = says('{"tables": [{"rows": [["a", ', reason="length")

CASES = (
    Case(
        "model_missing",
        "404: the model is not installed",
        errors.ModelMissing("absent:1b"),
        _nothing,
        model="absent:1b",
    ),
    Case(
        "model_removed",
        "404 when asked: the model was removed meanwhile",
        errors.ModelMissing(MODEL),
        _chat(refuses(404, f"model '{MODEL}' not found")),
    ),
    Case(
        "model_blind",
        "names no `vision` among the model's capabilities",
        errors.ModelCannotSee(TEXT_ONLY),
        _nothing,
        model=TEXT_ONLY,
    ),
    Case(
        "model_blind_rendered",
        "400: multimodal data, but no multimodal model",
        errors.ModelCannotSee(MODEL),
        _chat(
            refuses(
                400,
                "Multimodal data provided, but model does not support multimodal requests.",
            )
        ),
    ),
    Case(
        "model_blind_native",
        "500: image input is not supported",
        errors.ModelCannotSee(MODEL),
        _chat(
            refuses_nested(
                500,
                "image input is not supported - hint: if this is unexpected, you may need to "
                "provide the mmproj",
            )
        ),
    ),
    Case(
        "mllama",
        "names the architecture `mllama`, which Ollama 0.30 and later cannot run",
        errors.ModelUnsupported(LLAMA_VISION, "0.33.0", "qwen3-vl:8b"),
        _nothing,
        model=LLAMA_VISION,
    ),
    Case(
        "architecture_unknown",
        "500 while loading: unknown model architecture",
        errors.ModelUnsupported(MODEL, "0.33.0", "qwen3-vl:8b"),
        _chat(refuses(500, "error loading model: unknown model architecture: 'mllama'")),
    ),
    Case(
        "picture_undecodable",
        "400: failed to load image",
        errors.PictureRejected(),
        _chat(refuses_nested(400, "Failed to load image or audio file", "invalid_request_error")),
    ),
    Case(
        "picture_bad_base64",
        "400: illegal base64 data",
        errors.PictureRejected(),
        _chat(refuses(400, "illegal base64 data at input byte 4")),
    ),
    Case(
        "picture_animated_webp",
        "500: decode WebP image",
        errors.PictureRejected(),
        _chat(refuses(500, "decode WebP image: webp: invalid format")),
    ),
    Case(
        "context_exceeded",
        "400 `exceed_context_size_error`: picture and prompt do not fit",
        errors.ContextExceeded(9000, 8192),
        _chat(
            refuses_nested(
                400,
                "request (9000 tokens) exceeds the available context size (8192 tokens), try "
                "increasing it",
                "exceed_context_size_error",
                n_prompt_tokens=9000,
                n_ctx=8192,
            )
        ),
    ),
    Case(
        "markers_mismatch",
        "400: failed to tokenize prompt",
        errors.EngineRejected(400),
        _chat(refuses_nested(400, "Failed to tokenize prompt", "invalid_request_error")),
    ),
    Case(
        "one_picture_only",
        "500: only one image per message",
        errors.EngineRejected(500),
        _chat(
            refuses(500, "this model only supports one image while more than one image requested")
        ),
    ),
    Case(
        "pictures_mixed_up",
        "500: chunk not found, also after the model was unloaded",
        errors.EngineRejected(500),
        _chat(*[refuses_nested(500, "got exception: Chunk not found")] * 2),
    ),
    Case(
        "schema_refused",
        "400: JSON schema conversion failed",
        errors.EngineRejected(400),
        _chat(refuses_nested(400, "JSON schema conversion failed", "invalid_request_error")),
        asked=_ALT,
    ),
    Case(
        "body_refused",
        "400: missing request body",
        errors.EngineRejected(400),
        _chat(refuses(400, "missing request body")),
    ),
    Case(
        "thinking_refused",
        "400: does not support thinking",
        errors.EngineRejected(400),
        _chat(refuses(400, f'"{MODEL}" does not support thinking')),
    ),
    Case(
        "format_refused",
        "500: invalid format",
        errors.EngineRejected(500),
        _chat(refuses(500, 'invalid format: "yaml"; expected "json" or a valid JSON Schema')),
    ),
    Case(
        "busy",
        "503: server busy",
        errors.EngineBusy(),
        _chat(refuses(503, "server busy, please try again.  maximum pending requests exceeded")),
    ),
    Case(
        "too_many_requests",
        "429: too many requests",
        errors.EngineBusy(),
        _chat(refuses(429, "slow down")),
    ),
    Case(
        "load_cancelled",
        "499 twice: the client it loaded the model for hung up",
        errors.EngineBusy(),
        _chat(*[refuses(499, "request canceled")] * 2),
    ),
    Case(
        "crash",
        "500: model runner has unexpectedly stopped",
        errors.EngineOutOfMemory(),
        _chat(refuses(500, _STOPPED)),
    ),
    Case(
        "crash_at_start",
        "500: llama-server process has terminated",
        errors.EngineOutOfMemory(),
        _chat(refuses(500, "llama-server process has terminated: signal: killed")),
    ),
    Case(
        "out_of_memory",
        "500: not enough memory for the model",
        errors.EngineOutOfMemory(),
        _chat(
            refuses(500, "model requires more system memory (9.1 GiB) than is available (3.2 GiB)")
        ),
    ),
    Case(
        "out_of_memory_after_json",
        "500: an error followed by the graphics driver's last words",
        errors.EngineOutOfMemory(),
        _chat(refuses(500, '{"error":{"code":500,"message":"decode"}}\ncudaMalloc failed: 2')),
    ),
    Case(
        "forbidden",
        "403 with an empty body: it does not serve this host name or origin",
        errors.EngineRejected(403),
        _chat(responds(403)),
    ),
    Case(
        "unauthorized",
        "401: something before it wants a password",
        errors.EngineRejected(401),
        _chat(responds(401, b"Unauthorized")),
    ),
    Case(
        "bad_gateway",
        "502: a proxy before it finds no Ollama",
        errors.EngineUnavailable(),
        _chat(responds(502, b"<html>Bad Gateway</html>")),
    ),
    Case(
        "not_ollama",
        "404 for every address: another program listens there",
        errors.EngineUnavailable(),
        _path("/api/version", responds(404, b"404 page not found")),
    ),
    Case(
        "version_is_a_page",
        "200 with a web page instead of JSON",
        errors.EngineUnavailable(),
        _path("/api/version", responds(200, b"<html>Log in</html>", Content_Type="text/html")),
    ),
    Case(
        "version_is_other_json",
        "200 with other JSON than Ollama's",
        errors.EngineUnavailable(),
        _path("/api/version", responds(200, b'["0.33.0"]')),
    ),
    Case(
        "error_is_other_json",
        "500 with an error of another form",
        errors.EngineUnavailable(),
        _path("/api/version", responds(500, b'["no"]')),
    ),
    Case(
        "page_instead_of_stream",
        "200 with a web page instead of a stream",
        errors.EngineRejected(200),
        _chat(responds(200, b"<html>\n<body>Log in</body>", Content_Type="text/html")),
    ),
    Case(
        "redirect",
        "307: it sends on to another host",
        errors.EngineRejected(307),
        _chat(responds(307, Location="https://example.org/")),
    ),
    Case(
        "lying_encoding",
        "a stream that says it is compressed and is not",
        errors.EngineRejected(),
        _chat(responds(200, b"plain text", Content_Encoding="gzip")),
    ),
    Case(
        "error_line",
        "a line with an error in the middle of the answer",
        errors.EngineRejected(),
        _chat(sends(_WORD, b'{"error":"something went wrong"}\n')),
    ),
    Case(
        "error_line_object",
        "a line with an error object in the middle of the answer",
        errors.EngineRejected(),
        _chat(sends(_WORD, b'{"error":{"code":500,"message":"something went wrong"}}\n')),
    ),
    Case(
        "crash_line",
        "a crash in the middle of the answer",
        errors.EngineOutOfMemory(),
        _chat(sends(_WORD, b'{"error":"%s"}\n' % _STOPPED.encode())),
    ),
    Case(
        "no_final_frame",
        "the answer ends without its last line (Ollama's own stop after 30 equal words)",
        errors.AnswerInterrupted(),
        _chat(sends(_WORD)),
    ),
    Case(
        "cut_in_the_middle",
        "the connection breaks in the middle of the answer",
        errors.AnswerInterrupted(),
        _chat(cuts(_WORD)),
    ),
    Case(
        "cut_in_a_line",
        "the connection breaks in the middle of a line",
        errors.AnswerInterrupted(),
        _chat(cuts(_WORD, b'{"message":{"cont')),
    ),
    Case(
        "cut_before_the_answer",
        "the connection breaks before the answer",
        errors.AnswerInterrupted(),
        _chat(cuts()),
    ),
    Case(
        "garbage_line",
        "a line in the middle of the answer is no JSON",
        errors.EngineRejected(200),
        _chat(sends(_WORD, b"\x00\xff garbage\n", last())),
    ),
    Case(
        "list_line",
        "a line in the middle of the answer is JSON of another form",
        errors.EngineRejected(200),
        _chat(sends(_WORD, b"[1, 2]\n", last())),
    ),
    Case(
        "mistyped_line",
        "a line in the middle of the answer has a number for its words",
        errors.EngineRejected(200),
        _chat(sends(_WORD, b'{"message":{"content":7}}\n', last())),
    ),
    Case(
        "endless_line",
        "a line that does not end",
        errors.EngineRejected(200),
        _chat(sends(b'{"message":"', b" " * (5 * 1024 * 1024))),
    ),
    Case(
        "slow_first_word",
        "no first word within the time set",
        errors.EngineTimeout("first_word", FIRST_WORD_SECONDS),
        _hangs(),
        impatient=True,
    ),
    Case(
        "slow_first_line",
        "the head of a reply, and no first word within the time set",
        errors.EngineTimeout("first_word", FIRST_WORD_SECONDS),
        _hangs(b"\n"),
        impatient=True,
    ),
    Case(
        "slow_next_word",
        "no next word within the time set",
        errors.EngineTimeout("next_word", NEXT_WORD_SECONDS),
        _hangs(_WORD),
        impatient=True,
    ),
    Case(
        "repeats_itself",
        "the model says the same words without end",
        errors.AnswerLooped(),
        _chat(says(*["very very "] * 200)),
    ),
    Case(
        "thinks_in_circles",
        "the model thinks the same thought without end",
        errors.AnswerLooped(),
        _chat(says(thoughts=["Wait, let me look again. "] * 100)),
    ),
    Case(
        "says_nothing",
        "an empty answer, twice",
        errors.AnswerInvalid(),
        _chat(says(), says(" ")),
    ),
    Case(
        "thinks_too_long",
        "the model's thoughts leave no room for an answer, twice",
        errors.AnswerInvalid(),
        _chat(*[says(thoughts=["Hm. "], reason="length")] * 2),
        asked=question(TaskName.OCR),
    ),
    Case(
        "wrong_structure",
        "an answer without the promised structure, twice",
        errors.AnswerInvalid(),
        _chat(_NOT_JSON, says('{"description": 7}')),
        asked=_ALT,
    ),
    Case(
        "structure_cut",
        "a structured answer that is too long, twice",
        errors.AnswerInvalid(),
        _chat(_HALF_TABLE, _HALF_TABLE),
        asked=_TABLE,
    ),
)
