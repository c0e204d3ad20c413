"""What settings are made of: addresses, names and lists, checked and brought into one form."""

import json
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

_DATABASES = ("sqlite", "sqlite+aiosqlite", "postgres", "postgresql", "postgresql+asyncpg")


def _web_address(value: str) -> str:
    """Accept ``http(s)://host[:port]``; a bare ``host:port`` is taken as http."""
    text = value.strip()
    parts = urlsplit(text if "://" in text else f"http://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as http://127.0.0.1:11434")
    if parts.username is not None or parts.password is not None:
        raise ValueError("must not contain a user name or password")
    try:
        _ = parts.port
    except ValueError:
        raise ValueError("must have a port between 0 and 65535") from None
    return parts.geturl().rstrip("/")


def _database_address(value: str) -> str:
    scheme, _, rest = value.strip().partition("://")
    misplaced = scheme.startswith("sqlite") and not rest.startswith("/")
    if scheme not in _DATABASES or not rest.strip("/") or misplaced:
        raise ValueError(
            "must begin with sqlite:/// and a path, or with postgresql:// and a server"
        )
    return value.strip()


def _host_name(value: str) -> str:
    name = value.strip().lower()
    if not name or any(mark in name for mark in "/:@*? "):
        raise ValueError("must be a plain host name such as media.example.org")
    return name


def listed(value: object) -> object:
    """Let the environment write a list as ``a, b`` or as JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("must be a list") from None
    return [part.strip() for part in value.split(",") if part.strip()]


def stripped(value: object) -> object:
    """Take blanks away from around a text."""
    return value.strip() if isinstance(value, str) else value


def upper(value: object) -> object:
    """Take blanks away from around a text, and write it in capitals."""
    return value.strip().upper() if isinstance(value, str) else value


WebAddress = Annotated[str, AfterValidator(_web_address)]
DatabaseAddress = Annotated[str, AfterValidator(_database_address)]
HostNames = Annotated[
    tuple[Annotated[str, AfterValidator(_host_name)], ...], BeforeValidator(listed)
]
ModelName = Annotated[str, BeforeValidator(stripped), Field(min_length=1, max_length=200)]
