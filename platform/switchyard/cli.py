"""
The command line ``switchyard``: what every command has in common.

Commands are found through the entry points ``switchyard.commands``, the engine's own like those of other packages, and
loaded when they are called: the engine works where another package's extras are not installed, and whoever checks
evidence does not wait for the client of a cluster.
"""

from __future__ import annotations

from pathlib import Path

import click

from switchyard.commands import Commands
from switchyard.settings import Settings

__all__ = ["main"]


@click.group(cls=Commands)
@click.option("--config", type=click.Path(path_type=Path), help="yard.toml; the nearest one from here upwards.")
@click.option("--kubeconfig", type=click.Path(path_type=Path), help="Where --context stands.")
@click.option("--context", default="", help="A cluster that is already there.")
@click.option("--target", default="", help="A cluster that a package of ours has up, such as embedded.")
@click.option("--debug", is_flag=True, help="Show tracebacks.")
@click.pass_context
def main(
    ctx: click.Context, *, config: Path | None, kubeconfig: Path | None, context: str, target: str, debug: bool
) -> None:
    """
    Attach, detach and audit layers of a GitOps platform.

    Exit codes: 0 it is so, 10 it is not, 11 it could not be found out, 2 usage.
    """
    del debug  # read by the group when an error arrives
    found = Settings()
    ctx.obj = found.model_copy(
        update={
            "config": config or found.config,
            "kubeconfig": kubeconfig or found.kubeconfig,
            "context": context or found.context,
            "target": target or found.target,
        }
    )
