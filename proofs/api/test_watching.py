"""The watch loop: nothing is lost over a resume, a gap is an error, and the replay equals a LIST."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import pytest

from switchyard.errors import Forbidden, Gap, Unreadable
from switchyard.kinds import CONFIG_MAPS
from switchyard.kube import Event
from switchyard.watching import Scope, Watching

from .server import NOBODY, ApiServer
from .stage import SECRETS, Stage

_SOON_S = 5.0


def _names(watching: Watching, kind: str) -> list[str]:
    return [seen.meta.name for seen in watching.history if seen.type == kind]


def test_what_was_there_is_listed_and_what_happens_is_seen(stage: Stage) -> None:
    """The record begins with the LIST and goes on with every event, in order."""
    stage.config_map("old")
    with Watching(stage.kube, [Scope(CONFIG_MAPS, stage.store)]) as watching:
        stage.config_map("new")
        stage.kube.merge(CONFIG_MAPS, "new", {"data": {"x": "1"}}, namespace=stage.store)
        stage.kube.delete(CONFIG_MAPS, "old", namespace=stage.store)
        assert watching.wait(lambda: _names(watching, "DELETED") == ["old"], within_s=_SOON_S)
        assert [(seen.type, seen.meta.name) for seen in watching.history] == [
            ("LISTED", "old"),
            ("ADDED", "new"),
            ("MODIFIED", "new"),
            ("DELETED", "old"),
        ]
        assert [seen.meta.name for seen in watching.alive.values()] == ["new"]


def test_a_resumed_watch_loses_nothing(stage: Stage) -> None:
    """The server ends each watch after a second; every change is still seen once."""
    with Watching(stage.kube, [Scope(CONFIG_MAPS, stage.store)], resume_s=1) as watching:
        wanted = []
        for number in range(50):
            stage.config_map(f"thing-{number:02}")
            wanted.append(f"thing-{number:02}")
            watching.wait(lambda: False, within_s=0.05)
        assert watching.wait(lambda: len(_names(watching, "ADDED")) == len(wanted), within_s=_SOON_S)
        assert _names(watching, "ADDED") == wanted
        assert watching.differences(within_s=_SOON_S) == ()


def test_a_difference_from_the_list_is_named(stage: Stage) -> None:
    """A replay that does not match the final LIST says which object differs."""
    with Watching(stage.kube, [Scope(CONFIG_MAPS, stage.store)]) as watching:
        made = stage.config_map("thing")
        assert watching.wait(lambda: bool(watching.alive), within_s=_SOON_S)
        # As if the event of its creation had been lost.
        watching._alive.pop(made["metadata"]["uid"])
        (difference,) = watching.differences(within_s=0.0)
    assert "thing" in difference
    assert "replayed nothing" in difference


def test_a_version_that_is_compacted_is_a_gap(mortal: ApiServer) -> None:
    """After a restart the server no longer knows what happened before; that is an error of its own."""
    kube = mortal.client()
    body = {"metadata": {"name": "compacted"}}
    old = kube.create(CONFIG_MAPS, body, namespace="default")["metadata"]["resourceVersion"]
    kube.merge(CONFIG_MAPS, "compacted", {"data": {"x": "1"}}, namespace="default")
    mortal.kill_api()
    mortal.start_api()
    with pytest.raises(Gap, match="410"), kube.watch(CONFIG_MAPS, version=old, namespace="default") as (events, _):
        list(events)


def test_a_gap_ends_everything(mortal: ApiServer) -> None:
    """A watch that lost its place raises from whoever waits or looks; nothing counts as seen."""
    kube = mortal.client()
    with Watching(kube, [Scope(CONFIG_MAPS, "default")]) as watching:
        # The world goes on where this watch does not look.
        kube.create(SECRETS, {"metadata": {"name": "elsewhere"}}, namespace="default")
        mortal.kill_api()
        mortal.start_api()
        # The server's memory begins with its start: the old place is lost, and waiting for the event says so.
        with pytest.raises(Gap):
            watching.wait(lambda: False, within_s=_SOON_S)


def test_a_server_that_is_gone_is_an_error(mortal: ApiServer) -> None:
    """A watch whose server stays away raises; a quiet record is not taken for a quiet world."""
    with Watching(mortal.client(), [Scope(CONFIG_MAPS, "default")], patience_s=0.5) as watching:
        mortal.kill_api()
        with pytest.raises(Unreadable):
            watching.wait(lambda: False, within_s=20.0)


def test_what_may_not_be_read_raises_at_once(server: ApiServer) -> None:
    """A collection that is denied is an error on entering."""
    with pytest.raises(Forbidden), Watching(server.client(NOBODY), [Scope(CONFIG_MAPS, "default")]):
        pytest.fail("entered")


def test_bookmarks_carry_a_quiet_watch_forward(stage: Stage) -> None:
    """The server tells a watch without events how far the world is, so that a resume finds its place."""
    start = stage.kube.list(CONFIG_MAPS, namespace=stage.store).version

    def watched() -> list[Event]:
        # The server sends a bookmark two seconds before it ends a watch.
        with stage.kube.watch(CONFIG_MAPS, version=start, namespace=stage.store, for_s=4) as (events, _):
            return list(events)

    with ThreadPoolExecutor(1) as thread:
        quiet, number = thread.submit(watched), 0
        while not quiet.done():
            stage.config_map(f"elsewhere-{number}", namespace=stage.namespace)
            number += 1
            wait([quiet], timeout=0.2)
    seen = quiet.result()
    assert {event.type for event in seen} == {"BOOKMARK"}
    assert seen[-1].object["metadata"]["resourceVersion"] != start
