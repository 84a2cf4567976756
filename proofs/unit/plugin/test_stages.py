"""Proofs are an order, and order alone is no dependency: what failed blocks what comes after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from proofs.unit.plugin.conftest import Prove

FAILING = "def test_it_fails(yard):\n    yard.judge('answers')\n"


def test_a_failed_stage_blocks_later_ones(prove: Prove, proving: str) -> None:
    """A test after a failed one does not run; the report names the test that blocks it."""
    run = prove("-m", "core_only", test_p30_second=proving, test_p20_first=FAILING)
    first, second = run.json("verdict.json")["tests"]
    assert (first["outcome"], second["outcome"]) == ("inconclusive", "blocked")
    assert second["detail"] == "blocked by trials/test_p20_first.py::test_it_fails"
    assert run.code == 11


def test_a_failed_test_blocks_those_below_it(prove: Prove, proving: str) -> None:
    """Within a stage, too: its tests build upon one another."""
    run = prove("-m", "core_only", test_p20_only=FAILING + proving)
    assert [test["outcome"] for test in run.json("verdict.json")["tests"]] == ["inconclusive", "blocked"]


def test_negative_controls_do_not_block_one_another(prove: Prove) -> None:
    """Each breaks something of its own; one that fails says nothing about the next."""
    body = FAILING + FAILING.replace("it_fails", "it_fails_too")
    run = prove("-m", "negative", test_p90_negative=body)
    assert [test["outcome"] for test in run.json("verdict.json")["tests"]] == ["inconclusive", "inconclusive"]


def test_a_negative_control_has_facts_of_its_own(prove: Prove) -> None:
    """What one control broke is no evidence for another."""
    body = (
        "def test_one(yard):\n    yard.ground.outcome = 'wrong'\n    yard.observe('now')\n"
        "    assert len(yard.facts.entries) == 2\n    yard.recorder.judged = 1\n"
        "def test_two(yard):\n    assert not yard.facts.entries\n    yard.recorder.judged = 1\n"
    )
    run = prove("-m", "negative", test_p90_negative=body)
    assert [test["outcome"] for test in run.json("verdict.json")["tests"]] == ["passed", "passed"], run.stdout


def test_a_disturbed_order_is_refused(prove: Prove, proving: str) -> None:
    """A module whose order mark contradicts its number would prove things in the wrong order."""
    late = "pytestmark = [pytest.mark.order(40), pytest.mark.core_only]\n" + proving
    run = prove("-m", "core_only", test_p20_late=late, test_p30_early=proving)
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert "not in the order of their numbers" in run.stdout


@pytest.mark.parametrize(
    ("option", "why"),
    [
        pytest.param("--lf", "selects by what failed before", id="last failed"),
        pytest.param("--sw", "selects by what failed before", id="stepwise"),
        pytest.param("--junitxml=other.xml", "into its bundle", id="another junit.xml"),
        pytest.param("--html=other.html", "into its bundle", id="another HTML"),
        pytest.param("--budget=attach", "wanted PHASE=SECONDS", id="no seconds"),
    ],
)
def test_options_that_weaken_a_proof_are_refused(option: str, why: str, prove: Prove, proving: str) -> None:
    """The session ends with pytest's usage error, before anything was touched."""
    run = prove("-m", "core_only", option, test_p20_small=proving)
    assert (run.code, run.folder) == (pytest.ExitCode.USAGE_ERROR, None)
    assert why in run.stdout


def test_a_path_without_an_equals_sign_is_refused(prove: Prove, proving: str) -> None:
    """pytest finds its root before it knows the options of plugins, and takes any existing path for a hint."""
    run = prove("-m", "core_only", "--proof-dir", "elsewhere", test_p20_small=proving)
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert "write --proof-dir=PATH" in run.stdout


def test_contradictory_clusters_are_refused(prove: Prove, proving: str) -> None:
    """A context and a target name two clusters."""
    run = prove("-m", "core_only", "--context=a", "--target=b", test_p20_small=proving)
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert "name one" in run.stdout


def test_fewer_controls_than_none_are_refused(prove: Prove, proving: str) -> None:
    """A negative number would leave all of them out, and look like a choice."""
    run = prove("-m", "negative", "--controls=-1", test_p90_negative=proving)
    assert (run.code, run.folder) == (pytest.ExitCode.USAGE_ERROR, None)
    assert "would leave every negative control out" in run.stdout


def test_a_selection_proves_nothing_as_a_whole(prove: Prove, proving: str) -> None:
    """A test picked by keyword may pass; the run is INCONCLUSIVE."""
    run = prove("-m", "core_only", "-k", "answers", test_p20_small=proving)
    assert (run.code, run.json("verdict.json")["reason"]) == (11, "partial")


def test_a_budget_of_the_command_line_is_recorded(prove: Prove) -> None:
    """The override takes the place of the declared budget, and the evidence says so."""
    body = (
        "def test_it_detaches(yard):\n    yard.detach('features', moment='now')\n    yard.observe('now')\n"
        "    yard.judge('answers')\n    yard.attach('features')\n"
    )
    run = prove("-m", "core_only", "--budget=detach=2", test_p20_small=body)
    assert run.code == 0, run.stdout
    assert run.json("timings.json")["timings"] == [{"phase": "detach", "took_s": 3.0, "budget_s": 2.0, "kept": False}]
    assert "OVER BUDGET" in run.stdout


def test_an_exceeded_budget_is_told_and_not_judged(prove: Prove) -> None:
    """A slow machine disproves nothing: the run is PROVED, and every report of it marks the budget."""
    body = (
        "from yardfacts.facts import Usage\n"
        "def test_it_detaches(yard):\n    yard.detach('features', moment='now')\n    yard.observe('now')\n"
        "    yard.record('now', Usage(phase='idle', window_s=1.0, cpus=0.9, memory_bytes=1, cpus_limit=0.5))\n"
        "    yard.judge('answers')\n    yard.attach('features')\n"
    )
    run = prove("-m", "core_only", "--budget=detach=2", test_p20_small=body)
    assert run.folder is not None
    slow, busy = "detach took 3.0 s of 2 s", "idle used 0.90 of 0.5 CPUs"
    assert (run.code, run.json("verdict.json")["verdict"]) == (0, "PROVED"), run.stdout
    assert run.json("verdict.json")["exceeded"] == [slow, busy]
    assert [usage["kept"] for usage in run.json("timings.json")["usages"]] == [False]
    assert f"over      {slow}; reported, and no part of the verdict" in run.stdout
    junit = (run.folder / "junit.xml").read_text()
    assert f'<property name="over_budget" value="{slow}"' in junit
    assert f'<property name="over_budget" value="{busy}"' in junit
    assert "over budget: " in (run.folder / "report/pytest.html").read_text()
    assert (run.folder / "report/index.html").read_text().count("over budget</span>") == 2
    results = [path.read_text() for path in (run.folder / "report/allure-results").glob("*-result.json")]
    assert ['{"name": "tag", "value": "over budget"}' in result for result in results] == [True]


PASSING = "def test_{name}(yard):\n    yard.recorder.judged = 1\n"


@pytest.mark.parametrize(("count", "taken"), [(0, 4), (2, 2), (9, 4)], ids=["all", "two", "more than there are"])
def test_a_few_controls_may_be_taken(prove: Prove, *, count: int, taken: int) -> None:
    """``--controls=N`` takes N of the negative controls, and nothing else away."""
    body = "".join(PASSING.format(name=name) for name in ("one", "two", "three", "four"))
    run = prove(
        "-m",
        "negative or core_only",
        f"--controls={count}",
        test_p20_first=PASSING.format(name="it"),
        test_p90_negative=body,
    )
    names = [test["test"] for test in run.json("verdict.json")["tests"]]
    assert sum("test_p90" in name for name in names) == taken
    assert sum("test_p20" in name for name in names) == 1
    assert len(run.json("claims.json")["left_out"]) == 4 - taken


def test_tests_of_one_control_stay_together(prove: Prove) -> None:
    """What one test breaks, the next sees healed: neither is taken without the other."""
    mark = "@pytest.mark.control('store')\n"
    body = "import pytest\n" + "".join(mark + PASSING.format(name=name) for name in ("lost", "healed"))
    run = prove("-m", "negative", "--controls=1", test_p90_negative=body)
    assert len(run.json("verdict.json")["tests"]) == 2


CYCLES = "import pytest\n@pytest.mark.cycles\n" + PASSING.format(name="cycles")


@pytest.mark.parametrize(("options", "ran"), [((), 0), (("--cycles=2",), 1)], ids=["nobody said how often", "twice"])
def test_cycles_run_when_somebody_says_how_often(prove: Prove, *, options: tuple[str, ...], ran: int) -> None:
    """Without ``--cycles`` the test that repeats is left out, and nothing else."""
    run = prove(*options, "-m", "core_only", test_p20_small=f"{CYCLES}\n\n{PASSING.format(name='it')}")
    names = [test["test"] for test in run.json("verdict.json")["tests"]]
    assert [sum(name.endswith(end) for name in names) for end in ("test_cycles", "test_it")] == [ran, 1]


@pytest.mark.parametrize("options", [("-m", "cycles"), ("-m", "core_only", "--cycles=-1")])
def test_cycles_that_are_no_number_are_refused(prove: Prove, options: tuple[str, ...]) -> None:
    """Nobody asks for nothing: that would be a run that proves nothing and says so to nobody."""
    run = prove(*options, test_p20_small=CYCLES)
    assert run.code == pytest.ExitCode.USAGE_ERROR
    assert "cycles" in run.stdout
