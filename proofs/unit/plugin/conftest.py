"""A repository that proves something small, on a ground of its own, run by a pytest inside pytest."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import switchyard.fixtures  # noqa: F401 - loaded once, here, and not anew by every session below

CLAIM = '''
from __future__ import annotations

from yardfacts.claims import Mutant, claim
from yardfacts.facts import Answer, Facts
from yardfacts.judges import answered
from yardfacts.mutants import drop
from yardfacts.verdict import Finding, Verdict, merge


@claim(
    "The service answers.",
    mutants=[
        Mutant(name="nobody asked", edit=drop(Answer, at="now"), verdict=Verdict.INCONCLUSIVE, reason="no_evidence"),
    ],
)
def answers(facts: Facts) -> Finding:
    """Read every answer."""
    return merge(answered(facts, probes=["service"], environments=["dev"]))
'''

CONFTEST = '''
from __future__ import annotations

import pytest

import switchyard.fixtures  # noqa: F401 - loaded once, here, and not anew by every session below

from switchyard.toggled import ATTACHED, DETACHED, Toggled
from yardfacts.facts import Answer, Commit, Hold, Root, Timing


class FakeGround:
    """Answers what it was told to; toggles a boolean."""

    outcome = "right"

    def __init__(self):
        self.state = ATTACHED

    def look(self, *, barrier_s=0.0):
        yield Commit(sha="a" * 40, served="a" * 40, dirty=False)
        yield Answer(probe="service", environment="dev", outcome=self.outcome, wanted="1", got="1", took_s=0.1)

    def presence(self, layer):
        return self.state

    def detach(self, layer):
        self.state = DETACHED
        facts = (Root(name="root", http_status=404), Timing(phase="detach", took_s=3.0, budget_s=8.0))
        return Toggled(layer=layer, changed=True, applications=("root",), facts=facts)

    def attach(self, layer):
        self.state = ATTACHED
        return Toggled(layer=layer, changed=True, applications=("root",), facts=())

    def hold(self, layer):
        return Hold(refreshed=("root",), window_s=10.0, returned=())

    def ask(self, probe):
        raise NotImplementedError


@pytest.fixture(scope="session")
def ground(proof_session):
    ground = FakeGround()
    yield ground
    left = ground.state if {restores} else "unknown"
    proof_session.recorder.restored(layer="features", found=ATTACHED, left=left)
'''


@dataclass
class Run:
    """What a session of proofs gave."""

    code: int
    stdout: str
    folder: Path | None
    """The bundle; None where none was made."""

    def json(self, name: str) -> Mapping[str, Any]:
        """One of the bundle's JSON files."""
        assert self.folder is not None, self.stdout
        parsed: Mapping[str, Any] = json.loads((self.folder / name).read_text())
        return parsed

    @property
    def last_line(self) -> str:
        """The last line that is about the verdict."""
        return [line for line in self.stdout.splitlines() if line.startswith("verdict ")][-1]


Prove = Callable[..., Run]


@pytest.fixture(name="prove")
def _prove(pytester: pytest.Pytester) -> Prove:
    """Write proofs (module name to body), run them with options, and read what came."""

    def prove(*options: str, restores: bool = True, own_process: bool = False, **modules: str) -> Run:
        claims = pytester.mkdir("proofs") / "claims"
        claims.mkdir()
        (claims / "answers.py").write_text(CLAIM)
        # Not in proofs/: the module proofs.conftest is this repository's own, and loaded already.
        trials = pytester.path / "trials"
        trials.mkdir(exist_ok=True)
        (trials / "conftest.py").write_text(CONFTEST.replace("{restores}", str(restores)))
        for name, body in modules.items():
            number = int(name.removeprefix("test_p")[:2])
            marker = "negative" if number == 90 else "core_only"
            head = f"import pytest\npytestmark = [pytest.mark.order({number}), pytest.mark.{marker}]\n"
            (trials / f"{name}.py").write_text(head + body)
        pytester.makepyprojecttoml(
            '[tool.pytest.ini_options]\naddopts = ["--import-mode=importlib", "--strict-markers"]\n'
            'testpaths = ["trials"]\nfilterwarnings = ["error"]\n'
        )
        # In this process, for the engine's imports take longer than everything else; an interruption needs its own.
        result = pytester.runpytest_subprocess(*options) if own_process else pytester.runpytest_inprocess(*options)
        runs = sorted((pytester.path / "docs/proof/runs").glob("*"))
        return Run(int(result.ret), result.stdout.str() + result.stderr.str(), runs[-1] if runs else None)

    return prove


@pytest.fixture(name="proving")
def _proving() -> str:
    """A proof that holds."""
    return (
        "def test_it_answers(yard):\n"
        '    """The service answers when asked."""\n'
        "    yard.observe('now')\n"
        "    yard.judge('answers')\n"
    )
