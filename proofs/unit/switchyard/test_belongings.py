"""What is part of a layer, what descends from it, and who explains the rest."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from switchyard.belongings import attribution, below, is_part
from switchyard.inventory import Inventory
from switchyard.kinds import APPLICATION_SETS, APPLICATIONS, PODS, SERVICES, Kind
from switchyard.leaving import diagnosis
from switchyard.objects import Meta
from switchyard.settings import load_yard
from switchyard.yard import Attribution, Layer

from .samples import thing

YARD = Path(__file__).resolve().parents[3] / "yard.toml"

ROOT = thing("root", kind=APPLICATIONS, namespace="argocd")
SET = thing("feast", kind=APPLICATION_SETS, namespace="argocd", tracked="root")
CHILD = thing("feast-dev", kind=APPLICATIONS, namespace="argocd", owners=(("ApplicationSet", "u-feast"),))
LEAF = thing("redis", kind=SERVICES, tracked="feast-dev")
BELOW_LEAF = thing("redis-slice", owners=(("Service", "u-redis"),))
STRANGER = thing("stranger", tracked="support-dev")


def _inventory(*things: Meta) -> Inventory:
    return Inventory(things, (), ())


def _names(things: Iterable[Meta]) -> set[str]:
    return {one.name for one in things}


def test_a_tree_reaches_through_sets_applications_and_owners() -> None:
    """Root, ApplicationSet, Application, what it manages, what descends from that; nothing else."""
    tree = below(_inventory(ROOT, SET, CHILD, LEAF, BELOW_LEAF, STRANGER), roots=["root"], namespace="argocd")
    assert tree.applications == ("root", "feast", "feast-dev")
    assert _names(tree.objects) == {"root", "feast", "feast-dev", "redis", "redis-slice"}


def test_patterns_find_what_an_interrupted_detach_left() -> None:
    """Objects of Applications that are gone are found by the names that yard.toml gives."""
    tree = below(_inventory(LEAF, BELOW_LEAF, STRANGER), roots=["root", "feast-*"], namespace="argocd")
    assert _names(tree.objects) == {"redis", "redis-slice"}
    assert tree.applications == ("root",)


def test_an_application_of_the_same_name_elsewhere_is_no_part() -> None:
    """Only Argo CD's own namespace counts."""
    elsewhere = thing("root", kind=APPLICATIONS, namespace="other")
    assert not is_part(elsewhere, applications=["root"], namespace="argocd")


@pytest.mark.parametrize(
    "tracking",
    [
        "feast-dev:/Service:store/other",
        "feast-dev:apps/Deployment:store/redis",
        "feast-dev",
        "",
        ":/Service:store/redis",
    ],
)
def test_a_tracking_id_counts_only_on_the_object_it_names(tracking: str) -> None:
    """Annotations are copied by controllers; a copy makes no part."""
    plain = thing("redis", kind=SERVICES)
    marked = Meta(**{**vars(plain), "annotations": {"argocd.argoproj.io/tracking-id": tracking}})
    assert marked.tracked_by == ""


def test_the_first_rule_that_fits_explains() -> None:
    """Every field that a rule gives has to match."""
    rules = [
        Attribution(kind="Secret", name="store", reason="another kind"),
        Attribution(kind="ConfigMap", name="ca*", reason="another name"),
        Attribution(kind="ConfigMap", label="made-by=us", reason="right"),
    ]
    one = thing("store", labels={"made-by": "us"})
    found = attribution(one, rules, inventory=_inventory(one))
    assert found is not None
    assert found.reason == "right"


def test_what_descends_from_the_explained_is_explained() -> None:
    """A rule over Applications covers whatever hangs below their objects."""
    owner = thing("deployment", tracked="support-dev")
    pod = thing("pod", kind=PODS, owners=(("ConfigMap", "u-deployment"),))
    rules = [Attribution(applications=("*-dev",), reason="support")]
    assert attribution(pod, rules, inventory=_inventory(owner, pod)) is not None
    assert attribution(pod, rules, inventory=_inventory(pod)) is None


def test_a_secret_is_explained_by_the_sealed_one_that_made_it() -> None:
    """Its Application explains the sealed secret, and through it the Secret; a label that says so explains nothing."""
    sealed = thing(
        "store", kind=Kind("bitnami.com", "v1alpha1", "SealedSecret", "sealedsecrets"), tracked="dev-secrets"
    )
    secrets = Kind("", "v1", "Secret", "secrets")
    opened = thing("opened", kind=secrets, owners=(("SealedSecret", "u-store"),))
    planted = thing("planted", kind=secrets, labels={"app.kubernetes.io/instance": "dev-secrets"})
    rules = load_yard(YARD).attributions
    inventory = _inventory(sealed, opened, planted)
    explained = {one.name: attribution(one, rules, inventory=inventory) is not None for one in inventory.objects}
    assert explained == {"store": True, "opened": True, "planted": False}


def test_nobody_explains_what_no_rule_fits() -> None:
    """No rule is no owner."""
    assert attribution(LEAF, [], inventory=_inventory(LEAF)) is None


def test_a_cycle_of_owners_ends() -> None:
    """Owner references that bite their own tail are walked once."""
    one = thing("one", owners=(("ConfigMap", "u-two"),))
    two = thing("two", owners=(("ConfigMap", "u-one"),))
    assert _names(_inventory(one, two).closure([one])) == {"one", "two"}
    assert _names(_inventory(one, two).ancestry(one)) == {"one", "two"}


def test_a_diagnosis_names_who_waits_for_whom() -> None:
    """Leaves before the Applications that wait for them; what nobody asked to go is told apart; the rescue is named."""
    stuck = thing("volume", finalizers=("example.com/hold",), deleting="2026-01-01T00:00:00Z")
    waiting = thing(
        "feast-dev",
        kind=APPLICATIONS,
        namespace="argocd",
        finalizers=("resources-finalizer.argocd.argoproj.io",),
        deleting="2026-01-01T00:00:00Z",
    )
    untouched = thing("secret")
    text = diagnosis([waiting, stuck, untouched], layer=Layer(name="features", selector=""), waited_s=60.0)
    lines = text.splitlines()
    assert lines[0] == "features: 3 objects are still there after 60 s."
    assert "volume" in lines[1]
    assert "example.com/hold" in lines[1]
    assert "feast-dev" in lines[2]
    assert lines[3].endswith("secret was never asked to go")
    assert "switchyard rescue features" in text
