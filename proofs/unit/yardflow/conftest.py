"""What the tests of the life cycle share."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlflow import MlflowClient

from yardflow.flow import Flow

from .shop import shop


@pytest.fixture(name="client")
def _client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    # The package calls this store outdated; for a test it is the only one without a database.
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    place = tmp_path.joinpath("store").as_uri()
    return MlflowClient(tracking_uri=place, registry_uri=place)


@pytest.fixture(name="flow")
def _flow(tmp_path: Path, client: MlflowClient) -> Flow:
    """An environment after the seed: version 1 is published, registered, loaded and the champion."""
    volume = tmp_path / "volume"
    volume.mkdir()
    return shop(volume, client)
