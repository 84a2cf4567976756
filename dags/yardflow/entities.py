"""
What one deployment is trained on, but for the features: Feast calls it entity rows, each with its label.

``training/<model>/<deploy id>.json`` on the volume names each batch that was taken and the bytes of its offline object,
and holds samples, labels and moments. Who trains or judges goes by it and by the offline objects, and reads no batch:
one that is changed, taken away or delivered meanwhile is the next deployment's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.card import Card
from models.durable import write
from yardflow.batches import Batch, Rows
from yardflow.errors import NotBegun
from yardflow.offline import joined, offline_bytes, read_offline, refused
from yardflow.store import Store

__all__ = ["Entities", "Offer", "keep", "offer", "recall", "take"]


@dataclass(frozen=True)
class Entities:
    """
    The entity rows of one batch.

    name: the batch's and its offline object's. sha256: of the batch's bytes. offline_sha256: of the object's.

    sample_ids: int64[rows]. labels: int64[rows], 0..2. event_times: datetime64[us][rows], UTC.
    """

    name: str
    sha256: str
    offline_sha256: str
    sample_ids: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    event_times: npt.NDArray[np.datetime64]

    def document(self) -> dict[str, Any]:
        """As JSON carries it; moments in microseconds since 1970."""
        return {
            "name": self.name,
            "sha256": self.sha256,
            "offline_sha256": self.offline_sha256,
            "sample_ids": self.sample_ids.tolist(),
            "labels": self.labels.tolist(),
            "event_times_us": self.event_times.astype(np.int64).tolist(),
        }


@dataclass(frozen=True)
class Offer:
    """A batch's entity rows, and whether its features were new to the offline store."""

    entities: Entities
    is_new: bool


def offer(store: Store, batch: Batch, *, card: Card) -> Offer:
    """
    Put a batch's features into the offline store, unless they are there, and see what is.

    Raises:
        OfflineRefused: There is an object of that name with other rows.
        StoreAway: The object store does not answer.
    """
    is_new = store.offer(batch.name, offline_bytes(batch.rows, card=card))
    content = store.offline(batch.name)
    if content is None:
        raise refused(batch.name, wanted="as it was offered", got="none")
    if not read_offline(batch.name, content, card=card).are_of(batch.rows):
        raise refused(batch.name, wanted="with the rows of the batch of that name", got="others")
    rows = batch.rows
    entities = Entities(
        name=batch.name,
        sha256=batch.sha256,
        offline_sha256=_sha256(content),
        sample_ids=rows.sample_ids,
        labels=rows.labels,
        event_times=rows.event_times,
    )
    return Offer(entities, is_new)


def take(store: Store, entities: Sequence[Entities], *, card: Card) -> list[Batch]:
    """
    Join labels and features: the batches as they were taken, their features read from the offline store.

    A label gets the latest row of its sample that is not younger than itself; of several of that moment, its own
    batch's, which was measured with it.

    Raises:
        OfflineRefused: An object is gone, or has other bytes than when it was offered.
        StoreAway: The object store does not answer.
    """
    held = [read_offline(one.name, _unchanged(store, one), card=card) for one in entities]
    found = []
    for place, one in enumerate(entities):
        known = [*held[:place], *held[place + 1 :], held[place]]
        try:
            features = joined(one.sample_ids, one.event_times, known=known)
        except LookupError as failure:
            raise refused(one.name, wanted=f"with a row of sample {failure}", got="none") from failure
        found.append(Batch(one.name, one.sha256, Rows(one.sample_ids, features, one.labels, one.event_times)))
    return found


def keep(volume: Path, model: str, deploy_id: str, entities: Sequence[Entities]) -> None:
    """Write down what *deploy_id* is trained on; said again, it counts instead of what was said before."""
    target = _path(volume, model, deploy_id)
    target.parent.mkdir(parents=True, exist_ok=True)
    document = {"model": model, "deploy_id": deploy_id, "batches": [one.document() for one in entities]}
    write(target.with_suffix(".draft"), json.dumps(document).encode(), target=target)


def recall(volume: Path, model: str, deploy_id: str) -> list[Entities]:
    """
    What was written down for *deploy_id*.

    Raises:
        NotBegun: Nothing was, or it cannot be read.
    """
    path = _path(volume, model, deploy_id)
    try:
        return [_read(one) for one in json.loads(path.read_text(encoding="utf-8"))["batches"]]
    except (OSError, ValueError, LookupError, TypeError) as failure:
        raise NotBegun(
            f"wanted what {deploy_id} is trained on in {path}, got {failure!r}: `features` writes it, so clear the run "
            "from its beginning"
        ) from failure


def _read(document: Mapping[str, Any]) -> Entities:
    return Entities(
        name=document["name"],
        sha256=document["sha256"],
        offline_sha256=document["offline_sha256"],
        sample_ids=np.array(document["sample_ids"], dtype=np.int64),
        labels=np.array(document["labels"], dtype=np.int64),
        event_times=np.array(document["event_times_us"], dtype=np.int64).astype("datetime64[us]"),
    )


def _unchanged(store: Store, entities: Entities) -> bytes:
    content = store.offline(entities.name)
    got = "none" if content is None else _sha256(content)
    if content is None or got != entities.offline_sha256:
        raise refused(entities.name, wanted=f"with sha256 {entities.offline_sha256}, as it was offered", got=got)
    return content


def _path(volume: Path, model: str, deploy_id: str) -> Path:
    return volume / "training" / model / f"{deploy_id}.json"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
