"""Good evidence: one whole loop as an honest yard would record it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from yardfacts.catalogue import load_claims
from yardfacts.claims import Claim
from yardfacts.facts import Death, Fact, Facts, Hold, ObjectRef, Obligation, Sweep, Toggle

from .beginning import with_beginning
from .exercised import exercise
from .failing import with_failures
from .lengthy import with_lengthy
from .looks import GENERATED, SCRATCH, SERVED, look
from .promoting import with_promotion
from .rebuilt import with_rebuilt
from .spoiled import refused_input
from .trials import with_trials
from .windows import cycle, round_trip, sampled, watched, window
from .witnesses import ENVIRONMENTS, right

CLAIMS = Path(__file__).parents[2] / "claims"
STORES = (
    *("model-volume", "minio", "loki-pushed", "loki-shipped", "mlflow-run", "mlflow-artifact", "mlflow-version"),
    *("airflow-run", "airflow-variable", "prometheus", "feast-offline"),
)


def _canaries() -> tuple[Fact, ...]:
    """What every store gives back of what the proof wrote, before and after."""
    return tuple(right(f"canary-{store}", env, f"{store} as written") for env in ENVIRONMENTS for store in STORES)


def _ref(kind: str, name: str) -> ObjectRef:
    return ObjectRef(kind=kind, namespace="feature-store-dev", name=name, uid=f"uid-{name}")


@pytest.fixture(name="evidence", scope="session")
def _evidence() -> Facts:
    """A loop of every stage: before, off, held, on again, three commits, and a model that comes and goes."""
    ca = _ref("ConfigMap", "kube-root-ca.crt")
    scratch = ObjectRef(kind="ConfigMap", namespace="storage-dev", name="scratch", uid="uid-scratch")
    scratched = (*GENERATED, "gitops/core/charts/support/templates/scratch.yaml")
    sweep = Sweep(kinds_listed=63, kinds_unreadable=(), decoy_found=True, found=(ca,), unattributed=())
    loop = with_promotion(
        Facts()
        .plus("before", look(on=True))
        .plus("written", [right("feature-written", env, "1234567.5") for env in ENVIRONMENTS])
        .plus("written", _canaries())
        .plus("detached", [Obligation(ref=_ref("Deployment.apps", "redis"), fate="gone"), sweep])
        .plus("detached", look(on=False))
        .plus("detached", [right("features-absent", env, "absent") for env in ENVIRONMENTS])
        .plus("exercised", exercise())
        .plus("detached", _canaries())
        .plus("held", [Hold(refreshed=("root-apps", "root-baseline", "support"), window_s=10.0, returned=())])
        .plus("again", [Toggle(layer="features", wanted="detached", changed=False), watched("again")])
        .plus("off", window("off", "DELETED"))
        .plus("off", sampled("off", "online", "absent"))
        .plus("on", window("on", "ADDED"))
        .plus("on", sampled("on", "absent", "online"))
        .plus("round-trip", round_trip())
        .plus("attached", look(on=True))
        .plus("attached", [right("features-online", env, "online") for env in ENVIRONMENTS])
        .plus("attached", [right("feature-read", env, "1234567.5") for env in ENVIRONMENTS])
        .plus("attached", _canaries())
        .plus("committed", look(on=True, served=SCRATCH, on_top=scratched))
        .plus("committed", [right("committed-object", "dev", "as committed")])
        .plus("healed", [right("edited-object", "dev", "by hand"), right("committed-object", "dev", "as committed")])
        .plus("pruned", [Obligation(ref=scratch, fate="gone")])
        .plus("returned", look(on=True))
        .plus(
            "rebound",
            [
                right(probe, env, value)
                for env in ENVIRONMENTS
                for probe, value in (
                    ("volume-written", "proof-0"),
                    ("volume-released", "Released"),
                    ("volume-bound-again", "Bound"),
                    ("volume-read", "proof-0"),
                )
            ],
        )
        .plus("planted", [right(f"secret-in-{place}", "dev", "there") for place in ("pod", "log")])
        .plus("planted", [right("secret-in-evidence", "dev", "in no file")])
        .plus("cycle-1", cycle(1, of=2))
        .plus("cycle-2", cycle(2, of=2))
        .plus("broken", [right("status", "dev", "baseline-dev/loki-dev named")])
        .plus(
            "killed",
            [
                Death(
                    killed="in the middle of a detach",
                    layer="features",
                    found="attached",
                    seen="detaching",
                    left="attached",
                    ending="interrupted",
                    verdict="INCONCLUSIVE",
                    holder="",
                    remembered="",
                    took_s=14.0,
                )
            ],
        )
        .plus("told", [right(f"told-{how}", "prod", how) for how in ("broken", "whole")]),
        served=SERVED,
    )
    evidence = with_beginning(with_trials(with_rebuilt(with_failures(with_lengthy(loop)))))
    return evidence.plus("refused-input", refused_input())


@pytest.fixture(name="claims", scope="session")
def _claims() -> Mapping[str, Claim]:
    return load_claims(CLAIMS)
