"""The command line against a real API server: what it says, and its exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from switchyard.cli import main
from switchyard.kinds import CONFIG_MAPS, LEASES
from switchyard.lease import NAME, RESTORE

from .actor import Actor
from .server import ADMIN, NOBODY, STRANGER, ApiServer
from .stage import Stage

Run = Callable[..., Result]


@pytest.fixture(name="run")
def _run(server: ApiServer, stage: Stage) -> Run:
    stage.declare()

    def run(*arguments: str, context: str = ADMIN, config: Path = stage.yard.path) -> Result:
        options = ["--config", str(config), "--kubeconfig", str(server.kubeconfig), "--context", context]
        return CliRunner().invoke(main, [*options, *arguments], catch_exceptions=False)

    return run


def test_off_and_on_say_what_they_did(stage: Stage, run: Run) -> None:
    """Each command ends with one sentence; the second time it says that nothing was written; always exit code 0."""
    with Actor(stage):
        on, on_again = run("attach", "features"), run("attach", "features")
        off, off_again = run("detach", "features"), run("detach", "features")
    assert [result.exit_code for result in (on, on_again, off, off_again)] == [0, 0, 0, 0]
    assert "features is attached: 2 Applications" in on.output
    assert "nothing was written" in on_again.output
    assert "features is detached: nothing of it left" in off.output
    assert "nothing was written" in off_again.output


def test_an_orphan_is_disproved(stage: Stage, run: Run) -> None:
    """A layer that is off, with something left, ends with 10 and names it."""
    stage.config_map("orphan")
    result = run("detach", "features")
    assert result.exit_code == 10
    assert f"ConfigMap {stage.store}/orphan" in result.output


def test_something_stuck_is_disproved_and_the_rescue_named(stage: Stage, run: Run) -> None:
    """A foreign finalizer ends a detach with 10; the rescue shows it, and removes it only when told to."""
    with Actor(stage):
        run("attach", "features")
        foreign = {"metadata": {"finalizers": ["example.com/hold"]}}
        stage.kube.merge(CONFIG_MAPS, "store", foreign, namespace=stage.store)
        stuck = run("detach", "features")
        shown = run("rescue", "features")
        forced = run("rescue", "features", "--remove-finalizer", "example.com/hold")
        finished = run("detach", "features")
    assert stuck.exit_code == 10
    assert "example.com/hold" in stuck.output
    assert "switchyard rescue features" in stuck.output
    assert f"ConfigMap {stage.store}/store" in shown.output
    assert "1 objects were forced" in forced.output
    assert len(list((stage.yard.checkout / "docs/proof/rescues").glob("*.json"))) == 1
    assert finished.exit_code == 0


def test_a_killed_command_does_not_bind_the_next(stage: Stage, run: Run) -> None:
    """Who types the command now gets what he asks for, whatever a dead proof had found."""
    meta = {"name": NAME, "annotations": {RESTORE: '{"features": "detached"}'}}
    stage.kube.create(LEASES, {"metadata": meta, "spec": {}}, namespace=stage.namespace)
    with Actor(stage):
        result = run("attach", "features")
    assert result.exit_code == 0
    left = stage.kube.get(LEASES, NAME, namespace=stage.namespace)
    assert not (left["metadata"].get("annotations") or {}).get(RESTORE)


@pytest.mark.parametrize("command", [("audit",), ("detach", "features"), ("attach", "features")])
def test_an_unauthorised_context_is_inconclusive(run: Run, command: tuple[str, ...]) -> None:
    """Nothing could be found out: exit code 11, with the remedy, and no traceback."""
    result = run(*command, context=STRANGER)
    assert result.exit_code == 11
    assert "401" in result.output
    assert "Traceback" not in result.output


def test_an_audit_without_rights_is_inconclusive(run: Run) -> None:
    """An audit full of holes is no audit."""
    result = run("audit", context=NOBODY)
    assert result.exit_code == 11
    assert "UNREADABLE" in result.output


def test_an_audit_shows_what_is_there(stage: Stage, run: Run) -> None:
    """Applications with sync and health, roots with their HTTP status."""
    with Actor(stage):
        run("attach", "features")
    result = run("audit")
    assert result.exit_code == 0
    assert f"{stage.child}" in result.output
    assert "Synced" in result.output
    assert "HTTP 200" in result.output


def test_a_layer_that_does_not_exist_is_a_usage_error(run: Run) -> None:
    """The message names the layers there are."""
    result = run("detach", "elsewhere")
    assert result.exit_code == 2
    assert "core, features" in result.output


def test_a_layer_without_a_root_cannot_be_toggled(run: Run) -> None:
    """Core is always there."""
    result = run("detach", "core")
    assert result.exit_code == 2
    assert "layers.core.root" in result.output


def test_a_missing_yard_is_a_usage_error(run: Run, tmp_path: Path) -> None:
    """The message names the file."""
    result = run("audit", config=tmp_path / "nowhere.toml")
    assert result.exit_code == 2
    assert "nowhere.toml" in result.output
