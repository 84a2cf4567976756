"""Good evidence of a short life cycle: a model is promoted, another refused, and the one from before comes back."""

from __future__ import annotations

from typing import Any, Final

from proofs.lifecycle.layered import PROBE

from yardfacts.facts import Criterion, Duration, Fact, Facts, Generation, Known, Receipt

from .witnesses import ENVIRONMENTS, client, right

__all__ = ["generation", "told", "with_promotion"]

OUTPUTS: Final = {1: (0.9996, 0.0003, 0.0001), 3: (0.9999, 0.0001, 0.0)}
"""What the two versions of the life cycle answer for the row that its client asks for."""


def generation(number: int, action: str, **fields: Any) -> dict[str, Any]:
    """One entry of a ledger without its environment; *fields* that differ from those of the last one here."""
    given = {"phase": "committed", "champion": 1, "previous": 3, "took_s": 0.0, **fields}
    digest = f"{given['champion']:064d}" if given["champion"] else ""
    return {"generation": number, "deploy_id": f"{action}-{number}", "action": action, "digest": digest, **given}


LEDGER = (
    generation(1, "seed", previous=0),
    generation(2, "deploy", champion=2, previous=1),
    generation(3, "rollback", previous=2, took_s=1.5),
    generation(4, "deploy", champion=3, previous=1),
    generation(5, "deploy", phase="aborted", champion=0, previous=0),
    generation(6, "rollback", took_s=1.4),
)
"""Three generations from before, one promoted, one refused, one rolled back."""


def _ledger(length: int) -> tuple[Fact, ...]:
    return tuple(
        Generation(environment=env, reason="asked for", **entry) for env in ENVIRONMENTS for entry in LEDGER[:length]
    )


def told(version: int, generation: int, action: str) -> dict[str, str]:
    """What every place says of a champion."""
    said = f"wine version {version}"
    return {
        "version-in-registry": said,
        "version-in-triton": said,
        "version-in-answer": said,
        "version-in-replicas": f"{said}, generation {generation}, in 2 of 2",
        "message-in-channel": f"1 message of {generation}-{action}-{generation} with version {version}",
    }


def _receipt(environment: str) -> Receipt:
    """A receipt of version 3, each of its criteria by what its own step found."""
    steps = {
        "registered": "register: version 3",
        "ready": "ready: version 3",
        "loaded": "load: loaded [1, 3]",
        "smoke": "smoke: rows 52",
        "reloaded": "switch: replicas (a true, b true); verify: answers 60",
        "announced": "status: 200; body: ok",
    }
    return Receipt(
        environment=environment,
        deploy_id="d4",
        model="wine",
        version=3,
        generation=4,
        outcome="promoted",
        reason="a proof",
        run_id="0" * 32,
        criteria=tuple(Criterion(name=name, met=True, evidence=seen) for name, seen in steps.items()),
        durations=(Duration(step="train", took_s=0.5),),
    )


def _known(environment: str) -> list[Known]:
    return [Known(environment=environment, version=version, outputs=said) for version, said in OUTPUTS.items()]


def with_promotion(facts: Facts, *, served: str) -> Facts:
    """*facts*, and what was recorded while a model was promoted, another refused, and the one from before came back."""
    promoted = {
        "dag-of-commit": served,
        "run-succeeded": "success",
        "run-of-commit": served,
        "run-in-registry": "0" * 32,
        "digest-in-registry": f"{3:064d}",
        "criteria-met": "registered, ready, loaded, smoke, reloaded, announced",
        **told(3, 4, "deploy"),
    }
    refused = {
        "run-failed": "failed",
        "gate-stopped": "stop",
        "tasks-skipped": "publish, load, smoke, switch, verify, commit: skipped",
        "ledger-unmoved": f"generation 4: champion 3 {3:064d}, previous 1",
        "registry-unmoved": "champion 3, previous 1",
        "replicas-unmoved": "; ".join(["generation 4 of deploy-4: champion 3, previous 1"] * 2),
        "triton-unmoved": "versions 1, 3 ready",
        "golden-unmoved": "15 golden rows of version 3 as recorded, by 3 of 3",
    }
    returned = {
        "rollback-accepted": "0",
        "rollback-watched": "users asked, 0 failed",
        PROBE: "on to the end",
        **told(1, 6, "rollback"),
    }
    facts = facts.plus("lifecycle.before", _ledger(3))
    for moment, answers, length in (("promoted", promoted, 4), ("refused", refused, 5), ("rolled-back", returned, 6)):
        said = [right(probe, env, value) for env in ENVIRONMENTS for probe, value in answers.items()]
        facts = facts.plus(moment, [*said, *_ledger(length)])
    seen = {(3, 1): 500, (4, 3): 300, (6, 1): 100}
    for env in ENVIRONMENTS:
        facts = (
            facts.plus("promoted", [_receipt(env)])
            .plus("lifecycle.after", list(client(env, seen, OUTPUTS, late=2)))
            .plus("lifecycle.after", _known(env))
        )
    return facts
