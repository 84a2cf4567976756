"""
From what has arrived to a registered version and the gate's decision. Nothing here touches what serves.

Batches are read once, by ``features``, which puts their features into the offline store and writes down which they are;
whoever trains or judges reads the offline objects, those that the feature store serves from.

Each step may be repeated: a training is found again by its deployment, and gives the same bytes if it is not.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.card import read_card
from models.errors import GoldenMismatch
from models.ledger import Action
from models.signature import signature_of
from models.wine.golden import golden_bytes, read_golden
from models.wine.packaging import assemble as package
from models.wine.scoring import read_weights
from models.wine.table import read_table
from models.wine.training import is_holdout
from yardflow import deploying, entities
from yardflow.batches import Batch, read_batch
from yardflow.dataset import Dataset, assemble
from yardflow.drift import Drift, Reference, drift, read_reference, reference_bytes, snapshot
from yardflow.errors import NotBegun, NotReady
from yardflow.flow import Flow
from yardflow.gate import Decision, Findings, Policy, decide
from yardflow.parity import parity
from yardflow.registry import DATASET, GOLDEN, MODEL, REFERENCE, Kept, Recorded
from yardflow.training import evaluate
from yardflow.training import train as learn

__all__ = ["features", "gate", "is_ready", "ready", "register", "train"]

READY, FAILED = "READY", "FAILED_REGISTRATION"
"""MLflow's words for a version that is whole, and for one that never will be."""


def features(flow: Flow, deploy_id: str) -> dict[str, Any]:
    """
    Read every batch, refuse what cannot be trained on, and put the features where the feature store reads them.

    What was taken is what this deployment is trained on, whatever arrives or goes afterwards.

    Raises:
        BatchRefused: A batch is malformed; nothing is trained until somebody mends it or takes it away.
        OfflineRefused: The offline store has other rows under a batch's name.
        StoreAway: The object store does not answer.
    """
    started_s = time.monotonic()
    flow.lock.take(deploy_id)
    batches = _arrived(flow)
    card = read_card(flow.model)
    offers = [entities.offer(flow.store, batch, card=card) for batch in batches]
    entities.keep(flow.settings.volume, flow.model, deploy_id, [one.entities for one in offers])
    offered = [one.entities.name for one in offers if one.is_new]
    dataset = assemble(read_table(), batches)
    flow.tell(f"{len(batches)} batches, {len(offered)} of them new in the offline store, {len(dataset.labels)} rows")
    return {"offered": offered, "late": list(dataset.late), **dataset.document, "took_s": _since(started_s)}


def train(flow: Flow, deploy_id: str) -> dict[str, Any]:
    """
    Train on all that was taken, and keep everything of it as a run; a finished one of this deployment is that run.

    Raises:
        NotBegun: Nothing was taken: ``features`` has not run.
        OfflineRefused: An offline object is not what was offered.
        ClassMissing: The rows lack a class.
        StoreAway, RegistryAway: A neighbour does not answer.
    """
    started_s = time.monotonic()
    flow.lock.take(deploy_id)
    dataset = assemble(read_table(), _taken(flow, deploy_id))
    trained = learn(dataset)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        folder.joinpath(MODEL).mkdir()
        package(folder / MODEL, weights=trained.weights)
        folder.joinpath(GOLDEN).write_bytes(golden_bytes(trained.golden, columns=dataset.columns))
        folder.joinpath(REFERENCE).write_bytes(reference_bytes(trained.reference))
        folder.joinpath(DATASET).write_text(json.dumps(dataset.document, indent=1), encoding="utf-8")
        made = Recorded(
            folder=folder,
            digest=trained.golden.digest,
            signature=signature_of(flow.model),
            metrics=trained.metrics,
            dataset_digest=dataset.digest,
        )
        run_id = flow.registry.record(deploy_id, made)
    flow.tell(f"run {run_id}: {trained.metrics}")
    return {"run_id": run_id, "digest": made.digest, **trained.metrics, "took_s": _since(started_s)}


def register(flow: Flow, deploy_id: str) -> dict[str, Any]:
    """
    Register the run's model; once, however often it is asked.

    Raises:
        NotBegun: There is no finished run of this deployment.
        RegistryAway: MLflow does not answer.
    """
    started_s = time.monotonic()
    flow.lock.take(deploy_id)
    run_id = flow.registry.run(deploy_id)
    if run_id is None:
        raise NotBegun(f"wanted a finished run of {deploy_id}, got none: train first")
    kept = flow.registry.register(deploy_id, run_id)
    flow.tell(f"registered as version {kept.version}")
    return {"version": kept.version, "run_id": run_id, "took_s": _since(started_s)}


def is_ready(flow: Flow, deploy_id: str, *, since: float, within_s: float) -> bool:
    """
    Whether MLflow says that the version is READY; what READY means here is more than that: see ``ready``.

    Args:
        since: When somebody asked first, in seconds since 1970: whoever waits does so in several processes.
        within_s: How long after that it may take.

    Raises:
        NotReady: It failed, or is still not READY after *within_s*.
        NotBegun: There is no version of this deployment.
        RegistryAway: MLflow does not answer.
    """
    kept = _kept(flow, deploy_id)
    waited_s = time.time() - since
    if kept.status == FAILED or (kept.status != READY and waited_s > within_s):
        raise NotReady(
            f"wanted version {kept.version} {READY} in MLflow within {within_s:g} s, got {kept.status} after "
            f"{waited_s:.0f} s; look at MLflow, then start another run"
        )
    return kept.status == READY


def ready(flow: Flow, deploy_id: str) -> dict[str, Any]:
    """See ``deploying.ready``."""
    started_s = time.monotonic()
    flow.lock.take(deploy_id)
    return {**deploying.ready(flow, _kept(flow, deploy_id)), "took_s": _since(started_s)}


def gate(flow: Flow, deploy_id: str) -> dict[str, Any]:
    """
    Promotion, shadow or stop, with the reasons; people find it at the version, too.

    Raises:
        SameData: What is new is what the champion was trained on.
        OfflineRefused: An offline object is not what was offered.
        StoreAway, RegistryAway: A neighbour does not answer.
    """
    started_s = time.monotonic()
    flow.lock.take(deploy_id)
    kept = _kept(flow, deploy_id)
    current = flow.current
    left = current.aliases.get("previous") if current.action is Action.ROLLBACK else None
    if current.aliases["champion"].digest == kept.digest:
        decision = Decision("stop", ("digest: wanted another model than the champion, got the same bytes",))
    elif left is not None and left.digest == kept.digest:
        decision = Decision("stop", ("digest: wanted another model than was rolled back from, got the same bytes",))
    else:
        decision = decide(Policy(accuracy_threshold=flow.settings.accuracy_threshold), _findings(flow, deploy_id, kept))
    flow.registry.mark(kept.version, gate=f"{decision.outcome}: {'; '.join(decision.reasons)}")
    flow.tell(f"the gate says {decision.outcome}: {'; '.join(decision.reasons)}")
    return {"outcome": decision.outcome, "reasons": list(decision.reasons), "took_s": _since(started_s)}


def _findings(flow: Flow, deploy_id: str, kept: Kept) -> Findings:
    batches = _taken(flow, deploy_id)
    dataset = assemble(read_table(), batches)
    champion = flow.current.aliases["champion"]
    weights = read_weights(flow.repository.folder(flow.model) / str(champion.version) / "weights.npz")
    return Findings(
        candidate=kept.metrics,
        champion=evaluate(weights, dataset),
        drift=_drift(flow, flow.registry.version(champion.version).run_id, dataset, batches),
        signature_ok=kept.signature == signature_of(flow.model),
        parity_ok=_has_parity(flow, kept),
    )


def _drift(flow: Flow, champion_run_id: str, dataset: Dataset, batches: Sequence[Batch]) -> Drift:
    """What arrived since the champion was trained, against what that was trained on."""
    content = flow.registry.artifact(champion_run_id, REFERENCE)
    # The seed leaves no snapshot: it is trained on the packaged rows, and on nothing else.
    reference = read_reference(content) if content else _packaged(dataset)
    seen = {(one["name"], one["sha256"]) for one in flow.registry.dataset(champion_run_id).get("sources", [])}
    new = [batch.rows.features for batch in batches if (batch.name, batch.sha256) not in seen]
    rows: npt.NDArray[np.float64] = np.concatenate(new) if new else np.empty((0, len(dataset.columns)))
    return drift(reference, rows)


def _packaged(dataset: Dataset) -> Reference:
    table = read_table()
    kept = np.array([not is_holdout(int(sample_id)) for sample_id in table.sample_ids])
    return snapshot(table.features[kept], columns=dataset.columns, dataset_digest="packaged")


def _has_parity(flow: Flow, kept: Kept) -> bool:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        flow.registry.fetch(kept, folder, signature=signature_of(flow.model))
        try:
            parity(read_golden(folder / GOLDEN), folder / MODEL)
        except GoldenMismatch as failure:
            flow.tell(str(failure))
            return False
    return True


def _taken(flow: Flow, deploy_id: str) -> list[Batch]:
    found = entities.recall(flow.settings.volume, flow.model, deploy_id)
    return entities.take(flow.store, found, card=read_card(flow.model))


def _arrived(flow: Flow) -> list[Batch]:
    card = read_card(flow.model)
    return [read_batch(name, flow.store.batch(flow.model, name), card=card) for name in flow.store.batches(flow.model)]


def _kept(flow: Flow, deploy_id: str) -> Kept:
    found = flow.registry.version_of(deploy_id)
    if found is None:
        raise NotBegun(f"wanted the version that {deploy_id} registered, got none: register first")
    return found


def _since(started_s: float) -> float:
    return round(time.monotonic() - started_s, 3)
