"""The connections to an API server, where they end while somebody wants them to."""

from __future__ import annotations

import errno

import pytest
import urllib3

from switchyard.pool import Pool
from switchyard.transport import Request, Stream


class _Ending(urllib3.HTTPResponse):
    """An answer whose connection is gone when somebody interrupts it."""

    def __init__(self, failure: Exception) -> None:
        super().__init__(status=200)
        self._failure = failure

    def shutdown(self) -> None:
        raise self._failure


class _Server(urllib3.PoolManager):
    def __init__(self, failure: Exception) -> None:
        super().__init__()
        self._failure = failure

    def request(self, *_: object, **__: object) -> urllib3.HTTPResponse:
        return _Ending(self._failure)


def _stream(failure: Exception) -> Stream:
    asked = Request(method="GET", path="/api/v1/pods", query={}, headers={}, timeout_s=1.0)
    return Pool(_Server(failure), host="https://here").open(asked)


@pytest.mark.parametrize(
    "failure",
    [
        RuntimeError("no connection"),
        ValueError("read"),
        OSError(errno.EBADF, "closed"),
        OSError(errno.ENOTCONN, "gone"),
    ],
)
def test_a_watch_that_has_ended_needs_no_interruption(failure: Exception) -> None:
    """The server ends watches by itself, also in the moment in which somebody else does."""
    _stream(failure).interrupt()


def test_any_other_trouble_is_told() -> None:
    """What is not known to be harmless is not."""
    with pytest.raises(OSError, match="table overflow"):
        _stream(OSError(errno.ENFILE, "table overflow")).interrupt()
