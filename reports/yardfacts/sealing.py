"""
Sealing: manifest, then the signed statement about it, then ``COMPLETE`` with the digests of both.

What each of the three holds follows from the run, so that a reader makes them again and compares; only the signature
takes the key.
"""

from __future__ import annotations

from typing import Final

from yardfacts.attest import PAYLOAD_TYPE, statement
from yardfacts.bundle import ENVELOPE, Bundle, digest, json_text
from yardfacts.dsse import signed
from yardfacts.keys import SigningKey
from yardfacts.redact import Redactor
from yardfacts.summary import Outcome

__all__ = ["completion", "seal"]

PLAIN: Final = Redactor()
"""By then everything was redacted; a reader, who has no secrets to look for, has to get the same bytes."""


def seal(bundle: Bundle, outcome: Outcome, *, key: SigningKey, sample: bool = False) -> None:
    """Seal *bundle*, whose files are all written and scrubbed; nothing is written to it afterwards."""
    manifest = bundle.manifest()
    payload = statement(outcome.history, outcome.reckoning, manifest_sha256=manifest)
    bundle.envelope(signed(payload, payload_type=PAYLOAD_TYPE, key=key))
    envelope = digest(bundle.folder / ENVELOPE)
    bundle.complete(completion(outcome, manifest_sha256=manifest, envelope_sha256=envelope, sample=sample))


def completion(outcome: Outcome, *, manifest_sha256: str, envelope_sha256: str, sample: bool) -> str:
    """
    The text of ``COMPLETE``.

    The journal's head stands here, for the chain cannot speak for its own end: a tail that is cut off at the end of a
    line leaves a journal that is whole.
    """
    return json_text(
        {
            "manifest_sha256": manifest_sha256,
            "envelope_sha256": envelope_sha256,
            "journal_head": outcome.history.head,
            "run": outcome.about.run,
            "verdict": outcome.reckoning.word,
            "exit_code": outcome.reckoning.exit_code,
            **({"sample": True} if sample else {}),
        },
        redactor=PLAIN,
    )
