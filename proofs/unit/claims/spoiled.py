"""Good evidence of bad input: what an honest yard answers to it."""

from __future__ import annotations

from yardfacts.facts import Answer, Fact

__all__ = ["refused_input"]

ENVIRONMENTS = ("dev", "prod")
REFUSED = {
    "batch-unreadable": "unreadable",
    "batch-empty": "empty",
    "batch-without-column": "column-missing",
    "batch-wrong-type": "wrong-type",
    "batch-cell-empty": "cell-empty",
    "batch-not-finite": "not-finite",
    "batch-unknown-label": "label-unknown",
    "batch-id-repeated": "id-repeated",
}
OVERTAKEN = "409 overtaken, telling the current state"
RELOADS = {
    "reload-unknown-alias": "404 alias-unknown",
    "reload-malformed": "400 body-malformed",
    "reload-oversized": "413 body-too-large",
    "reload-stale": OVERTAKEN,
    "reload-overtaken": OVERTAKEN,
    "reload-unloaded": "412 version-not-ready",
    "reload-tokenless": "401 unauthorized",
    "reload-wrong-token": "401 unauthorized",
    "variant-tokenless": "401 unauthorized",
    "reload-sixth": "401, 401, 429 too-many, Retry-After within a minute",
    "reload-locked-out": "429 too-many",
    "reload-let-in-again": "200 unchanged",
}
SAID = {
    **{probe: f"features: BatchRefused {reason}, by name; aborted" for probe, reason in REFUSED.items()},
    "batch-of-known-rows": "gate: SameData; aborted",
    "batch-of-one-class": "gate: shadow; aborted",
    "predict-oversized": "413 body-too-large",
    "predict-unknown-alias": "404 alias-unknown",
    "predict-unserved-alias": "404 alias-unknown",
    "predict-by-no-key": "400 body-malformed",
    "predict-no-json": "500 of a version: failed to parse the request JSON buffer",
    "predict-wrong-type": "400 of a version: data-type is 'FP64'",
    "predict-wrong-shape": "400 of a version: unexpected shape for input 'features'",
    "predict-too-many-rows": "400 of a version: batch-size must be <= 64",
    "predict-not-finite": "200, probabilities nan, nan, nan",
    **{probe: f"{said}, from 2" for probe, said in RELOADS.items()},
    "ledger-unmoved": f"generation 4: champion 3 {'0' * 64}, previous 1",
    "registry-unmoved": "champion 3, previous 1",
    "replicas-unmoved": "; ".join(["generation 4 of deploy-4: champion 3, previous 1"] * 2),
    "triton-unmoved": "versions 1, 3 ready",
    "config-unmoved": "[1, 3]",
    "generations-aborted": "10 generations, aborted",
    "champion-meanwhile": "every request answered, by version 3 in generation 4, as it was trained",
}


def refused_input() -> tuple[Fact, ...]:
    """What both environments answered to everything that nobody should send, and what stood there afterwards."""
    return tuple(
        Answer(probe=probe, environment=environment, outcome="right", wanted=said, got=said, took_s=0.01)
        for environment in ENVIRONMENTS
        for probe, said in SAID.items()
    )
