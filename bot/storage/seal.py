"""Sealing what people wrote and showed, so that the database alone gives nothing away."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from typing import Any

import structlog

from bot.domain.errors import ConfigError

_log = structlog.get_logger(__name__)

_KEY = re.compile(r"[A-Za-z0-9_-]{43}=")
"""Stricter than base64 in Python, which passes over what does not belong."""

_PLAIN = b"\x00"
SEALED = b"\x01"
"""The first byte says how to read the rest, so that keys can be introduced later."""

_NO_LIBRARY = "storage.encryption_keys: needs the extra 'encryption'"
_NOT_A_KEY = (
    "storage.encryption_keys: entry {place} is not a key, which is 32 random bytes in URL-safe "
    'base64; make one with: python -c "import base64, secrets; '
    'print(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())"'
)


class Seal:
    """Seals with the first of ``keys`` and opens with any of them; without keys it seals nothing.

    Fernet: AES-128-CBC with HMAC-SHA256 (https://github.com/fernet/spec), stored as bytes without
    its base64. Raises ConfigError for a malformed key and where the library is missing.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._first: Any = None
        self._all: Any = None
        self._seen: set[tuple[str, object]] = set()
        if not keys:
            return
        try:
            from cryptography.fernet import (  # noqa: PLC0415 - an extra
                Fernet,
                InvalidToken,
                MultiFernet,
            )
        except ModuleNotFoundError as error:
            raise ConfigError((_NO_LIBRARY,)) from error
        made, problems = [], []
        for place, key in enumerate(keys, start=1):
            if _KEY.fullmatch(key):
                made.append(Fernet(key))
            else:
                problems.append(_NOT_A_KEY.format(place=place))
        if problems:
            raise ConfigError(tuple(problems))
        self._refusal: type[Exception] = InvalidToken
        self._first, self._all = made[0], MultiFernet(made)

    @property
    def active(self) -> bool:
        """Whether there are keys."""
        return self._first is not None

    def seal(self, data: bytes) -> bytes:
        """Return ``data`` as it is to be stored."""
        if self._first is None:
            return _PLAIN + data
        return SEALED + base64.urlsafe_b64decode(self._first.encrypt(data))

    def open(self, stored: bytes) -> bytes | None:
        """Return what was sealed; None when no key opens it."""
        return self._open_with(self._all, stored)

    def seal_text(self, text: str) -> bytes:
        """Return words as they are to be stored."""
        return self.seal(text.encode(errors="surrogatepass"))

    def open_text(self, stored: bytes) -> str | None:
        """Return words that were sealed; None when no key opens them."""
        data = self.open(stored)
        return None if data is None else data.decode(errors="surrogatepass")

    def seal_json(self, value: object) -> bytes:
        """Return a value other than None, which JSON can hold, as it is to be stored."""
        return self.seal(json.dumps(value, separators=(",", ":")).encode())

    def open_json(self, stored: bytes) -> Any:
        """Return a value that was sealed; None when no key opens it."""
        data = self.open(stored)
        return None if data is None else json.loads(data)

    def renewed(self, stored: bytes) -> bytes | None:
        """Return it sealed with the first key; None when it is already, or no key opens it."""
        if stored[:1] == SEALED and self._open_with(self._first, stored) is not None:
            return None
        data = self.open(stored)
        return None if data is None else self.seal(data)

    def unreadable(self, kind: str, identifier: object) -> None:
        """Say once that no key opens something."""
        if (kind, identifier) not in self._seen:
            self._seen.add((kind, identifier))
            _log.warning("sealed_unreadable", kind=kind, id=identifier)

    def _open_with(self, keys: Any, stored: bytes) -> bytes | None:
        if stored[:1] == _PLAIN:
            return stored[1:]
        if stored[:1] != SEALED or keys is None:
            return None
        try:
            opened: bytes = keys.decrypt(base64.urlsafe_b64encode(stored[1:]))
        except (self._refusal, binascii.Error):
            return None
        return opened
