"""containerd with its CNI plugins, and the sandbox image made from Debian's static ``catatonit``."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from yardnode.images import Image
from yardnode.plan import Plan, keep
from yardnode.processes import Component

__all__ = ["CATATONIT", "component", "configure", "pause_image", "pause_reference"]

CATATONIT = Path("/usr/bin/catatonit")  # package catatonit: static, reaps children, `-P` only waits
CNI_NAME = "yard"


def pause_reference() -> str:
    """Full name of the sandbox image; the tag is the binary's content."""
    return f"switchyard.local/pause:{hashlib.sha256(CATATONIT.read_bytes()).hexdigest()[:16]}"


def pause_image(archive: Path) -> Image:
    """Write the sandbox image as a docker archive, the same bytes for the same binary."""
    layer = _tar({"pause": CATATONIT.read_bytes()}, mode=0o755)
    digest = hashlib.sha256(layer).hexdigest()
    config = json.dumps(
        {
            "architecture": _architecture(CATATONIT),
            "os": "linux",
            "config": {"Entrypoint": ["/pause", "-P"], "User": "65535:65535"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
    ).encode()
    manifest = [{"Config": "config.json", "RepoTags": [pause_reference()], "Layers": ["layer.tar"]}]
    content = {"config.json": config, "layer.tar": layer, "manifest.json": json.dumps(manifest).encode()}
    part = archive.with_suffix(".part")
    part.write_bytes(_tar(content, mode=0o644))
    part.rename(archive)
    return Image(name="pause", ref=pause_reference(), archive=archive)


def configure(plan: Plan, *, oom_adjustable: bool) -> None:
    """
    Write containerd's configuration and the CNI network.

    Args:
        oom_adjustable: Whether oom_score_adj may be lowered on this machine.
    """
    keep(plan.etc / "containerd.toml", _toml(plan, oom_adjustable=oom_adjustable))
    keep(plan.etc / "cni" / "10-yard.conflist", json.dumps(_network(plan), indent=1))


def component(plan: Plan) -> Component:
    """The containerd process."""
    programs = {plan.programs[name].parent for name in ("containerd-shim-runc-v2", "runc")}
    # Debian's PATH for root, spelled out: the caller's may lack /sbin, where iptables is.
    path = ":".join([*map(str, sorted(programs)), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
    return Component(
        name="containerd",
        argv=(plan.program("containerd"), f"--config={plan.etc}/containerd.toml"),
        environment={"PATH": path},
    )


def _toml(plan: Plan, *, oom_adjustable: bool) -> str:
    plugins = json.dumps(sorted({str(plan.programs[name].parent) for name in ("bridge", "host-local", "portmap")}))
    return f"""\
version = 3
root = "{plan.state}/containerd"
state = "{plan.run}/containerd"
imports = []
# Snapshotters that need file systems or devices which a fresh machine lacks; each would log an error at every start.
disabled_plugins = [
  "io.containerd.snapshotter.v1.blockfile",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.erofs",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.nri.v1.nri",  # listens at a fixed place of the host
  "io.containerd.internal.v1.opt",  # the same
]

[grpc]
  address = "{plan.containerd_socket}"

[ttrpc]
  address = "{plan.run}/containerd.ttrpc"

[plugins.'io.containerd.metadata.v1.bolt']
  no_sync = true  # the state is thrown away

[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "{pause_reference()}"

[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE no score may be lowered; runc fails every pod that asks for it.
  restrict_oom_score_adj = {str(not oom_adjustable).lower()}
  netns_mounts_under_state_dir = true
  enable_criu = false
  # Its own pace is a second, which asks every shim of sixty pods; the kubelet wants these figures every ten.
  stats_collect_period = "10s"
  stats_retention_period = "2m"

  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = {plugins}
    conf_dir = "{plan.etc}/cni"

  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = "{plan.program("runc")}"
      SystemdCgroup = false
"""


def _network(plan: Plan) -> dict[str, object]:
    return {
        "cniVersion": "1.0.0",
        "name": CNI_NAME,
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isGateway": True,
                "ipMasq": False,  # nothing leaves the namespace, so no source needs hiding
                "hairpinMode": True,  # a pod may reach itself through its service
                "ipam": {
                    "type": "host-local",
                    "dataDir": f"{plan.state}/cni/addresses",
                    "ranges": [[{"subnet": str(plan.network.pods)}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def _tar(files: dict[str, bytes], *, mode: int) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _architecture(binary: Path) -> str:
    machine = int.from_bytes(binary.read_bytes()[18:20], "little")  # e_machine of the ELF header
    return {0x3E: "amd64", 0xB7: "arm64"}[machine]
