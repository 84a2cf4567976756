"""
Is the Airflow job of this host alive? A probe that costs a hundredth of ``airflow jobs check``.

    heartbeat.py ready SchedulerJob     its last heartbeat is recent
    heartbeat.py alive SchedulerJob     the same, but a database that does not answer is no fault of the job's

Airflow's jobs serve nothing that could be asked; all they leave behind is the time of their last heartbeat. They beat
every 10 s (airflow.cfg). Exit status 0: yes; 1: no, and a line says why.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Final

import psycopg2

RECENT_S: Final = 35.0
"""Three beats and a bit: one that is late on a busy machine is no news."""

CONNECT_S: Final = 3
STATEMENT_MS: Final = 3000

AGE: Final = """
    SELECT extract(epoch FROM now() - max(latest_heartbeat))
    FROM job WHERE job_type = %s AND hostname = %s AND state = 'running'
"""


def dsn(sqlalchemy: str) -> str:
    """The address of the database as libpq takes it: SQLAlchemy's names the driver as well."""
    scheme, separator, rest = sqlalchemy.partition("://")
    return f"{scheme.partition('+')[0]}{separator}{rest}"


def age_s(database: str, job_type: str, hostname: str) -> float | None:
    """
    Seconds since the last heartbeat of the running job of *job_type* on *hostname*; None if there is no such job.

    Raises:
        psycopg2.Error: The database did not answer.
    """
    options = f"-c statement_timeout={STATEMENT_MS}"
    connection = psycopg2.connect(database, connect_timeout=CONNECT_S, options=options)
    try:
        with connection.cursor() as cursor:
            cursor.execute(AGE, (job_type, hostname))
            (found,) = cursor.fetchone()
            return None if found is None else float(found)
    finally:
        connection.close()


def fault(age: float | None) -> str | None:
    """What is wrong with a heartbeat of *age* seconds; None if nothing is."""
    if age is None:
        return "no running job of this host"
    return f"last heartbeat {age:.0f} s ago, wanted {RECENT_S:.0f} s at most" if age > RECENT_S else None


def main(question: str, job_type: str) -> int:
    """Answer *question*, ``ready`` or ``alive``, about this host's job of *job_type*; the exit status."""
    if question not in ("ready", "alive"):
        raise ValueError(f"wanted 'ready' or 'alive', got {question!r}")
    database = dsn(os.environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    try:
        found = fault(age_s(database, job_type, socket.gethostname()))
    except psycopg2.OperationalError as error:
        found = f"the database does not answer: {error}" if question == "ready" else None
    if found:
        sys.stdout.write(f"{job_type}: {found}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
