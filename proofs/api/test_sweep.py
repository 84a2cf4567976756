"""The sweep and the list of what has to go, against a real API server."""

from __future__ import annotations

from switchyard.kinds import CONFIG_MAPS, Kind
from switchyard.labels import RUN_ID, TRACKING_ID
from switchyard.objects import Meta
from switchyard.obligations import fates, grown, take_duties
from switchyard.sweep import DECOY, sweep
from switchyard.watching import Watching
from yardfacts.facts import Sweep

from .actor import Actor
from .server import NOBODY, OBSERVER, ApiServer
from .stage import Stage
from .test_toggle import _attach

_ROLES = Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", namespaced=False)


def _sweep(stage: Stage, *, decoy: str = "run") -> Sweep:
    return sweep(stage.kube, yard=stage.yard, layer=stage.layer, decoy=decoy)


def test_an_empty_namespace_sweeps_empty_and_the_decoy_is_found(stage: Stage) -> None:
    """Nothing is left, and the same sweep would have found something: the decoy, which is removed again."""
    swept = _sweep(stage)
    assert swept.decoy_found
    assert swept.found == swept.unattributed == ()
    assert swept.kinds_unreadable == ()
    assert swept.kinds_listed > 50
    assert stage.kube.find(CONFIG_MAPS, DECOY, namespace=stage.store) is None


def test_an_orphan_of_any_kind_is_found(stage: Stage) -> None:
    """Whatever stands in the layer's namespace without an owner is left over, also kinds that nobody thinks of."""
    body = {"metadata": {"name": "orphan"}, "rules": []}
    role = Kind("rbac.authorization.k8s.io", "v1", "Role", "roles")
    stage.kube.create(role, body, namespace=stage.store)
    assert [str(ref) for ref in _sweep(stage).unattributed] == [f"Role.rbac.authorization.k8s.io {stage.store}/orphan"]


def test_an_orphan_elsewhere_is_found_by_its_tracking_id(stage: Stage) -> None:
    """A cluster-wide object that the layer's Application made is left over wherever it stands."""
    name = f"orphan-{stage.word}"
    marks = {TRACKING_ID: f"{stage.layer.root}:rbac.authorization.k8s.io/ClusterRole:/{name}"}
    stage.kube.create(_ROLES, {"metadata": {"name": name, "annotations": marks}, "rules": []})
    assert [ref.name for ref in _sweep(stage).unattributed] == [name]


def test_what_has_an_owner_outside_the_layer_is_found_and_explained(stage: Stage) -> None:
    """Objects of the namespace's own are listed as found, and attributed by the rules."""
    stage.config_map("kube-root-ca.crt")
    owner = stage.config_map("quota", tracked=f"support-{stage.word}")
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "quota", "uid": owner["metadata"]["uid"]}
    stage.config_map("of-the-quota", ownerReferences=[reference])
    swept = _sweep(stage)
    assert {ref.name for ref in swept.found} == {"kube-root-ca.crt", "quota", "of-the-quota"}
    assert swept.unattributed == ()


def test_nothing_explains_what_the_layer_itself_made(stage: Stage) -> None:
    """An object tracked by the layer's root is left over, whatever its name says."""
    stage.config_map("kube-root-ca.crt", tracked=stage.layer.root)
    assert [ref.name for ref in _sweep(stage).unattributed] == ["kube-root-ca.crt"]


def test_a_copied_tracking_id_does_not_count(stage: Stage) -> None:
    """A tracking id that names another object came with copied annotations; it makes no orphan elsewhere."""
    marks = {TRACKING_ID: f"{stage.layer.root}:/Service:{stage.store}/redis"}
    stage.kube.create(CONFIG_MAPS, {"metadata": {"name": "copy", "annotations": marks}}, namespace=stage.namespace)
    assert _sweep(stage).found == ()


def test_a_denied_kind_is_named(server: ApiServer, stage: Stage) -> None:
    """Who may not list a kind does not get an empty list of it."""
    swept = sweep(server.client(NOBODY), yard=stage.yard, layer=stage.layer)
    assert any(hole.startswith("Secret: Forbidden") for hole in swept.kinds_unreadable)
    assert swept.kinds_listed == 0


def test_read_rights_are_enough_without_a_decoy(server: ApiServer, stage: Stage) -> None:
    """Observe only: everything is read, nothing is planted, and the fact says so."""
    stage.config_map("orphan")
    swept = sweep(server.client(OBSERVER), yard=stage.yard, layer=stage.layer)
    assert [ref.name for ref in swept.unattributed] == ["orphan"]
    assert swept.kinds_unreadable == ()
    assert not swept.decoy_found


def test_the_decoy_of_a_killed_sweep_is_replaced(stage: Stage) -> None:
    """A decoy left behind neither blocks the next sweep nor counts as found."""
    stage.config_map(DECOY, labels={RUN_ID: "killed"})
    swept = _sweep(stage)
    assert swept.decoy_found
    assert swept.unattributed == ()


def test_the_list_of_what_has_to_go_reaches_the_descendants(stage: Stage) -> None:
    """From the root through ApplicationSet and Application to what they manage, and to what descends from that."""
    with Actor(stage):
        _attach(stage)
    duties = take_duties(stage.kube, yard=stage.yard, layer=stage.layer)
    names = {thing.name for thing in duties.tree.objects}
    assert names == {stage.layer.root, stage.application_set, stage.child, "store", "store-descendant"}
    assert set(duties.tree.applications) == {stage.layer.root, stage.application_set, stage.child}


def test_the_list_grows_with_what_the_watch_sees(stage: Stage) -> None:
    """What appears in the layer's namespace during the detach has to go too; what others own has not."""
    with Actor(stage):
        _attach(stage)
    duties = take_duties(stage.kube, yard=stage.yard, layer=stage.layer)
    with Watching(stage.kube, duties.scopes) as watching:
        stage.config_map("late")
        stage.config_map("of-core", tracked=f"support-{stage.word}")
        assert watching.wait(lambda: len(watching.history) >= len(watching.alive), within_s=3.0)
        assert watching.differences(within_s=3.0) == ()
        more = grown(duties, watching.history, yard=stage.yard, layer=stage.layer)
    assert {thing.name for thing in more} - {thing.name for thing in duties.tree.objects} == {"late"}


def test_the_fate_of_each_is_asked_by_name(stage: Stage) -> None:
    """404 is gone; the same UID remains, with the finalizers it waits for; another UID is recreated."""
    things = []
    for name in ("gone", "remains", "recreated"):
        things.append(Meta.of(CONFIG_MAPS, stage.config_map(name, finalizers=["example.com/hold"])))
    for name in ("gone", "recreated"):
        stage.kube.merge(CONFIG_MAPS, name, {"metadata": {"finalizers": []}}, namespace=stage.store)
    for name in ("gone", "remains", "recreated"):
        stage.kube.delete(CONFIG_MAPS, name, namespace=stage.store)
    stage.config_map("recreated")
    told = {one.ref.name: one for one in fates(stage.kube, things)}
    assert {name: one.fate for name, one in told.items()} == {
        "gone": "gone",
        "remains": "remains",
        "recreated": "recreated",
    }
    assert told["remains"].finalizers == ("example.com/hold",)
    stage.kube.merge(CONFIG_MAPS, "remains", {"metadata": {"finalizers": []}}, namespace=stage.store)
