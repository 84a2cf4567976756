"""
``python -m bench``: the gateway's lane beside a plain FastAPI route, to the same neighbour, in turns.

Legs alternate, so that whatever else the machine does meets both; the first pair warms up and does not count. Told are
the median of the pairs' ratios and their spread, never two runs beside one another. Processor time for a request does
not depend on how fast the load comes, so it is the figure to believe on a busy machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click

from bench.load import Load, load
from bench.neighbour import ANSWER
from bench.process import Process, free_port, running

ALIAS = "champion"
BODY = b'{"inputs":[{"name":"features","datatype":"FP64","shape":[1,13],"data":[' + b",".join([b"13.05"] * 13) + b"]}]}"
PATHS = {"direct": "/v2/models/wine/versions/1/infer", "lane": f"/v1/{ALIAS}/infer", "plain": f"/v1/{ALIAS}/infer"}


@dataclass(frozen=True)
class Leg:
    """One server under load."""

    load: Load
    cpu_s: float

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time that the server took for a prediction."""
        return 1e6 * self.cpu_s / len(self.load.latencies_s)


@contextmanager
def _servers(folder: Path) -> Iterator[dict[str, Process]]:
    """The neighbour, and both ways to it; each a process of its own."""
    outcome = {"model": "wine", "generation": 1, "phase": "committed", "deploy_id": "bench"}
    aliases = {ALIAS: {"version": 1, "digest": "0" * 64}}
    (folder / "000000000001.outcome.json").write_text(json.dumps({**outcome, "aliases": aliases}))
    (folder / "token").write_text("t" * 32)
    back, lane, plain = free_port(), free_port(), free_port()
    url = f"http://127.0.0.1:{back}"
    settings = {
        "YARDGATE_LEDGER_DIR": str(folder),
        "YARDGATE_CARDS_DIR": str(Path(__file__).parents[1] / "models"),
        "YARDGATE_TRITON_URL": url,
        "YARDGATE_FEATURES_URL": "http://127.0.0.1:1",  # absent: a connection there is refused at once
        "YARDGATE_RELOAD_TOKEN_FILE": str(folder / "token"),
        "YARDGATE_LISTEN_HOST": "127.0.0.1",
        "YARDGATE_LISTEN_PORT": str(lane),
    }
    with (
        running("bench.neighbour", str(back), port=back) as direct,
        running("yardgate", port=lane, environment=settings) as gateway,
        running("bench.plain", str(plain), url, port=plain) as route,
    ):
        yield {"direct": direct, "lane": gateway, "plain": route}


def _leg(name: str, server: Process, *, connections: int, for_s: float) -> Leg:
    before_s = server.cpu_s()
    done = asyncio.run(
        load(server.port, path=PATHS[name], body=BODY, wanted=ANSWER, connections=connections, for_s=for_s)
    )
    return Leg(done, server.cpu_s() - before_s)


def _spread(values: list[float]) -> str:
    return f"{median(values):6.2f}   ({min(values):.2f} to {max(values):.2f})"


@click.command()
@click.option("--pairs", default=5, show_default=True, help="How often every server has its turn.")
@click.option("--leg-s", default=2.0, show_default=True, help="Seconds of a turn.")
@click.option("--connections", default=16, show_default=True, help="Kept-alive connections of the load.")
def main(*, pairs: int, leg_s: float, connections: int) -> None:
    """Measure the lane against a plain FastAPI route."""
    legs: dict[str, list[Leg]] = {name: [] for name in PATHS}
    with tempfile.TemporaryDirectory() as folder, _servers(Path(folder)) as servers:
        for turn in range(pairs + 1):
            for name in PATHS if turn % 2 else reversed(PATHS):
                leg = _leg(name, servers[name], connections=connections, for_s=leg_s)
                if turn:
                    legs[name].append(leg)
    click.echo(f"{os.cpu_count()} CPUs, Python {platform.python_version()}, {connections} connections, {pairs} pairs")
    click.echo(f"{'':8}{'a second':>10}{'median ms':>11}{'CPU us each':>13}")
    for name, found in legs.items():
        rate, wait, cpu = (
            median(values)
            for values in (
                [leg.load.rate for leg in found],
                [1000 * leg.load.median_s for leg in found],
                [leg.cpu_us for leg in found],
            )
        )
        click.echo(f"{name:8}{rate:10.0f}{wait:11.2f}{cpu:13.0f}")
    pairs_of = list(zip(legs["lane"], legs["plain"], strict=True))
    click.echo(f"lane / plain, predictions a second  {_spread([a.load.rate / b.load.rate for a, b in pairs_of])}")
    click.echo(f"plain / lane, CPU for a prediction  {_spread([b.cpu_us / a.cpu_us for a, b in pairs_of])}")
    beside = list(zip(legs["lane"], legs["direct"], strict=True))
    click.echo(f"lane / direct, predictions a second {_spread([a.load.rate / b.load.rate for a, b in beside])}")


if __name__ == "__main__":
    main()
