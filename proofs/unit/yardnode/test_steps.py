"""The bring-up is a list; every step is skipped when done, stops the walk when it fails, and can be done again."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from yardnode import dns, policy
from yardnode.argocd import Application, settled
from yardnode.controlplane import APISERVER
from yardnode.errors import Refused, StepFailed, TimedOut
from yardnode.making import Making
from yardnode.paths import Paths
from yardnode.progress import Progress
from yardnode.steps import STEPS, Step, Timing, walk, walk_back
from yardnode.steps.node import MANIFESTS
from yardnode.yard import Yard, alone

NAMES = [step.name for step in STEPS]


@pytest.fixture(name="yard")
def _yard(tmp_path: Path) -> Yard:
    """A yard that makes nothing."""
    paths = Paths(checkout=tmp_path, cache=tmp_path / "cache", state=tmp_path / "state")
    progress = Progress(stream=io.StringIO())
    return Yard(paths=paths, progress=progress, environment={}, making=Making(paths, progress=progress, environment={}))


def step(name: str, *, seen: list[str], done: bool = False, fails: Exception | None = None) -> Step:
    """A step that writes down what was asked of it."""

    def do(_: Yard) -> None:
        seen.append(f"do {name}")
        if fails is not None:
            raise fails

    return Step(name=name, done=lambda _: done, do=do, undo=lambda _: seen.append(f"undo {name}"))


def ignore(_: Timing) -> None:
    """Timings that nobody wants."""


def test_the_order_is_the_one_that_the_parts_need() -> None:
    """Nothing is touched before preflight; Argo CD answers before a root exists; secrets come with their namespaces."""
    assert NAMES[0] == "preflight"
    assert NAMES[-1] == "settled"
    for earlier, later in [
        ("toolchain", "processes"),
        ("network", "processes"),
        ("node-ready", "argocd"),
        ("images-import", "argocd"),
        ("git-source", "core"),
        ("argocd", "projects"),
        ("projects", "core"),
        ("core", "secrets"),
        ("secrets", "layers"),
    ]:
        assert NAMES.index(earlier) < NAMES.index(later), (earlier, later)


def test_what_is_done_is_not_done_again(yard: Yard) -> None:
    """The walk looks, and records that it found everything as it should be."""
    seen: list[str] = []
    timings: list[Timing] = []
    walk(yard, [step("one", seen=seen, done=True), step("two", seen=seen)], record=timings.append)
    assert seen == ["do two"]
    assert [(each.step, each.already_done) for each in timings] == [("one", True), ("two", False)]


def test_a_step_that_fails_stops_the_walk_and_names_itself(yard: Yard) -> None:
    """What was waited for and what was seen are in the message; later steps are not begun."""
    seen: list[str] = []
    late = TimedOut("the node to be Ready", within_s=1.0, last="NotReady")
    with pytest.raises(StepFailed, match=r"Step one failed: wanted the node to be Ready.*NotReady"):
        walk(yard, [step("one", seen=seen, fails=late), step("two", seen=seen)], record=ignore)
    assert seen == ["do one"]


def test_an_interruption_passes_through_and_the_next_walk_goes_on(yard: Yard) -> None:
    """Ctrl-C in the middle leaves what is done; the same command continues with the rest."""
    seen: list[str] = []
    finished: set[str] = set()

    def build(name: str, do: Callable[[Yard], None]) -> Step:
        return Step(name=name, done=lambda _: name in finished, do=do)

    def first(_: Yard) -> None:
        seen.append("first")
        finished.add("first")

    def second(_: Yard) -> None:
        seen.append("second")
        if seen.count("second") == 1:
            raise KeyboardInterrupt
        finished.add("second")

    steps = [build("first", first), build("second", second)]
    with pytest.raises(KeyboardInterrupt):
        walk(yard, steps, record=ignore)
    walk(yard, steps, record=ignore)
    assert seen == ["first", "second", "second"]


def test_undoing_goes_backwards(yard: Yard) -> None:
    """Processes end before the network that they are in."""
    seen: list[str] = []
    walk_back(yard.paths, [step("one", seen=seen), step("two", seen=seen)])
    assert seen == ["undo two", "undo one"]
    assert NAMES.index("network") < NAMES.index("processes")


def test_two_commands_do_not_work_on_one_yard(yard: Yard) -> None:
    """The second is told who holds it."""
    with alone(yard.paths), pytest.raises(Refused, match="only command at work"), alone(yard.paths):
        pass


def test_permissions_name_the_users_of_the_certificates() -> None:
    """The manifests bind exactly the users that the bring-up issues certificates for."""
    bindings = yaml.safe_load_all((MANIFESTS / "clusterrolebinding.yaml").read_text())
    bound = {subject["name"] for binding in bindings for subject in binding["subjects"]}
    assert bound == {dns.USER.name, policy.USER.name, APISERVER.name}


def application(name: str, *, sync: str = "Synced", health: str = "Healthy", revision: str = "abc") -> Application:
    """An Application as Argo CD describes it."""
    return Application.from_api(
        {
            "metadata": {"name": name},
            "status": {"sync": {"status": sync, "revision": revision}, "health": {"status": health}},
        }
    )


def test_settled_means_every_application_at_the_served_commit() -> None:
    """A missing root, another revision, or anything but Synced and Healthy is not settled."""
    good = [application("root"), application("child")]
    assert settled(good, roots=["root"], revision="abc")
    assert not settled(good, roots=["root", "other"], revision="abc")
    assert not settled(good, roots=["root"], revision="def")
    assert not settled([*good, application("late", health="Progressing")], roots=["root"], revision="abc")
    assert not settled([*good, application("late", sync="Unknown")], roots=["root"], revision="abc")


def test_an_application_that_was_never_compared_is_not_settled() -> None:
    """An empty status is not a good one."""
    assert not Application.from_api({"metadata": {"name": "new"}}).settled(revision="abc")
