"""DAGs: Airflow understands every file, and what it does not understand is found with file and line."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

import pytest

from .conftest import ROOT
from .reading import Reading, read

DAGS = ROOT / "dags"


@pytest.fixture(name="reading", scope="session")
def _reading(executors: Sequence[str]) -> Reading:
    return read(DAGS, executors=executors)


def test_airflow_understands_every_file(reading: Reading) -> None:
    """No file under dags/ has a syntax error, a bad import or a task that no executor of the profile would run."""
    assert reading.faults == []


def test_every_dag_explains_itself(reading: Reading) -> None:
    """Airflow's pages show what a DAG is for."""
    assert [name for name, dag in reading.dags.items() if not dag["doc"]] == []


def test_the_check_speaks_on_every_executor(reading: Reading, executors: Sequence[str]) -> None:
    """yard_check has one task for each executor of the profile, and no other."""
    assert list(reading.dags["yard_check"]["tasks"].values()) == list(executors)


def test_the_check_waits_to_be_asked(reading: Reading) -> None:
    """yard_check runs when it is triggered, at once, with a nonce, and few times at once."""
    check = reading.dags["yard_check"]
    assert check["schedule"] is None
    assert check["paused"] is False
    assert check["runs"] <= 2
    assert check["params"]["nonce"]["minLength"] > 0


# What is planted into a copy of yard_check.py (what stands there, what is put there) and what has to be said about it.
MUTANTS = {
    "a_bracket_is_never_closed": ("    @task\n", "    @task(\n", "SyntaxError: '(' was never closed"),
    "a_module_does_not_exist": ("import re\n", "import yardless\n", "ModuleNotFoundError: No module named 'yardless'"),
    "a_name_does_not_exist": ("import Param,", "import Parameter,", "ImportError: cannot import name 'Parameter'"),
    "an_argument_is_missing": ("executor=executor)(executor)", "executor=executor)()", "TypeError: missing a required"),
}


@pytest.fixture(name="broken", scope="session")
def _broken(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    """A copy of dags/ with each mutant as a file of its own, and a module with a syntax error that is no DAG."""
    folder = tmp_path_factory.mktemp("broken") / "dags"
    shutil.copytree(DAGS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    whole = (DAGS / "yard_check.py").read_text()
    for name, (there, planted, _) in MUTANTS.items():
        assert whole.count(there) == 1, f"{name}: the place to plant at is gone"
        (folder / f"{name}.py").write_text(whole.replace(there, planted))
    (folder / "a_module.py").write_text("\ndef broken(:\n")
    return read(folder, executors=["LocalExecutor", "KubernetesExecutor"])


@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_dag_is_found(broken: Reading, name: str) -> None:
    """A broken DAG is named with its file, the line at which it is broken, and what is wrong there."""
    there, _, said = MUTANTS[name]
    whole = (DAGS / "yard_check.py").read_text()
    line = whole[: whole.index(there)].count("\n") + 1
    (fault,) = (fault for fault in broken.faults if fault.startswith(f"dags/{name}.py:"))
    place, _, what = fault.partition(": ")
    assert what.startswith(said)
    assert int(place.rpartition(":")[2]) == line, f"{fault}: planted at line {line}"


def test_a_broken_module_is_found(broken: Reading) -> None:
    """A file that is no DAG is read as well: a DAG may import it."""
    assert "dags/a_module.py:2: SyntaxError: invalid syntax" in broken.faults


def test_the_others_are_read_all_the_same(broken: Reading) -> None:
    """A broken file is in nobody else's way."""
    assert len(broken.faults) == len(MUTANTS) + 1
    assert "yard_check" in broken.dags
