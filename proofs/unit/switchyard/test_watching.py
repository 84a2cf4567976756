"""The watch loop over scripted streams: resumes, bookmarks, gaps and broken lines."""

from __future__ import annotations

from typing import Any

import pytest

from switchyard.errors import Gap, Unreachable
from switchyard.kinds import PODS
from switchyard.kube import Kube
from switchyard.watching import Scope, Watching

from .scripted import Scripted, ScriptedStream, answer

_SOON_S = 5.0


def _event(kind: str, version: str, *, name: str = "pod") -> dict[str, Any]:
    meta = {"name": name, "namespace": "n", "uid": f"u-{name}", "resourceVersion": version}
    return {"type": kind, "object": {"metadata": meta}}


def _watching(*streams: ScriptedStream, patience_s: float = 5.0) -> tuple[Watching, Scripted]:
    transport = Scripted(lambda asked: answer({"metadata": {"resourceVersion": "1"}, "items": []}), list(streams))
    return Watching(Kube(transport), [Scope(PODS, "n")], patience_s=patience_s), transport


def _versions_watched(transport: Scripted) -> list[str]:
    return [asked.query["resourceVersion"] for asked in transport.asked if asked.method == "WATCH"]


def test_a_watch_begins_at_the_version_of_its_list() -> None:
    """Between LIST and watch nothing can be lost."""
    watching, transport = _watching(ScriptedStream([_event("ADDED", "2")]))
    with watching:
        assert watching.wait(lambda: bool(watching.history), within_s=_SOON_S)
    assert _versions_watched(transport)[0] == "1"


def test_a_resume_goes_on_from_the_last_event() -> None:
    """A watch that the server ended is resumed where it ended."""
    watching, transport = _watching(
        ScriptedStream([_event("ADDED", "2"), _event("MODIFIED", "5")]), ScriptedStream([_event("DELETED", "9")])
    )
    with watching:
        assert watching.wait(lambda: len(watching.history) >= 3, within_s=_SOON_S)
        assert not watching.alive
    assert _versions_watched(transport)[:2] == ["1", "5"]


def test_a_resume_goes_on_from_the_last_bookmark() -> None:
    """A bookmark carries the place forward and is no event."""
    watching, transport = _watching(
        ScriptedStream([_event("ADDED", "2"), _event("BOOKMARK", "40", name="")]),
        ScriptedStream([_event("MODIFIED", "41")]),
    )
    with watching:
        assert watching.wait(lambda: len(watching.history) >= 2, within_s=_SOON_S)
        assert [seen.type for seen in watching.history][:2] == ["ADDED", "MODIFIED"]
    assert _versions_watched(transport)[:2] == ["1", "40"]


def test_a_broken_line_is_resumed_without_a_gap() -> None:
    """A connection that breaks loses no event: the next watch begins at the last version seen."""
    watching, transport = _watching(
        ScriptedStream([_event("ADDED", "2")], error=Unreachable("reset")), ScriptedStream([_event("MODIFIED", "3")])
    )
    with watching:
        assert watching.wait(lambda: len(watching.history) >= 2, within_s=_SOON_S)
    assert _versions_watched(transport)[:2] == ["1", "2"]


def test_a_line_that_stays_broken_is_an_error() -> None:
    """Whoever waits is told, and does not take silence for quiet."""
    watching, _ = _watching(ScriptedStream(error=Unreachable("refused")), patience_s=0.1)
    with watching, pytest.raises(Unreachable):
        watching.wait(lambda: False, within_s=_SOON_S)


def test_a_gap_reaches_whoever_looks() -> None:
    """After a gap neither the record nor the state may be read."""
    watching, _ = _watching(ScriptedStream([{"type": "ERROR", "object": {"code": 410, "message": "too old"}}]))
    with watching:
        with pytest.raises(Gap):
            watching.wait(lambda: False, within_s=_SOON_S)
        with pytest.raises(Gap):
            _ = watching.history
        with pytest.raises(Gap):
            _ = watching.alive


def test_a_wait_that_ends_without_its_condition_says_so() -> None:
    """False, after the time given; no error."""
    watching, _ = _watching(ScriptedStream([_event("BOOKMARK", "2", name="")]))
    with watching:
        assert not watching.wait(lambda: False, within_s=0.05)
