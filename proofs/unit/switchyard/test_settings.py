"""``yard.toml``: every mistake is named by file, key, what was wanted and what is there; no silent default."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from switchyard.errors import Misconfigured
from switchyard.settings import load_yard
from switchyard.yard import HttpProbe, S3Probe, Yard

CHECKOUT: Final = Path(__file__).resolve().parents[3]

GOOD = """
environments = ["dev", "prod"]
[layers.core]
selector = "layer=core"
roots = ["root-apps"]
[layers.features]
selector = "layer=optional"
root = "root-optional"
manifest = "root.yaml"
namespaces = ["store-dev"]
[budgets]
detach_s = 8
attach_s = 25.5
hold_s = 10
barrier_deadline_s = 20
detach_deadline_s = 60
attach_deadline_s = 180
[[attribution]]
kind = "ConfigMap"
name = "kube-root-ca.crt"
reason = "Kubernetes publishes it"
[[churn]]
kind = "ResourceQuota"
pointer = "/status"
manager = "kube-controller-manager"
reason = "usage follows the pods"
[prober]
image_of = "tools/python"
[probes.store]
kind = "s3"
layer = "core"
endpoint = "minio-{env}.baseline-{env}:9000"
bucket = "probe"
access_key = "a"
secret_key = "s"
[probes.gateway]
kind = "http"
layer = "core"
url = "http://gateway-{env}/infer"
method = "POST"
path = "/alive"
state = "x-state"
body.inputs = [{ data = { file = "golden.json", pointer = "/rows/0" } }]
[probes.gateway.expect]
headers = { x-env = "{env}" }
[[probes.gateway.expect.values]]
pointer = "/outputs/0"
value = { file = "golden.json", pointer = "/answers/0" }
tolerance = 0.001
"""


KNOWN = """
[known.champion]
url = "http://registry-{env}:5000"
model = "wine"
alias = "champion"
artifact = "golden.json"
user = "admin"
password = "p"
"""


def _load(folder: Path, text: str) -> Yard:
    (folder / "root.yaml").write_text("kind: Application\n")
    (folder / "golden.json").write_text('{"rows": [[1.5, 2]], "answers": [0.25]}')
    file = folder / "yard.toml"
    file.write_text(text)
    return load_yard(file)


def test_a_good_file_is_read(tmp_path: Path) -> None:
    """Layers, budgets, rules, and one probe an environment with the environment's name filled in."""
    yard = _load(tmp_path, GOOD)
    assert yard.namespace == "argocd"
    assert yard.layer("features").manifest == tmp_path / "root.yaml"
    assert yard.layer("features").toggled
    assert not yard.layer("core").toggled
    assert yard.budgets.attach_s == 25.5
    assert [(probe.name, probe.environment) for probe in yard.probes] == [
        ("store", "dev"),
        ("store", "prod"),
        ("gateway", "dev"),
        ("gateway", "prod"),
    ]
    store, gateway = yard.probes[1], yard.probes[3]
    assert isinstance(store, S3Probe)
    assert store.endpoint == "minio-prod.baseline-prod:9000"
    assert isinstance(gateway, HttpProbe)
    assert gateway.url == "http://gateway-prod/infer"
    assert gateway.body == {"inputs": [{"data": [1.5, 2]}]}
    assert (gateway.path, gateway.state, store.path) == ("/alive", "x-state", "")
    assert gateway.expect.headers == {"x-env": "prod"}
    assert gateway.expect.values[0].value == 0.25
    assert yard.prober.image_of == "tools/python"
    assert yard.churn[0].pointer == "/status"


def test_a_probe_carries_what_it_refers_to(tmp_path: Path) -> None:
    """Of its own environment, and only what it names; the reference itself stays until somebody reads the registry."""
    text = GOOD.replace('url = "http://gateway-{env}/infer"', 'url = "http://gateway-{env}/{champion:/version}/infer"')
    yard = _load(tmp_path, text + KNOWN)
    gateway = yard.probes[3]
    assert isinstance(gateway, HttpProbe)
    assert gateway.url == "http://gateway-prod/{champion:/version}/infer"
    assert [(one.name, one.url) for one in gateway.known] == [("champion", "http://registry-prod:5000")]
    assert [(one.name, one.environment) for one in yard.known] == [("champion", "dev"), ("champion", "prod")]
    plain = _load(tmp_path, GOOD + KNOWN).probes[3]
    assert isinstance(plain, HttpProbe)
    assert plain.known == ()


@pytest.mark.parametrize(
    "place",
    [
        'headers = { x-env = "{champion:/version}" }',
        'headers = { x-env = "v{champion:/version}" }',
    ],
)
def test_a_reference_to_nothing_is_refused(tmp_path: Path, place: str) -> None:
    """It would be asked for, word by word."""
    with pytest.raises(Misconfigured, match=r"probes\.gateway\.known: wanted references to a table of \[known\]"):
        _load(tmp_path, GOOD.replace('headers = { x-env = "{env}" }', place))


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ('environments = ["dev", "prod"]', 'environments = "dev"', "environments"),
        ('environments = ["dev", "prod"]', "", "environments"),
        ('selector = "layer=core"', "selector = 1", "layers.core.selector"),
        ('selector = "layer=core"', 'selektor = "layer=core"', "layers.core.selector"),
        ('roots = ["root-apps"]', 'roots = ["root-apps"]\ncolour = "red"', "layers.core.colour"),
        ('manifest = "root.yaml"', 'manifest = "elsewhere.yaml"', "layers.features.manifest"),
        ('manifest = "root.yaml"', "", "layers.features.manifest"),
        ("detach_s = 8", "detach_s = -1", "budgets.detach_s"),
        ("detach_s = 8", "detach_s = true", "budgets.detach_s"),
        ("detach_s = 8", "", "budgets.detach_s"),
        ('kind = "ConfigMap"\nname = "kube-root-ca.crt"', "", "attribution.0.kind"),
        ('reason = "Kubernetes publishes it"', "", "attribution.0.reason"),
        ('kind = "s3"', 'kind = "ftp"', "probes.store.kind"),
        ('bucket = "probe"', "", "probes.store.bucket"),
        ('pointer = "/answers/0"', 'pointer = "/answers/9"', "probes.gateway.expect.values.0.value"),
        ('file = "golden.json", pointer = "/rows/0"', 'file = "none.json", pointer = "/rows/0"', "probes.gateway.body"),
        ('headers = { x-env = "{env}" }', "headers = { x-env = 1 }", "probes.gateway.expect.headers"),
        ('layer = "core"\nendpoint', 'layer = "cellar"\nendpoint', "layers"),
        ("image_of", 'image = "python:3"\nimage_of', "prober.image"),
        ("image_of", "imageof", "prober.imageof"),
        ("[budgets]", "[budget]", "budgets.detach_s"),
        ('manager = "kube-controller-manager"', "", "churn.0.manager"),
        ('manager = "kube-controller-manager"', 'manager = "*"', "churn.0.pointer"),
        ('pointer = "/status"', 'pointer = "/spec"', "churn.0.pointer"),
        ('kind = "ResourceQuota"', 'kind = "Pod"', "churn.0.pointer"),
        ("[[churn]]", "[wheels]\n[[churn]]", "wheels"),
        ("[budgets]", "[budgets", "(whole file)"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, old: str, new: str, key: str) -> None:
    """File and key, what was wanted, and what is there."""
    assert old in GOOD
    with pytest.raises(Misconfigured) as caught:
        _load(tmp_path, GOOD.replace(old, new, 1))
    assert caught.value.key == key
    assert str(tmp_path / "yard.toml") in str(caught.value)


def test_a_layer_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    """A typing error on the command line is answered with the choice."""
    with pytest.raises(Misconfigured, match="core, features"):
        _load(tmp_path, GOOD).layer("feature")


def test_our_own_file_is_good() -> None:
    """The yard.toml of this repository loads, and toggles exactly one layer."""
    yard = load_yard(CHECKOUT / "yard.toml")
    assert [layer.name for layer in yard.layers.values() if layer.toggled] == ["features"]
    assert {probe.environment for probe in yard.probes} == {"dev", "prod"}


def test_no_probe_of_ours_is_a_status_code_alone() -> None:
    """A service that only says 200 proves nothing: each probe wants a value, a header or a text."""
    for probe in load_yard(CHECKOUT / "yard.toml").probes:
        if isinstance(probe, HttpProbe):
            assert probe.expect.values or probe.expect.contains, probe.name


def test_every_watched_service_is_there_for_something() -> None:
    """Whoever is asked for a sign of life all the time is asked for what it is there for too, in both environments."""
    watched = [probe for probe in load_yard(CHECKOUT / "yard.toml").probes if probe.path]
    services = ("gateway", "triton", "mlflow", "airflow", "minio", "loki", "prometheus", "alertmanager")
    assert {(probe.name, probe.environment) for probe in watched} == {
        (service, environment) for service in services for environment in ("dev", "prod")
    }
    assert {probe.layer for probe in watched} == {"core"}
