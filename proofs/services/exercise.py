"""
Everything that the services are for, done once: each part in a thread of its own, environment by environment.

A part asks one service in one environment and gives facts. A run of Airflow's takes longest; the others wait beside it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from switchyard.errors import NotFound, Unreadable, as_fact
from switchyard.gitsource import GitSource
from switchyard.kube import Kube
from switchyard.probe import open_store
from switchyard.probe.known import document, fill
from switchyard.probe.s3 import Store
from switchyard.probe.secret import secret
from switchyard.yard import HttpProbe, S3Probe, Yard
from yardfacts.facts import Fact
from yardfacts.target import Target

from . import airflow, alertmanager, loki, mlflow, prometheus, tracing
from .airflow import Airflow, Run
from .alertmanager import Alertmanager
from .inquiry import Inquiry
from .loki import Loki, Writer
from .mlflow import Mlflow
from .prometheus import Prometheus
from .rest import Rest
from .tracing import Trace

__all__ = ["PARTS", "Hands", "exercise"]

LINES: Final = 15
"""An environment, three of each namespace that is shipped; fewer than ten say nothing about a percentile."""
GOLDEN: Final = "serving/models/wine/golden.json"


@dataclass(frozen=True)
class Hands:
    """What reaches the services of one environment, and the names of what is left in them."""

    environment: str
    kube: Kube
    target: Target
    declared: Yard
    run_id: str
    deserted: tuple[str, ...]
    """Namespaces of a layer that is off: monitors find nobody in them."""
    patience_s: float = 0.0
    """How long a service may take until it lets us in; 0 where nothing may be starting."""
    nonce: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def name(self) -> str:
        """Of everything that is made: whose it is, and which time."""
        return f"proof-{self.run_id}-{self.nonce}"

    @property
    def run(self) -> Run:
        """The run of Airflow's that ``scheduling`` makes."""
        return Run(self.name, self.nonce)

    @property
    def served(self) -> str:
        """The commit that the git source serves."""
        source = GitSource.of(self.target)
        return source.head() if source else self.target.commit

    def mlflow(self) -> Mlflow:
        """MLflow, as its administrator."""
        login = (mlflow.ADMIN, self._secret("mlflow_admin_password"))
        return Mlflow(Rest(self.kube, mlflow.url(self.environment), login=login))

    def airflow(self) -> Airflow:
        """Airflow, as its administrator."""
        door = Airflow(Rest(self.kube, airflow.url(self.environment)))
        return door.logged_in(user=airflow.ADMIN, password=self._secret("airflow_admin_password"))

    def loki(self) -> Loki:
        """Loki."""
        return Loki(Rest(self.kube, loki.url(self.environment)))

    def writers(self) -> tuple[Writer, ...]:
        """One of every namespace that is shipped; no credential, for the path is all that counts."""
        env, api = self.environment, "/v2/repository/models/{}/load"
        core = (
            Writer(f"mlflow-{env}", Rest(self.kube, mlflow.url(env))),
            Writer(f"airflow-{env}", Rest(self.kube, airflow.url(env)), "/api/v2/{}"),
            Writer(f"fastapi-{env}", Rest(self.kube, f"http://fastapi-{env}-service.fastapi-{env}")),
            # Of all that it refuses it writes down only a model to load that nobody has published.
            Writer(f"triton-{env}", Rest(self.kube, f"http://triton.triton-{env}:8000"), api, method="POST"),
        )
        layer = Writer(f"feature-store-{env}", Rest(self.kube, f"http://feast-{env}.feature-store-{env}:6566"))
        return core if layer.namespace in self.deserted else (*core, layer)

    def stranger(self) -> Writer:
        """One that writes the same way, in a namespace that is not shipped."""
        env = self.environment
        return Writer(f"monitoring-{env}", Rest(self.kube, alertmanager.sink_url(env)))

    def prometheus(self) -> Prometheus:
        """Prometheus."""
        return Prometheus(Rest(self.kube, prometheus.url(self.environment)))

    def alertmanager(self) -> Alertmanager:
        """Alertmanager and its receiver."""
        door = Rest(self.kube, alertmanager.url(self.environment))
        return Alertmanager(door, Rest(self.kube, alertmanager.sink_url(self.environment)))

    @property
    def place(self) -> S3Probe:
        """Where the object store is, and the bucket in it that is the proof's own."""
        return next(
            one for one in self.declared.probes if isinstance(one, S3Probe) and one.environment == self.environment
        )

    def store(self) -> Store:
        """The object store."""
        return open_store(self.place, kube=self.kube, secrets_file=self.target.secrets_file)

    def trace(self) -> Trace:
        """
        The places where a model's version stands.

        Raises:
            Unreadable: The registry does not tell who the champion is.
        """
        inference = next(
            one
            for one in self.declared.probes
            if isinstance(one, HttpProbe) and (one.name, one.environment) == ("gateway", self.environment)
        )
        champion = next(one for one in self.declared.known if one.environment == self.environment)
        return Trace(
            mlflow=self.mlflow(),
            triton=Rest(self.kube, f"http://triton.triton-{self.environment}:8000"),
            gateway=Rest(self.kube, f"http://fastapi-{self.environment}-service.fastapi-{self.environment}"),
            inference=fill(inference, kube=self.kube, secrets_file=self.target.secrets_file).body,
            golden=self.declared.checkout / GOLDEN,
            kept=document(champion, kube=self.kube, secrets_file=self.target.secrets_file),
        )

    def _secret(self, key: str) -> str:
        return secret(self.target.secrets_file, environment=self.environment, key=key)


def _tracking(hands: Hands, inquiry: Inquiry) -> None:
    mlflow.keep_a_run(hands.mlflow(), inquiry, name=hands.name, run_id=hands.run_id, patience_s=hands.patience_s)


def _scheduling(hands: Hands, inquiry: Inquiry) -> None:
    run, served = hands.run, hands.served
    doors: list[Airflow] = []

    def entered() -> str:
        doors.append(hands.airflow())
        return "a token"

    if not inquiry.ask("token-given", wanted="a token", got=entered, within_s=hands.patience_s):
        return
    door = doors[0]
    # Each is asked only if the one before went well: nobody waits for what cannot come.
    if (
        airflow.check_health(door, inquiry, patience_s=hands.patience_s)
        and airflow.start(door, inquiry, run=run, served=served)
        and airflow.finish(door, inquiry, run=run, kube=hands.kube, served=served)
    ):
        airflow.read_logs(inquiry, run=run, store=hands.store)


def _logging(hands: Hands, inquiry: Inquiry) -> None:
    door, writers = hands.loki(), hands.writers()
    loki.check_stranger(
        door,
        inquiry,
        stranger=hands.stranger(),
        text=f"{hands.name}-stranger",
        ship_others=lambda: loki.ship(door, inquiry, writers=writers, nonce=hands.name, count=LINES),
    )
    loki.check_namespaces(door, inquiry, wrote=lambda: [writer.namespace for writer in writers])


def _metering(hands: Hands, inquiry: Inquiry) -> None:
    door = hands.prometheus()
    prometheus.check_sample(door, inquiry, kube=hands.kube)
    prometheus.check_rules(door, inquiry, kube=hands.kube)
    prometheus.check_monitors(door, inquiry, kube=hands.kube, deserted=hands.deserted)


def _alerting(hands: Hands, inquiry: Inquiry) -> None:
    alertmanager.deliver(hands.alertmanager(), inquiry, nonce=hands.name, run_id=hands.run_id)
    alertmanager.check_watchdog(hands.alertmanager(), inquiry, prometheus=hands.prometheus())


def _tracing(hands: Hands, inquiry: Inquiry) -> None:
    tracing.follow(hands.trace(), inquiry)


PARTS: Final[Mapping[str, Callable[[Hands, Inquiry], None]]] = {
    "scheduling": _scheduling,
    "tracking": _tracking,
    "logging": _logging,
    "metering": _metering,
    "alerting": _alerting,
    "tracing": _tracing,
}


def exercise(every: Iterable[Hands], *, parts: Iterable[str] = tuple(PARTS)) -> tuple[Fact, ...]:
    """
    Do *parts* in every environment, all at once; facts in the order of parts and environments.

    Raises:
        Misconfigured: The secrets file lacks a credential.
    """
    todo = [(name, hands) for name in parts for hands in every]
    with ThreadPoolExecutor(max(len(todo), 1), thread_name_prefix="exercise") as threads:
        return tuple(chain.from_iterable(threads.map(lambda one: _done(*one), todo)))


def _done(name: str, hands: Hands) -> list[Fact]:
    inquiry = Inquiry(hands.environment)
    try:
        PARTS[name](hands, inquiry)
    except (Unreadable, NotFound) as exc:
        # Before a question could be asked: nobody can tell what the answer would have been.
        return [*inquiry.facts, as_fact(f"probe {name} ({hands.environment})", exc)]
    return inquiry.facts
