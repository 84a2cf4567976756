"""
``pytest --evidence DIR``: the same claims, judging what a bundle recorded instead of a live cluster.

Every recorded finding is one test, named by its claim and its stage, and a first one asks whether the bundle is what
was sealed. Nothing is collected but these, nothing is written, and no cluster is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from switchyard.errors import Misconfigured
from switchyard.judging import Defective, Disproved, Inconclusive, raise_for
from switchyard.replaying import judge_again, recorded
from yardfacts.bundle import JOURNAL, damages
from yardfacts.facts import Malformed
from yardfacts.journal import read
from yardfacts.replay import Again, judged_again
from yardfacts.verdict import DEFECTIVE, Verdict, disproved, merge, proved

__all__ = ["EXPECTED", "Evidence", "Recorded", "Sealed", "begin"]

EXPECTED: Final = (Defective, Disproved, Inconclusive)
"""Errors whose message says everything."""

PLUGIN: Final = "switchyard.evidence"


def begin(config: pytest.Config, *, bundle: Path, claims: Path) -> None:
    """
    Let this session judge *bundle* by the claims in the folder *claims*, and collect nothing else.

    Raises:
        UsageError: There is no journal in it, or there are no claims.
    """
    folder = bundle.resolve()
    if not (folder / JOURNAL).is_file():
        raise pytest.UsageError(f"--evidence: wanted the folder of a run, got {bundle}, which has no {JOURNAL}")
    try:
        recorded(claims)
    except Misconfigured as exc:
        # Of an existing path that follows a blank, pytest makes its root folder, and looks for the claims there.
        raise pytest.UsageError(f"{exc}; of a folder outside the checkout, write --evidence={bundle}") from exc
    config.args = [str(folder)]
    config.pluginmanager.register(_Session(folder, claims=claims), PLUGIN)


class _Session:
    """The hooks of a session that judges a bundle."""

    def __init__(self, folder: Path, *, claims: Path) -> None:
        self._folder, self._claims = folder, claims

    @pytest.hookimpl(tryfirst=True)
    def pytest_collect_directory(self, path: Path, parent: pytest.Collector) -> pytest.Collector | None:
        """The bundle's folder holds judgements, no modules."""
        if path != self._folder:
            return None
        evidence: Evidence = Evidence.from_parent(parent, path=path, claims=self._claims)
        return evidence

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int | pytest.ExitCode) -> Iterator[None]:
        """The exit code is that of `switchyard replay`; pytest's own are kept where no test decided."""
        result = yield
        if exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return result
        again, told = judge_again(self._folder, folder=self._claims)
        differs = told or any(item.stash.get(DAMAGED, False) for item in session.items)
        session.exitstatus = DEFECTIVE if differs else again.reckoning.exit_code
        return result


DAMAGED: Final = pytest.StashKey[bool]()
"""On the item that asks whether the bundle is what was sealed: it is not."""


class Evidence(pytest.Directory):
    """The folder of a run."""

    def __init__(self, *, claims: Path, **rest: Any) -> None:
        """Take the claims' folder besides what every collector takes."""
        super().__init__(**rest)
        self._claims = claims

    def collect(self) -> Iterable[pytest.Item]:
        """
        One item for the seal, one for every judgement.

        Raises:
            CollectError: The journal cannot be read.
        """
        yield Sealed.from_parent(self, name="the bundle is what was sealed")
        try:
            judgements = list(judged_again(read(self.path / JOURNAL), recorded(self._claims)))
        except (Malformed, LookupError) as exc:
            raise self.CollectError(f"{exc}; `switchyard verify` says what is damaged") from exc
        for again in judgements:
            yield Recorded.from_parent(self, name=_name(again), again=again)


class _Judged(pytest.Item):
    """A test whose failure is told by its message alone."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Where in the engine it was raised helps nobody who reads a judgement."""
        if isinstance(excinfo.value, EXPECTED):
            return f"{type(excinfo.value).__name__}: {excinfo.value}"
        return super().repr_failure(excinfo, style)


class Sealed(_Judged):
    """Whether every file is the one that was sealed."""

    def runtest(self) -> None:
        """Fail with every damage."""
        found = merge([disproved("damaged", damage) for damage in damages(self.path)] or [proved("as sealed")])
        self.stash[DAMAGED] = found.verdict is Verdict.DISPROVED
        raise_for(found, about=self.path.name)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Its name is its title."""
        return self.path, None, self.name


class Recorded(_Judged):
    """One judgement: what the claim says to the recorded facts now."""

    def __init__(self, *, again: Again, **rest: Any) -> None:
        """Take the judgement besides what every item takes."""
        super().__init__(**rest)
        self._again = again

    def runtest(self) -> None:
        """
        Fail where the claim says something else than was recorded, and where it is not PROVED.

        A negative control has to say again what it said; that is not PROVED, and good.
        """
        again = self._again
        if again.said != again.recorded:
            raise Defective(str(again.differs(again.recorded, again.said)))
        if again.record.kind == "finding":
            raise_for(again.finding, about=str(again.record.body["sentence"]))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The line of the journal, and the title."""
        return self.path / JOURNAL, self._again.record.seq, self.name


def _name(again: Again) -> str:
    """The claim's sentence and the stage; of a control, what was broken."""
    body = again.record.body
    sentence = again.claim.sentence if again.claim else body.get("sentence", body["claim"])
    # Without its full stop, which pytest would print as another step of a path.
    told = f"{sentence.rstrip('.')} [{body['stage']}]"
    return told if again.record.kind == "finding" else f"{told} is noticed: {body['broken']}"
