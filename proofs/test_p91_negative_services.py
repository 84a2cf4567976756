"""P91: services and stores are broken on purpose, and the claims have to say so: they answer, but not right."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from switchyard import labels
from switchyard.errors import Late, NotFound, Stuck
from switchyard.ground import Cluster
from switchyard.judging import Defective, Inconclusive
from switchyard.kinds import CONFIG_MAPS, PODS
from switchyard.kube import Kube
from switchyard.scenario import Scenario
from switchyard.waiting import wait_until
from switchyard.yard import Expectation, HttpProbe, Yard
from yardfacts.facts import Answer
from yardfacts.verdict import Verdict

if TYPE_CHECKING:
    from proofs.conftest import Canary

pytestmark = [pytest.mark.order(91), pytest.mark.negative]

RESTORED_S = 60.0
"""The champion is loaded in two seconds; what takes longer than this does not come back."""
STUCK_S = 12.0
"""Three times what a whole detach takes, instead of the declared deadline: here it is known to be stuck."""
KEEP = "switchyard.mlops/proof-keeps"
REFILLED_S = 60.0
"""Redis has to start, the feature server to notice and to fill it."""

WRONG_MODEL = """\
import numpy as np
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def execute(self, requests):
        answers = []
        for request in requests:
            rows = len(pb_utils.get_input_tensor_by_name(request, "features").as_numpy())
            wrong = np.tile(np.array([0.0, 0.0, 1.0], dtype=np.float32), (rows, 1))
            classes = np.full((rows, 1), 2, dtype=np.int64)
            tensors = [pb_utils.Tensor("probabilities", wrong), pb_utils.Tensor("class", classes)]
            answers.append(pb_utils.InferenceResponse(output_tensors=tensors))
        return answers
"""
"""Answers quickly, in the right shape, and always the same."""


@pytest.fixture(name="wrong_model")
def _wrong_model(yard: Scenario, gateways: Sequence[HttpProbe]) -> Iterator[None]:
    """In dev, Triton serves a model under the champion's name and version that answers something else."""
    gateway = next(gateway for gateway in gateways if gateway.environment == "dev")
    model = gateway.expect.headers["x-switchyard-model"]
    version = gateway.expect.headers["x-switchyard-version"]
    with yard.when("a model that answers wrongly is loaded in the champion's place"):
        config = {
            "name": model,
            "backend": "python",
            "max_batch_size": 64,
            "input": [{"name": "features", "data_type": "TYPE_FP32", "dims": [13]}],
            "output": [
                {"name": "probabilities", "data_type": "TYPE_FP32", "dims": [3]},
                {"name": "class", "data_type": "TYPE_INT64", "dims": [1]},
            ],
            "version_policy": {"specific": {"versions": [int(version)]}},
        }
        file = b64encode(WRONG_MODEL.encode()).decode()
        _swap(yard, gateway, {"parameters": {"config": json.dumps(config), f"file:{version}/model.py": file}})
    yield
    with yard.recorder.step("restore: the champion is loaded from the repository"):
        _swap(yard, gateway, {})
        answer = yard.ask(gateway, moment="restored", within_s=RESTORED_S)
        if answer.outcome != "right":
            raise Late(f"the champion does not answer right again: {answer.got}")


@pytest.mark.usefixtures("wrong_model")
def test_health_is_no_answer(yard: Scenario, gateways: Sequence[HttpProbe]) -> None:
    """A gateway whose /health says 200 while its model answers wrongly does not serve."""
    (gateway,) = (gateway for gateway in gateways if gateway.environment == "dev")
    health = replace(
        gateway,
        name="health",
        method="GET",
        url=gateway.url.partition("/v1/")[0] + "/health",
        body=None,
        expect=Expectation(status=200),
    )

    yard.observe("broken")
    if yard.ask(health, moment="broken").outcome != "right":
        raise Inconclusive("the gateway is not healthy, so this control shows nothing")

    yard.expect("core_serves", Verdict.DISPROVED, "wrong_answer", broken="a wrong model behind a healthy gateway")


@pytest.mark.control("the online store")
def test_an_emptied_store_is_noticed(
    *, yard: Scenario, kube: Kube, declared: Yard, layer: str, canary: Canary, bring: Callable[[str], None]
) -> None:
    """
    An online store that is emptied, and cannot be filled again with what it had, is noticed.

    The feature server fills an empty store within a second or two, faster than anybody could prove the gap. So the row
    that this proof wrote is taken out of the offline store too: then the loss stays until the row is back.
    """
    with yard.given("the layer is attached, and gives the feature that only this proof wrote"):
        bring("attached")
        yard.record("written", *canary.written)
        before = [yard.ask(read, moment="filled", within_s=REFILLED_S) for read in canary.reads]
        if any(answer.outcome != "right" for answer in before):
            raise Inconclusive("the feature cannot be read before anything is emptied")

    with yard.when("the row leaves the offline stores, and Redis is replaced by an empty one"):
        canary.withhold()
        _empty(kube, declared.layer(layer).namespaces)
        for read in canary.reads:
            yard.record("attached", _first_loss(yard, read))

    yard.expect("feature_survives", Verdict.DISPROVED, "wrong_answer", broken="the online store is emptied")


@pytest.mark.control("the online store")
def test_an_emptied_store_fills_itself(
    *, yard: Scenario, kube: Kube, declared: Yard, layer: str, canary: Canary
) -> None:
    """Redis is replaced by an empty one, nobody does anything else, and the feature is read online again."""
    with yard.given("the row is in the offline stores again, and Redis is replaced by an empty one"):
        canary.write()
        yard.record("written", *canary.written)
        _empty(kube, declared.layer(layer).namespaces)

    with yard.timed("refill", moment="attached"):
        for read in canary.reads:
            yard.ask(read, moment="attached", within_s=REFILLED_S)

    yard.judge("feature_survives")


def test_a_foreign_finalizer_is_named(
    *, yard: Scenario, kube: Kube, declared: Yard, ground: Cluster, layer: str, bring: Callable[[str], None]
) -> None:
    """An object that somebody else keeps is named with its finalizer, and never patched away."""
    namespace = declared.layer(layer).namespaces[0]
    with yard.given(f"the layer is attached, and a finalizer of somebody else's is on ConfigMap {namespace}/feast"):
        bring("attached")
        kube.merge(CONFIG_MAPS, "feast", {"metadata": {"finalizers": [KEEP]}}, namespace=namespace)

    impatient = replace(ground, yard=replace(declared, budgets=replace(declared.budgets, detach_deadline_s=STUCK_S)))
    try:
        with yard.when("the layer is detached"):
            impatient.detach(layer)
    except Stuck as exc:
        if not any(KEEP in thing.finalizers for thing in exc.objects):
            raise Defective(f"nobody named the finalizer {KEEP}: {exc}") from exc
        yard.record("detached", *exc.objects)
    finally:
        # Ours to take away, for we put it there; then the detach that was interrupted is finished.
        kube.merge(CONFIG_MAPS, "feast", {"metadata": {"finalizers": None}}, namespace=namespace)
        yard.detach(layer, moment="finished")

    yard.expect("nothing_left", Verdict.DISPROVED, "remains", broken=f"a foreign finalizer in {namespace}")


def _swap(yard: Scenario, gateway: HttpProbe, body: dict[str, object]) -> None:
    """
    Unload the model and load what *body* says.

    Without the unload Triton answers 200 and keeps what runs: it reloads a loaded version only for newer files.
    """
    _control(yard, gateway, "unload", {})
    _control(yard, gateway, "load", body)


def _control(yard: Scenario, gateway: HttpProbe, verb: str, body: dict[str, object]) -> None:
    """Ask Triton's model control, and insist."""
    model = gateway.expect.headers["x-switchyard-model"]
    answer = yard.ask(
        HttpProbe(
            name="model-control",
            environment=gateway.environment,
            layer=gateway.layer,
            url=f"http://triton.triton-{gateway.environment}:8000/v2/repository/models/{model}/{verb}",
            method="POST",
            body=body,
            timeout_s=30.0,
        ),
        moment="control",
    )
    if answer.outcome != "right":
        raise Inconclusive(f"Triton did not {verb} the model: {answer.got}")


def _empty(kube: Kube, namespaces: Sequence[str]) -> None:
    """Replace the online stores; the network policy lets nobody but Feast talk to them."""
    for namespace in namespaces:
        for pod in kube.list(PODS, namespace=namespace, selector=f"{labels.NAME}=redis").items:
            kube.delete(PODS, pod["metadata"]["name"], namespace=namespace)


def _first_loss(yard: Scenario, read: HttpProbe) -> Answer:
    """The first wrong answer, past those still right and those missing while Redis starts; else the last one."""
    seen: list[Answer] = []

    def once() -> Answer:
        seen.append(yard.ground.ask(read))
        return seen[-1]

    try:
        return wait_until(once, what="a loss", ready=lambda answer: answer.outcome == "wrong", within_s=REFILLED_S)
    except (Late, NotFound):
        return seen[-1]
