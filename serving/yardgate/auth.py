"""Who may reload, or choose a variant: a bearer token compared in constant time, and few wrong attempts a source."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from pathlib import Path

from yardgate.errors import TooMany, Unauthorized

__all__ = ["Guard"]

SHORTEST_TOKEN_BYTES = 32
"""256 bits if it is random; anything shorter is a word that somebody chose."""

ATTEMPTS = 5
"""Wrong tokens that one source may send within ``WINDOW_S``; the next one is not even compared."""

WINDOW_S = 60.0

SOURCES = 1024
"""Sources remembered at once: the list must not grow with the attacker's addresses."""


def _read_token(path: Path) -> bytes:
    token = path.read_bytes().strip()
    if len(token) < SHORTEST_TOKEN_BYTES:
        raise ValueError(f"wanted a token of at least {SHORTEST_TOKEN_BYTES} bytes, got {len(token)} in {path}")
    return token


class Guard:
    """
    Stands before the reload and the override of a variant.

    The token's file is read each time, so that a rotated Secret counts at once.
    """

    def __init__(self, token_file: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """
        Raises:
            ValueError: The token is too short: better no gateway than one with an open door.
            OSError: The file cannot be read.
        """
        _read_token(token_file)
        self._token_file, self._clock = token_file, clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def admit(self, authorization: str | None, *, source: str) -> None:
        """
        Let the caller pass.

        Args:
            authorization: The header's value, ``Bearer <token>``.
            source: The caller's address.

        Raises:
            TooMany: The source has sent five wrong tokens within the last minute; nothing was compared.
            Unauthorized: No token, or a wrong one.
        """
        failures = self._recent(source)
        if len(failures) >= ATTEMPTS:
            wait_s = int(WINDOW_S - (self._clock() - failures[0])) + 1
            raise TooMany(f"{ATTEMPTS} wrong tokens within a minute; try again in {wait_s} s", retry_after_s=wait_s)
        scheme, _, offered = (authorization or "").partition(" ")
        # Digests have one length, so that the comparison tells nothing about the token's own.
        expected = hashlib.sha256(_read_token(self._token_file)).digest()
        right = hmac.compare_digest(hashlib.sha256(offered.strip().encode()).digest(), expected)
        if scheme.lower() != "bearer" or not right:
            failures.append(self._clock())
            self._remember(source, failures)
            raise Unauthorized("wanted the header 'Authorization: Bearer <reload token>', got none or a wrong token")

    def _recent(self, source: str) -> deque[float]:
        failures = self._failures.get(source, deque[float]())
        while failures and self._clock() - failures[0] >= WINDOW_S:
            failures.popleft()
        return failures

    def _remember(self, source: str, failures: deque[float]) -> None:
        self._failures[source] = failures
        self._failures.move_to_end(source)
        if len(self._failures) > SOURCES:
            self._failures.popitem(last=False)
