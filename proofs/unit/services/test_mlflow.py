"""What is removed from MLflow is looked for afterwards: a server that says yes and keeps it is told."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field, replace

import httpx
import pytest
from proofs.services.inquiry import Inquiry
from proofs.services.mlflow import Mlflow, keep_a_run

from yardfacts.facts import Answer

from .conftest import Play

HOME = "mlflow-artifacts:/7/run/artifacts"
KNOWN = f"Basic {base64.b64encode(b'admin:known').decode()}"
LEFT = ("the model", "the file", "the experiment")


@dataclass
class Server:
    """As much of MLflow as one run needs; *stubborn* names what it says to have removed and keeps."""

    stubborn: str = ""
    forgetful: bool = False
    """Whether it has lost the model by itself before anybody removed it."""
    kept: dict[str, bytes] = field(default_factory=dict)
    name: str = ""
    gone: set[str] = field(default_factory=set)

    def __call__(self, asked: httpx.Request) -> httpx.Response:
        path = asked.url.path
        if path.endswith("/experiments/search"):
            known = asked.headers.get("authorization") == KNOWN
            return httpx.Response(200 if known else 401, json={})
        if "/mlflow-artifacts/artifacts" in path:
            return self._files(asked, path.partition("/artifacts/")[2])
        return self._registry(asked.method, path, asked)

    def _files(self, asked: httpx.Request, name: str) -> httpx.Response:
        match asked.method:
            case "PUT":
                self.kept[name] = asked.content
            case "DELETE" if self.stubborn != "the file":
                del self.kept[name]
            case "GET" if name:
                return httpx.Response(200, content=self.kept[name])
            case "GET":
                home = asked.url.params["path"]
                files = [{"path": key.rpartition("/")[2]} for key in self.kept if key.startswith(f"{home}/")]
                return httpx.Response(200, json={"files": files} if files else {})
        return httpx.Response(200, json={})

    def _registry(self, method: str, path: str, asked: httpx.Request) -> httpx.Response:
        said = json.loads(asked.content or b"{}")
        if method == "DELETE":
            self.gone |= {"the model"} - {self.stubborn}
        elif path.endswith("/experiments/delete"):
            self.gone |= {"the experiment"} - {self.stubborn}
        elif path.endswith("/registered-models/get") and (self.forgetful or "the model" in self.gone):
            return httpx.Response(404, json={"error_code": "RESOURCE_DOES_NOT_EXIST"})
        self.name = said.get("run_name", self.name)
        info = {"run_id": "run", "artifact_uri": HOME, "status": "FINISHED"}
        data = {"params": [{"key": "nonce", "value": self.name}], "metrics": [{"key": "measured", "value": 0.5}]}
        stage = "deleted" if "the experiment" in self.gone else "active"
        return httpx.Response(
            200,
            json={
                "experiment_id": "7",
                "experiment": {"lifecycle_stage": stage},
                "run": {"info": info, "data": data},
                "model_version": {"version": "1", "status": "READY", "source": HOME},
            },
        )


def _said(play: Play, server: Server) -> dict[str, tuple[str, str]]:
    inquiry = Inquiry("dev")
    keep_a_run(Mlflow(replace(play(server), login=("admin", "known"))), inquiry, name="proof-1", run_id="r")
    return {fact.probe: (fact.outcome, fact.got) for fact in inquiry.facts if isinstance(fact, Answer)}


def test_a_run_is_kept_and_removed(play: Play) -> None:
    """Everything is right when everything was there and is gone afterwards."""
    said = _said(play, Server())
    assert {outcome for outcome, _ in said.values()} == {"right"}, said
    assert said["run-forgotten"] == ("right", "removed")


@pytest.mark.parametrize("left", LEFT)
def test_what_stays_is_named(play: Play, left: str) -> None:
    """A server that answers 200 to the removal and keeps the thing did not remove it."""
    assert _said(play, Server(stubborn=left))["run-forgotten"] == ("wrong", f"left: {left}")


def test_what_was_never_there_was_not_removed(play: Play) -> None:
    """A model that nobody finds before its removal proves nothing by not being found after it."""
    said = _said(play, Server(forgetful=True))
    assert said["run-forgotten"] == ("wrong", "not all of it was there to be removed")
