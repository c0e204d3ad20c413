"""Speak Ollama's ``/api`` in front of llama.cpp's own server, as Ollama 0.30 and later do.

``python -m tests.engine.front FOLDER [--port N]`` serves the models in ``FOLDER`` (one folder each,
see ``tests.engine.tiny_model``) and prints its address. A model is loaded into a child process when
it is first asked for, and anew when ``num_ctx`` changes or its process has died. Pictures are
really decoded and really seen; error texts are llama.cpp's own, nested the way Ollama nests them.
What it does not imitate: create, pull, queues, and the stop after 30 equal tokens.
"""

import argparse
import asyncio
import base64
import binascii
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from tests.engine.runner import Runner
from tests.engine.tiny_model import CHAT_TEMPLATE, CONTEXT_TOKENS

VERSION = "0.33.0"
DEFAULT_CONTEXT_TOKENS = 4096
STOPPED = (
    "model runner has unexpectedly stopped, this may be due to resource limitations or an internal "
    "error, check ollama server logs for details"
)


class Refused(Exception):
    """A reply other than 200."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


class Front:
    """The server's state: its models and those in memory."""

    def __init__(self, folder: Path) -> None:
        self.folders = {path.name: path for path in sorted(folder.iterdir()) if path.is_dir()}
        self.runners: dict[str, Runner] = {}
        self.loading = asyncio.Lock()

    def application(self) -> web.Application:
        """Route Ollama's addresses."""
        application = web.Application(
            middlewares=[errors_as_json], client_max_size=256 * 1024 * 1024
        )
        application.cleanup_ctx.append(self._session)
        application.add_routes(
            [
                web.get("/api/version", self.version),
                web.get("/api/tags", self.tags),
                web.get("/api/ps", self.processes),
                web.post("/api/show", self.show),
                web.post("/api/chat", self.chat),
            ]
        )
        return application

    async def _session(self, _: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as self.session:
            yield
        for runner in self.runners.values():
            await runner.stop()

    def folder(self, model: str) -> Path:
        """Find a model; Ollama takes a name without a tag for the latest."""
        folder = self.folders.get(model.removesuffix(":latest"))
        if folder is None:
            raise Refused(404, f"model '{model}' not found")
        return folder

    def projector(self, model: str) -> Path | None:
        """Return the file a vision model has and a text model lacks."""
        path = self.folder(model) / "projector.gguf"
        return path if path.exists() else None

    def capabilities(self, model: str) -> list[str]:
        """Say what a model can do."""
        return ["completion", "vision"] if self.projector(model) else ["completion"]

    async def version(self, _: web.Request) -> web.Response:
        """``/api/version``."""
        return web.json_response({"version": VERSION})

    async def tags(self, _: web.Request) -> web.Response:
        """``/api/tags``."""
        models = [
            {
                "name": f"{name}:latest",
                "size": sum(file.stat().st_size for file in folder.iterdir()),
                "capabilities": self.capabilities(name),
                "details": {"family": "llama", "context_length": CONTEXT_TOKENS},
            }
            for name, folder in self.folders.items()
        ]
        return web.json_response({"models": models})

    async def processes(self, _: web.Request) -> web.Response:
        """``/api/ps``, with each process's id: Ollama gives none, and tests end them by it."""
        models = [
            {
                "name": f"{name}:latest",
                "size": 1_000_000,
                "size_vram": 0,
                "context_length": runner.context_tokens,
                "process_id": runner.process.pid,
            }
            for name, runner in self.runners.items()
            if runner.alive
        ]
        return web.json_response({"models": models})

    async def show(self, request: web.Request) -> web.Response:
        """``/api/show``."""
        model = (await request.json())["model"]
        capabilities = self.capabilities(model)
        sees = "vision" in capabilities
        return web.json_response(
            {
                "capabilities": capabilities,
                "details": {"family": "llama"},
                "model_info": {
                    "general.architecture": "llama",
                    "llama.context_length": CONTEXT_TOKENS,
                },
                "projector_info": {"clip.projector_type": "mlp"} if sees else None,
                "template": CHAT_TEMPLATE,
            }
        )

    async def runner(self, model: str, context_tokens: int) -> Runner:
        """Return the model's process, loading it when needed."""
        folder, projector = self.folder(model), self.projector(model)
        async with self.loading:
            runner = self.runners.get(folder.name)
            if runner is None or not runner.alive or runner.context_tokens != context_tokens:
                if runner is not None:
                    await runner.stop()
                runner = await Runner.start(folder / "text.gguf", projector, context_tokens)
                self.runners[folder.name] = runner
            return runner

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """``/api/chat``, streamed."""
        asked = await request.json()
        model, options = asked["model"], asked.get("options") or {}
        folder = self.folder(model)
        if asked.get("think"):
            raise Refused(400, f'"{model}" does not support thinking')
        if not asked["messages"]:
            return await self.load_or_unload(asked, folder.name)
        body = chat_body(asked, options)
        started = time.monotonic()
        runner = await self.runner(model, options.get("num_ctx", DEFAULT_CONTEXT_TOKENS))
        loaded = time.monotonic()
        try:
            async with self.session.post(
                f"{runner.address}/v1/chat/completions", json=body
            ) as upstream:
                if upstream.status != web.HTTPOk.status_code:
                    raise Refused(upstream.status, await upstream.text())
                response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
                await response.prepare(request)
                last = await pass_on(upstream, response, model)
        except aiohttp.ClientConnectionError as error:
            raise Refused(500, STOPPED) from error
        if last is not None:
            last["load_duration"] = nanoseconds(loaded - started)
            last["total_duration"] = nanoseconds(time.monotonic() - started)
            await write(response, last)
        await response.write_eof()
        return response

    async def load_or_unload(self, asked: dict[str, Any], name: str) -> web.Response:
        """Answer a chat without messages, which loads the model, or unloads it."""
        reason = "load"
        if asked.get("keep_alive") == 0:
            reason = "unload"
            runner = self.runners.pop(name, None)
            if runner is not None:
                await runner.stop()
        else:
            await self.runner(name, DEFAULT_CONTEXT_TOKENS)
        message = {"role": "assistant", "content": ""}
        return web.json_response({"message": message, "done": True, "done_reason": reason})


@web.middleware
async def errors_as_json(request: web.Request, handler: Any) -> web.StreamResponse:
    """Write refusals as Ollama does: what the engine said becomes a string within a string."""
    try:
        response = await handler(request)
    except Refused as error:
        return web.json_response({"error": error.error}, status=error.status)
    assert isinstance(response, web.StreamResponse)
    return response


def chat_body(asked: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    """Write llama.cpp's request for Ollama's."""
    body: dict[str, Any] = {
        "messages": [{"role": m["role"], "content": content(m)} for m in asked["messages"]],
        "stream": True,
        "stream_options": {"include_usage": True},
        "cache_prompt": True,
        "max_tokens": options.get("num_predict", -1),
        "temperature": options.get("temperature", 0.8),
    }
    if "seed" in options:
        body["seed"] = options["seed"]
    if asked.get("format"):
        schema = {"name": "schema", "schema": asked["format"]}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    return body


def content(message: dict[str, Any]) -> str | list[dict[str, Any]]:
    """Put pictures where ``[img]`` stands, and those left over before the text.

    A mark too many, or ``[img-0]``, makes Ollama's renderers lose the pictures' places
    (``model/renderers/image_tags.go``), and the engine then refuses the prompt.
    """
    text, images = message.get("content", ""), message.get("images") or []
    if text.count("[img") > len(images):
        raise Refused(400, json.dumps({"error": {"message": "Failed to tokenize prompt"}}))
    if not images:
        return str(text)
    pieces = text.split("[img]", len(images))
    unplaced = len(images) - (len(pieces) - 1)
    parts = [picture(image) for image in images[:unplaced]]
    for index, piece in enumerate(pieces):
        if index:
            parts.append(picture(images[unplaced + index - 1]))
        if piece:
            parts.append({"type": "text", "text": piece})
    return parts


def picture(image: str) -> dict[str, Any]:
    """Pass a picture on as a data URL; refuses what is no base64, as Ollama does."""
    try:
        base64.b64decode(image, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused(400, "illegal base64 data at input byte 0") from error
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{image}"}}


async def pass_on(
    upstream: aiohttp.ClientResponse, response: web.StreamResponse, model: str
) -> dict[str, Any] | None:
    """Turn llama.cpp's events into Ollama's lines; return the last one, None if none came."""
    last: dict[str, Any] = {"model": model, "message": {"role": "assistant", "content": ""}}
    try:
        async for line in upstream.content:
            if not line.startswith(b"data: {"):
                continue
            event = json.loads(line.removeprefix(b"data: "))
            if "error" in event:
                await write(response, {"error": json.dumps(event)})
                return None
            for choice in event["choices"]:
                words = choice["delta"].get("content")
                if words:
                    message = {"role": "assistant", "content": words}
                    await write(response, {"model": model, "message": message, "done": False})
                if choice.get("finish_reason"):
                    last |= {"done": True, "done_reason": choice["finish_reason"]}
            if event.get("usage"):
                last |= counters(event)
    except aiohttp.ClientError:
        await write(response, {"error": STOPPED})
        return None
    return last if last.get("done") else None


def counters(event: dict[str, Any]) -> dict[str, int]:
    """Read what a request cost; cached tokens are part of the prompt's."""
    usage, timings = event["usage"], event["timings"]
    return {
        "prompt_eval_count": usage["prompt_tokens"],
        "prompt_eval_cached_count": timings["cache_n"],
        "prompt_eval_duration": nanoseconds(timings["prompt_ms"] / 1000),
        "eval_count": usage["completion_tokens"],
        "eval_duration": nanoseconds(timings["predicted_ms"] / 1000),
    }


def nanoseconds(seconds: float) -> int:
    """Count time as Go does."""
    return int(seconds * 1e9)


async def write(response: web.StreamResponse, line: dict[str, Any]) -> None:
    """Send one line."""
    await response.write(json.dumps(line).encode() + b"\n")


async def serve(folder: Path, port: int) -> None:
    """Serve until standard input ends."""
    runner = web.AppRunner(
        Front(folder).application(),
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=0,
    )
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)  # noqa: T201 (the parent reads)
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


def main() -> None:
    """Read the arguments and serve."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--port", type=int, default=0)
    chosen = arguments.parse_args()
    asyncio.run(serve(chosen.folder, chosen.port))


if __name__ == "__main__":
    main()
