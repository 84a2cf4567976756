"""Which tests are proofs, in which order they run, what a failed one blocks, and what a proof refuses to run with."""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from switchyard.recorder import Place

__all__ = [
    "MARKERS",
    "Gate",
    "asked_for",
    "disorder",
    "is_cycle",
    "is_partial",
    "is_proof",
    "is_proof_file",
    "number_of",
    "place_of",
    "refusals",
    "title_of",
]

MARKERS: Final[Mapping[str, str]] = {
    "audit": "looks at the yard as it is and changes nothing",
    "core_only": "detaches the optional layer and proves that Core and Baseline stand alone",
    "optional_on": "attaches the optional layer and proves that it works",
    "cycles": "detaches and attaches again and again, as often as --cycles says",
    "gitops": "commits, edits by hand and removes, and proves that git decides",
    "resilience": "takes away what others stand on and proves that it comes back as it was",
    "lifecycle": "lets another model serve and brings the one from before back, while somebody asks",
    "lengthy": "takes many minutes, and `make proof` leaves it to `make proof-full`",
    "negative": "breaks the yard on purpose and requires that the claims say so",
}
"""Markers of proofs; naming one with ``-m`` is how proofs are asked for."""

FILE: Final = re.compile(r"test_(p(\d\d)_\w+)\.py")
LIVE: Final = re.compile(r"test_p(?!00)\d\d_\w+\.py")
"""Proofs that need a cluster: all but P00, which looks at the repository."""


def asked_for(config: pytest.Config) -> bool:
    """Whether proofs were asked for: by a marker in ``-m`` or by the path of one. A bare ``pytest`` asks for none."""
    if config.option.collectonly or config.option.help or getattr(config.option, "markers", False):
        return False
    words = set(re.findall(r"\w+", config.option.markexpr))
    files = {Path(argument.partition("::")[0]).name for argument in config.args}
    return bool(words & MARKERS.keys()) or any(LIVE.fullmatch(name) for name in files)


def is_proof(item: pytest.Item, *, live: bool = False) -> bool:
    """Whether *item* is a proof; with *live*, one that needs a cluster."""
    return bool((LIVE if live else FILE).fullmatch(item.path.name))


def is_proof_file(path: Path) -> bool:
    """Whether *path* is named as a proof is."""
    return bool(FILE.fullmatch(path.name))


def number_of(item: pytest.Item) -> int:
    """The stage's number, from the name of its file: tens, so that another fits in between."""
    found = FILE.fullmatch(item.path.name)
    return int(found.group(2)) if found else 0


def place_of(item: pytest.Item) -> Place:
    """
    Test and stage of *item*. Facts belong to stages; a negative control is a stage of its own, for what it breaks must
    not be evidence of anything else.
    """
    found = FILE.fullmatch(item.path.name)
    stage = found.group(1) if found else item.path.stem
    if _is_independent(item):
        stage = f"{stage}.{item.name.removeprefix('test_')}"
    return Place(test=item.nodeid, stage=stage)


def title_of(item: pytest.Item) -> str:
    """The first line of the test's docstring: the sentence that reports show."""
    text = inspect.getdoc(getattr(item, "obj", None)) or item.name
    return text.splitlines()[0]


@dataclass
class Gate:
    """Blocks what comes after a failed proof; order alone would not."""

    _failed: list[tuple[int, bool, str]] = field(default_factory=list)

    def close(self, item: pytest.Item) -> None:
        """*item* did not pass."""
        self._failed.append((number_of(item), _is_independent(item), item.nodeid))

    def blocker(self, item: pytest.Item) -> str:
        """The test that blocks *item*; empty when none does. Negative controls do not block one another."""
        for number, independent, name in self._failed:
            beside = independent and _is_independent(item)
            if number <= number_of(item) and not beside:
                return name
        return ""


def disorder(items: Sequence[pytest.Item]) -> str:
    """What is wrong with the order of proofs; empty when it is the order of their numbers."""
    numbers = [(number_of(item), item.nodeid) for item in items if is_proof(item)]
    for (before, _), (after, name) in pairwise(numbers):
        if after < before:
            return f"{name} would run after a proof numbered {before}"
    return ""


def refusals(config: pytest.Config) -> Iterator[str]:
    """Yield why a proof does not run with these options: each would make its verdict worth less."""
    option = config.option
    if getattr(option, "numprocesses", None) or config.pluginmanager.hasplugin("dsession"):
        yield "-n runs tests side by side; proofs are an order: leave it out"
    if getattr(option, "reruns", None):
        yield "--reruns hides the failed attempt; a proof that succeeds at the second try did not succeed: leave it out"
    if config.pluginmanager.hasplugin("randomly"):
        yield "pytest-randomly shuffles; proofs are an order: add -p no:randomly"
    for name, flag in (("lf", "--lf"), ("failedfirst", "--ff"), ("newfirst", "--nf"), ("stepwise", "--sw")):
        if getattr(option, name, False):
            yield f"{flag} selects by what failed before; proofs run whole and in order: leave it out"
    if getattr(option, "timeout_method", None) == "thread":
        yield "--timeout-method=thread ends the process without any evidence: use signal"
    for name, flag in (("xmlpath", "--junitxml"), ("htmlpath", "--html"), ("allure_report_dir", "--alluredir")):
        if getattr(option, name, None):
            yield f"{flag}: a proof writes this report into its bundle, where it is sealed: leave it out"
    for flag in ("--proof-dir", "--kubeconfig"):
        if flag in config.invocation_params.args:
            yield f"{flag} PATH: pytest would take an existing path for its root folder; write {flag}=PATH"
    yield from _numberless(option)
    if option.switchyard_context and option.switchyard_target:
        yield "--context names a cluster and --target another: name one"


def _numberless(option: argparse.Namespace) -> Iterator[str]:
    if option.switchyard_controls < 0:
        yield f"--controls={option.switchyard_controls} would leave every negative control out: 0 takes all"
    if option.switchyard_cycles < 0:
        yield f"--cycles={option.switchyard_cycles}: wanted how often to detach and attach"
    if "cycles" in re.findall(r"\w+", option.markexpr) and not option.switchyard_cycles:
        yield "-m cycles: say how often with --cycles=N, or nothing is repeated"


def is_cycle(item: pytest.Item) -> bool:
    """Whether *item* repeats as often as ``--cycles`` says."""
    return item.get_closest_marker("cycles") is not None


def is_partial(config: pytest.Config) -> bool:
    """Whether tests were picked within a proof: by name or keyword. Such a run proves nothing as a whole."""
    by_name = any("::" in argument for argument in config.args)
    return bool(by_name or config.option.keyword or config.option.deselect)


def _is_independent(item: pytest.Item) -> bool:
    return item.get_closest_marker("negative") is not None
