"""P40: every change starts as a commit: one arrives, a hand edit is reverted, a removed file is pruned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from switchyard import labels
from switchyard.errors import Late
from switchyard.gitsource import GitSource
from switchyard.judging import Inconclusive
from switchyard.kinds import CONFIG_MAPS
from switchyard.kube import Kube
from switchyard.objects import Meta, dig
from switchyard.obligations import fates
from switchyard.scenario import Scenario
from switchyard.waiting import wait_until
from yardfacts.facts import Answer
from yardfacts.target import Target

pytestmark = [pytest.mark.order(40), pytest.mark.gitops]

FILE = "gitops/core/charts/support/templates/scratch.yaml"
NAME, NAMESPACE = "scratch", "storage-dev"

TEMPLATE = f"""\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {NAME}
  namespace: storage-{{{{ .Values.env }}}}
  labels:
    {labels.RUN_ID}: "RUN"
data:
  content: "RUN"
"""

HEALED_S = 30.0
"""Self-heal waits a few seconds before it acts, and longer each time; an edit that stays is there much longer."""


@dataclass(frozen=True)
class Scratch:
    """The git source while this module commits to it."""

    source: GitSource
    original: str
    """What was served before."""


@pytest.fixture(name="scratch", scope="module")
def _scratch(yard: Scenario, target: Target) -> Iterator[Scratch]:
    """The git source; what it served before is served again afterwards, whatever happens."""
    source = GitSource.of(target)
    if source is None:
        raise Inconclusive(f"target {target.name} has no git source that a proof may commit to")
    original = source.head()
    yield Scratch(source, original)
    if source.head() != original:
        source.reset(original)
        yard.settle(original)


def _read(kube: Kube, *, wanted: str, probe: str) -> Answer:
    """What the object says now."""
    found = kube.find(CONFIG_MAPS, NAME, namespace=NAMESPACE)
    got = None if found is None else dig(found, "data", "content")
    outcome = "right" if got == wanted else "unanswered" if found is None else "wrong"
    return Answer(
        probe=probe, environment="dev", outcome=outcome, wanted=wanted, got=str(got) if found else "404", took_s=0.0
    )


def test_a_commit_arrives(yard: Scenario, kube: Kube, scratch: Scratch) -> None:
    """A file that is committed becomes an object, and every Application is settled at that commit."""
    with yard.given("everything as git says"):
        yard.observe("before")

    with yard.when("a file is committed"):
        sha = scratch.source.commit({FILE: TEMPLATE.replace("RUN", yard.run_id)}, message="A scratch object")
        yard.settle(sha)
    yard.observe("committed")
    yard.record("committed", _read(kube, wanted=yard.run_id, probe="committed-object"))

    yard.judge("commit_arrives", "core_settled")


def test_a_hand_edit_is_reverted(yard: Scenario, kube: Kube) -> None:
    """What is edited by hand is put back, without a commit."""
    edit = f"{yard.run_id} edited by hand"

    with yard.when("the object is edited by hand"):
        accepted = kube.merge(CONFIG_MAPS, NAME, {"data": {"content": edit}}, namespace=NAMESPACE)
        got = str(dig(accepted, "data", "content"))
        outcome = "right" if got == edit else "wrong"
        yard.record(
            "healed",
            Answer(probe="edited-object", environment="dev", outcome=outcome, wanted=edit, got=got, took_s=0.0),
        )
    with yard.timed("self-heal", moment="healed"):
        answer = _wait_until_healed(kube, wanted=yard.run_id)
    yard.record("healed", answer)

    yard.judge("hand_edit_reverted")


def test_a_removed_file_is_pruned(yard: Scenario, kube: Kube, scratch: Scratch) -> None:
    """A file that is removed from git takes its object with it."""
    thing = Meta.of(CONFIG_MAPS, kube.get(CONFIG_MAPS, NAME, namespace=NAMESPACE))

    with yard.when("the file is removed by a commit"):
        sha = scratch.source.commit({FILE: None}, message="No scratch object")
        yard.settle(sha)
    yard.record("pruned", *fates(kube, [thing]))

    yard.judge("removed_is_pruned")


def test_the_commit_under_test_is_served_again(yard: Scenario, scratch: Scratch) -> None:
    """Afterwards the commit under test is served, and everything is settled at it."""
    with yard.when("the branch is put back"):
        scratch.source.reset(scratch.original)
        yard.settle(scratch.original)
    yard.observe("returned")

    yard.judge("served_commit", "core_settled")


def _wait_until_healed(kube: Kube, *, wanted: str) -> Answer:
    """The last answer within the time that self-heal may take; a claim says what it means."""
    seen: list[Answer] = []

    def once() -> Answer:
        seen.append(_read(kube, wanted=wanted, probe="committed-object"))
        return seen[-1]

    try:
        wait_until(once, what="healed", ready=lambda answer: answer.outcome == "right", within_s=HEALED_S)
    except Late:
        return seen[-1]
    return seen[-1]
