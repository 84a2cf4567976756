"""A churn rule explains exactly what it says, may not say everything, and is missed where it says nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from yardfacts.churn import explains, too_wide, unused
from yardfacts.facts import Changed, ChurnRule, ObjectRef

RULE = ChurnRule(kind="Node", pointer="/status/conditions/*/lastHeartbeatTime", manager="kubelet", reason="alive")
BEAT = Changed(
    ref=ObjectRef(kind="Node", namespace="", name="node", uid="u"),
    type="MODIFIED",
    pointer="/status/conditions/3/lastHeartbeatTime",
    before="",
    after="",
    manager="kubelet",
    belongs="",
    times=1,
    first_ms=1,
    last_ms=1,
)


@pytest.mark.parametrize(
    ("rule", "changed", "wanted"),
    [
        pytest.param({}, {}, True, id="as it says"),
        pytest.param({}, {"pointer": "/status/conditions/3/lastHeartbeatTime/x"}, True, id="below"),
        pytest.param({}, {"pointer": "/status/conditions/3"}, False, id="above"),
        pytest.param({}, {"pointer": "/status/conditions/3/lastHeartbeatTimes"}, False, id="a longer name"),
        pytest.param({}, {"pointer": ""}, False, id="an object that came or went"),
        pytest.param({"pointer": ""}, {"pointer": ""}, False, id="a rule about all of it"),
        pytest.param({}, {"manager": "somebody"}, False, id="another writer"),
        pytest.param({}, {"manager": "unknown"}, False, id="no known writer"),
        pytest.param({"kind": "Lease.coordination.k8s.io"}, {}, False, id="another kind"),
        pytest.param({"name": "n*"}, {}, True, id="a name"),
        pytest.param({"name": "m*"}, {}, False, id="another name"),
        pytest.param({"namespace": "kube-*"}, {}, False, id="another namespace"),
    ],
)
def test_what_a_rule_explains(rule: dict[str, Any], changed: dict[str, Any], wanted: bool) -> None:
    """Kind, namespace, name, place and writer have to match, each of them."""
    assert explains(replace(RULE, **rule), replace(BEAT, **changed)) is wanted


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"kind": "Pod"}, "readiness"),
        ({"pointer": "/spec"}, "wants"),
        ({"pointer": "/data/key"}, "wants"),
        ({"pointer": "/metadata"}, "labels"),
        ({"pointer": "/metadata/annotations"}, "annotation"),
        ({"pointer": "/metadata/labels/a"}, "labels"),
        ({"pointer": "/metadata/finalizers/0"}, "finalizers"),
        ({"pointer": "/*"}, "wants"),
        ({"pointer": ""}, "come and go"),
        ({"manager": ""}, "everybody"),
        ({"manager": "kube-*"}, "everybody"),
    ],
)
def test_a_rule_that_excuses_too_much(fields: dict[str, Any], words: str) -> None:
    """Pods, wishes, labels, owners, finalizers and everybody are never excused."""
    assert words in too_wide(replace(RULE, **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"pointer": "/metadata/annotations/a~1b"},
        {"kind": "Lease.coordination.k8s.io", "pointer": "/spec/renewTime"},
    ],
)
def test_a_rule_that_may_be(fields: dict[str, Any]) -> None:
    """What becomes of an object, one annotation, and a heartbeat that stands in a specification."""
    assert too_wide(replace(RULE, **fields)) == ""


def test_a_rule_that_explains_nothing_is_named() -> None:
    """Unless it happens more seldom than there was time for."""
    idle = replace(RULE, name="elsewhere")
    seldom = replace(idle, every_s=300.0)
    assert unused([RULE, idle, seldom], [BEAT], watched_s=60.0) == (idle,)
    assert unused([RULE, idle, seldom], [BEAT], watched_s=301.0) == (idle, seldom)
