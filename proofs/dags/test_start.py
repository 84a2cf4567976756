"""What stands around Airflow in its image: the probe of a heartbeat, and the start that waits for a database."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import heartbeat
import pytest
import start

FORK_S = 120.0
"""A fork that waits for a lock that nobody of its own holds waits for ever."""


@pytest.fixture(name="nobody")
def _nobody() -> Iterator[str]:
    """The address of a database that is not there: a port that is held, and on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"postgresql+psycopg2://airflow:secret@127.0.0.1:{held.getsockname()[1]}/airflow"


def test_the_driver_is_no_part_of_an_address() -> None:
    """libpq takes SQLAlchemy's address without the driver's name."""
    assert heartbeat.dsn("postgresql+psycopg2://a:b@c:5432/d") == "postgresql://a:b@c:5432/d"
    assert heartbeat.dsn("postgresql://a:b@c:5432/d") == "postgresql://a:b@c:5432/d"


def test_a_heartbeat_has_to_be_recent() -> None:
    """A job that never was, or was long ago, is not alive."""
    assert heartbeat.fault(0.0) is None
    assert heartbeat.fault(heartbeat.RECENT_S) is None
    assert heartbeat.fault(heartbeat.RECENT_S + 1) == "last heartbeat 36 s ago, wanted 35 s at most"
    assert heartbeat.fault(None) == "no running job of this host"


def test_a_database_that_is_away_makes_unready_not_dead(
    nobody: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A restart would not bring the database back."""
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", nobody)
    assert heartbeat.main("alive", "SchedulerJob") == 0
    assert capsys.readouterr().out == ""
    assert heartbeat.main("ready", "SchedulerJob") == 1
    said = capsys.readouterr().out
    assert said.startswith("SchedulerJob: the database does not answer: ")
    assert "secret" not in said


def test_a_probe_is_asked_one_of_two_questions() -> None:
    """A misspelt question is no answer."""
    with pytest.raises(ValueError, match="wanted 'ready' or 'alive', got 'well'"):
        heartbeat.main("well", "SchedulerJob")


def test_the_start_waits_and_says_why(nobody: str, capsys: pytest.CaptureFixture[str]) -> None:
    """While the database is away nothing starts, and the reason is said once."""
    waiting = threading.Thread(target=start.wait_for_database, args=(heartbeat.dsn(nobody),), daemon=True)
    waiting.start()
    waiting.join(start.AGAIN_S * 1.5)
    assert waiting.is_alive()
    assert capsys.readouterr().out.count("waiting for the database") == 1


FORKED = """
import os, sys, threading
import airflow.__main__, start

def scheduler():
    alone = threading.active_count() == 1
    task = os.fork()
    if not task:
        imported = {"yardflow.tasks", "mlflow", "sklearn", "pyarrow"} <= {*sys.modules}
        from sklearn.linear_model import LogisticRegression
        LogisticRegression().fit([[0.0], [1.0]], [0, 1])
        os._exit(0 if imported else 1)
    print(sys.argv, alone, os.waitstatus_to_exitcode(os.waitpid(task, 0)[1]))

airflow.__main__.main = scheduler
start.become(["scheduler", "--skip-serve-logs"])
"""


def test_the_schedulers_forks_need_not_import_what_a_task_imports(home: Path) -> None:
    """It is there before the first fork, with no thread that a fork would be without, and a fork can train with it."""
    environment = os.environ | {"AIRFLOW_HOME": str(home)}
    done = subprocess.run(
        [sys.executable, "-c", FORKED], env=environment, check=True, capture_output=True, text=True, timeout=FORK_S
    )
    assert done.stdout.splitlines()[-1] == "['airflow', 'scheduler', '--skip-serve-logs'] True 0"


def test_every_other_part_is_airflow_itself() -> None:
    """Nothing of the life cycle is imported where no task runs."""
    asked = "import start, sys; sys.modules['yardflow'] = None; start.become(['version'])"
    done = subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True, timeout=FORK_S)
    assert done.stdout.strip() == version("apache-airflow-core")


def test_the_password_is_readable_by_airflow_alone(tmp_path: Path) -> None:
    """A restart in the same pod finds the file of the one before and writes it again."""
    path = tmp_path / "passwords.json"
    for password in ("one", "two"):
        start.write_passwords(path, password)
        assert json.loads(path.read_text()) == {"admin": password}
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
