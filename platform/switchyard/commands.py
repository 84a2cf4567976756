"""The group of the command line: knows the commands of other packages, and prints errors as one block."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import click

from switchyard.errors import Misconfigured, NoTarget, SwitchyardError

__all__ = ["GROUP", "Commands"]

GROUP: Final = "switchyard.commands"
INTERRUPTED: Final = 130
"""128 + SIGINT, as shells have it."""


class Commands(click.Group):
    """A group that also knows the commands of other packages, and prints errors as one block."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Own commands and those of the entry points, sorted."""
        return sorted({*super().list_commands(ctx), *_added()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, loaded now; one whose extra is missing says so when it is called."""
        own = super().get_command(ctx, cmd_name)
        point = _added().get(cmd_name)
        return own or (_loaded(point) if point else None)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error of the tree ends with its exit code and without a traceback."""
        try:
            return super().invoke(ctx)
        except SwitchyardError as exc:
            if ctx.params.get("debug"):
                raise
            click.echo(f"switchyard: {exc}", err=True)
            ctx.exit(exc.exit_code)
        except KeyboardInterrupt:
            click.echo("switchyard: interrupted; the same command again goes on from here", err=True)
            ctx.exit(INTERRUPTED)


def _added() -> Mapping[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


def _loaded(point: EntryPoint) -> click.Command:
    try:
        loaded = point.load()
    except ModuleNotFoundError as exc:
        missing = exc.name

        @click.command(
            point.name,
            help=f"(not available: {missing} is not installed)",
            context_settings={"ignore_unknown_options": True},
        )
        @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
        def absent(arguments: tuple[str, ...]) -> None:
            raise NoTarget(
                f"`switchyard {point.name} {' '.join(arguments)}` needs {missing}: install an extra, "
                "`pip install 'switchyard[node]'`"
            )

        return absent
    if not isinstance(loaded, click.Command):
        raise Misconfigured(where=GROUP, key=point.name, wanted="a click command", got=type(loaded).__name__)
    return loaded
