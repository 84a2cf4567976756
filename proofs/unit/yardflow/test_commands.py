"""The operator's commands: what they say, and the exit codes that a script goes by."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from click.testing import CliRunner, Result

from models.card import read_card
from models.wine.table import read_table
from yardflow import __main__ as door
from yardflow import learning, steps
from yardflow.batches import batch_bytes
from yardflow.errors import NotDelivered
from yardflow.flow import Flow
from yardflow.rehearsal import rehearse

from .shop import Bucket, Channel, Server

Run = Callable[..., Result]

BACK = ("rollback", "--reason", "r", "--watch", "0.01")


@pytest.fixture(name="run")
def _run(flow: Flow, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Type a command where the doors lead to the shop."""

    @contextmanager
    def opened(settings: object, *, tell: object) -> Iterator[Flow]:
        yield flow

    monkeypatch.setattr(door, "opened", opened)
    monkeypatch.setattr(door, "FlowSettings", lambda: flow.settings)
    return lambda *words: CliRunner().invoke(door.main, words)


@pytest.fixture(name="version")
def _version(flow: Flow) -> int:
    """A second version in the registry."""
    rows = rehearse(read_table(), seed=1, rows=120)
    cast(Bucket, flow.store).arrived["b1"] = batch_bytes(rows, card=read_card("wine"))
    steps.begin(flow, "d", actor="test", reason="because")
    learning.features(flow, "d")
    learning.train(flow, "d")
    version = int(learning.register(flow, "d")["version"])
    steps.undo(flow, "d", None, reason="only trained")
    steps.end(flow, "d")
    return version


def test_status_tells_what_stands_where(run: Run) -> None:
    """Every alias, who deploys, and whether everything follows."""
    told = run("status")
    assert told.exit_code == 0
    assert "champion   version 1" in told.output
    assert "follows    everything" in told.output


def test_status_names_what_does_not_follow(run: Run, flow: Flow) -> None:
    """Somebody set an alias by hand: it is named, and nothing is done."""
    flow.registry.point("shadow", 1, generation=1)
    told = run("status")
    assert (told.exit_code, "no, see above" in told.output) == (3, True)
    assert run("converge", "--explain").exit_code == 3
    assert flow.registry.aliases()["shadow"] == 1
    assert run("converge").exit_code == 0
    assert "shadow" not in flow.registry.aliases()
    assert run("converge", "--explain").exit_code == run("status").exit_code == 0


def test_history_is_for_people_and_programs(run: Run, version: int) -> None:
    """A line a generation; as JSON the whole of it."""
    assert run("promote", str(version), "--reason", "by hand", "--actor", "jane").exit_code == 0
    assert "by hand" in run("history").output
    last: dict[str, Any] = json.loads(run("history", "--json").output.splitlines()[-1])
    assert (last["actor"], last["outcome"]["aliases"]["champion"]["version"]) == ("jane", version)


def test_what_is_refused_ends_with_10(run: Run, flow: Flow, version: int) -> None:
    """No such version, nothing to roll back to, a rollback of a rollback, somebody else's turn: nothing changed."""
    refusals = [("promote", "9", "--reason", "r"), ("shadow", "1", "--reason", "r"), BACK]
    assert [run(*words).exit_code for words in refusals] == [10, 10, 10]
    assert run("promote", str(version), "--reason", "r").exit_code == 0
    assert run(*BACK).exit_code == 0
    assert run(*BACK).exit_code == 10
    assert run(*BACK, "--again").exit_code == 0
    flow.lock.take("somebody")
    assert run("promote", str(version), "--reason", "r").exit_code == 10
    assert flow.current.version("champion") == version


def test_what_fails_ends_with_11_and_says_what_is_so(run: Run, flow: Flow, version: int) -> None:
    """The candidate cannot be loaded: undone; nobody could be told: it serves."""
    cast(Server, flow.triton).refuses.add(version)
    failed = run("promote", str(version), "--reason", "r")
    assert (failed.exit_code, "LoadRefused" in failed.output) == (11, True)
    assert flow.current.version("champion") == 1

    cast(Server, flow.triton).refuses.clear()
    cast(Channel, flow.slack).fault = lambda: NotDelivered("away", reason="unreachable")
    failed = run("promote", str(version), "--reason", "r")
    assert (failed.exit_code, "what was committed stays" in failed.output) == (11, True)
    assert flow.current.version("champion") == version


def test_a_share_is_more_than_nothing_and_at_most_a_half(run: Run, flow: Flow, version: int) -> None:
    """Anything else is a mistake in typing, and nothing is begun; what is right stands in the ledger and in status."""
    before = len(list(flow.ledger.history()))
    wrong = [f"--weight={weight}" for weight in ("0", "-0.1", "0.51", "nan", "inf", "half")]
    assert {run("challenge", str(version), *words, "--reason", "r").exit_code for words in ([], *zip(wrong))} == {2}
    assert len(list(flow.ledger.history())) == before
    assert run("challenge", str(version), "--weight", "0.5", "--reason", "r").exit_code == 0
    assert flow.current.aliases["challenger"].weight == 0.5
    assert "weight 0.5" in run("status").output


def test_what_is_on_trial_is_taken_off(run: Run, flow: Flow, version: int) -> None:
    """Once; then there is nothing to take off. The champion is not taken off at all."""
    assert run("shadow", str(version), "--reason", "r").exit_code == 0
    words = ("retire", "shadow", "--reason", "r")
    assert [run(*words).exit_code, run(*words).exit_code] == [0, 10]
    assert run("retire", "champion", "--reason", "r").exit_code == 2
    assert "shadow" not in flow.current.aliases


def test_evidence_is_asked_for_on_purpose(run: Run, flow: Flow, version: int) -> None:
    """Without the flag the operator decides; with it, who has seen nothing refuses; a limit alone says nothing."""
    assert run("shadow", str(version), "--reason", "r").exit_code == 0
    assert run("promote", str(version), "--reason", "r", "--most", "0.1").exit_code == 2
    assert run("promote", str(version), "--reason", "r", "--from-evidence").exit_code == 10
    assert flow.current.version("champion") == 1
    assert run("promote", str(version), "--reason", "r").exit_code == 0
    assert flow.current.evidence["mirrored"]["compared"] == 0


@pytest.mark.parametrize("said", ["stop", "shadow"])
def test_what_the_gate_kept_out_is_let_in_on_purpose(run: Run, flow: Flow, version: int, said: str) -> None:
    """Nobody forgets by accident what it said; that it was put aside stands in the ledger, and counts from then on."""
    flow.registry.mark(version, gate=f"{said}: drift in a column")
    promote = ("promote", str(version), "--reason", "r")
    refused = run(*promote)
    assert (refused.exit_code, "drift in a column" in refused.output) == (10, True)
    assert run(*promote, "--against-the-gate", "--from-evidence").exit_code == 2
    assert flow.current.version("champion") == 1

    assert run(*promote, "--against-the-gate").exit_code == 0
    assert flow.current.evidence["overruled"] == {"gate": f"{said}: drift in a column"}
    assert run(*BACK).exit_code == 0
    assert run(*promote).exit_code == 0


def test_a_ledger_with_a_history_is_not_made_again(run: Run, version: int) -> None:
    """It is the truth, whatever MLflow says."""
    assert run("promote", str(version), "--reason", "r").exit_code == 0
    refused = run("rebuild", "--reason", "r")
    assert (refused.exit_code, "NotLost" in refused.output) == (10, True)


def test_nobody_says_that_everything_follows_while_somebody_deploys(run: Run, flow: Flow) -> None:
    """What differs then is on its way, and was not looked at."""
    flow.lock.take("somebody")
    said = run("status").output + run("converge", "--explain").output
    assert ("not looked at" in said, "everything" in said) == (True, False)


def test_who_does_not_say_why_is_told_to(run: Run, version: int) -> None:
    """A reason is what the next person looks for."""
    assert run("promote", str(version)).exit_code == 2


def test_a_command_starts_without_what_trains() -> None:
    """Who looks or rolls back in a hurry does not wait for scikit-learn, which takes longer than all else."""
    said = "import sys, yardflow.__main__; print(sorted({'sklearn', 'scipy'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
