"""What a yard remembers survives its file; credentials are made once and shown to nobody."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml

from yardnode import credentials
from yardnode.bootstrap import PLACEHOLDER, located, namespaces
from yardnode.errors import Refused
from yardnode.gitsource import Served
from yardnode.network import Network
from yardnode.state import State, forget, read_state, remember

STATE = State(checkout="/somewhere", network=Network(yard_id="deadbeef", block=111))


def test_a_state_survives_its_file(tmp_path: Path) -> None:
    """With and without a served commit."""
    served = STATE.with_(git=Served(commit="a", dirty=True, served="b"), programs={"etcd": "/x/etcd"}, settled="b")
    for state in (STATE, served):
        remember(tmp_path, state)
        assert read_state(tmp_path) == state


def test_a_new_commit_makes_a_settled_yard_outdated() -> None:
    """Whatever was applied belongs to the commit that was served then."""
    served = Served(commit="a", dirty=False, served="b")
    assert not STATE.current
    assert STATE.with_(git=served, settled="b").current
    assert not STATE.with_(git=served, settled="c").current


def test_no_record_is_no_state(tmp_path: Path) -> None:
    """A yard that was never up, and one that forgot."""
    assert read_state(tmp_path) is None
    remember(tmp_path, STATE)
    forget(tmp_path)
    assert read_state(tmp_path) is None


def test_the_folder_is_closed_to_others(tmp_path: Path) -> None:
    """Keys and passwords lie in it."""
    remember(tmp_path / "state", STATE)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"network": {"block": 1}}'])
def test_a_record_that_cannot_be_understood_is_refused_with_the_remedy(tmp_path: Path, text: str) -> None:
    """Half a file, or that of another version."""
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(Refused, match="switchyard down"):
        read_state(tmp_path)


def test_credentials_are_made_once(tmp_path: Path) -> None:
    """A second bring-up finds those that the running services were given."""
    made = credentials.ensure(tmp_path, environments=("dev", "prod"))
    assert credentials.ensure(tmp_path, environments=("dev", "prod")) == made
    assert made["dev"] != made["prod"]


def test_an_environment_that_comes_later_changes_no_other(tmp_path: Path) -> None:
    """Only what is missing is made."""
    before = credentials.ensure(tmp_path, environments=("dev",))
    assert credentials.ensure(tmp_path, environments=("dev", "prod"))["dev"] == before["dev"]


def test_credentials_show_themselves_to_nobody(tmp_path: Path) -> None:
    """The file is 0600, and a record printed by mistake hides its values."""
    made = credentials.ensure(tmp_path, environments=("dev",))
    file = credentials.path(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    stored = yaml.safe_load(file.read_text())["dev"]
    assert set(stored) == {"minio_access_key", "minio_secret_key", "gateway_token"}
    assert not any(value in repr(made) for value in stored.values())


def test_secrets_go_where_the_services_look_for_them(tmp_path: Path) -> None:
    """Names, namespaces and keys are a contract with the charts."""
    made = credentials.ensure(tmp_path, environments=("dev",))
    found = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): set(each["stringData"])
        for each in credentials.objects(made)
    }
    assert found == {
        ("baseline-dev", "minio-root"): {"rootUser", "rootPassword"},
        ("fastapi-dev", "gateway-reload"): {"token"},
        ("feature-store-dev", "object-store"): {"accessKey", "secretKey"},
        ("airflow-dev", "object-store"): {"accessKey", "secretKey"},
    }
    assert namespaces(made) == {namespace for namespace, _ in found}


def test_only_strings_equal_to_the_placeholder_are_replaced() -> None:
    """At any depth, and nothing that merely contains it."""
    document = {"a": [PLACEHOLDER, f"see {PLACEHOLDER}"], "b": {"c": PLACEHOLDER}, "d": 1}
    url = "git://10.100.255.2/switchyard.git"
    assert located(document, url=url) == {"a": [url, f"see {PLACEHOLDER}"], "b": {"c": url}, "d": 1}
