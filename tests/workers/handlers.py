"""What the tests' workers do. Runs in the children: imports nothing of the test suite."""

import ctypes
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

_warmed = False


def warm() -> None:
    global _warmed  # noqa: PLW0603 - what is tested is that it ran before the first job
    _warmed = True


def handle(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Do what ``head["do"]`` names."""
    action = _ACTIONS[head["do"]]
    return action(head, body)


def _echo(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    return {**head, "pid": os.getpid(), "length": len(body), "warm": _warmed}, [body[:5], b"", body]


def _hang(head: dict[str, Any], body: bytes) -> NoReturn:
    _touch(head)
    while True:
        time.sleep(60)


def _spin(head: dict[str, Any], body: bytes) -> NoReturn:
    _touch(head)
    while True:
        pass


def _touch(head: dict[str, Any]) -> None:
    """Tell the test by a named pipe that this job has begun (files may not grow in here)."""
    descriptor = os.open(head["began"], os.O_WRONLY)
    os.write(descriptor, b"%d\n" % os.getpid())
    os.close(descriptor)


def _eat(head: dict[str, Any], body: bytes) -> NoReturn:
    hoard = []
    while True:
        hoard.append(b"x" * 10_000_000)


def _segfault(head: dict[str, Any], body: bytes) -> NoReturn:
    ctypes.string_at(0)
    raise AssertionError


def _kill_self(head: dict[str, Any], body: bytes) -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def _raise(head: dict[str, Any], body: bytes) -> NoReturn:
    raise LookupError(body.decode())


def _chatter(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    """Write to standard output and error by every road a library has."""
    print("from Python " * 1000)  # noqa: T201 - what is tested
    os.write(1, b"from C\n" * 1000)
    sys.stderr.write("INJECTED LOG LINE\n")
    os.write(2, b"INJECTED LOG LINE\n")
    return {}, []


def _look_around(head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], Sequence[bytes]]:
    limits = {
        name: resource.getrlimit(getattr(resource, name))[0]
        for name in ("RLIMIT_AS", "RLIMIT_CORE", "RLIMIT_FSIZE", "RLIMIT_NOFILE")
    }
    open_files = len(list(Path("/proc/self/fd").iterdir()))
    return {"environment": dict(os.environ), "limits": limits, "open_files": open_files}, []


def _lie(head: dict[str, Any], body: bytes) -> NoReturn:
    """Write ``body`` to the pipe in place of an answer, then die."""
    for descriptor in range(3, 16):
        try:
            os.write(descriptor, body)
        except OSError:
            continue
    os._exit(0)


_ACTIONS = {
    "echo": _echo,
    "hang": _hang,
    "spin": _spin,
    "eat": _eat,
    "segfault": _segfault,
    "kill_self": _kill_self,
    "raise": _raise,
    "chatter": _chatter,
    "look_around": _look_around,
    "lie": _lie,
}
