"""The command line without a cluster: help, missing extras, and errors as one block."""

from __future__ import annotations

from pathlib import Path

import click
from click.testing import CliRunner

from switchyard.cli import main
from switchyard.commands import Commands
from switchyard.errors import Late, Unreachable


def _group(error: BaseException) -> click.Group:
    @click.group(cls=Commands)
    @click.option("--debug", is_flag=True)
    def group(debug: bool) -> None:
        del debug

    @group.command()
    def work() -> None:
        raise error

    return group


def test_help_names_the_engines_commands_and_those_of_other_packages() -> None:
    """They meet on one command line without importing one another."""
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name in ("attach", "audit", "detach", "rescue", "up", "down", "status"):
        assert f"  {name} " in result.output


def test_an_error_is_one_block_with_its_exit_code() -> None:
    """No traceback; what could not be found out is 11, what is not so is 10."""
    unreadable = CliRunner().invoke(_group(Unreachable("nobody answers")), ["work"])
    late = CliRunner().invoke(_group(Late("not settled")), ["work"])
    assert (unreadable.exit_code, late.exit_code) == (11, 10)
    assert unreadable.output == "switchyard: nobody answers\n"


def test_a_traceback_is_there_for_who_asks() -> None:
    """``--debug`` lets the error through."""
    result = CliRunner().invoke(_group(Unreachable("nobody answers")), ["--debug", "work"])
    assert isinstance(result.exception, Unreachable)


def test_an_interrupt_says_how_to_go_on() -> None:
    """Ctrl-C ends with 130 and no traceback."""
    result = CliRunner().invoke(_group(KeyboardInterrupt()), ["work"])
    assert result.exit_code == 130
    assert "goes on from here" in result.output


def test_no_yard_in_sight_is_a_usage_error(tmp_path: Path) -> None:
    """Says which file is missing."""
    result = CliRunner().invoke(main, ["--config", str(tmp_path / "yard.toml"), "audit"])
    assert result.exit_code == 2
    assert "yard.toml" in result.output


def test_an_unknown_command_is_a_usage_error() -> None:
    """As click has it."""
    assert CliRunner().invoke(main, ["explode"]).exit_code == 2
