"""``python3 -m prober --plan FILE --folder FOLDER``: serve until told to end."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path

from .plan import Plan, read_plan
from .serving import serve


async def _run(plan: Plan, *, folder: Path, host: str, port: int) -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with serve(plan, folder=folder, host=host, port=port):
        await ended.wait()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="prober")
    parser.add_argument("--plan", type=Path, help="JSON; without it nothing is asked, only answered")
    parser.add_argument("--folder", type=Path, required=True, help="where samples are written")
    parser.add_argument("--host", default="0.0.0.0")  # noqa: S104 - a pod's policy says who comes in
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    plan = read_plan(given.plan) if given.plan else Plan()
    asyncio.run(_run(plan, folder=given.folder, host=given.host, port=given.port))


if __name__ == "__main__":
    main()
