"""Refusals: what Ollama, or what stands in its place, says instead of an answer."""

from bot.domain import errors
from bot.domain.task import TaskName
from tests.vision.imitation.case import STOPPED, Case, chat, nothing, path
from tests.vision.imitation.questions import question
from tests.vision.imitation.server import (
    LLAMA_VISION,
    MODEL,
    TEXT_ONLY,
    refuses,
    refuses_nested,
    responds,
)

REFUSALS = (
    Case(
        "model_missing",
        "404: the model is not installed",
        errors.ModelMissing("absent:1b"),
        nothing,
        model="absent:1b",
    ),
    Case(
        "model_removed",
        "404 when asked: the model was removed meanwhile",
        errors.ModelMissing(MODEL),
        chat(refuses(404, f"model '{MODEL}' not found")),
    ),
    Case(
        "model_blind",
        "it names no `vision` among the model's capabilities",
        errors.ModelCannotSee(TEXT_ONLY),
        nothing,
        model=TEXT_ONLY,
    ),
    Case(
        "model_blind_rendered",
        "400: multimodal data, but no multimodal model",
        errors.ModelCannotSee(MODEL),
        chat(
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
        chat(
            refuses_nested(
                500,
                "image input is not supported - hint: if this is unexpected, you may need to "
                "provide the mmproj",
            )
        ),
    ),
    Case(
        "mllama",
        "it names the architecture `mllama`, which Ollama 0.30 and later cannot run",
        errors.ModelUnsupported(LLAMA_VISION, "0.33.0", "qwen3-vl:8b"),
        nothing,
        model=LLAMA_VISION,
    ),
    Case(
        "architecture_unknown",
        "500 while loading: unknown model architecture",
        errors.ModelUnsupported(MODEL, "0.33.0", "qwen3-vl:8b"),
        chat(refuses(500, "error loading model: unknown model architecture: 'mllama'")),
    ),
    Case(
        "picture_undecodable",
        "400: failed to load image",
        errors.PictureRejected(),
        chat(refuses_nested(400, "Failed to load image or audio file", "invalid_request_error")),
    ),
    Case(
        "picture_bad_base64",
        "400: illegal base64 data",
        errors.PictureRejected(),
        chat(refuses(400, "illegal base64 data at input byte 4")),
    ),
    Case(
        "picture_animated_webp",
        "500: decode WebP image",
        errors.PictureRejected(),
        chat(refuses(500, "decode WebP image: webp: invalid format")),
    ),
    Case(
        "context_exceeded",
        "400 `exceed_context_size_error`: picture and prompt do not fit",
        errors.ContextExceeded(9000, 8192),
        chat(
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
        chat(refuses_nested(400, "Failed to tokenize prompt", "invalid_request_error")),
    ),
    Case(
        "one_picture_only",
        "500: only one image per message",
        errors.EngineRejected(500),
        chat(
            refuses(500, "this model only supports one image while more than one image requested")
        ),
    ),
    Case(
        "pictures_mixed_up",
        "500: chunk not found, also after the model was unloaded",
        errors.EngineRejected(500),
        chat(*[refuses_nested(500, "got exception: Chunk not found")] * 2),
    ),
    Case(
        "schema_refused",
        "400: JSON schema conversion failed",
        errors.EngineRejected(400),
        chat(refuses_nested(400, "JSON schema conversion failed", "invalid_request_error")),
        asked=question(TaskName.ALT),
    ),
    Case(
        "body_refused",
        "400: missing request body",
        errors.EngineRejected(400),
        chat(refuses(400, "missing request body")),
    ),
    Case(
        "thinking_refused",
        "400: does not support thinking",
        errors.EngineRejected(400),
        chat(refuses(400, f'"{MODEL}" does not support thinking')),
    ),
    Case(
        "format_refused",
        "500: invalid format",
        errors.EngineRejected(500),
        chat(refuses(500, 'invalid format: "yaml"; expected "json" or a valid JSON Schema')),
    ),
    Case(
        "busy",
        "503: server busy",
        errors.EngineBusy(),
        chat(refuses(503, "server busy, please try again.  maximum pending requests exceeded")),
    ),
    Case(
        "too_many_requests",
        "429: too many requests",
        errors.EngineBusy(),
        chat(refuses(429, "slow down")),
    ),
    Case(
        "load_cancelled",
        "499 twice: the client it loaded the model for hung up",
        errors.EngineBusy(),
        chat(*[refuses(499, "request canceled")] * 2),
    ),
    Case(
        "crash",
        "500: model runner has unexpectedly stopped",
        errors.EngineOutOfMemory(),
        chat(refuses(500, STOPPED)),
    ),
    Case(
        "crash_at_start",
        "500: llama-server process has terminated",
        errors.EngineOutOfMemory(),
        chat(refuses(500, "llama-server process has terminated: signal: killed")),
    ),
    Case(
        "out_of_memory",
        "500: not enough memory for the model",
        errors.EngineOutOfMemory(),
        chat(
            refuses(500, "model requires more system memory (9.1 GiB) than is available (3.2 GiB)")
        ),
    ),
    Case(
        "out_of_memory_after_json",
        "500: an error followed by the graphics driver's last words",
        errors.EngineOutOfMemory(),
        chat(refuses(500, '{"error":{"code":500,"message":"decode"}}\ncudaMalloc failed: 2')),
    ),
    Case(
        "forbidden",
        "403 with an empty body: it does not serve this host name or origin",
        errors.EngineRejected(403),
        chat(responds(403)),
    ),
    Case(
        "unauthorized",
        "401: something before it wants a password",
        errors.EngineRejected(401),
        chat(responds(401, b"Unauthorized")),
    ),
    Case(
        "endless_error",
        "500 with a megabyte of error",
        errors.EngineRejected(500),
        chat(responds(500, b"x" * 1_000_000)),
    ),
    Case(
        "bad_gateway",
        "502: a proxy before it finds no Ollama",
        errors.EngineUnavailable(),
        chat(responds(502, b"<html>Bad Gateway</html>")),
    ),
    Case(
        "not_ollama",
        "404 for every address: another program listens there",
        errors.EngineUnavailable(),
        path("/api/version", responds(404, b"404 page not found")),
    ),
    Case(
        "version_is_a_page",
        "200 with a web page instead of JSON",
        errors.EngineUnavailable(),
        path("/api/version", responds(200, b"<html>Log in</html>", Content_Type="text/html")),
    ),
    Case(
        "version_is_other_json",
        "200 with other JSON than Ollama's",
        errors.EngineUnavailable(),
        path("/api/version", responds(200, b'["0.33.0"]')),
    ),
    Case(
        "error_is_other_json",
        "500 with an error of another form",
        errors.EngineUnavailable(),
        path("/api/version", responds(500, b'["no"]')),
    ),
)
