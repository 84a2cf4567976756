"""What the tests of the life cycle share."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from yardflow.flow import Flow

from .shop import shop


@pytest.fixture(name="flow")
def _flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flow:
    """An environment after the seed."""
    # The package calls this store outdated; for a test it is the only one without a database.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    place = tmp_path.joinpath("store").as_uri()
    volume = tmp_path / "volume"
    volume.mkdir()
    return shop(volume, MlflowClient(tracking_uri=place, registry_uri=place))
