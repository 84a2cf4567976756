"""DAGs, read by the Airflow that will read them: `tox run -e dags`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

# Airflow is no part of the development environment, with whose pins it cannot live.
collect_ignore_glob = [] if find_spec("airflow") else ["test_*.py"]

ROOT = Path(__file__).resolve().parents[2]
VALUES = {
    "cluster": ROOT / "gitops/core/charts/airflow/values.yaml",
    "embedded": ROOT / "gitops/profiles/embedded/airflow.yaml",
}


@pytest.fixture(name="home", scope="session")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Airflow makes itself a home when it is imported: whoever imports it does so after this, and late."""
    with pytest.MonkeyPatch.context() as patched:
        home = tmp_path_factory.mktemp("airflow")
        patched.setenv("AIRFLOW_HOME", str(home))
        # Hooks say all that they have to say: whoever wants to see that a secret is in none of it has to hear it.
        patched.setenv("AIRFLOW__LOGGING__NAMESPACE_LEVELS", "airflow.task.hooks=DEBUG")
        yield home


@pytest.fixture(name="executors", scope="session", params=sorted(VALUES))
def _executors(request: pytest.FixtureRequest) -> Sequence[str]:
    """The executors of each profile."""
    found: Sequence[str] = yaml.safe_load(VALUES[request.param].read_text())["executors"]
    return found
