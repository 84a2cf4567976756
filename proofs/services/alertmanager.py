"""Alertmanager: an alert that is posted reaches the sink at the end of its route, and so does Prometheus' own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .inquiry import Inquiry
from .prometheus import Prometheus
from .rest import Rest

__all__ = ["Alertmanager", "arrive", "check_watchdog", "deliver", "sink_url", "url"]

API: Final = "/api/v2"
WATCHDOG: Final = "Watchdog"
"""Fires always, so that silence means that the way is broken."""

DELIVERED_S: Final = 45.0
"""A group is told of what is new in it every 10 s, and a receiver that was away is tried again then."""
KNOWN_S: Final = 75.0
"""Prometheus tells an Alertmanager that was away again after a minute."""
LASTS: Final = timedelta(minutes=5)
"""Of the proof's alert: it resolves by itself, whatever becomes of the proof."""


def url(environment: str) -> str:
    """Where Alertmanager answers."""
    return f"http://monitoring-{environment}-kube-promet-alertmanager.monitoring-{environment}:9093"


def sink_url(environment: str) -> str:
    """Where the receiver answers what it received."""
    return f"http://alert-sink-{environment}.monitoring-{environment}:8080"


@dataclass(frozen=True)
class Alertmanager:
    """The door to one Alertmanager and to its receiver; raises as ``Rest`` does."""

    rest: Rest
    sink: Rest

    def post(self, *, nonce: str, namespace: str, run_id: str) -> None:
        """Post one alert, as Prometheus would."""
        now = datetime.now(UTC)
        named = {"alertname": "Proof", "namespace": namespace, "severity": "none"}
        alert = {
            "labels": {**named, "nonce": nonce, "run_id": run_id},
            "annotations": {"summary": "A proof asks whether alerts arrive."},
            "startsAt": now.isoformat(),
            "endsAt": (now + LASTS).isoformat(),
        }
        self.rest.post(f"{API}/alerts", [alert])

    def active(self) -> tuple[dict[str, Any], ...]:
        """Every alert that is neither silenced nor inhibited."""
        query = {"active": "true", "silenced": "false", "inhibited": "false"}
        return tuple(self.rest.get(f"{API}/alerts", query=query))

    def received(self, text: str) -> bool:
        """Whether a notification with *text* reached the sink."""
        return text.encode() in self.sink.content("/alerts")


def deliver(alertmanager: Alertmanager, inquiry: Inquiry, *, nonce: str, run_id: str) -> None:
    """Post an alert that only this proof knows, and wait for it in the sink."""

    def posted() -> str:
        alertmanager.post(nonce=nonce, namespace=f"monitoring-{inquiry.environment}", run_id=run_id)
        return "accepted"

    if inquiry.ask("alert-accepted", wanted="accepted", got=posted):
        arrive(alertmanager, inquiry, nonce=nonce)


def arrive(alertmanager: Alertmanager, inquiry: Inquiry, *, nonce: str) -> None:
    """Wait in the sink for an alert that was accepted."""
    inquiry.ask(
        "alert-delivered",
        wanted=f"notification with {nonce}",
        got=lambda: f"notification with {nonce}" if alertmanager.received(nonce) else "not there",
        within_s=DELIVERED_S,
    )


def check_watchdog(alertmanager: Alertmanager, inquiry: Inquiry, *, prometheus: Prometheus) -> None:
    """Ask whether the rule that always fires does, and Alertmanager knows it."""

    def firing() -> str:
        fires = any(
            one["labels"].get("alertname") == WATCHDOG and one["state"] == "firing" for one in prometheus.alerts()
        )
        known = any(one["labels"].get("alertname") == WATCHDOG for one in alertmanager.active())
        return f"{'firing' if fires else 'silent'} in Prometheus, {'known' if known else 'unknown'} to Alertmanager"

    wanted = "firing in Prometheus, known to Alertmanager"
    inquiry.ask("watchdog-fires", wanted=wanted, got=firing, within_s=KNOWN_S)
