"""The one door to the node's Kubernetes API: kubectl with the administrator's kubeconfig."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml

from yardnode import commands
from yardnode.errors import CommandFailed
from yardnode.plan import Plan
from yardnode.processes import read_board
from yardnode.waiting import wait_until

__all__ = ["FIELD_MANAGER", "Cluster"]

T = TypeVar("T")

FIELD_MANAGER = "yardnode"
APPLY_WITHIN_S = 60.0


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """One node's API. Every wait looks at the supervisor's board first: a dead component ends it at once."""

    kubectl: Path
    kubeconfig: Path
    state: Path

    @classmethod
    def of(cls, plan: Plan) -> Cluster:
        """The API of the planned node."""
        return cls(kubectl=plan.programs["kubectl"], kubeconfig=plan.kubeconfig, state=plan.state)

    def apply(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """
        Apply objects server-side, in their order; they travel by standard input and appear in no message.

        Raises:
            CommandFailed: The API server refused one.
        """
        self.apply_text(yaml.safe_dump_all(documents, sort_keys=False))

    def apply_text(self, text: str) -> None:
        """
        Apply objects server-side from YAML text.

        Raises:
            CommandFailed: The API server refused one.
        """
        # Conflicts are forced: what bring-up applies is nobody else's to decide.
        self._run(
            "apply",
            "--server-side",
            "--force-conflicts",
            f"--field-manager={FIELD_MANAGER}",
            "--filename=-",
            stdin=text,
        )

    def kustomize(self, folder: Path) -> str:
        """Render a kustomization; returns YAML text."""
        return commands.output([self.kubectl, "kustomize", folder], within_s=APPLY_WITHIN_S)

    def get(self, kind: str, name: str, *, namespace: str = "") -> dict[str, Any] | None:
        """
        One object; None where the API server says that it does not exist.

        Raises:
            CommandFailed: The API server did not answer.
        """
        text = self._run("get", kind, name, *_in(namespace), "--ignore-not-found", "--output=json")
        found: dict[str, Any] | None = json.loads(text) if text.strip() else None
        return found

    def list(self, kind: str, *, namespace: str = "", selector: str = "") -> list[dict[str, Any]]:
        """
        All objects of a kind, in one namespace or in all.

        Raises:
            CommandFailed: The API server did not answer.
        """
        scope = _in(namespace) or ["--all-namespaces"]
        text = self._run("get", kind, *scope, f"--selector={selector}", "--output=json")
        items: list[dict[str, Any]] = json.loads(text)["items"]
        return items

    def annotate(self, kind: str, names: Iterable[str], *, namespace: str, annotation: str) -> None:
        """Set ``key=value`` on objects, replacing an older value."""
        self._run("annotate", kind, *names, *_in(namespace), annotation, "--overwrite")

    def ready(self) -> bool:
        """Whether the API server says that it is ready; one that does not answer yet is not."""
        try:
            return self._run("get", "--raw=/readyz", within_s=5.0) == "ok"
        except CommandFailed:
            return False

    def wait(
        self, observe: Callable[[], T], *, ready: Callable[[T], bool], what: str, within_s: float, every_s: float = 0.1
    ) -> T:
        """
        Observe until *ready*, giving up at once when a component of the node has died.

        Raises:
            ComponentDied: A component or the supervisor died meanwhile.
            TimedOut: The time ran out; carries the last observation.
        """

        def attentive() -> T:
            board = read_board(self.state)
            if board is not None:
                board.check()
            return observe()

        return wait_until(attentive, ready=ready, what=what, within_s=within_s, every_s=every_s, slowest_s=0.5)

    def _run(self, *words: str, stdin: str = "", within_s: float = APPLY_WITHIN_S) -> str:
        return commands.output(
            [
                self.kubectl,
                f"--kubeconfig={self.kubeconfig}",
                f"--cache-dir={self.state}/discovery",
                f"--request-timeout={within_s:.0f}s",
                *words,
            ],
            stdin=stdin,
            within_s=within_s + 5.0,  # kubectl's own limit first, because its message says more
        )


def _in(namespace: str) -> list[str]:
    return [f"--namespace={namespace}"] if namespace else []
