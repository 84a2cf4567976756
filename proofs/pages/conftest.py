"""The three pages of a run, made as every run makes them, and a browser that opens them from the disk."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from proofs.unit.plugin.conftest import CLAIM, CONFTEST

from .browser import Browser, browser

ROOT = Path(__file__).resolve().parents[2]
WITHIN_S = 400.0
"""The first run on a machine installs Allure's packages: ten seconds from a near registry, minutes from a far one."""

PROOF = '''
import time
from dataclasses import replace

import pytest
from yardfacts.facts import Criterion, Duration, Interval, Receipt, Sampled

pytestmark = [pytest.mark.order(20), pytest.mark.core_only]
OUTCOME = "{outcome}"


def test_it_answers(yard):
    """The service answers when asked, all the time."""
    with yard.when("the layer leaves"):
        stop_ms = round(time.time() * 1000) + 4000
    start_ms = stop_ms - 4000
    one = Interval(probe="mlflow", environment="prod", connection="new", outcome="right", state="", start_ms=start_ms,
                   stop_ms=stop_ms, samples=16, detail="")
    count = Sampled(probe="mlflow", environment="prod", connection="new", period_s=0.25, window_s=4.0, planned=16,
                    sent=16, right=16, wrong=0, unanswered=0, missed_in_a_row=0, blind_s=0.5, skew_ms=0, file="",
                    sha256="")
    # As many lanes as the platform has, and more than Allure tells apart by itself.
    for number in range(20):
        for connection in ("new", "kept"):
            of = {"probe": f"service{number}", "environment": "dev", "connection": connection}
            yard.record("off", replace(one, **of), replace(count, **of))
    if OUTCOME == "right":
        yard.record("off", one, count)
    else:
        cut_ms = start_ms + 2000
        yard.record("off", replace(one, stop_ms=cut_ms), replace(one, start_ms=cut_ms + 250),
                    replace(one, start_ms=cut_ms, stop_ms=cut_ms + 250, outcome=OUTCOME, samples=1, detail="refused"),
                    replace(count, right=15, unanswered=1))
        # Digests and addresses are the longest words of a receipt, and have to be broken.
        criteria = {"registered": True, "smoke": False, "announced": None}
        yard.record("promoted", Receipt(
            environment="prod", deploy_id="2f1c0a", model="wine", version=3, generation=7, outcome="aborted",
            reason="a batch", run_id="8c1d" * 8,
            criteria=tuple(Criterion(name=name, met=met, evidence="publish: digest " + "3fa1" * 16)
                           for name, met in criteria.items()),
            durations=(Duration(step="train", took_s=3.0), Duration(step="load", took_s=0.5),
                       Duration(step="verify", took_s=1.5))))
        yard.ground.outcome = OUTCOME
    yard.observe("now")
    yard.judge("answers")
'''


@dataclass(frozen=True)
class Pages:
    """Of one run."""

    folder: Path
    output: str

    def address(self, name: str, *, place: str = "") -> str:
        """As a reader opens it: from the disk."""
        return f"file://{self.folder / 'report' / name}{place}"


def _run(folder: Path, *, outcome: str) -> Pages:
    """A whole session of proofs in *folder*, on a ground of its own, with a service that *outcome* befell once."""
    (folder / "proofs" / "claims").mkdir(parents=True)
    (folder / "proofs" / "claims" / "answers.py").write_text(CLAIM)
    (folder / "trials").mkdir()
    (folder / "trials" / "conftest.py").write_text(CONFTEST.replace("{restores}", "True"))
    (folder / "trials" / "test_p20_pages.py").write_text(PROOF.replace("{outcome}", outcome))
    (folder / "pyproject.toml").write_text(
        '[tool.pytest.ini_options]\naddopts = ["--import-mode=importlib", "--strict-markers"]\ntestpaths = ["trials"]\n'
    )
    shutil.copytree(ROOT / "reports/allure", folder / "reports/allure")
    words = [sys.executable, "-m", "pytest", "-m", "core_only"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    output = done.stdout + done.stderr
    (bundle,) = (folder / "docs/proof/runs").glob("*")
    assert (bundle / "report/index.html").is_file(), output
    return Pages(bundle, output)


@pytest.fixture(name="proved", scope="session")
def _proved(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Of a run in which every sample came back."""
    return _run(tmp_path_factory.mktemp("proved"), outcome="right")


@pytest.fixture(name="disproved", scope="session")
def _disproved(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Of a run in which one sample did not come back."""
    return _run(tmp_path_factory.mktemp("disproved"), outcome="unanswered")


@pytest.fixture(name="chromium", scope="module")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all pages."""
    with browser(tmp_path_factory.mktemp("chromium") / "net.json") as running:
        yield running
