"""``switchyard replay``: the verdict of a bundle, computed again from its journal by the claims as they are now."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from switchyard.errors import Misconfigured, Unreadable
from switchyard.settings import Settings, find_yard
from yardfacts.bundle import JOURNAL, digest, json_text
from yardfacts.catalogue import NotAClaim, load_claims
from yardfacts.claims import Claim
from yardfacts.facts import Malformed
from yardfacts.journal import read
from yardfacts.replay import rejudged, replay
from yardfacts.schema import record_schema
from yardfacts.sealing import PLAIN
from yardfacts.summary import Outcome, outcome
from yardfacts.verdict import DEFECTIVE

__all__ = ["claims_folder", "judge_again", "recorded", "replaying", "schema"]


@click.command()
def schema() -> None:
    """Print the JSON Schema of a journal's records: what a validator of anybody's checks a journal.jsonl by."""
    click.echo(json.dumps(record_schema(), indent=2))


@click.command("replay")
@click.argument("bundle", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--claims", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Default: proofs/claims.")
@click.pass_obj
def replaying(settings: Settings, bundle: Path, claims: Path | None) -> None:
    """
    Judge every finding of BUNDLE again, from its journal, and compute verdict.json, claims.json and timings.json anew.

    It writes nothing and asks nobody. The exit code is that of the verdict that was computed: 0 proved, 10 disproved,
    11 inconclusive, 12 the suite is defective, 13 could not restore; and 12 where it is not what stands in BUNDLE.
    Whether the journal itself is the one that was sealed, `switchyard verify` tells.
    """
    start_s = time.perf_counter()
    folder = claims or claims_folder(settings)
    again, told = judge_again(bundle, folder=folder)
    took_s = time.perf_counter() - start_s
    for line in told:
        click.echo(f"differs   {line}", err=True)
    judged = sum(record.kind in ("finding", "control") for record in again.history.records)
    reckoning = again.reckoning
    click.echo(f"replayed  {len(again.history.records)} records, {judged} judgements again, in {took_s:.2f} s")
    click.echo(f"verdict   {reckoning.word} (exit code {reckoning.exit_code}){', not as recorded' if told else ''}")
    raise click.exceptions.Exit(DEFECTIVE if told else reckoning.exit_code)


def claims_folder(settings: Settings) -> Path:
    """
    Where the claims of this checkout are.

    Raises:
        Misconfigured: There is no yard here, so that a folder has to be named.
    """
    return find_yard(settings.config).parent / "proofs" / "claims"


def recorded(folder: Path) -> dict[str, Claim]:
    """
    The claims of *folder*.

    Raises:
        Misconfigured: It holds none.
    """
    try:
        return dict(load_claims(folder))
    except NotAClaim as exc:
        raise Misconfigured(where=str(folder), key="--claims", wanted="one file a claim", got=str(exc)) from exc


def judge_again(bundle: Path, *, folder: Path) -> tuple[Outcome, tuple[str, ...]]:
    """
    What the journal of *bundle* amounts to by the claims of *folder*, and where that is not what stands there.

    Raises:
        Misconfigured: There are no claims.
        Unreadable: The journal is damaged or of another format, so that nothing can be computed.
    """
    claims = recorded(folder)
    try:
        history = read(bundle / JOURNAL)
        again = outcome(rejudged(history, claims), journal_sha256=digest(bundle / JOURNAL))
        differences = tuple(f"{JOURNAL} line {one.seq + 1}: {one}" for one in replay(history, claims))
    except (OSError, Malformed, LookupError, TypeError, ValueError) as exc:
        raise Unreadable(
            f"{bundle}: nothing can be judged again: {exc}; `switchyard verify` says what is damaged"
        ) from exc
    files = (
        f"{name} is not what follows from the journal" if (bundle / name).is_file() else f"{name} is missing"
        for name, plain in again.files.items()
        if not (bundle / name).is_file() or (bundle / name).read_bytes() != json_text(plain, redactor=PLAIN).encode()
    )
    return again, (*differences, *files)
