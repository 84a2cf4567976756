"""
From a registered version to an alias that it is to stand behind: publish, load, switch, verify, commit.

Each step may be repeated: it finds what an earlier attempt left and goes on from there. Until the switch nothing that a
user could notice happens. What a candidate is asked before that stands in ``smoking``, and what is done after a failure
in ``undoing``.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from models.ledger import Intent, Outcome, Placed
from models.repository import Published
from models.signature import signature_of
from models.wine.golden import TOLERANCE
from yardflow.draining import drain
from yardflow.errors import Overtaken, WrongAnswers
from yardflow.flow import Flow
from yardflow.gateway import Reload
from yardflow.registry import GOLDEN, MODEL, Kept

__all__ = [
    "Deployment",
    "check_base",
    "commit",
    "hold",
    "load",
    "publish",
    "ready",
    "standing",
    "switch",
    "verify",
]

ANSWERS: Final = 20
"""Right answers in a row that each replica, and the Service, has to give after a switch."""
GOLDEN_ROWS: Final = 2
"""That a gateway asks before it switches: a control request is small."""


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One generation on its way. placed: the version that the alias is to stand for."""

    intent: Intent
    alias: str
    placed: Placed

    @property
    def version(self) -> int:
        """Of the candidate."""
        return self.placed.version


def ready(flow: Flow, kept: Kept) -> Mapping[str, Any]:
    """
    READY is more than a status: the files can be had, and are those that were trained.

    Raises:
        NotReady: They are not.
        RegistryAway: MLflow does not answer.
    """
    with tempfile.TemporaryDirectory() as folder:
        flow.registry.fetch(kept, Path(folder), signature=signature_of(flow.model))
    return {"version": kept.version, "digest": kept.digest}


def publish(flow: Flow, kept: Kept, *, deploy_id: str) -> Published:
    """
    Bring the registered files to where Triton reads, beside the others.

    Raises:
        NotReady: The files in MLflow are not those that were trained.
        ModelError: The volume refuses; see ``models.errors``.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        flow.registry.fetch(kept, folder, signature=signature_of(flow.model))
        published = flow.repository.add(
            flow.model,
            version=kept.version,
            owner=deploy_id,
            golden=folder.joinpath(GOLDEN).read_bytes(),
            build_version=lambda target: _copy(folder / MODEL, target),
        )
    flow.tell(f"version {kept.version} is {published.outcome} with digest {published.digest[:12]}")
    return published


def hold(flow: Flow, versions: Collection[int]) -> None:
    """
    Let Triton have exactly *versions* loaded, now and when it starts again; those that stay are not touched, and those
    that go have nobody on the way to them.

    Raises:
        LoadRefused: One cannot be loaded; everything that was loaded goes on.
        LoadSilent, TritonAway: Triton does not answer.
    """
    drain(flow, flow.repository.arranged(flow.model) - set(versions))
    flow.repository.arrange(flow.model, versions)
    flow.triton.load(flow.model)  # also where the file is right already: who wrote it may have died before the load


def load(flow: Flow, *versions: int) -> Mapping[str, Any]:
    """
    Load *versions* beside what serves now; the others are not touched.

    Raises:
        LoadRefused, LoadSilent, TritonAway: See ``hold``.
        WrongAnswers: Triton says that it has loaded them, and does not list them.
    """
    wanted = {*standing(flow.ledger.current), *versions}
    hold(flow, wanted)
    found = flow.triton.versions(flow.model)
    # 200 does not prove that these versions are loaded: an unchanged repository is answered the same.
    unready = sorted(one for one in wanted if one not in found or found[one].state != "READY")
    if unready:
        raise WrongAnswers(f"wanted versions {sorted(wanted)} READY in Triton, got {unready} not among {dict(found)}")
    flow.tell(f"Triton has {', '.join(str(one) for one in sorted(wanted))}")
    return {"loaded": sorted(wanted)}


def switch(flow: Flow, deployment: Deployment, *, fenced: bool = True) -> Mapping[str, Any]:
    """
    Let every replica answer with the candidate; each asks it for golden rows first.

    Args:
        fenced: Only from the generation that the intent was made on. A rollback comes from wherever a replica is.

    Raises:
        NotReloaded: A replica refuses; others may have switched.
        Fenced: Somebody else has decided since.
        GatewayAway: A replica does not answer, or there is none.
    """
    golden = flow.golden(deployment.version)
    ask = Reload(
        deploy_id=deployment.intent.deploy_id,
        generation=deployment.intent.generation,
        expect_generation=deployment.intent.base if fenced else None,
        model=flow.model,
        version=deployment.version,
        digest=deployment.placed.digest,
        golden={
            "features": golden.features[:GOLDEN_ROWS].tolist(),
            "probabilities": golden.probabilities[:GOLDEN_ROWS].tolist(),
            "tolerance": TOLERANCE,
        },
    )
    replicas = flow.gateway.replicas()
    changed = {replica: flow.gateway.reload(replica, deployment.alias, ask) for replica in replicas}
    flow.tell(f"{len(replicas)} replicas answer {deployment.alias} with version {deployment.version}")
    return {"replicas": changed}


def verify(flow: Flow, deployment: Deployment) -> Mapping[str, Any]:
    """
    Ask as users do: every replica and the Service, several times in a row, for golden rows.

    Raises:
        WrongAnswers: An answer comes from another version or generation, or is not the golden one.
        Overtaken: It does because somebody else has decided since; the answers are theirs.
        GatewayAway: There is no answer.
    """
    golden = flow.golden(deployment.version)
    wanted = (deployment.version, deployment.intent.generation)
    answers = 0
    for url in (*flow.gateway.replicas(), flow.gateway.service):
        for _ in range(ANSWERS):
            got = flow.gateway.predict(url, golden.features)
            difference = float(np.abs(got.probabilities - golden.probabilities).max())
            if (got.version, got.generation) != wanted or not difference <= TOLERANCE:
                _check_latest(flow.ledger.current, deployment.intent)
                raise WrongAnswers(
                    f"wanted version {wanted[0]} of generation {wanted[1]} and its golden outputs from {url}, "
                    f"got version {got.version} of {got.generation} and a difference of {difference}"
                )
            answers += 1
    flow.tell(f"{answers} answers are version {wanted[0]} of generation {wanted[1]}")
    return {"answers": answers}


def commit(flow: Flow, deployment: Deployment, *, reason: str, evidence: Mapping[str, Any]) -> Outcome:
    """
    Make it the truth. What serves is the truth from here on, whatever happens to this process.

    Raises:
        Overtaken: Somebody else has decided since the intent.
        Superseded, Ended: See ``Ledger.commit``.
    """
    current, mine = flow.ledger.current, deployment.intent
    if current is not None and (current.generation, current.deploy_id) == (mine.generation, mine.deploy_id):
        return current  # committed by an attempt that died before it could say so
    check_base(current, mine)
    return flow.ledger.commit(mine, aliases=after(current, deployment), reason=reason, evidence=evidence)


def check_base(current: Outcome | None, intent: Intent) -> None:
    """
    See that *intent* still follows what it was made on.

    Raises:
        Overtaken: Somebody else has decided since.
    """
    base = current.generation if current else 0
    if base != intent.base:
        raise Overtaken(f"wanted to follow generation {intent.base}, got {base} committed since")


def _check_latest(current: Outcome | None, intent: Intent) -> None:
    if current is not None and current.generation > intent.generation:
        raise Overtaken(
            f"wanted generation {intent.generation} to be the latest, got {current.generation} committed since"
        )


def after(current: Outcome | None, deployment: Deployment) -> dict[str, Placed]:
    """All aliases as they stand once *deployment* is committed."""
    aliases = dict(current.aliases) if current else {}
    champion = aliases.get("champion")
    if deployment.alias == "champion" and champion is not None and champion.version != deployment.version:
        aliases["previous"] = champion
    if deployment.alias != "champion" and champion is not None and champion.version == deployment.version:
        raise ValueError(
            f"wanted another version than the champion's behind {deployment.alias}, got {deployment.version}"
        )
    # What is promoted is no longer on trial, and nothing is rolled back to what serves.
    aliases = {alias: placed for alias, placed in aliases.items() if placed.version != deployment.version}
    return {**aliases, deployment.alias: deployment.placed}


def standing(outcome: Outcome | None) -> frozenset[int]:
    """The versions that some alias stands for: these stay loaded."""
    return frozenset(placed.version for placed in outcome.aliases.values()) if outcome else frozenset()


def _copy(source: Path, target: Path) -> None:
    shutil.copytree(source, target, dirs_exist_ok=True)
