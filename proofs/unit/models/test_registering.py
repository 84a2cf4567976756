"""The registration, with MLflow's client over its own store of files: the same calls, no server."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from proofs.unit.yardflow.conftest import _client  # noqa: F401 - pytest finds fixtures by their names

from models.errors import RegistryAway, VersionConflict
from models.registry import CHAMPION, DIGEST, Package, Registry
from models.wine.golden import read_golden
from models.wine.registering import register


@pytest.fixture(name="package")
def _package(tmp_path: Path) -> Package:
    folder = tmp_path / "package"
    folder.mkdir()
    folder.joinpath("weights").write_bytes(b"\0\1")
    golden = tmp_path / "golden.json"
    golden.write_bytes(b"{}")
    return Package("wine", 1, folder, "d1", "s1", golden, {"holdout_accuracy": 0.5})


def test_the_champion_is_what_git_says(client: MlflowClient) -> None:
    """The registered version has the number and the digest of the golden rows, and is ready."""
    golden = read_golden()

    assert register(Registry(client)).outcome == "registered"

    version = client.get_model_version_by_alias(golden.model, CHAMPION)
    assert (int(version.version), version.tags[DIGEST], version.status) == (golden.version, golden.digest, "READY")


def test_the_run_keeps_files_and_metrics(client: MlflowClient, package: Package) -> None:
    """What was registered can be downloaded from its run, beside what was measured."""
    Registry(client).register(package)

    version = client.get_model_version_by_alias("wine", CHAMPION)
    run = client.get_run(str(version.run_id))
    assert run.data.metrics == {"holdout_accuracy": 0.5}
    assert [one.path for one in client.list_artifacts(run.info.run_id, "model")] == ["model/weights"]
    assert {one.path for one in client.list_artifacts(run.info.run_id)} == {"model", "golden.json"}
    assert version.source == f"{run.info.artifact_uri}/model"


def test_twice_is_once(client: MlflowClient, package: Package) -> None:
    """The second call finds the first one's version, and makes nothing."""
    Registry(client).register(package)

    assert Registry(client).register(package).outcome == "present"
    assert len(client.search_model_versions("name='wine'")) == 1


def test_an_alias_that_was_not_set_is_set(client: MlflowClient, package: Package) -> None:
    """Killed between the version and its alias, the next call goes on."""
    Registry(client).register(package)
    client.delete_registered_model_alias("wine", CHAMPION)

    assert Registry(client).register(package).outcome == "present"
    assert client.get_model_version_by_alias("wine", CHAMPION).version in {"1", 1}


def test_a_champion_that_somebody_chose_stays(
    client: MlflowClient, package: Package, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job runs again whenever its image changes; who the champion is was decided since."""
    # Unlike this store, a server with a database finds versions without their aliases.
    monkeypatch.setattr(ModelVersion, "aliases", property(lambda _: []))
    Registry(client).register(package)
    version = client.get_model_version("wine", "1")
    client.create_model_version("wine", str(version.source), str(version.run_id))
    client.set_registered_model_alias("wine", CHAMPION, "2")

    Registry(client).register(package)

    assert client.get_model_version_by_alias("wine", CHAMPION).version in {"2", 2}


def test_another_content_under_the_number_is_refused(client: MlflowClient, package: Package) -> None:
    """A registered version never becomes another's; nothing is changed."""
    Registry(client).register(package)

    with pytest.raises(VersionConflict) as refused:
        Registry(client).register(replace(package, digest="d2"))

    assert (refused.value.published, refused.value.offered) == ("d1", "d2")


def test_a_server_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens: the wait ends in time, and says where it asked."""
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    registry = Registry(MlflowClient(tracking_uri="http://127.0.0.1:1", registry_uri="http://127.0.0.1:1"))

    with pytest.raises(RegistryAway, match=r"127\.0\.0\.1"):
        registry.wait(within_s=0.5)
