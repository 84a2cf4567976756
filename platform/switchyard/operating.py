"""Commands that work on a cluster: attach, detach, audit and rescue."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from switchyard import rescue as rescuing
from switchyard import toggle
from switchyard.audit import audit as gather
from switchyard.errors import Misconfigured, Unmet
from switchyard.kube import Kube
from switchyard.lease import Lease, held_lease
from switchyard.settings import Settings, load_yard
from switchyard.sweep import sweep
from switchyard.targets import find_target, open_target
from switchyard.yard import Layer, Yard
from yardfacts.facts import Answer, Application, Fact, Root, Sweep, Timing, Unreadable
from yardfacts.target import Target
from yardfacts.verdict import Verdict

__all__ = ["Session", "attach", "audit", "detach", "open_session", "rescue"]


@dataclass(frozen=True, kw_only=True)
class Session:
    """What a command works on."""

    kube: Kube
    yard: Yard
    target: Target
    run_id: str


def open_session(settings: Settings) -> Session:
    """
    The yard that *settings* name, and its cluster; nothing is sent yet.

    Raises:
        Misconfigured: yard.toml is wrong.
        NoTarget: There is no cluster to work on.
    """
    yard = load_yard(settings.config)
    target = find_target(
        checkout=yard.checkout,
        name=settings.target,
        kubeconfig=settings.kubeconfig,
        context=settings.context,
        secrets_file=settings.secrets,
    )
    return Session(kube=open_target(target), yard=yard, target=target, run_id=uuid.uuid4().hex[:8])


@click.command()
@click.argument("layer")
@click.pass_obj
def attach(settings: Settings, layer: str) -> None:
    """Apply the layer's root, and wait until everything of it works."""
    session = open_session(settings)
    one = session.yard.layer(layer)
    with _toggling(session, layer=one, wanted=toggle.ATTACHED) as lease:
        done = toggle.attach(session.kube, yard=session.yard, layer=one, lease=lease, progress=click.echo)
    names = sum(isinstance(fact, Application) for fact in done.facts)
    click.echo(f"{layer} is attached: {names} Applications Synced and Healthy" + _took(done, "attach"))


@click.command()
@click.argument("layer")
@click.pass_obj
def detach(settings: Settings, layer: str) -> None:
    """Delete the layer's root once, and show that nothing of the layer is left."""
    session = open_session(settings)
    one = session.yard.layer(layer)
    with _toggling(session, layer=one, wanted=toggle.DETACHED) as lease:
        done = toggle.detach(
            session.kube, yard=session.yard, layer=one, lease=lease, run_id=session.run_id, progress=click.echo
        )
    swept = next((fact for fact in done.facts if isinstance(fact, Sweep)), None)
    if swept is None:
        swept = sweep(session.kube, yard=session.yard, layer=one, applications=done.applications)
    _report_sweep(swept, layer=layer, took=_took(done, "detach"))


@click.command()
@click.pass_obj
def audit(settings: Settings) -> None:
    """
    Print what the Applications, the roots and the services are and answer now. Needs read rights only.

    It judges nothing and keeps nothing: `make audit` takes the same look, lets claims judge it, and writes docs/audit.
    """
    session = open_session(settings)
    facts = gather(session.kube, yard=session.yard, target=session.target)
    for fact in facts:
        line = _line(fact)
        if line:
            click.echo(line)
    if any(isinstance(fact, Unreadable) for fact in facts):
        raise click.exceptions.Exit(Verdict.INCONCLUSIVE.exit_code)


@click.command()
@click.argument("layer")
@click.option("--remove-finalizer", "names", multiple=True, help="Force: remove this finalizer. Recorded.")
@click.pass_obj
def rescue(settings: Settings, layer: str, names: tuple[str, ...]) -> None:
    """Show what of the layer is stuck in Deleting and whom it waits for; change it only with --remove-finalizer."""
    session = open_session(settings)
    one = session.yard.layer(layer)
    stuck = rescuing.diagnose(session.kube, yard=session.yard, layer=one)
    for thing in stuck:
        owner = f", managed by {thing.managed_by}" if thing.managed_by else ""
        waits = ", ".join(thing.finalizers)
        click.echo(f"{thing.ref}{owner}: being deleted since {thing.deleting_since}, waits for {waits}")
    if not stuck:
        click.echo(f"nothing of {layer} is stuck")
    if names:
        changed = rescuing.remove_finalizers(session.kube, stuck, names=names)
        file = rescuing.record(changed, layer=one, names=names, folder=session.yard.checkout / "docs/proof/rescues")
        click.echo(f"{len(changed)} objects were forced; recorded in {file}")


class _toggling:  # noqa: N801 - reads as a statement: with _toggling(...)
    """
    The lease for one toggle command.

    Who died before wanted some state of this layer; the person who types the command now wants another, and gets it.
    Other layers are restored. A toggle that refused before its first write leaves nothing to restore.
    """

    def __init__(self, session: Session, *, layer: Layer, wanted: str) -> None:
        self._session, self._layer = session, layer
        self._held = held_lease(
            session.kube,
            namespace=session.yard.namespace,
            run_id=session.run_id,
            restore={layer.name: wanted},
            recover=self._recover,
            progress=click.echo,
        )

    def __enter__(self) -> Lease:
        # Says what is wrong with the layer or the cluster before anything is written, the lease included.
        toggle.presence(self._session.kube, yard=self._session.yard, layer=self._layer)
        self._lease = self._held.__enter__()
        return self._lease

    def __exit__(self, kind: Any, exc: BaseException | None, trace: Any) -> bool | None:
        if isinstance(exc, Unmet | Misconfigured):
            self._lease.remember({})
        return self._held.__exit__(kind, exc, trace)

    def _recover(self, lease: Lease, left: Mapping[str, str]) -> None:
        others = {name: state for name, state in left.items() if name != self._layer.name}
        toggle.restore(self._session.kube, yard=self._session.yard, lease=lease, wanted=others, progress=click.echo)


def _took(done: toggle.Toggled, phase: str) -> str:
    timing = next((fact for fact in done.facts if isinstance(fact, Timing) and fact.phase == phase), None)
    return f", {timing.took_s:.1f} s" if timing and done.changed else ", as it was found; nothing was written"


def _report_sweep(swept: Sweep, *, layer: str, took: str) -> None:
    for ref in swept.unattributed:
        click.echo(f"  left, and nobody's: {ref}", err=True)
    for hole in swept.kinds_unreadable:
        click.echo(f"  not readable: {hole}", err=True)
    if swept.unattributed:
        click.echo(f"{layer}: {len(swept.unattributed)} objects are left", err=True)
        raise click.exceptions.Exit(Verdict.DISPROVED.exit_code)
    if swept.kinds_unreadable:
        click.echo(f"{layer}: nothing found, but not everything could be read", err=True)
        raise click.exceptions.Exit(Verdict.INCONCLUSIVE.exit_code)
    click.echo(f"{layer} is detached: nothing of it left in {swept.kinds_listed} kinds{took}")


def _line(fact: Fact) -> str:
    match fact:
        case Application():
            return f"{fact.name:28} {fact.sync:10} {fact.health:12} {' '.join(fact.revisions)[:12]}"
        case Root():
            return f"{fact.name:28} HTTP {fact.http_status}"
        case Answer():
            return f"{fact.probe:28} {fact.environment:10} {fact.outcome:12} {fact.got}"
        case Unreadable():
            return f"{fact.what:28} UNREADABLE  {fact.error}"
        case _:
            return ""
