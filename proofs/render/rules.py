"""
What every workload has to state, so that nothing of it is left to accident.

Each rule takes a pod template and yields what it misses; an empty iterator is a pass. Rules judge one object each;
what concerns several objects stands in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

__all__ = ["container_faults", "environment_faults", "pod_faults", "quantity"]

# A tag that is a hash of the content, or a digest: what a name that can move points to is an accident.
IMAGE: Final = re.compile(r"switchyard\.local/[a-z]+(?:-[a-z]+)*:[0-9a-f]{12,}|[\w.:-]+/[\w./-]+@sha256:[0-9a-f]{64}")

CALLS_API: Final = "switchyard.mlops/calls-api"

SUFFIXES: Final = {"m": Decimal("0.001"), "": Decimal(1), "Mi": Decimal(2**20), "Gi": Decimal(2**30)}
PROBES: Final = ("startupProbe", "readinessProbe", "livenessProbe")
SECRET: Final = re.compile(r"(SECRET|PASSWORD|TOKEN|ACCESS_KEY)(?!.*_(FILE|PATH)$)")


def quantity(text: object) -> Decimal:
    """
    Return a Kubernetes quantity as a number: cores or bytes.

    Raises:
        ValueError: It has a suffix that nothing here uses.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([A-Za-z]*)", str(text))
    if match is None or match[2] not in SUFFIXES:
        raise ValueError(f"wanted a quantity with a suffix of {sorted(SUFFIXES)}, got {text!r}")
    return Decimal(match[1]) * SUFFIXES[match[2]]


def pod_faults(template: Mapping[str, Any], *, privileged: bool = False) -> Iterator[str]:
    """Yield what the pod as a whole misses or may not have; in a *privileged* namespace it may mount the host."""
    spec = template["spec"]
    security = spec.get("securityContext", {})
    if not security.get("runAsNonRoot") or not isinstance(security.get("runAsUser"), int) or not security["runAsUser"]:
        yield "runs as a numbered user other than root"
    if security.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "has the runtime's seccomp profile"
    if spec.get("serviceAccountName", "default") == "default":
        yield "has a service account of its own"
    calls = template.get("metadata", {}).get("annotations", {}).get(CALLS_API, "")
    if spec.get("automountServiceAccountToken") is not bool(calls):
        yield f"mounts a token exactly where annotation {CALLS_API} says what for"
    if spec.get("enableServiceLinks") is not False:
        yield "takes no environment from the services that happen to exist"
    yield from (f"does not use {field}" for field in ("hostNetwork", "hostPID", "hostIPC") if spec.get(field))
    for volume in spec.get("volumes", []):
        if "hostPath" in volume and not privileged:
            yield f"volume {volume['name']} reaches the host through a claim only"
        if "emptyDir" in volume and "sizeLimit" not in (volume["emptyDir"] or {}):
            yield f"volume {volume['name']} has a size limit"


def container_faults(container: Mapping[str, Any], *, serves: bool, has_neighbours: bool = False) -> Iterator[str]:
    """
    Yield what one container misses.

    Args:
        container: As the pod has it.

        serves: False for a job, which nobody sends requests to.

        has_neighbours: Other containers of its pod serve, too. One that only tells their figures must not take the pod
            out of its Service.
    """
    security = container.get("securityContext", {})
    if security.get("allowPrivilegeEscalation") is not False:
        yield "cannot gain privileges"
    if security.get("capabilities") != {"drop": ["ALL"]}:
        yield "has no capability"
    if security.get("readOnlyRootFilesystem") is not True:
        yield "cannot write to its image"
    resources = container.get("resources", {})
    if set(resources.get("requests", {})) != {"cpu", "memory"}:
        yield "requests cpu and memory"
    if set(resources.get("limits", {})) != {"memory"}:
        yield "limits memory, and no cpu: a cpu limit throttles the start"
    if not IMAGE.fullmatch(container["image"]):
        yield f"names its image by content, not {container['image']!r}"
    if serves:
        only_tells = has_neighbours and {port["name"] for port in container.get("ports", ())} == {"metrics"}
        unwanted = {"readinessProbe"} if only_tells else set()
        yield from (f"has a {probe}" for probe in PROBES if probe not in {*container, *unwanted})
        yield from (f"has no {probe}: its neighbours serve without it" for probe in unwanted if probe in container)


def environment_faults(container: Mapping[str, Any]) -> Iterator[str]:
    """Yield what looks like a secret in clear; the path of a file with one is none."""
    for variable in container.get("env", []):
        if SECRET.search(variable["name"]) and "value" in variable:
            yield f"takes {variable['name']} from a Secret"
