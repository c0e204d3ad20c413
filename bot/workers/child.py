"""The child's side of a worker: set limits, import the handler, answer one job after another.

Started by ``bot.workers.process`` as ``python -m bot.workers.child HANDLER MEMORY_BYTES``; it
imports nothing heavy by itself. Limits are the kernel's: address space (Linux; macOS accepts the
limit and ignores it), files, core dumps and, per job, CPU time. Windows has none of them, there
the parent's clock is the only guard.
"""

import contextlib
import importlib
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

from bot.workers import wire

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

Handler = Callable[[dict[str, Any], bytes], tuple[dict[str, Any], Sequence[bytes]]]

_MAX_OPEN_FILES = 128
_NICENESS = 5
"""The bot's own process goes first when every core is decoding."""


def main() -> None:
    """Serve until the parent closes the pipe; leave at once after running out of memory."""
    handler_name, memory_bytes = sys.argv[1], int(sys.argv[2])
    source, sink = _take_pipes()
    _limit_files_and_cores()
    handle = load(handler_name)
    _limit_memory(memory_bytes)
    _send(sink, {"ready": True}, ())
    while _serve_one(handle, source, sink):
        pass


def load(handler_name: str) -> Handler:
    """Import ``package.module:function``; call the module's ``warm()`` when it has one."""
    module_name, _, function_name = handler_name.partition(":")
    module = importlib.import_module(module_name)
    warm = getattr(module, "warm", None)
    if warm is not None:
        warm()
    handler: Handler = getattr(module, function_name)
    return handler


def _serve_one(handle: Handler, source: BinaryIO, sink: BinaryIO) -> bool:
    """Answer one job; False when there will be no more in this process."""
    prefix = source.read(wire.PREFIX.size)
    if len(prefix) < wire.PREFIX.size:
        return False
    head_bytes, body_bytes = wire.PREFIX.unpack(prefix)
    try:
        request = wire.unpack_head(source.read(head_bytes))
        body = source.read(body_bytes)
        _limit_cpu(float(request["cpu_seconds"]))
        head, bodies = handle(request["head"], body)
    except MemoryError:
        _send(sink, {"failure": "memory"}, ())
        return False
    except Exception as error:  # noqa: BLE001 - whatever a handler did not expect costs one job
        _send(sink, {"failure": "crash", "error": type(error).__name__}, ())
        return False
    _send(sink, {"head": head}, bodies)
    return True


def _send(sink: BinaryIO, envelope: dict[str, Any], bodies: Sequence[bytes]) -> None:
    sizes = [len(body) for body in bodies]
    sink.write(wire.pack({**envelope, "sizes": sizes}, sum(sizes)))
    sink.writelines(bodies)
    sink.flush()


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes for the protocol alone: libraries print to standard output."""
    source = os.fdopen(os.dup(0), "rb")
    sink = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    return source, sink


def _limit_files_and_cores() -> None:
    if resource is None:
        return
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, _MAX_OPEN_FILES)
    with contextlib.suppress(OSError):
        os.nice(_NICENESS)


def _limit_memory(memory_bytes: int) -> None:
    """Allow ``memory_bytes`` above what the imports took; from here on no file may grow.

    Both come after the import: how much address space libraries reserve is theirs to know, and
    Python may still have to write bytecode.
    """
    if resource is None:
        return
    _limit(resource.RLIMIT_FSIZE, 0)
    try:
        with open("/proc/self/statm", "rb") as statm:  # noqa: PTH123 - keeps pathlib out
            base_bytes = int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:  # not Linux
        return
    _limit(resource.RLIMIT_AS, base_bytes + memory_bytes)


def _limit_cpu(more_seconds: float) -> None:
    """End this process by signal after ``more_seconds`` of CPU time.

    The parent's clock comes first; this one still runs when the parent is dead.
    """
    if resource is None:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(time.process_time() + more_seconds) + 1
    if hard == resource.RLIM_INFINITY or soft < hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def _limit(which: int, value: int) -> None:
    with contextlib.suppress(OSError, ValueError):  # an outer limit may be lower already
        resource.setrlimit(which, (value, value))


if __name__ == "__main__":
    main()
