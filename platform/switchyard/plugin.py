"""
The pytest plugin: ``pytest -m core_only`` becomes a proof with a verdict, an exit code and evidence.

It is inert unless proofs are asked for, by one of their markers or by the path of one. Then it opens the journal before
anything else happens, refuses options that would make the verdict worth less, keeps the order, blocks what comes after
a failure, and at the end reckons, seals and prints.
"""

from __future__ import annotations

import importlib
import signal
from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path
from types import FrameType
from typing import Final

import pytest

from switchyard import evidence, narration, stages
from switchyard.controls import left_out
from switchyard.errors import SwitchyardError
from switchyard.gitsource import short_sha
from switchyard.judging import BLOCKED_BY, Defective, Disproved, Inconclusive, outcome_of
from switchyard.promises import promised
from switchyard.publishing import RESULTS, Places, Published
from switchyard.session import SESSION, ProofSession, open_session
from switchyard.settings import Settings
from yardfacts.bundle import Damaged
from yardfacts.facts import Malformed
from yardfacts.journal import Ending
from yardfacts.reckoning import BLOCKED
from yardfacts.render.banner import banner
from yardfacts.verdict import DEFECTIVE

EXPECTED: Final = (SwitchyardError, Disproved, Inconclusive, Defective)
"""Errors whose message says everything: wanted, got, where, what next."""

PARTS: Final = ("switchyard.fixtures", "switchyard.html_page")
"""Plugins that only proofs need; the fixtures bring the whole engine along."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of proofs; without proofs they do nothing."""
    group = parser.getgroup("switchyard", "proofs of a GitOps platform")
    group.addoption("--context", dest="switchyard_context", default="", help="a cluster that is already there")
    group.addoption("--kubeconfig", dest="switchyard_kubeconfig", type=Path, help="where --context stands")
    group.addoption("--target", dest="switchyard_target", default="", help="a cluster that a package of ours has up")
    group.addoption("--proof-dir", dest="switchyard_proof_dir", type=Path, help="instead of docs/proof and docs/audit")
    group.addoption(
        "--budget",
        dest="switchyard_budget",
        action="append",
        default=[],
        metavar="PHASE=SECONDS",
        help="hold a duration against another budget, such as attach=40; may be repeated, and is recorded",
    )
    group.addoption(
        "--controls",
        dest="switchyard_controls",
        type=int,
        default=0,
        metavar="N",
        help="of the negative controls take N, which the commit decides; 0 (the default) takes all",
    )
    group.addoption(
        "--cycles",
        dest="switchyard_cycles",
        type=int,
        default=0,
        metavar="N",
        help="detach and attach N times under watch; 0 (the default) leaves that out",
    )
    group.addoption(
        "--layer",
        dest="switchyard_layer",
        choices=("on", "off", "toggled"),
        default="on",
        help="how the optional layer is while models are promoted, tried, fail, get lost and are decided about: there "
        "(the default), away, or leaving and returning all the time",
    )
    group.addoption(
        "--evidence",
        dest="switchyard_evidence",
        type=Path,
        metavar="DIR",
        help="let the claims judge the recorded run DIR instead of a live cluster",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Register the markers; open the record where proofs are asked for, before any report is configured."""
    for name, text in stages.MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {text}")
    config.addinivalue_line("markers", "control(name): tests of one negative control, taken or left out together")
    if config.option.switchyard_evidence:
        evidence.begin(config, bundle=config.option.switchyard_evidence, claims=config.rootpath / "proofs" / "claims")
        return
    if not stages.asked_for(config):
        return
    reasons = list(stages.refusals(config))
    if reasons:
        raise pytest.UsageError("a proof does not run like this:\n  " + "\n  ".join(reasons))
    budgets = dict(_budget(text) for text in config.option.switchyard_budget)
    session = open_session(
        checkout=config.rootpath,
        places=_places(config),
        budgets=budgets,
        arguments=list(config.invocation_params.args),
        tell=lambda line: _tell(config, line),
    )
    config.stash[SESSION] = session
    for part in PARTS:
        # Registered, not imported by pytest: that would want to rewrite assertions, of which they have none, and warn
        # where a session inside a session finds them loaded.
        config.pluginmanager.register(importlib.import_module(part), part)
    folder = session.bundle.folder
    config.option.xmlpath = str(folder / "junit.xml")
    config.option.htmlpath = str(folder / "report" / "pytest.html")
    config.option.self_contained_html = True
    config.option.allure_report_dir = str(folder / RESULTS)
    # CI cancels with SIGTERM; a proof has to restore and to end its journal then, as it does at Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupted)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Which earlier runs are left as they are: nobody has to be stopped by them, and somebody has to know."""
    session = config.stash.get(SESSION, None)
    return [f"an earlier run is left as it is: {damage}" for damage in (session.damaged if session else ())]


def pytest_unconfigure(config: pytest.Config) -> None:
    """
    Print the verdict, after everybody else has printed: ``make`` hides exit codes, so the last line carries it.

    A session that never came to its end, such as after an internal error, has its journal ended here.
    """
    session = config.stash.get(SESSION, None)
    if session is None:
        return
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    session.recorder.end(Ending.ABORTED, message="pytest ended early")
    if session.published is not None:
        _print_banner(config, session, session.published)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """A session that proves collects proofs alone: a unit test that cannot be imported must not end it."""
    is_test = collection_path.is_file() and collection_path.name.startswith("test_")
    if is_test and config.stash.get(SESSION, None) is not None and not stages.is_proof_file(collection_path):
        return True
    return None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None, None, None]:
    """Leave live proofs out unless they were asked for; else make sure that their order is the order of numbers."""
    session = config.stash.get(SESSION, None)
    if session is None:
        live = [item for item in items if stages.is_proof(item, live=True)]
        if live and not config.option.collectonly:
            config.hook.pytest_deselected(items=live)
            items[:] = [item for item in items if item not in live]
        return (yield)
    yield
    chosen = config.option.switchyard_controls
    spared = left_out(items, count=chosen, sha=short_sha(config.rootpath)) if chosen else []
    unasked = [] if config.option.switchyard_cycles else [item for item in items if stages.is_cycle(item)]
    if out := [*spared, *unasked]:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
    wrong = stages.disorder(items)
    if wrong:
        raise pytest.UsageError(f"the proofs are not in the order of their numbers: {wrong}")
    proofs = [item for item in items if stages.is_proof(item)]
    for item in proofs:
        _label(item)
    session.plan(
        (
            {
                "test": item.nodeid,
                "stage": stages.place_of(item).stage,
                "title": stages.title_of(item),
                "claims": promised(item.function) if isinstance(item, pytest.Function) else (),
            }
            for item in proofs
        ),
        partial=stages.is_partial(config),
        left_out=(item.nodeid for item in spared),
    )
    return None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Enter the test's place in the record, or block it."""
    session = item.config.stash.get(SESSION, None)
    if session is None or not stages.is_proof(item):
        return
    session.recorder.enter(stages.place_of(item))
    blocker = session.gate.blocker(item)
    if blocker:
        pytest.skip(BLOCKED_BY + blocker)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Run the test; one that lets no claim judge anything is no proof, whatever it did."""
    yield
    session = item.config.stash.get(SESSION, None)
    if session is not None and stages.is_proof(item, live=True) and not session.recorder.judged:
        raise Defective("no claim was judged: a proof that judges nothing proves nothing")


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record how the test ended; what did not pass closes the gate."""
    report = yield
    session = item.config.stash.get(SESSION, None)
    if session is None or not stages.is_proof(item) or (report.when != "call" and report.passed):
        return report
    error = call.excinfo.value if call.excinfo else None
    if isinstance(error, KeyboardInterrupt):
        return report
    outcome, detail = outcome_of(error)
    if isinstance(error, EXPECTED):
        # Written for a person, and complete; where in the engine it was raised helps nobody who reads a proof.
        report.longrepr = f"{type(error).__name__}: {error}"
    if report.skipped:
        reason = str(getattr(error, "msg", error))
        outcome, detail = (BLOCKED if reason.startswith(BLOCKED_BY) else "inconclusive"), reason
    if report.failed or report.skipped:
        session.gate.close(item)
    session.recorder.test(outcome=outcome, detail=detail, took_s=call.duration)
    return report


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int | pytest.ExitCode) -> Generator[None, None, None]:
    """When every report is written: reckon, seal, publish, and let the exit code carry the verdict."""
    yield
    proof = session.config.stash.get(SESSION, None)
    kept = (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.NO_TESTS_COLLECTED)
    if proof is None or exitstatus in kept:
        return
    proof.ending = Ending.INTERRUPTED if exitstatus == pytest.ExitCode.INTERRUPTED else proof.ending
    try:
        published = proof.close()
    except (Malformed, Damaged) as exc:
        session.exitstatus = DEFECTIVE
        _tell(session.config, f"the evidence could not be sealed: {exc}")
        return
    session.exitstatus = published.reckoning.exit_code


def _print_banner(config: pytest.Config, session: ProofSession, published: Published) -> None:
    """The last lines: claims, durations, evidence, how to repeat, verdict."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if not isinstance(reporter, pytest.TerminalReporter):
        return
    reporter.section("verdict")
    for note in published.notes:
        reporter.write_line(f"note      {note}")
    folder = session.bundle.folder
    shown = folder.relative_to(config.rootpath) if folder.is_relative_to(config.rootpath) else folder
    reporter.write_line(f"signed by {published.signer}")
    for line in banner(published.reckoning, command=published.about.command, bundle=str(shown)):
        reporter.write_line(line)


def _budget(text: str) -> tuple[str, float]:
    phase, _, seconds = text.partition("=")
    try:
        return phase.strip(), float(seconds)
    except ValueError as exc:
        raise pytest.UsageError(f"--budget: wanted PHASE=SECONDS, such as attach=40, got {text!r}") from exc


def _places(config: pytest.Config) -> Places:
    proof: Path | None = config.option.switchyard_proof_dir
    root = config.rootpath
    return Places(
        proof=proof.absolute() if proof else root / "docs" / "proof",
        audit=proof.absolute() / "audit" if proof else root / "docs" / "audit",
        recipe=root / "reports" / "allure",
        cache=Settings().cache,
    )


def _label(item: pytest.Item) -> None:
    """Reports group by the sentence of the module, and show that of the test."""
    if isinstance(item, pytest.Function):
        module = (item.module.__doc__ or item.path.stem).splitlines()[0]
        labels = {"epic": module, "feature": stages.place_of(item).stage}
        narration.label(item, title=stages.title_of(item), labels=labels)


def _tell(config: pytest.Config, line: str) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if isinstance(reporter, pytest.TerminalReporter):
        # Progress is for a person who watches, not for the captured output of the test.
        with capture.global_and_fixture_disabled() if capture else nullcontext():
            reporter.ensure_newline()
            reporter.write_line(line)


def _interrupted(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt(f"signal {number}")
