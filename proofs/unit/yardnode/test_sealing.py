"""What is sealed stays as it is until its value or its key changes; keys are kept, renewed, backed up and restored."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from yardnode import credentials, sealing
from yardnode.credentials import Credentials
from yardnode.errors import Refused
from yardnode.kubeseal import Sealed
from yardnode.rotation import Consumer, consumers, restarts
from yardnode.sealingkeys import SealingKeys

BITS = 1024  # smallest that is quick to make: nothing here is kept secret by it


class Sealer:
    """Seals as kubeseal does, twice the same never alike, and remembers what it was asked for."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self.asked: list[str] = []
        self._plain: dict[str, str] = {}

    def __call__(self, secrets: Iterable[Mapping[str, Any]], *, certificate: Path) -> tuple[Sealed, ...]:
        """Number every value."""
        assert certificate.is_file()
        return tuple(self._sealed(each) for each in secrets)

    def unseal(self, sealed: Sealed) -> dict[str, str]:
        """What was sealed."""
        return {key: self._plain[text] for key, text in sealed.encrypted.items()}

    def _sealed(self, secret: Mapping[str, Any]) -> Sealed:
        name, namespace = secret["metadata"]["name"], secret["metadata"]["namespace"]
        self.asked.append(f"{namespace}/{name}")
        numbered = {key: f"sealed-{next(self._numbers)}" for key in secret["stringData"]}
        self._plain |= {numbered[key]: value for key, value in secret["stringData"].items()}
        return Sealed(name=name, namespace=namespace, encrypted=numbered)


@pytest.fixture(name="seal")
def _seal() -> Sealer:
    return Sealer()


@pytest.fixture(name="keys")
def _keys(tmp_path: Path) -> SealingKeys:
    """The keys of a yard, with a first one that was made quickly."""
    keys = SealingKeys(SealingKeys.of(tmp_path).folder, bits=BITS)
    keys.ensure()
    return keys


@pytest.fixture(name="made")
def _made(tmp_path: Path) -> Mapping[str, Credentials]:
    return credentials.ensure(credentials.path(tmp_path), environments=("dev", "prod"))


def test_the_same_values_give_the_same_text(
    tmp_path: Path, keys: SealingKeys, made: Mapping[str, Credentials], seal: Sealer
) -> None:
    """Else every bring-up would serve a new commit; and nothing is sealed for nothing."""
    text = sealing.file_text(tmp_path, made, seal=seal)
    asked = len(seal.asked)
    assert sealing.file_text(tmp_path, made, seal=seal) == text
    assert (asked, len(seal.asked)) == (22, 22)


def test_only_what_changed_is_sealed_again(
    tmp_path: Path, keys: SealingKeys, made: Mapping[str, Credentials], seal: Sealer
) -> None:
    """A renewed value touches the Secrets that carry it, in its environment."""
    before = yaml.safe_load(sealing.file_text(tmp_path, made, seal=seal))["sealed"]
    seal.asked.clear()
    renewed = credentials.renew(made, "minio_secret_key", environments=("prod",))
    after = yaml.safe_load(sealing.file_text(tmp_path, renewed, seal=seal))["sealed"]
    carriers = ["airflow-prod", "baseline-prod", "baseline-prod", "feature-store-prod", "mlflow-prod"]
    assert sorted(place.partition("/")[0] for place in seal.asked) == carriers
    assert after["dev"] == before["dev"]
    assert after["prod"] != before["prod"]


def test_a_secret_that_a_newer_version_adds_is_sealed_alone(
    tmp_path: Path, keys: SealingKeys, made: Mapping[str, Credentials], seal: Sealer
) -> None:
    """A yard that is older than a Secret gets it with the next bring-up, and the others stay as they are."""
    text = sealing.file_text(tmp_path, made, seal=seal)
    file = tmp_path / "sealed.yaml"
    known = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump({place: entry for place, entry in known.items() if "lifecycle" not in place}))
    seal.asked.clear()
    again = sealing.file_text(tmp_path, made, seal=seal)
    assert seal.asked == ["airflow-dev/lifecycle", "airflow-prod/lifecycle"]
    assert _others(again) == _others(text)


def _others(text: str) -> list[dict[str, Any]]:
    return [
        each for entries in yaml.safe_load(text)["sealed"].values() for each in entries if each["name"] != "lifecycle"
    ]


def test_another_key_seals_everything_again_once_it_is_active(
    tmp_path: Path, keys: SealingKeys, made: Mapping[str, Credentials], seal: Sealer
) -> None:
    """Nothing is sealed for a controller that has not read the key; since when a value holds does not change."""
    sealing.file_text(tmp_path, made, seal=seal)
    since = {place: entry.since for place, entry in sealing.remembered(tmp_path).items()}
    seal.asked.clear()
    name = keys.renew()
    sealing.file_text(tmp_path, made, seal=seal)
    assert seal.asked == []
    keys.activate(name)
    sealing.file_text(tmp_path, made, seal=seal)
    assert len(seal.asked) == 22
    assert {entry.key for entry in sealing.remembered(tmp_path).values()} == {name}
    assert {place: entry.since for place, entry in sealing.remembered(tmp_path).items()} == since


def test_what_is_forgotten_is_sealed_anew(
    tmp_path: Path, keys: SealingKeys, made: Mapping[str, Credentials], seal: Sealer
) -> None:
    """On request, with the same key and the same values."""
    text = sealing.file_text(tmp_path, made, seal=seal)
    sealing.forget(tmp_path)
    assert sealing.file_text(tmp_path, made, seal=seal) != text


def test_the_served_files_have_no_value_in_clear(
    tmp_path: Path, keys: SealingKeys, made: Mapping[str, Credentials], seal: Sealer
) -> None:
    """Sealed texts and the name of a key, nothing else; what the state remembers is 0600."""
    generated = sealing.generated(tmp_path, made, seal=seal)
    assert set(generated) == {sealing.SECRETS_FILE, sealing.KEY_FILE}
    assert yaml.safe_load(generated[sealing.KEY_FILE]) == {"sealingKey": keys.newest}
    everything = "".join([*generated.values(), (tmp_path / "sealed.yaml").read_text()])
    assert not any(value in everything for each in made.values() for value in each.values.values())
    assert stat.S_IMODE((tmp_path / "sealed.yaml").stat().st_mode) == 0o600


def test_what_is_in_git_opens_to_the_same_values(
    tmp_path: Path, keys: SealingKeys, made: Mapping[str, Credentials], seal: Sealer
) -> None:
    """The file alone, with somebody who can unseal, is all the values that there were."""
    text = sealing.file_text(tmp_path, made, seal=seal)
    assert sealing.opened(text, unseal=seal.unseal) == made


def test_two_values_of_one_name_are_refused(
    tmp_path: Path, keys: SealingKeys, made: Mapping[str, Credentials], seal: Sealer
) -> None:
    """A file put together from two commits would restore half of each."""
    other = credentials.renew(made, "minio_secret_key", environments=("dev",))
    mixed = yaml.safe_load(sealing.file_text(tmp_path, made, seal=seal))
    mixed["sealed"]["dev"][0] = yaml.safe_load(sealing.file_text(tmp_path, other, seal=seal))["sealed"]["dev"][0]
    with pytest.raises(Refused, match=r"dev\.minio_secret_key"):
        sealing.opened(yaml.safe_dump(mixed), unseal=seal.unseal)


def test_a_key_is_made_once_and_readable_by_nobody_else(keys: SealingKeys) -> None:
    """A second bring-up seals for the controller that runs."""
    names = keys.names()
    keys.ensure()
    assert keys.names() == names
    assert stat.S_IMODE(keys.key(names[0]).stat().st_mode) == 0o600


def test_a_renewed_key_is_the_newest_and_seals_only_when_told(keys: SealingKeys) -> None:
    """However quickly it follows; the old one stays, to open what was sealed with it."""
    first = keys.newest
    second = keys.renew()
    assert (keys.names(), keys.newest, keys.active) == ((first, second), second, first)
    keys.activate(second)
    assert [(each.name, each.active) for each in keys.dated()] == [(first, False), (second, True)]


def test_a_backup_makes_the_same_keys_elsewhere(keys: SealingKeys, tmp_path: Path) -> None:
    """Names included, which git knows; the newest one seals."""
    keys.renew()
    other = SealingKeys(tmp_path / "elsewhere")
    other.restore(keys.secrets())
    assert (other.secrets(), other.active) == (keys.secrets(), keys.newest)
    with pytest.raises(Refused, match="no sealing key yet"):
        other.restore(keys.secrets())


@pytest.mark.parametrize("backup", [[], [{}], [{"data": {"tls.crt": ""}}]])
def test_half_a_backup_is_refused(tmp_path: Path, backup: list[dict[str, Any]]) -> None:
    """Nothing of it is taken in."""
    keys = SealingKeys(tmp_path)
    with pytest.raises(Refused, match="backup"):
        keys.restore(backup)
    assert keys.names() == ()


class Workloads:
    """The API as far as it is asked here: one workload that takes Secrets in every way."""

    def __init__(self, specification: dict[str, Any]) -> None:
        self._specification = specification

    def list(self, kind: str, *, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        """It."""
        assert (namespace, selector) == ("airflow-dev", "")
        template = {"spec": self._specification}
        return [{"kind": "Deployment", "metadata": {"name": "scheduler"}, "spec": {"template": template}}]


@pytest.mark.parametrize(
    "specification",
    [
        {"volumes": [{"secret": {"secretName": "airflow"}}]},
        {"volumes": [{"projected": {"sources": [{"secret": {"name": "airflow"}}]}}]},
        {"initContainers": [{"env": [{"valueFrom": {"secretKeyRef": {"name": "airflow", "key": "fernetKey"}}}]}]},
        {"containers": [{"envFrom": [{"secretRef": {"name": "airflow"}}]}]},
    ],
)
def test_who_takes_a_secret_is_named(specification: dict[str, Any]) -> None:
    """In whatever way a pod can take one; another Secret's users are not."""
    cluster = Workloads(specification)
    found = [*consumers(cluster, namespace="airflow-dev", secret="airflow")]  # type: ignore[arg-type]  # noqa: S106  a name
    assert found == [Consumer(kind="Deployment", namespace="airflow-dev", name="scheduler")]
    assert str(found[0]) == "kubectl --namespace airflow-dev rollout restart deployment/scheduler"
    assert [*consumers(cluster, namespace="airflow-dev", secret="other")] == []  # type: ignore[arg-type]  # noqa: S106


class Takers:
    """The API as far as it is asked here: in each namespace one workload, which takes the Secret of that name."""

    def __init__(self, **secrets: str) -> None:
        self._secrets = {namespace.replace("_", "-"): secret for namespace, secret in secrets.items()}

    def list(self, kind: str, *, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        """The one of that namespace."""
        assert (kind, selector) == ("deployments,statefulsets,daemonsets", "")
        volumes = [{"secret": {"secretName": self._secrets[namespace]}}]
        template = {"spec": {"volumes": volumes}}
        return [{"kind": "Deployment", "metadata": {"name": namespace}, "spec": {"template": template}}]


def test_who_reads_a_value_again_is_not_restarted() -> None:
    """The gateway reads the mounted token at each reload; Airflow's tasks have it from the start of their scheduler."""
    cluster = Takers(fastapi_dev="gateway-reload", airflow_dev="lifecycle", mlflow_dev="mlflow")
    token = [*restarts(cluster, "gateway_token", environments=("dev",))]  # type: ignore[arg-type]  # asked for a list alone
    password = [*restarts(cluster, "mlflow_admin_password", environments=("dev",))]  # type: ignore[arg-type]
    assert [each.namespace for each in token] == ["airflow-dev"]
    assert [each.namespace for each in password] == ["mlflow-dev", "airflow-dev"]
