"""Projects: what may come from where and go where, exactly, and nothing besides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from .helm import Manifest
from .tree import Application, Tree, document

Rendered = Mapping[Application, tuple[Manifest, ...]]
Project = Mapping[str, Any]

ENVIRONMENTS = ("dev", "prod")
LAYER = "switchyard.mlops/layer"


@pytest.fixture(name="projects", scope="module")
def _projects(tree: Tree) -> Mapping[str, Project]:
    return {body["metadata"]["name"]: body["spec"] for _, body in tree.documents("projects")}


def _kinds(whitelist: list[Mapping[str, str]]) -> set[str]:
    return {f"{item['kind']}.{item['group']}" if item["group"] else item["kind"] for item in whitelist}


def _named(project: Project) -> set[str]:
    """Objects of the cluster, each permitted by its kind and name."""
    return {f"{kind} {item['name']}" for item in project["clusterResourceWhitelist"] for kind in _kinds([item])}


def _destinations(project: Project) -> set[str]:
    return {item["namespace"] for item in project["destinations"]}


def test_projects_are_the_agreed_ones(projects: Mapping[str, Project]) -> None:
    """There is a project for the roots, one for every layer and environment, and for what a cluster has once."""
    assert set(projects) == {
        "bootstrap",
        "default",
        *ENVIRONMENTS,
        *(f"{layer}-{env}" for layer in ("baseline", "optional") for env in ENVIRONMENTS),
        "shared",
        "baseline-shared",
    }


def test_files_carry_the_name_of_their_object(tree: Tree) -> None:
    """A project, root or ApplicationSet stands in the file of its name."""
    folders = ("projects", "bootstrap", *(f"{layer}/applicationsets" for layer in ("core", "baseline", "optional")))
    for path, body in tree.documents(*folders):
        assert path.stem in (body["metadata"]["name"], "cluster"), path


def test_default_allows_nothing(projects: Mapping[str, Project]) -> None:
    """An Application that names no project may do nothing."""
    default = projects["default"]
    assert default["sourceRepos"] == default["destinations"] == default["clusterResourceWhitelist"] == []
    assert default["namespaceResourceBlacklist"] == [{"group": "*", "kind": "*"}]


def test_every_object_is_permitted(rendered: Rendered, projects: Mapping[str, Project]) -> None:
    """Every rendered object's kind, name and namespace are permitted by its Application's project."""
    refused = []
    for application, manifests in rendered.items():
        project = projects[application.project]
        assert application.namespace in _destinations(project), application
        named = _named(project)
        for manifest in manifests:
            if manifest.namespace:
                kinds = _kinds(project["namespaceResourceWhitelist"])
                permitted = manifest.kind in kinds and manifest.namespace in _destinations(project)
            else:
                permitted = f"{manifest.kind} {manifest.name}" in named
            if not permitted:
                refused.append(f"{application} ({application.project}): {manifest}")
    assert refused == []


def test_nothing_else_is_permitted(tree: Tree, rendered: Rendered, projects: Mapping[str, Project]) -> None:
    """A project permits no kind, cluster object or namespace that nothing rendered in it needs."""
    used: dict[str, set[str]] = {name: set() for name in projects}
    for application, manifests in rendered.items():
        used[application.project] |= {manifest.kind for manifest in manifests if manifest.namespace}
        used[application.project] |= {f"{m.kind} {m.name}" for m in manifests if not m.namespace}
        used[application.project] |= {f"to {m.namespace}" for m in manifests if m.namespace}
        used[application.project].add(f"to {application.namespace}")
    used["bootstrap"] |= {"ApplicationSet.argoproj.io", "to argocd"}  # rendered by nobody: plain files of the roots
    for name, project in projects.items():
        permitted = _kinds(project.get("namespaceResourceWhitelist", []))
        permitted |= _named(project)
        permitted |= {f"to {namespace}" for namespace in _destinations(project)}
        assert permitted == used[name], name


@pytest.mark.parametrize(("env", "other"), [ENVIRONMENTS, ENVIRONMENTS[::-1]])
def test_environments_do_not_know_each_other(
    env: str, other: str, rendered: Rendered, projects: Mapping[str, Project]
) -> None:
    """Nothing rendered for one environment, and no project of it, names the other."""
    foreign = re.compile(rf"\b{other}\b(?!/shm)")  # /dev/shm is a path of Linux, not ours
    for name, project in projects.items():
        if name == env or name.endswith(f"-{env}"):
            assert not foreign.search(str(project)), name
    for application, manifests in rendered.items():
        if application.env == env:
            for manifest in manifests:
                assert not foreign.search(str(manifest.body)), f"{application} {manifest}"


def test_roots_are_permitted_and_lead_somewhere(tree: Tree, projects: Mapping[str, Project]) -> None:
    """Each root belongs to the bootstrap project and owns a folder of ApplicationSets of its own layer."""
    roots = [body for path, body in tree.documents("bootstrap") if path.stem.startswith("root-")]
    assert {root["metadata"]["name"] for root in roots} == {"root-apps", "root-baseline", "root-optional"}
    led_to = set()
    for root in roots:
        assert root["spec"]["project"] == "bootstrap"
        assert root["spec"]["destination"]["namespace"] in _destinations(projects["bootstrap"])
        assert root["spec"]["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}
        assert root["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io/foreground"]
        folder = tree.root.parent / root["spec"]["source"]["path"]
        for path in folder.iterdir():
            body = document(path)
            assert body["kind"] == "ApplicationSet", path
            assert body["metadata"]["labels"][LAYER] == root["metadata"]["labels"][LAYER], path
            led_to.add(path)
    assert led_to == {path for path, _ in tree.applicationsets()}


def test_children_are_alike(tree: Tree) -> None:
    """Every generated Application is automated, prunes, heals and has its finalizer; automation is never taken away."""
    for path, body in tree.applicationsets():
        template = body["spec"]["template"]
        assert body["spec"]["goTemplateOptions"] == ["missingkey=error"], path
        assert "strategy" not in body["spec"], f"{path}: RollingSync turns the children's automation off"
        assert template["spec"]["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True}, path
        assert template["metadata"]["finalizers"] == ["resources-finalizer.argocd.argoproj.io"], path


def test_health_expects_the_right_number(tree: Tree) -> None:
    """The number of children that health is held against is the number that is generated, in every profile."""
    for profile in tree.profiles():
        generated = [a.applicationset for a in tree.applications() if a.profile == profile]
        for path, body in tree.applicationsets():
            expected = body["metadata"]["annotations"]["switchyard.mlops/expected-applications"]
            assert int(expected) == generated.count(body["metadata"]["name"]), path


def test_applications_are_labelled(tree: Tree) -> None:
    """Every Application carries its layer and environment, and the same layer as its ApplicationSet."""
    layers = {body["metadata"]["name"]: body["metadata"]["labels"][LAYER] for _, body in tree.applicationsets()}
    for application in tree.applications():
        labels = dict(application.labels)
        assert labels[LAYER] == application.layer == layers[application.applicationset]
        assert labels["switchyard.mlops/env"] == application.env
        assert labels["app.kubernetes.io/instance"] == application.name
