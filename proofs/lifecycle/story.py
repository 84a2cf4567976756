"""
One environment's short life cycle: a run that is promoted, one that the gate stops, and the way back.

Airflow is asked of the run, MLflow of the version, and the ledger, through the operator's own command, of the
generation; who serves is asked of every place (see ``places``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from proofs.lifecycle.arrivals import BUCKET, good_rows, keys, named
from proofs.lifecycle.attempt import JOB
from proofs.lifecycle.ledger import read_ledger, truth_of
from proofs.lifecycle.places import Places
from proofs.lifecycle.receipt import read_receipt
from proofs.services.airflow import Airflow
from proofs.services.exercise import Hands
from proofs.services.inquiry import Inquiry
from proofs.services.tracing import DIGEST

from switchyard.jobs import run as run_inside
from switchyard.judging import Inconclusive
from yardfacts.facts import Fact, Generation, Known, Timing

__all__ = [
    "DAG",
    "JOB",
    "OVER",
    "PROMOTION_BUDGET_S",
    "READ_S",
    "ROLLBACK_BUDGET_S",
    "RUN_S",
    "Story",
]

DAG: Final = "model_lifecycle"
RUN_S: Final = 420.0
"""A run takes a minute or two; beside the other environment's, on two busy cores, longer."""
READ_S: Final = 120.0
"""Until the DAG processor has read the served commit."""
OVER: Final = ("success", "failed")
"""How the states begin in which a run stays."""
SEEDS: Final = 24
"""Of rows that are known to raise no alarm, as a test of drift now and then does; each time others, for a new model."""
SEARCH: Final = "/api/2.0/mlflow/model-versions/search"
DEPLOY: Final = "switchyard.deploy_id"
"""Tag of a version: whose deployment registered it."""
CRITERIA: Final = "registered, ready, loaded, smoke, reloaded, announced"
PLACED: Final = ("publish", "load", "smoke", "switch", "verify", "commit")
WATCHED: Final = re.compile(r"watched for 30 s: (\d+) answers, (\d+) failed")
"""What a rollback says at its end, where it could count."""
PROMOTION_BUDGET_S, ROLLBACK_BUDGET_S = 120.0, 2.0
"""Trigger to commit on the embedded node; decision to the verified champion, which is still loaded."""


@dataclass
class Story:
    """What is done in one environment, and what was found. Facts of questions are in the inquiry of each chapter."""

    hands: Hands
    door: Airflow = field(init=False)
    places: Places = field(init=False)
    before: tuple[Generation, ...] = ()
    last: tuple[Generation, ...] = ()
    """The ledger as it was before anything was done, and as it was read last."""
    version: int = 0
    deployed: set[int] = field(default_factory=set)
    """Versions that were champions for a while, beside the one from before and the last one."""

    def __post_init__(self) -> None:
        self.door = self.hands.airflow()
        self.places = Places(self.hands)

    @property
    def environment(self) -> str:
        """Where it happens."""
        return self.hands.environment

    @property
    def batch(self) -> str:
        """The batch that only this proof delivers."""
        return named(self.hands, "rehearsal")

    def deliver(self) -> None:
        """Put a batch of good rows where batches arrive."""
        self.hands.store().put(BUCKET, keys(self.batch)[0], good_rows(seed=1 + len(self.before) % SEEDS))

    def clear(self) -> None:
        """Take the batch away, and what was made of it for the feature store."""
        store = self.hands.store()
        for key in keys(self.batch):
            store.remove(BUCKET, key)

    def ledger(self) -> tuple[Generation, ...]:
        """Every generation, read by the operator's own command."""
        code, lines = self.command("history", "--json")
        if code != 0:
            raise Inconclusive(f"wanted the ledger of {self.environment}, got exit code {code}: {lines[-3:]}")
        self.last = read_ledger(lines, self.environment)
        return self.last

    def truth(self) -> Generation:
        """The generation that serves, as the ledger is now."""
        return truth_of(self.ledger())

    @property
    def next(self) -> int:
        """The number that the next deployment takes, by the ledger as it was read last."""
        return max(one.generation for one in self.last) + 1

    def restore(self) -> None:
        """
        Let whoever was the champion before be it again, where the way back was not come to.

        Raises:
            Inconclusive: The command failed; who serves is what its last words say.
        """
        if not self.before or self.truth().champion == truth_of(self.before).champion:
            return
        wanted = str(truth_of(self.before).champion)
        code, lines = self.command("promote", wanted, "--reason", "restored by the proof that changed it")
        if code != 0:
            raise Inconclusive(
                f"wanted version {wanted} in {self.environment} again, got exit code {code}: {lines[-3:]}"
            )

    def command(self, *arguments: str) -> tuple[int, list[str]]:
        """Run ``switchyard model ENV ...``; its exit code and its lines."""
        lines: list[str] = []
        job = self.hands.declared.jobs[JOB]
        code = run_inside(
            self.hands.kube,
            job=job,
            environment=self.environment,
            arguments=arguments,
            tell=lines.append,
            run_id=self.hands.run_id,
        )
        return code, lines

    def promote(self) -> tuple[Fact, ...]:
        """Run the DAG with the batch, and trace what came of it through every place."""
        inquiry, run = Inquiry(self.environment), self._name("promoted")
        if not self._ran(inquiry, run, probe="run-succeeded", wanted="success"):
            return tuple(inquiry.facts)
        inquiry.ask(
            "run-of-commit",
            wanted=self.hands.served,
            got=lambda: str(self.door.run(run, dag=DAG).get("bundle_version")),
        )
        registered = self.door.returned(run, "register", dag=DAG)
        receipt = self.door.returned(run, "announce", dag=DAG)
        self.version, ledger = int(registered["version"]), self.ledger()
        now = truth_of(ledger)
        champion = self.places.champion
        inquiry.ask("run-in-registry", wanted=str(registered["run_id"]), got=lambda: str(champion()["run_id"]))
        inquiry.ask("digest-in-registry", wanted=now.digest, got=lambda: _tag(champion(), DIGEST))
        # To the commit: that people are told comes after it.
        inquiry.facts.append(Timing(phase="promotion", took_s=self._took_s(run), budget_s=PROMOTION_BUDGET_S))
        inquiry.facts += [
            Timing(phase=f"promotion.{step}", took_s=float(took_s)) for step, took_s in receipt["durations_s"].items()
        ]
        inquiry.facts.append(read_receipt(receipt, environment=self.environment))
        met = [one["name"] for one in receipt["criteria"] if one["met"] is True]
        inquiry.ask("criteria-met", wanted=CRITERIA, got=lambda: ", ".join(met))
        self.places.trace(inquiry, version=self.version, now=now)
        return (*inquiry.facts, *ledger)

    def refuse(self) -> tuple[Fact, ...]:
        """Run the DAG with nothing new: the gate has to stop it."""
        inquiry, run = Inquiry(self.environment), self._name("refused")
        if not self._ran(inquiry, run, probe="run-failed", wanted="failed"):
            return tuple(inquiry.facts)
        tasks = self.door.tasks(run, dag=DAG)
        inquiry.ask("gate-stopped", wanted="stop", got=lambda: str(self.door.returned(run, "gate", dag=DAG)["outcome"]))
        states = {str(tasks[name]["state"]) for name in PLACED}
        skipped = f"{', '.join(PLACED)}: skipped"
        inquiry.ask("tasks-skipped", wanted=skipped, got=lambda: f"{', '.join(PLACED)}: {', '.join(sorted(states))}")
        return (*inquiry.facts, *self.ledger())

    def roll_back(self) -> tuple[Fact, ...]:
        """Type the operator's command, and ask every place for the version from before."""
        inquiry, lines = Inquiry(self.environment), list[str]()

        def typed() -> str:
            code, told = self.command("rollback", "--reason", "the proof wants the version from before")
            lines.extend(told)
            return str(code) if code == 0 else f"{code}: {' / '.join(told[-3:])}"

        inquiry.ask("rollback-accepted", wanted="0", got=typed)
        inquiry.ask("rollback-watched", wanted="users asked, 0 failed", got=lambda: _watched(lines))
        ledger = self.ledger()
        took_s = truth_of(ledger).took_s
        inquiry.facts.append(Timing(phase="rollback, decided to verified", took_s=took_s, budget_s=ROLLBACK_BUDGET_S))
        self.places.trace(inquiry, version=truth_of(self.before).champion, now=truth_of(ledger))
        return (*inquiry.facts, *ledger)

    def known(self) -> tuple[Fact, ...]:
        """What the trainings recorded for the row that the client asks for: its first golden row, and sample 0."""
        mlflow, found = self.hands.mlflow(), []
        for version in sorted({truth_of(self.before).champion, self.version, *self.deployed} - {0}):
            source = str(mlflow.version("wine", str(version))["source"])
            kept = json.loads(mlflow.content(f"{source.rpartition('/')[0]}/golden.json"))
            outputs = tuple(float(value) for value in kept["rows"][0]["probabilities"])
            found.append(Known(environment=self.environment, version=version, outputs=outputs))
        return tuple(found)

    def registered(self, deploy_id: str) -> tuple[int, ...]:
        """The versions that a deployment has in the registry."""
        page = self.hands.mlflow().rest.get(SEARCH, query={"filter": "name = 'wine'", "max_results": "1000"})
        return tuple(sorted(int(one["version"]) for one in page["model_versions"] if _tag(one, DEPLOY) == deploy_id))

    def _ran(self, inquiry: Inquiry, run: str, *, probe: str, wanted: str) -> bool:
        def accepted() -> str:
            self.door.trigger(run, conf={"reason": f"proof {self.hands.run_id}"}, dag=DAG)
            return "accepted"

        # Else the run would be one of a commit that was served before, by a proof that has put it back meanwhile.
        inquiry.ask("dag-of-commit", wanted=self.hands.served, got=lambda: self.door.bundle(DAG), within_s=READ_S)
        if not inquiry.ask("run-accepted", wanted="accepted", got=accepted):
            return False
        return inquiry.ask(
            probe,
            wanted=wanted,
            got=lambda: self._state(run, wanted=wanted),
            within_s=RUN_S,
            is_over=lambda state: state.startswith(OVER),
        )

    def _state(self, run: str, *, wanted: str) -> str:
        """State of a run; where it failed and nobody wanted that, with the reason."""
        state = str(self.door.run(run, dag=DAG)["state"])
        return self.door.ended(run, dag=DAG) if state == "failed" != wanted else state

    def _took_s(self, run: str) -> float:
        """From the trigger to the commit, by Airflow's own clock."""
        asked = datetime.fromisoformat(str(self.door.run(run, dag=DAG)["queued_at"]))
        committed = datetime.fromisoformat(str(self.door.tasks(run, dag=DAG)["commit"]["end_date"]))
        return round((committed - asked).total_seconds(), 1)

    def _name(self, chapter: str) -> str:
        return f"{self.hands.name}-{chapter}"


def _watched(lines: Iterable[str]) -> str:
    """What the command says of users' answers after it."""
    counted = [found for line in lines if (found := WATCHED.fullmatch(line))]
    if len(counted) != 1:
        return f"counted {len(counted)} times"
    answers, failed = (int(number) for number in counted[0].groups())
    return f"{'users' if answers else 'nobody'} asked, {failed} failed"


def _tag(version: Mapping[str, Any], name: str) -> str:
    return {tag["key"]: str(tag["value"]) for tag in version.get("tags") or ()}.get(name, "none")
