"""
Before the server starts: a database cluster where there is none, and roles, passwords and databases as wanted.

Killed at any moment, the next run ends in the same state: a cluster counts from its rename on, and every statement may
run again. Usage: ``prepare.py CLUSTER ROLES``, with PostgreSQL's own programs on the PATH.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

START_S = 240
"""After a crash the log since the last checkpoint is replayed first; how much that is, the server's settings limit."""


def initialise(cluster: Path) -> None:
    """
    Make an empty cluster at *cluster* unless there is one.

    Raises:
        CalledProcessError: initdb failed; it has said why.
    """
    if cluster.exists():
        return
    unfinished = cluster.with_suffix(".unfinished")
    if unfinished.exists():
        shutil.rmtree(unfinished)
    options = ["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums"]
    # Who may connect is said by the pg_hba.conf beside this file; until that is read, nobody.
    options += ["--username=postgres", "--auth-local=peer", "--auth-host=reject"]
    subprocess.run(["initdb", f"--pgdata={unfinished}", *options], check=True)
    unfinished.rename(cluster)
    folder = os.open(cluster.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def apply(cluster: Path, roles: Path) -> None:
    """
    Run *roles* on a server that nobody outside this container can reach.

    Raises:
        CalledProcessError: The server did not start, or a statement failed; the program has said why.
    """
    control = ["pg_ctl", f"--pgdata={cluster}", "--silent", "--wait", f"--timeout={START_S}"]
    subprocess.run([*control, "--options=-c listen_addresses=''", "start"], check=True)
    try:
        subprocess.run(["psql", "--no-psqlrc", "--quiet", f"--file={roles}", "postgres"], check=True)
    finally:
        subprocess.run([*control, "--mode=fast", "stop"], check=True)


def main(arguments: list[str]) -> int:
    """Prepare; returns the exit status."""
    cluster, roles = map(Path, arguments)
    try:
        initialise(cluster)
        apply(cluster, roles)
    except subprocess.CalledProcessError as failure:
        sys.stderr.write(f"{failure.cmd[0]} exited {failure.returncode}; its own words stand above\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
