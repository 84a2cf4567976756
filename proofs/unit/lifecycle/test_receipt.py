"""The receipt that a deployment writes is read whole: by the very document that it makes, as Airflow gives it back."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest
from proofs.lifecycle.receipt import STEPS, read_receipt

from yardfacts.facts import Criterion, Receipt
from yardfacts.journal import Ending, Journal, read
from yardfacts.redact import Redactor
from yardflow.receipt import CRITERIA, DeployReceipt, Result
from yardflow.receipt import Criterion as Written

EVIDENCE: dict[str, Any] = {
    "registered": {"publish": {"digest": "3fa1", "outcome": "published", "took_s": 0.35}},
    "reloaded": {
        "switch": {"replicas": {"http://10.0.0.1:8080": True, "http://10.0.0.2:8080": True}},
        "verify": {"answers": 60},
    },
    "announced": {"status": 200, "body": "ok"},
}
DEPLOYED = DeployReceipt(
    deploy_id="2f1c0a",
    model="wine",
    version=3,
    generation=7,
    action="deploy",
    outcome=Result.PROMOTED,
    criteria=[Written(name, None if name == "smoke" else True, EVIDENCE.get(name, {})) for name in CRITERIA],
    metrics={"accuracy": 0.97},
    run_id="8c1d",
    digest="3fa1",
    durations_s={"gate": 1.8, "load": 0.28, "later": 1.0, "train": 0.64, "begin": 0.1, "verify": 0.21, "features": 2},
    actor="airflow",
    reason="batch",
    at="2026-11-21T22:00:00.000Z",
)


def _returned(receipt: DeployReceipt) -> dict[str, Any]:
    """As it comes back from Airflow's database: shorter names first."""
    document: dict[str, Any] = json.loads(json.dumps(receipt.document()))
    took_s = document["durations_s"]
    return {**document, "durations_s": {name: took_s[name] for name in sorted(took_s, key=lambda one: (len(one), one))}}


def test_a_receipt_is_read_whole(tmp_path: Path) -> None:
    """All six criteria, each as it was found, with what was seen in words; and the journal gives the same back."""
    # given
    receipt = read_receipt(_returned(DEPLOYED), environment="dev")

    # when
    journal = Journal(tmp_path / "journal.jsonl", redactor=Redactor())
    journal.fact(stage="p60_lifecycle", moment="promoted", fact=receipt)
    journal.end(Ending.COMPLETED)

    # then
    assert read(journal.path).facts().of(Receipt) == (receipt,)
    named = (receipt.environment, receipt.deploy_id, receipt.model, receipt.version, receipt.generation)
    assert named == ("dev", "2f1c0a", "wine", 3, 7)
    assert (receipt.outcome, receipt.reason, receipt.run_id) == ("promoted", "batch", "8c1d")
    assert receipt.criteria == (
        Criterion(name="registered", met=True, evidence="publish: digest 3fa1, outcome published, took_s 0.35"),
        Criterion(name="ready", met=True, evidence=""),
        Criterion(name="loaded", met=True, evidence=""),
        Criterion(name="smoke", met=None, evidence=""),
        Criterion(
            name="reloaded",
            met=True,
            evidence="switch: replicas (http://10.0.0.1:8080 true, http://10.0.0.2:8080 true); verify: answers 60",
        ),
        Criterion(name="announced", met=True, evidence="status: 200; body: ok"),
    )


def test_steps_are_in_the_order_in_which_they_were_done() -> None:
    """Whatever the order of the document; a step that nobody here knows comes last and is not lost."""
    receipt = read_receipt(_returned(DEPLOYED), environment="dev")
    steps = [one.step for one in receipt.durations]
    assert steps == ["begin", "features", "train", "gate", "load", "verify", "later"]
    assert {one.step: one.took_s for one in receipt.durations} == DEPLOYED.durations_s


def test_every_step_that_tells_its_time_has_a_place() -> None:
    """What the DAG hands over to the commit is known here; the gate's decision goes there too, and begin by hand."""
    dag = ast.parse((Path(__file__).parents[3] / "dags/model_lifecycle.py").read_text())
    (found,) = (
        ast.literal_eval(one.value)
        for one in dag.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and one.target.id == "FOUND"
        if one.value is not None
    )
    assert {*found, "begin", "gate"} == set(STEPS)


def test_what_a_deployment_did_not_come_to_have_is_zero_or_empty() -> None:
    """A deployment that ended before it was registered has no version, and no run."""
    stopped = DeployReceipt(**{**vars(DEPLOYED), "version": None, "generation": None, "run_id": None})
    receipt = read_receipt(_returned(stopped), environment="dev")
    assert (receipt.version, receipt.generation, receipt.run_id) == (0, 0, "")


def test_what_is_no_receipt_is_an_error() -> None:
    """A document of another shape is not read as an empty receipt."""
    with pytest.raises(KeyError):
        read_receipt({"version": 3}, environment="dev")
