"""What the parts of a node have to know about one another: where it lives, its addresses, its programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yardnode.network import Network
from yardnode.pki import Pki

__all__ = ["API_PORT", "Plan", "keep"]

API_PORT = 6443


@dataclass(frozen=True, kw_only=True)
class Plan:
    """One node, as decided before anything of it runs."""

    state: Path
    network: Network
    programs: Mapping[str, Path]
    """Binary's name -> file."""

    @property
    def yard_id(self) -> str:
        """The yard's name, 8 hexadecimal digits."""
        return self.network.yard_id

    @property
    def node_name(self) -> str:
        """The Node object's name."""
        return f"yard-{self.yard_id}"

    @property
    def pki(self) -> Pki:
        """Keys and certificates."""
        return Pki(self.state / "pki")

    @property
    def etc(self) -> Path:
        """Configuration files of the components."""
        return self.state / "etc"

    @property
    def run(self) -> Path:
        """Sockets."""
        return self.state / "run"

    @property
    def api_url(self) -> str:
        """The API server, as the host and the node reach it."""
        return f"https://{self.network.node_address}:{API_PORT}"

    @property
    def api_endpoint(self) -> str:
        """The API server as an endpoint that components wait for."""
        return f"tcp:{self.network.node_address}:{API_PORT}"

    @property
    def permissions(self) -> Path:
        """A file that appears when the API server knows what the node's own services may read."""
        return self.run / "permissions"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.pki.folder / "admin.kubeconfig"

    @property
    def containerd_socket(self) -> Path:
        """containerd's socket, as the host reaches it."""
        return self.run / "containerd.sock"

    def program(self, name: str) -> str:
        """Path of a binary."""
        return str(self.programs[name])


def keep(path: Path, content: str) -> Path:
    """
    Write *content* unless the file says so already, and return *path*.

    A component that watches its configuration (kube-proxy) ends itself when the file is written, changed or not.
    """
    if not path.exists() or path.read_text() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return path
