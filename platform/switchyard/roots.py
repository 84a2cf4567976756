"""The root's manifest, made whole: placeholders replaced by what the surviving roots say."""

from __future__ import annotations

import yaml

from switchyard.errors import Misconfigured, Unmet
from switchyard.kinds import APPLICATIONS
from switchyard.kube import Kube
from switchyard.objects import Json, dig
from switchyard.yard import Layer, Yard

__all__ = ["root_manifest"]


def root_manifest(kube: Kube, *, yard: Yard, layer: Layer) -> Json:
    """
    The root's manifest with the placeholders replaced by the source of a root that is always there.

    Raises:
        Unmet: There is a placeholder and no such root, or the manifest would not keep the layer attached by itself.
        Misconfigured: The file is missing or is no Application of the layer's name.
    """
    if layer.manifest is None:
        raise Misconfigured(where=str(yard.path), key=f"layers.{layer.name}.manifest", wanted="a file", got=None)
    try:
        manifest = yaml.safe_load(layer.manifest.read_text())
    except (OSError, yaml.YAMLError) as exc:
        key = f"layers.{layer.name}.manifest"
        raise Misconfigured(where=str(yard.path), key=key, wanted="a YAML file that can be read", got=str(exc)) from exc
    if dig(manifest, "kind") != APPLICATIONS.kind or dig(manifest, "metadata", "name") != layer.root:
        got = f"{dig(manifest, 'kind')} {dig(manifest, 'metadata', 'name')}"
        raise Misconfigured(where=str(layer.manifest), key="kind, name", wanted=f"Application {layer.root}", got=got)
    automated = dig(manifest, "spec", "syncPolicy", "automated") or {}
    if not (automated.get("prune") and automated.get("selfHeal")):
        raise Unmet(f"{layer.manifest}: wanted automated with prune and selfHeal, got {automated}; nothing was written")
    source = dig(manifest, "spec", "source") or {}
    if source.get("repoURL") != yard.placeholders.repo_url:
        return dict(manifest)
    live = _surviving_source(kube, yard=yard, layer=layer)
    source["repoURL"] = live["repoURL"]
    if source.get("targetRevision") == yard.placeholders.revision:
        source["targetRevision"] = live["targetRevision"]
    return dict(manifest)


def _surviving_source(kube: Kube, *, yard: Yard, layer: Layer) -> Json:
    siblings = [name for other in yard.layers.values() for name in other.roots if name != layer.root]
    for name in siblings:
        live = kube.find(APPLICATIONS, name, namespace=yard.namespace)
        source = dig(live, "spec", "source")
        if source and source.get("repoURL") and source.get("targetRevision"):
            return dict(source)
    raise Unmet(
        f"{layer.root}: its manifest has placeholders, and none of the roots that should always be there "
        f"({', '.join(siblings) or 'yard.toml names none'}) exists to take the source from; nothing was written"
    )
