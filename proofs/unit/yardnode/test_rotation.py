"""A yard that is down takes new values and keys into its state; the next bring-up carries them into the cluster."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from yardnode import credentials, rotation
from yardnode.errors import Refused
from yardnode.making import Making
from yardnode.paths import Paths
from yardnode.progress import Progress
from yardnode.sealingkeys import SealingKeys
from yardnode.secretscli import secrets
from yardnode.yard import Yard

ENVIRONMENTS = ("dev", "prod")


@pytest.fixture(name="yard")
def _yard(checkout: Path, tmp_path: Path) -> Yard:
    """A yard that has never been up."""
    paths = Paths(checkout=checkout, cache=tmp_path / "cache", state=tmp_path / "state")
    progress = Progress(stream=io.StringIO())
    return Yard(paths=paths, progress=progress, environment={}, making=Making(paths, progress=progress, environment={}))


def test_a_value_is_new_in_the_state_first(yard: Yard) -> None:
    """So that an interrupted rotation is carried on by `switchyard up`."""
    file = credentials.path(yard.paths.state)
    before = credentials.ensure(file, environments=ENVIRONMENTS)
    assert rotation.renew_value(yard, "gateway_token", environments=("prod",)) == ()
    after = credentials.ensure(file, environments=ENVIRONMENTS)
    assert after["dev"] == before["dev"]
    assert after["prod"]["gateway_token"] != before["prod"]["gateway_token"]


def test_a_refused_rotation_changes_nothing(yard: Yard) -> None:
    """A mistyped name is no reason to write."""
    file = credentials.path(yard.paths.state)
    before = credentials.ensure(file, environments=ENVIRONMENTS)
    with pytest.raises(Refused, match="gateway_token"):
        rotation.renew_value(yard, "gateway-reload", environments=("dev",))
    assert credentials.ensure(file, environments=ENVIRONMENTS) == before


def test_a_key_that_an_interrupted_rotation_made_is_the_next_one(yard: Yard) -> None:
    """The same command goes on with it, instead of making one more."""
    keys = SealingKeys(SealingKeys.of(yard.paths.state).folder, bits=1024)
    keys.ensure()
    made = keys.renew()
    assert rotation.renew_key(yard) == made == keys.active
    assert len(keys.names()) == 2


def test_a_key_for_a_cluster_is_written_once(tmp_path: Path) -> None:
    """0600, with its certificate beside it, and never over another: an overwritten key is a lost one."""
    file = tmp_path / "key.yaml"
    first = CliRunner().invoke(secrets, ["new-key", str(file)])
    assert first.exit_code == 0, first.output
    (secret,) = yaml.safe_load(file.read_text())["items"]
    assert secret["metadata"]["name"] in first.output
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert (tmp_path / "key.yaml.crt").read_text().startswith("-----BEGIN CERTIFICATE-----")
    again = CliRunner().invoke(secrets, ["new-key", str(file)])
    assert again.exit_code == 1
    assert "no key is overwritten" in again.output
    assert yaml.safe_load(file.read_text())["items"] == [secret]
