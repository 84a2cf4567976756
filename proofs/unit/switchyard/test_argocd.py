"""Applications as facts: nothing that Argo CD leaves open is taken for good."""

from __future__ import annotations

from typing import Any

import pytest

from switchyard.argocd import application, cascades, is_settled, unsettled

from .samples import DESTINATION, SOURCE
from .samples import application as sample


def test_a_settled_application_is_settled() -> None:
    """Synced, Healthy, compared with its own spec, operation finished."""
    fact = application(sample())
    assert is_settled(fact)
    assert fact.revisions == ("a" * 40,)
    assert fact.automated
    assert fact.prune
    assert fact.self_heal


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"status": {}}, "sync unknown"),
        ({"status": {"sync": {"status": "OutOfSync"}}}, "sync OutOfSync"),
        ({"status": {"health": {"status": "Progressing"}}}, "health Progressing"),
        ({"status": {"health": {}}}, "health unknown"),
        ({"status": {"operationState": {"phase": "Failed"}}}, "operation Failed"),
        ({"operation": {"sync": {}}}, "operation Running"),
        ({"status": {"conditions": [{"type": "ComparisonError", "message": "no repo"}]}}, "ComparisonError: no repo"),
    ],
)
def test_whatever_is_open_is_named(changes: dict[str, Any], why: str) -> None:
    """Missing status is unknown, never fine."""
    source = sample(**changes) if changes != {"status": {}} else sample() | {"status": {}}
    assert why in unsettled(application(source))


def test_a_status_of_another_spec_does_not_count() -> None:
    """Synced with the source of yesterday is not synced."""
    source = sample()
    source["spec"] = source["spec"] | {"source": SOURCE | {"targetRevision": "other"}}
    assert "compared with another spec" in unsettled(application(source))


def test_empty_values_that_argo_cd_adds_do_not_count() -> None:
    """It stores what it compared with beside empty fields that a spec leaves out."""
    compared = {"source": {**SOURCE, "helm": {"parameters": []}}, "destination": DESTINATION, "sources": []}
    status = {"sync": {"status": "Synced", "comparedTo": compared}}
    assert application(sample(status=status)).compared_to_spec


def test_several_sources_are_compared_and_each_revision_told() -> None:
    """An Application with several sources has as many revisions; the single source stays empty."""
    compared = {"source": {"repoURL": ""}, "sources": [SOURCE], "destination": DESTINATION}
    status = {"sync": {"status": "Synced", "comparedTo": compared, "revisions": ["a", "b"]}}
    source = sample(status=status)
    del source["spec"]["source"]
    source["spec"]["sources"] = [SOURCE]
    fact = application(source)
    assert fact.compared_to_spec
    assert fact.revisions == ("a", "b")


def test_a_warning_is_no_error() -> None:
    """Only conditions that end in Error count against an Application."""
    status = {"conditions": [{"type": "OrphanedResourceWarning", "message": "one"}]}
    assert is_settled(application(sample(status=status)))


def test_automation_that_is_switched_off_in_place_is_off() -> None:
    """``automated.enabled: false`` suspends as its absence does."""
    source = sample()
    source["spec"]["syncPolicy"] = {"automated": {"enabled": False, "prune": True}}
    assert not application(source).automated


def test_the_parent_is_the_owning_application_set() -> None:
    """A root has none."""
    source = sample()
    assert application(source).parent == ""
    source["metadata"]["ownerReferences"] = [{"kind": "ApplicationSet", "name": "feast", "uid": "u"}]
    assert application(source).parent == "feast"


@pytest.mark.parametrize(
    ("finalizers", "wanted"),
    [
        (["resources-finalizer.argocd.argoproj.io"], True),
        (["resources-finalizer.argocd.argoproj.io/foreground"], True),
        (["resources-finalizer.argocd.argoproj.io/background"], True),
        (["post-delete-finalizer.argocd.argoproj.io"], False),
        ([], False),
    ],
)
def test_only_the_resources_finalizer_cascades(finalizers: list[str], wanted: bool) -> None:
    """Bare or with a propagation policy behind a slash."""
    assert cascades(finalizers) is wanted
