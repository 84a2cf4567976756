"""Values are made once, completed where one is missing, renewed one by one, and shown to nobody."""

from __future__ import annotations

import base64
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.fernet import Fernet, MultiFernet

from yardnode import credentials, secretobjects
from yardnode.credentials import VALUES, Credentials
from yardnode.errors import Refused

ENVIRONMENTS = ("dev", "prod")


class Answers:
    """The API as far as it is asked here: the Secrets that there are."""

    def __init__(self, *secrets: dict[str, Any]) -> None:
        self._secrets = list(secrets)

    def list(self, kind: str, *, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        """All of them."""
        assert (kind, namespace, selector) == ("secrets", "", "app.kubernetes.io/part-of=switchyard")
        return self._secrets


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return credentials.path(tmp_path)


def live(secret: dict[str, Any]) -> dict[str, Any]:
    """A Secret as the API gives it back."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in secret["stringData"].items()}
    return {"metadata": secret["metadata"], "data": data}


def test_values_are_made_once(file: Path) -> None:
    """A second bring-up finds those that the running services were given; no environment has another's."""
    made = credentials.ensure(file, environments=ENVIRONMENTS)
    assert credentials.ensure(file, environments=ENVIRONMENTS) == made
    assert not set(made["dev"].values.values()) & set(made["prod"].values.values())


def test_an_environment_that_comes_later_changes_no_other(file: Path) -> None:
    """Only what is missing is made, and asking for one environment loses none of another."""
    before = credentials.ensure(file, environments=ENVIRONMENTS)
    assert credentials.ensure(file, environments=("dev",))["dev"] == before["dev"]
    assert credentials.ensure(file, environments=ENVIRONMENTS) == before


def test_a_file_of_an_older_version_is_completed(file: Path) -> None:
    """What it has stays; a data directory may have been made with it."""
    file.write_text(yaml.safe_dump({"dev": {"minio_access_key": "kept", "gateway_token": "kept too"}}))
    made = credentials.ensure(file, environments=("dev",))["dev"]
    assert (made["minio_access_key"], made["gateway_token"]) == ("kept", "kept too")
    assert set(yaml.safe_load(file.read_text())["dev"]) == set(VALUES)


def test_a_mistyped_value_is_refused(file: Path) -> None:
    """It would be generated under its right name beside it, and nobody would use the one that was meant."""
    file.write_text(yaml.safe_dump({"dev": {"minio_acces_key": "mine"}}))
    with pytest.raises(Refused, match=r"dev\.minio_acces_key"):
        credentials.ensure(file, environments=("dev",))
    assert yaml.safe_load(file.read_text()) == {"dev": {"minio_acces_key": "mine"}}


def test_values_show_themselves_to_nobody(file: Path) -> None:
    """The file is 0600, and a record printed by mistake hides its values."""
    made = credentials.ensure(file, environments=("dev",))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not any(value in repr(made) for value in made["dev"].values.values())


def test_values_fit_wherever_they_go(file: Path) -> None:
    """Letters and digits are whole in URLs, shells and command lines; the Fernet key is one."""
    made = credentials.ensure(file, environments=("dev",))["dev"]
    Fernet(made["airflow_fernet_key"])
    length = {name: 64 if name == "airflow_jwt_secret" else 32 for name in made.values}
    assert all(
        value.isalnum() and len(value) == length[name] for name, value in made.values.items() if "fernet" not in name
    )


def test_a_renewed_value_changes_where_it_was_asked_for(file: Path) -> None:
    """One value, one environment."""
    made = credentials.ensure(file, environments=ENVIRONMENTS)
    renewed = credentials.renew(made, "gateway_token", environments=("dev",))
    assert renewed["prod"] == made["prod"]
    changed = {name for name in VALUES if renewed["dev"][name] != made["dev"][name]}
    assert changed == {"gateway_token"}
    assert credentials.ensure(file, environments=ENVIRONMENTS) == made
    credentials.store(file, renewed)
    assert credentials.ensure(file, environments=ENVIRONMENTS) == renewed


def test_a_renewed_fernet_key_reads_what_the_old_one_wrote(file: Path) -> None:
    """Airflow's stored connections survive: the new key comes first, the old one stays behind it."""
    made = credentials.ensure(file, environments=("dev",))
    written = Fernet(made["dev"]["airflow_fernet_key"]).encrypt(b"connection")
    renewed = credentials.renew(made, "airflow_fernet_key", environments=("dev",))["dev"]["airflow_fernet_key"]
    keys = [Fernet(each) for each in renewed.split(",")]
    assert MultiFernet(keys).decrypt(written) == b"connection"
    assert keys[0].decrypt(MultiFernet(keys).encrypt(b"new")) == b"new"


@pytest.mark.parametrize("name", VALUES)
def test_every_value_can_be_renewed(file: Path, name: str) -> None:
    """There is none that only a new yard would change."""
    made = credentials.ensure(file, environments=("dev",))
    assert credentials.renew(made, name, environments=("dev",))["dev"][name] != made["dev"][name]


def test_who_checks_a_value_is_started_before_who_shows_it() -> None:
    """The other way round, a client would come back with a password that its server does not know yet."""
    assert [each.service for each in secretobjects.carriers("mlflow_database_password")] == ["storage", "mlflow"]
    assert secretobjects.carriers("minio_secret_key")[0].name == "minio-root"
    for checked, by in (("gateway_token", "gateway-reload"), ("mlflow_admin_password", "mlflow")):
        assert [each.name for each in secretobjects.carriers(checked)] == [by, "lifecycle"]


def test_an_unknown_name_is_refused(file: Path) -> None:
    """The names that there are stand in the message."""
    made = credentials.ensure(file, environments=("dev",))
    with pytest.raises(Refused, match="gateway_token"):
        credentials.renew(made, "gateway", environments=("dev",))


def test_secrets_go_where_the_services_look_for_them(file: Path) -> None:
    """Names, namespaces and keys are a contract with the charts."""
    made = credentials.ensure(file, environments=("dev",))
    found = {
        (each["metadata"]["namespace"], each["metadata"]["name"]): set(each["stringData"])
        for each in secretobjects.objects(made)
    }
    access = {"accessKey", "secretKey"}
    assert found == {
        ("baseline-dev", "minio-root"): {"rootUser", "rootPassword"},
        ("feature-store-dev", "object-store"): access,
        ("airflow-dev", "object-store"): access,
        ("mlflow-dev", "object-store"): access,
        ("baseline-dev", "object-store"): access,
        ("fastapi-dev", "gateway-reload"): {"token"},
        ("storage-dev", "postgres"): {"superuser", "exporter", "mlflow", "airflow"},
        ("storage-dev", "postgres-exporter"): {"databasePassword"},
        ("mlflow-dev", "mlflow"): {"databasePassword", "adminPassword", "flaskSecret"},
        ("airflow-dev", "airflow"): {"databasePassword", "fernetKey", "jwtSecret", "apiSecret", "adminPassword"},
        ("airflow-dev", "lifecycle"): {"reloadToken", "mlflowPassword", "slackToken"},
    }
    assert secretobjects.namespaces(made) == {namespace for namespace, _ in found}


def test_every_value_is_in_a_secret() -> None:
    """So that what is in git, with the key, is all that a yard needs to be made again."""
    assert {name for declared in secretobjects.SECRETS for name in declared.keys.values()} == set(VALUES)
    assert [each.name for each in secretobjects.carriers("slack_token")] == ["lifecycle"]


def test_a_secret_with_another_value_is_missing() -> None:
    """A Secret that is there but old is no Secret that is there: a rotation waits for the value."""
    made = {"dev": Credentials({name: value.make() for name, value in VALUES.items()})}
    secrets = [live(each) for each in secretobjects.objects(made)]
    assert secretobjects.missing(Answers(*secrets), made) == ()  # type: ignore[arg-type]  # asked for a list alone
    assert secretobjects.missing(Answers(*secrets[1:]), made) == ("baseline-dev/minio-root",)  # type: ignore[arg-type]
    renewed = credentials.renew(made, "gateway_token", environments=("dev",))
    assert secretobjects.missing(Answers(*secrets), renewed) == (  # type: ignore[arg-type]
        "fastapi-dev/gateway-reload",
        "airflow-dev/lifecycle",
    )
