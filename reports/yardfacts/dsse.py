"""
The envelope around a signed statement: DSSE 1.0, one Ed25519 signature.

Source: secure-systems-lab/dsse, protocol.md and envelope.md. What is signed is the payload's bytes under their type, so
nobody has to agree on how JSON is to be written.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

from yardfacts.facts import Malformed
from yardfacts.keys import PublicKey, SigningKey

__all__ = ["Envelope", "encoded", "signed"]


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """As read; nothing of it is believed before its signature is."""

    payload_type: str
    payload: bytes
    keyids: tuple[str, ...]
    """Hints, one a signature."""
    signatures: tuple[bytes, ...]

    def signed_by(self, key: PublicKey) -> bool:
        """Whether one of the signatures is *key*'s."""
        message = encoded(self.payload_type, self.payload)
        return any(key.signed(message, signature) for signature in self.signatures)

    @classmethod
    def parse(cls, text: bytes, *, where: str) -> Envelope:
        """
        Read the JSON of an envelope.

        Raises:
            Malformed: It is none.
        """
        try:
            plain: Any = json.loads(text)
            return cls(
                payload_type=str(plain["payloadType"]),
                payload=base64.b64decode(plain["payload"], validate=True),
                keyids=tuple(str(one.get("keyid", "")) for one in plain["signatures"]),
                signatures=tuple(base64.b64decode(one["sig"], validate=True) for one in plain["signatures"]),
            )
        except (ValueError, TypeError, LookupError, AttributeError) as exc:
            raise Malformed(
                f"{where}: wanted a DSSE envelope, got {text[:60]!r} ({type(exc).__name__}: {exc})"
            ) from exc


def encoded(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed: DSSE's pre-authentication encoding of type and payload."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def signed(payload: bytes, *, payload_type: str, key: SigningKey) -> bytes:
    """The JSON of an envelope with *payload*, signed by *key*; the same for the same."""
    signature = base64.b64encode(key.sign(encoded(payload_type, payload))).decode()
    plain = {
        "payload": base64.b64encode(payload).decode(),
        "payloadType": payload_type,
        "signatures": [{"keyid": key.public.keyid, "sig": signature}],
    }
    return json.dumps(plain, indent=2).encode() + b"\n"
