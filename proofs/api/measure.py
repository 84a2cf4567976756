"""
A sweep in a process of its own, measured: ``python measure.py KUBECONFIG CONTEXT NAMESPACE`` prints one JSON object.

Of its own, because the memory of a process that ran tests before says nothing.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

from switchyard.discovery import discover
from switchyard.inventory import PARALLEL
from switchyard.kube import Kube, connect
from switchyard.pool import Pool
from switchyard.sweep import sweep
from switchyard.transport import Reply, Request
from switchyard.yard import Budgets, Layer, Placeholders, Yard

TIMES: Final = 9
"""Of each the best counts: what the machine does besides only ever makes it slower."""


def main(kubeconfig: str, context: str, namespace: str) -> None:
    """Sweep, list everything, in turn; the memory is that after the first sweep."""
    kube = connect(Path(kubeconfig), context=context)
    layer = Layer(name="features", selector="layer=optional", root="root-optional", namespaces=(namespace,))
    yard = _yard(layer)
    empty_bytes = _most_bytes()
    with _counted() as sweep_asked:
        swept = sweep(kube, yard=yard, layer=layer)
    most_bytes = _most_bytes()
    bare_s, sweep_s = [], []
    for _ in range(TIMES):
        bare_s.append(_timed(lambda: _list_everything(kube)))
        sweep_s.append(_timed(lambda: sweep(kube, yard=yard, layer=layer)))
    with _counted() as bare_asked:
        objects = _list_everything(kube)
    measured = {
        "objects": objects,
        "kinds": swept.kinds_listed,
        "unreadable": swept.kinds_unreadable,
        "left": [one.name for one in swept.unattributed],
        "bare_s": min(bare_s),
        "sweep_s": min(sweep_s),
        "requests": bare_asked.total(),
        "more": sorted((sweep_asked - bare_asked).elements()),
        "empty_bytes": empty_bytes,
        "most_bytes": most_bytes,
    }
    sys.stdout.write(json.dumps(measured))
    kube.close()


def _list_everything(kube: Kube) -> int:
    """What any sweep has to do at least: discovery, and one LIST a kind, as many at once as the sweep makes."""
    with ThreadPoolExecutor(PARALLEL) as threads:
        return sum(threads.map(lambda kind: len(kube.list(kind, metadata_only=True).items), discover(kube).kinds))


def _timed(act: Callable[[], object]) -> float:
    start_s = time.monotonic()
    act()
    return time.monotonic() - start_s


@contextmanager
def _counted() -> Iterator[Counter[str]]:
    """How often each path is asked for in the block, by its method; the requests themselves go out as ever."""
    asked: Counter[str] = Counter()
    send = Pool.send

    def counted(pool: Pool, request: Request) -> Reply:
        asked[f"{request.method} {request.path}"] += 1
        return send(pool, request)

    with patch.object(Pool, "send", counted):
        yield asked


def _most_bytes() -> int:
    """The most that was resident; of this program alone, where getrusage tells of whoever started it too."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def _yard(layer: Layer) -> Yard:
    nothing = dict.fromkeys(Budgets.__dataclass_fields__, 0.0)
    return Yard(
        path=Path("yard.toml"),
        namespace="argocd",
        environments=(),
        layers={layer.name: layer},
        attributions=(),
        probes=(),
        churn=(),
        budgets=Budgets(**nothing),
        placeholders=Placeholders(repo_url="", revision=""),
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
