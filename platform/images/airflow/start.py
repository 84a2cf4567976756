"""
Start a part of Airflow when its database answers: ``start.py scheduler``.

Airflow ends when the database is away, and starting it costs seconds of a core. Restarted over and over it would slow
everybody down, and be waiting out its back-off when the database is there again. This waits for next to nothing.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path
from typing import Final, NoReturn

import psycopg2
from heartbeat import CONNECT_S, dsn

AGAIN_S: Final = 2.0
ADMIN: Final = "admin"
PASSWORD_VARIABLE: Final = "YARD_ADMIN_PASSWORD"  # noqa: S105  # a name, not a password
PASSWORDS_FILE_VARIABLE: Final = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
PASSWORDS_FILE: Final = "/var/lib/airflow/passwords.json"


def wait_for_database(database: str) -> None:
    """Return when *database* lets this role in; says once for each reason why it does not."""
    pause, said = threading.Event(), ""
    while True:
        try:
            psycopg2.connect(database, connect_timeout=CONNECT_S).close()
        except psycopg2.OperationalError as error:
            if str(error) != said:
                said = str(error)
                sys.stdout.write(f"waiting for the database: {said}\n")
                sys.stdout.flush()
            pause.wait(AGAIN_S)
        else:
            return


def write_passwords(path: Path, password: str) -> None:
    """Write the file that Airflow's login reads. Airflow opens it for writing, which a mounted Secret is not."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        json.dump({ADMIN: password}, stream)


def become(arguments: list[str]) -> NoReturn:
    """
    Be ``airflow`` with *arguments* from here on.

    The LocalExecutor's tasks are forks of the scheduler. What the life cycle imports takes four seconds of a core, and
    would in every task of every run: it is imported here once, before anything is forked.
    """
    if arguments[:1] == ["scheduler"]:
        from airflow.__main__ import main as airflow  # noqa: PLC0415

        import yardflow.tasks  # noqa: F401, PLC0415

        sys.argv = ["airflow", *arguments]
        sys.exit(airflow())
    os.execvp("airflow", ["airflow", *arguments])  # noqa: S606  # no shell is wanted


def main(arguments: list[str]) -> None:
    """Become ``airflow`` with *arguments*, as soon as it can work."""
    password = os.environ.pop(PASSWORD_VARIABLE, "")
    if password:
        write_passwords(Path(os.environ.setdefault(PASSWORDS_FILE_VARIABLE, PASSWORDS_FILE)), password)
    wait_for_database(dsn(os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]))
    become(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
