"""P94: Core is touched while nobody toggles anything, and the claims about interference have to say so."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from switchyard import argocd, labels
from switchyard.gitsource import GitSource
from switchyard.judging import Defective, Inconclusive
from switchyard.kinds import APPLICATIONS, DEPLOYMENTS, PODS, Kind
from switchyard.kube import Kube
from switchyard.objects import dig
from switchyard.rollout import is_rolled_out, workloads
from switchyard.scenario import Scenario
from switchyard.waiting import wait_until
from switchyard.yard import Expectation, HttpProbe, Yard
from yardfacts.facts import Answer
from yardfacts.target import Target
from yardfacts.verdict import Verdict

from .outages import silence, stopped
from .services import loki
from .services.inquiry import Inquiry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from proofs.services.exercise import Hands

pytestmark = [pytest.mark.order(94), pytest.mark.negative]

POLICIES: Final = Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies")
APPLICATION_SETS_CONTROLLER: Final = "argocd-applicationset-controller"
PINNED: Final = "feast-dev"

ROLLED_S: Final = 120.0
"""MLflow takes some twenty seconds to start; beside everything else, longer."""
GATEWAY_PORT: Final = 8080
"""Of the container."""
CUT_S: Final = 30.0
"""The policy controller enforces a change within ten."""
HEALED_S: Final = 120.0
"""Triton starts and loads its models."""
TOUCHED: Final = "switchyard.mlops/proof-touched"
RESTARTED: Final = "kubectl.kubernetes.io/restartedAt"


def test_a_secret_stays_out_of_the_evidence(*, yard: Scenario, kube: Kube, hands: Callable[[str], Hands]) -> None:
    """A secret in a pod's environment and in a pod's log is in no file of the evidence."""
    one = hands("dev")
    # Of no shape that the redactor knows, and never told to it: what is not recorded need not be masked.
    secret = f"proof-canary-{one.nonce}-plain"
    inquiry = Inquiry("dev")
    with yard.when("a pod with a secret in its environment comes and goes under watch"), yard.window("planted"):
        with _pod(kube, name=one.name, environment={"PLANTED": secret}, run_id=yard.run_id) as there:
            inquiry.ask("secret-in-pod", wanted="there", got=lambda: _told(secret in str(there())))
        writer = one.writers()[0]
        writer.write(secret)
        line = loki.Line(secret, writer.namespace)
        probe = Inquiry("dev")
        loki.arrive(one.loki(), probe, line=line, within_s=HEALED_S)
        found = any(isinstance(fact, Answer) and fact.got.startswith("once") for fact in probe.facts)
        inquiry.ask("secret-in-log", wanted="there", got=lambda: _told(found))
        yard.observe("looked")
    inquiry.ask("secret-in-evidence", wanted="in no file", got=lambda: _searched(yard, secret))
    yard.record("planted", *inquiry.facts)

    yard.judge("secret_unseen")


def test_another_revision_is_noticed(
    *, yard: Scenario, kube: Kube, declared: Yard, target: Target, layer: str, bring: Callable[[str], None]
) -> None:
    """A child of the layer that is Synced and Healthy at another commit than the served one is not settled."""
    source = GitSource.of(target)
    if source is None:
        raise Inconclusive(f"the git source of target {target.name} is out of reach, so nothing can be committed")
    bring("attached")
    original = source.head()
    broken = f"{PINNED} is pinned to the commit before"
    try:
        with yard.given("a commit that changes no manifest, and everybody settled at it"):
            yard.settle(source.commit({"proof-scratch.md": f"{yard.run_id}\n"}, message="A scratch file"))
        with (
            yard.when(broken),
            stopped(yard, kube=kube, kind=DEPLOYMENTS, name=APPLICATION_SETS_CONTROLLER, namespace=declared.namespace),
        ):
            pin = {"spec": {"source": {"targetRevision": original}}}
            kube.merge(APPLICATIONS, PINNED, pin, namespace=declared.namespace)
            wait_until(
                lambda: [one for one in argocd.applications(kube, namespace=declared.namespace) if one.name == PINNED],
                what=f"{PINNED} is settled at {original[:10]}",
                ready=lambda ones: all(one.revisions == (original,) and argocd.is_settled(one) for one in ones),
                within_s=HEALED_S,
            )
            yard.observe("attached")
    finally:
        with yard.recorder.step("restore: the branch is put back"):
            source.reset(original)
            yard.settle(original)

    yard.expect("layer_settled", Verdict.DISPROVED, "wrong_revision", broken=broken)


@pytest.fixture(name="silenced", scope="module")
def _silenced(yard: Scenario, kube: Kube, declared: Yard) -> Iterator[None]:
    """Argo CD would put back at once what is changed here. Below it only tests that need it silent."""
    with silence(yard, kube=kube, declared=declared):
        yield


@pytest.mark.usefixtures("silenced")
def test_a_scaled_deployment_is_noticed(yard: Scenario, kube: Kube) -> None:
    """A Deployment of Core that was away for a while is noticed by who uses it, and by the watch."""
    broken = "MLflow of dev is scaled to nothing and back"
    with (
        yard.when(broken),
        yard.window("scaled"),
        stopped(yard, kube=kube, kind=DEPLOYMENTS, name="mlflow", namespace="mlflow-dev"),
    ):
        pass

    yard.expect("nobody_noticed", Verdict.DISPROVED, "noticed", broken=broken)
    yard.expect("nothing_changed", Verdict.DISPROVED, "unexplained", broken=broken)


@pytest.mark.usefixtures("silenced")
def test_a_restarted_rollout_is_noticed(yard: Scenario, kube: Kube, declared: Yard) -> None:
    """Pods that were replaced one by one are noticed, although the service is well in the end."""
    broken = "MLflow of dev is restarted"
    with yard.when(broken), yard.window("restarted"):
        _annotate(kube, {RESTARTED: yard.run_id})
        _wait_until_rolled(kube)
        ready = next(one for one in declared.probes if (one.name, one.environment) == ("mlflow", "dev"))
        if yard.ask(ready, moment="afterwards").outcome != "right":
            raise Inconclusive("MLflow is not well after its restart, so a look at the end would notice too")
    with yard.recorder.step("restore: the annotation is taken away"):
        _annotate(kube, {RESTARTED: None})
        _wait_until_rolled(kube)

    yard.expect("nothing_changed", Verdict.DISPROVED, "unexplained", broken=broken)


@pytest.mark.usefixtures("silenced")
def test_a_change_that_is_taken_back_is_noticed(yard: Scenario, kube: Kube) -> None:
    """What is the same before and after may have been different in between; only the watch can know."""
    broken = "an annotation on Triton's Deployment of dev comes and goes"
    before = _wishes(kube)
    with yard.when(broken), yard.window("touched"):
        for value in (yard.run_id, None):
            kube.merge(DEPLOYMENTS, "triton", {"metadata": {"annotations": {TOUCHED: value}}}, namespace="triton-dev")
    if _wishes(kube) != before:
        raise Defective("the Deployment is not as it was, so a look before and after would have noticed too")

    yard.expect("nothing_changed", Verdict.DISPROVED, "unexplained", broken=broken)


@pytest.mark.usefixtures("silenced")
def test_a_cut_way_to_the_model_is_noticed(yard: Scenario, kube: Kube, gateways: Sequence[HttpProbe]) -> None:
    """A gateway whose /health says 200 and that cannot reach Triton does not serve."""
    (gateway,) = (one for one in gateways if one.environment == "dev")
    # Asked at the pod: one that is not ready has left its Service.
    pod = kube.list(PODS, namespace="fastapi-dev", selector=f"{labels.NAME}=fastapi").items[0]
    url = f"http://{dig(pod, 'status', 'podIP')}:{GATEWAY_PORT}/health"
    health = replace(gateway, name="health", method="GET", url=url, body=None, expect=Expectation())
    broken = "a network policy cuts the gateway of dev from Triton"
    found = dig(kube.get(POLICIES, "triton", namespace="triton-dev"), "spec", "ingress")
    try:
        with yard.when(broken):
            left = [rule for rule in found if "fastapi" not in str(rule)]
            kube.merge(POLICIES, "triton", {"spec": {"ingress": left}}, namespace="triton-dev")
            # A connection that stands already is let through: only a new one meets the policy.
            _replace_pods(kube, "triton-dev", app="triton")
            wait_until(
                lambda: yard.ground.ask(gateway), what="a cut", ready=lambda a: a.outcome != "right", within_s=CUT_S
            )
            _wait_until_rolled(kube, namespace="triton-dev", name="triton")
            if yard.ask(health, moment="broken").outcome != "right":
                raise Inconclusive("the gateway is not healthy, so this control shows nothing")
            yard.observe("broken")
    finally:
        with yard.recorder.step("restore: the policy is put back"):
            kube.merge(POLICIES, "triton", {"spec": {"ingress": found}}, namespace="triton-dev")
            yard.ask(gateway, moment="restored", within_s=HEALED_S)

    yard.expect("core_serves", Verdict.DISPROVED, "unanswered", broken=broken)


def _annotate(kube: Kube, annotations: Mapping[str, str | None]) -> None:
    """Change the template, which replaces the pods."""
    template = {"spec": {"template": {"metadata": {"annotations": dict(annotations)}}}}
    kube.merge(DEPLOYMENTS, "mlflow", template, namespace="mlflow-dev")


def _wait_until_rolled(kube: Kube, *, namespace: str = "mlflow-dev", name: str = "mlflow") -> None:
    wait_until(
        lambda: [one for one in workloads(kube, namespaces=[namespace]) if one.name == name],
        what=f"{namespace}/{name} is rolled out",
        ready=lambda ones: bool(ones) and all(is_rolled_out(one) for one in ones),
        within_s=ROLLED_S,
    )


def _wishes(kube: Kube) -> tuple[Any, Any]:
    """What Triton's Deployment says of itself and wants; its version only tells that something happened."""
    found = kube.get(DEPLOYMENTS, "triton", namespace="triton-dev")
    return dig(found, "metadata", "annotations"), found["spec"]


def _replace_pods(kube: Kube, namespace: str, *, app: str) -> None:
    for pod in kube.list(PODS, namespace=namespace, selector=f"{labels.NAME}={app}").items:
        kube.delete(PODS, pod["metadata"]["name"], namespace=namespace)


@contextmanager
def _pod(
    kube: Kube, *, name: str, environment: Mapping[str, str], run_id: str, namespace: str = "mlflow-dev"
) -> Iterator[Callable[[], Any]]:
    """A pod that ends at once, with the image of a neighbour; gives what the API server says of its environment."""
    neighbour = kube.list(PODS, namespace=namespace, selector=f"{labels.NAME}=mlflow").items[0]
    spec = neighbour["spec"]
    container = {
        "name": "planted",
        "image": spec["containers"][0]["image"],
        "command": ["/bin/true"],
        "env": [{"name": key, "value": value} for key, value in environment.items()],
        "resources": spec["containers"][0]["resources"],
        "securityContext": spec["containers"][0]["securityContext"],
    }
    body = {
        "apiVersion": PODS.api_version,
        "kind": PODS.kind,
        "metadata": {"name": name, "labels": {labels.RUN_ID: run_id}},
        "spec": {"restartPolicy": "Never", "securityContext": spec["securityContext"], "containers": [container]},
    }
    kube.create(PODS, body, namespace=namespace)
    try:
        yield lambda: kube.get(PODS, name, namespace=namespace)["spec"]["containers"][0]["env"]
    finally:
        kube.delete(PODS, name, namespace=namespace)


def _told(there: bool) -> str:
    return "there" if there else "not there"


def _searched(yard: Scenario, secret: str) -> str:
    """Files of the evidence that hold the secret, as it is or in base64; a bundle that is empty was not searched."""
    forms = (secret.encode(), b64encode(secret.encode()).rstrip(b"=")[:-1])
    files = [path for path in yard.recorder.bundle.folder.rglob("*") if path.is_file()]
    having = [path.name for path in files if any(form in path.read_bytes() for form in forms)]
    if not any(path.stat().st_size for path in files):
        return "there is no evidence"
    return ", ".join(sorted(having)) or "in no file"
