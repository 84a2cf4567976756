"""
Short commands that configure the node or ask it something; ``programs`` is for builds and installers.

A list of arguments, a deadline, and an error that says what the program said.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from yardnode.errors import CommandFailed

__all__ = ["output", "succeeds"]


def output(
    argv: Sequence[str | Path],
    *,
    within_s: float = 60.0,
    stdin: str = "",
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> str:
    """
    Run *argv* to its end and return what it wrote to standard output.

    Args:
        within_s: Wall-clock limit; the program is killed after it.
        stdin: Fed to the program.
        environment: The whole environment of the program; None hands ours on.

    Raises:
        CommandFailed: The program is missing, ended with another status than 0, or ran past its limit.
    """
    words = [str(word) for word in argv]
    what = f"{Path(words[0]).name} on the node"
    try:
        done = subprocess.run(
            words,
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=within_s,
            env=environment,
            cwd=folder,
            check=False,
        )
    except subprocess.TimeoutExpired as exc:
        outcome = f"ran longer than {within_s:g} s"
        raise CommandFailed(words, what=what, outcome=outcome, tail=(), where="no file") from exc
    except OSError as exc:
        outcome = f"could not be started ({exc.strerror})"
        raise CommandFailed(words, what=what, outcome=outcome, tail=(), where="no file") from exc
    if done.returncode != 0:
        tail = (done.stderr or done.stdout).splitlines()
        outcome = f"ended with status {done.returncode}"
        raise CommandFailed(words, what=what, outcome=outcome, tail=tail, where="no file")
    return done.stdout


def succeeds(argv: Sequence[str | Path], *, within_s: float = 60.0) -> bool:
    """
    Tell whether *argv* ends with status 0; for questions only, never for something that must happen.

    Raises:
        CommandFailed: The program is missing or ran past its limit: no answer is not "no".
    """
    words = [str(word) for word in argv]
    try:
        return subprocess.run(words, capture_output=True, timeout=within_s, check=False).returncode == 0
    except (subprocess.TimeoutExpired, OSError) as exc:
        what = f"{Path(words[0]).name} on the node"
        raise CommandFailed(words, what=what, outcome="gave no answer", tail=(str(exc),), where="no file") from exc
