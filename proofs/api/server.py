"""A real etcd and a real kube-apiserver on loopback: no root, no container, no controller."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from switchyard.kube import Kube, connect
from switchyard.waiting import wait_until

__all__ = ["ADMIN", "NOBODY", "OBSERVER", "OPERATOR", "STRANGER", "ApiServer", "Binaries", "find_binaries"]

ADMIN: Final = "admin"
OBSERVER: Final = "observer"
"""Has the engine's first role: reads everything and writes nothing."""
OPERATOR: Final = "operator"
"""Has both of the engine's roles."""
NOBODY: Final = "nobody"
"""Is known and may nothing."""
STRANGER: Final = "stranger"
"""Is not known."""

START_S: Final = 30.0
PROGRAMS: Final = ("etcd", "kube-apiserver")


@dataclass(frozen=True)
class Binaries:
    """Programs of the control plane, and Argo CD's manifests beside them."""

    folder: Path
    operators: Path
    """What was built beside the operators; their definitions are below it."""

    @property
    def definitions(self) -> tuple[Path, ...]:
        """Custom resource definitions of Argo CD and of the platform's operators."""
        own = (self.argo_cd / f"{name}-crd.yaml" for name in ("application", "applicationset", "appproject"))
        return (*own, *sorted(self.operators.glob("crds/*.yaml")))

    @property
    def argo_cd(self) -> Path:
        """The folder of Argo CD's own definitions."""
        return self.folder / "argo-cd/manifests/crds"


def find_binaries(environment: Mapping[str, str]) -> Binaries:
    """
    ``SWITCHYARD_BIN``, or the newest ``control-*`` of the cache; and the newest ``kubernetes-agents-*``.

    Raises:
        FileNotFoundError: None is complete; says what makes one.
    """
    cache = Path(environment.get("SWITCHYARD_CACHE") or Path.home() / ".cache/switchyard")
    named = environment.get("SWITCHYARD_BIN")
    candidates = [Path(named)] if named else _newest(cache, "control")
    for folder in candidates:
        for operators in _newest(cache, "kubernetes-agents"):
            found = Binaries(folder, operators)
            if all((folder / name).is_file() for name in PROGRAMS) and found.argo_cd.is_dir():
                return found
    looked = ", ".join(map(str, candidates)) or f"{cache}/bin/control-*"
    raise FileNotFoundError(
        f"the api tier needs {' and '.join(PROGRAMS)}, Argo CD's manifests and the operators' definitions; looked in "
        f"{looked} and {cache}/bin/kubernetes-agents-*. Build them with `switchyard toolchain control "
        "kubernetes-agents`, or name the first folder in SWITCHYARD_BIN"
    )


def _newest(cache: Path, family: str) -> list[Path]:
    return sorted(cache.glob(f"bin/{family}-*"), key=os.path.getmtime, reverse=True)


@dataclass
class ApiServer:
    """
    One API server with its own etcd. Users are known by static tokens.

    Args:
        binaries: The programs.

        folder: Empty; certificates, data and logs go there.
    """

    binaries: Binaries
    folder: Path
    _etcd_port: int = 0
    _port: int = 0
    _processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _open: list[Kube] = field(default_factory=list)

    def start(self) -> ApiServer:
        """Start both and wait until the API server is ready."""
        self._etcd_port, peer_port, self._port = _free_ports(3)
        self._write_files()
        peer = f"http://127.0.0.1:{peer_port}"
        self._run(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls={self.etcd}",
            f"--advertise-client-urls={self.etcd}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",  # a test's data needs to outlive nothing
            "--log-level=error",
        )
        self.start_api()
        return self

    def start_api(self) -> None:
        """Start the API server alone, on the data that is there."""
        self._run(
            "kube-apiserver",
            f"--etcd-servers={self.etcd}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
            "--endpoint-reconciler-type=none",  # loopback is no address to advertise
            f"--cert-dir={self.folder / 'certs'}",
            f"--token-auth-file={self.folder / 'tokens.csv'}",
            "--anonymous-auth=false",
            "--authorization-mode=RBAC",
            f"--service-account-key-file={self.folder / 'sa.key'}",
            f"--service-account-signing-key-file={self.folder / 'sa.key'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--disable-admission-plugins=ServiceAccount",  # nobody makes the accounts that it asks for
        )
        wait_until(
            self._state,
            what=f"the API server is ready (log: {self.folder / 'kube-apiserver.log'})",
            ready=lambda state: state == "ok",
            failed=lambda state: state.startswith("exited"),
            within_s=START_S,
        )

    def client(self, user: str = ADMIN) -> Kube:
        """A client for one user; closed with the server."""
        kube = connect(self.kubeconfig, context=user)
        self._open.append(kube)
        return kube

    @property
    def kubeconfig(self) -> Path:
        """One context a user."""
        return self.folder / "kubeconfig"

    def freeze(self) -> None:
        """Let the API server hang: it accepts connections and answers nothing."""
        self._processes["kube-apiserver"].send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._processes["kube-apiserver"].send_signal(signal.SIGCONT)

    def kill_api(self) -> None:
        """Kill the API server; etcd stays."""
        process = self._processes.pop("kube-apiserver")
        process.kill()
        process.wait()

    def revive(self) -> None:
        """Start the API server again where it was killed."""
        if "kube-apiserver" not in self._processes:
            self.start_api()

    def stop(self) -> None:
        """Close the clients and end what still runs."""
        for kube in self._open:
            kube.close()
        for process in self._processes.values():
            process.kill()
            process.wait()

    @property
    def etcd(self) -> str:
        """Where the store behind the API server listens."""
        return f"http://127.0.0.1:{self._etcd_port}"

    def _run(self, program: str, *arguments: str) -> None:
        # The kernel ends them with us, however we end.
        tied = ["setpriv", "--pdeathsig=KILL"] if shutil.which("setpriv") else []
        with (self.folder / f"{program}.log").open("ab") as log:
            self._processes[program] = subprocess.Popen(
                [*tied, str(self.binaries.folder / program), *arguments], stdout=log, stderr=log
            )

    def _state(self) -> str:
        code = self._processes["kube-apiserver"].poll()
        certificate = self.folder / "certs/apiserver.crt"
        if code is not None or not certificate.exists():
            return f"exited {code}" if code is not None else "no certificate yet"
        try:
            context = ssl.create_default_context(cafile=certificate)
            answer = httpx.get(
                f"https://127.0.0.1:{self._port}/readyz",
                verify=context,
                headers={"Authorization": f"Bearer {ADMIN}-token"},
                trust_env=False,
            )
        except (httpx.TransportError, ssl.SSLError) as exc:
            return f"starting: {exc}"
        return answer.text

    def _write_files(self) -> None:
        users = {ADMIN: '"system:masters"', OBSERVER: "", OPERATOR: "", NOBODY: ""}
        rows = [f"{user}-token,{user},{user}" + (f",{group}" if group else "") for user, group in users.items()]
        (self.folder / "tokens.csv").write_text("\n".join(rows) + "\n")
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        (self.folder / "sa.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        cluster = {
            "server": f"https://127.0.0.1:{self._port}",
            "certificate-authority": str(self.folder / "certs/apiserver.crt"),
        }
        everybody = (*users, STRANGER)
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "api", "cluster": cluster}],
            "users": [{"name": user, "user": {"token": f"{user}-token"}} for user in everybody],
            "contexts": [{"name": user, "context": {"cluster": "api", "user": user}} for user in everybody],
            "current-context": ADMIN,
        }
        self.kubeconfig.write_text(yaml.safe_dump(document))


def _free_ports(number: int) -> list[int]:
    """Ports that were free a moment ago; all are held open until the last is known, so they differ."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports
