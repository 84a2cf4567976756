"""``switchyard verify``: whether a bundle is the evidence that was sealed, and who sealed it."""

from __future__ import annotations

from pathlib import Path

import click

from switchyard.errors import Misconfigured
from switchyard.replaying import claims_folder, recorded
from switchyard.settings import Settings
from yardfacts.keys import NotAKey, PublicKey
from yardfacts.verdict import Verdict
from yardfacts.verification import Answered, verification, verified

__all__ = ["verify"]


@click.command()
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--key", "public", default="", help="Who is believed: PEM file, or ed25519:BASE64. Not from the bundle!")
@click.option("--commit", default="", help="SHA, or its beginning: the commit that has to be the one under test.")
@click.option("--claims", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Default: proofs/claims.")
@click.pass_obj
def verify(settings: Settings, bundle: Path, public: str, commit: str, claims: Path | None) -> None:
    """
    Say whether BUNDLE is the evidence that was sealed: files, the journal's chain, whatever was derived, the signer.

    Exit codes: 0 it is, 10 it is not (every fault is named), 11 that could not be found out: without --key it is
    integrity only, for whoever edits evidence can seal it anew; with other claims nothing is judged again.
    The verdict of the run is not asked here: evidence of a disproved run may be genuine.
    """
    try:
        key = PublicKey.of(public) if public else None
    except NotAKey as exc:
        raise Misconfigured(where="verify", key="--key", wanted="a public Ed25519 key", got=str(exc)) from exc
    folder = claims or _claims_here(settings)
    if folder:
        recorded(folder)
    answers = tuple(verification(bundle, claims=folder, key=key, commit=commit))
    for answer in answers:
        _tell(answer)
    found = verified(answers)
    word = {Verdict.PROVED: "GENUINE", Verdict.DISPROVED: "NOT GENUINE"}.get(found.verdict, "NOT KNOWN TO BE GENUINE")
    click.echo(f"{word:10} {bundle.name} (exit code {found.verdict.exit_code})")
    raise click.exceptions.Exit(found.verdict.exit_code)


def _claims_here(settings: Settings) -> Path | None:
    """None outside a checkout: then nothing is judged again, and the answer says so."""
    try:
        return claims_folder(settings)
    except Misconfigured:
        return None


def _tell(answer: Answered) -> None:
    for finding in answer.findings:
        click.echo(f"{answer.question:10} {finding.verdict.name:12} {finding.detail}", err=bool(finding.verdict))
