"""Where a Service answers: ``<service>.<namespace>`` looked up through the API, for this machine has not its DNS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from switchyard.errors import NotFound
from switchyard.kinds import SERVICES, Kind
from switchyard.kube import Kube
from switchyard.objects import dig

__all__ = ["Place", "address"]

_SLICES: Final = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
_SERVICE_LABEL: Final = "kubernetes.io/service-name"


@dataclass(frozen=True)
class Place:
    """Host and port as a URL has them."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def address(place: Place, *, kube: Kube) -> Place:
    """
    The address behind *place*: the Service's ClusterIP, or one ready endpoint of a headless Service.

    A host that is no ``<service>.<namespace>[.svc[.cluster.local]]`` is returned as it is.

    Raises:
        NotFound: There is no such Service, or nobody is ready behind it.
        Unreadable: The API server does not answer.
    """
    parts = place.host.split(".")
    if parts[0].isdigit() or len(parts) < 2 or (len(parts) > 2 and parts[2] != "svc"):
        return place
    name, namespace = parts[0], parts[1]
    service = kube.get(SERVICES, name, namespace=namespace)
    cluster_ip = str(dig(service, "spec", "clusterIP") or "")
    if cluster_ip not in ("", "None"):
        return Place(cluster_ip, place.port)
    for item in kube.list(_SLICES, namespace=namespace, selector=f"{_SERVICE_LABEL}={name}").items:
        for endpoint in item.get("endpoints") or ():
            if dig(endpoint, "conditions", "ready") is not False and endpoint.get("addresses"):
                return Place(str(endpoint["addresses"][0]), place.port)
    raise NotFound(f"Service {namespace}/{name}: nobody is ready behind it")
