"""
What never reaches evidence: values that are known to be secret, and shapes that only secrets have.

The redactor stands at the doors (journal, bundle), so that nobody has to remember to call it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote

__all__ = ["MASK", "Redactor"]

MASK: Final = "[redacted]"

SHORTEST: Final = 6
"""Characters. A shorter value ("dev", "1") would be masked in the middle of innocent words."""

SHAPES: Final = (
    # A private key, whole; the header alone says nothing, the body is the secret.
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    # A JSON web token: service accounts, registries.
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    # The credential of an Authorization header; the scheme may stay.
    re.compile(r"(?<=\bBearer )[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"(?<=\bBasic )[A-Za-z0-9+/=]{8,}"),
    # User information in a URL.
    re.compile(r"(?<=://)[^/\s:@\"']+:[^/\s@\"']+(?=@)"),
    # Access keys of AWS, which object stores imitate.
    re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    # Incoming webhooks: the path is the credential.
    re.compile(r"(?<=hooks\.slack\.com/services/)[A-Za-z0-9/]{8,}"),
    # "password = x" and relatives in free text, also with a prefix: MINIO_ROOT_PASSWORD=x. The prefix is bounded, for
    # an unbounded one takes minutes on a megabyte of base64. What is masked already stays as it is: whoever computes a
    # file of the evidence again redacts it a second time, and has to get the same bytes.
    re.compile(r"(?i)(?<![A-Za-z])(?:[a-z0-9_-]{0,40}[_-])?(?:password|passwd|secret[_-]?key|access[_-]?key|token)"
               r"[\"']?\s*[=:]\s*[\"']?(?P<value>(?!\[redacted\])[^\s\"',;}\]]{6,})"),
)  # fmt: skip

SECRET_KEYS: Final = re.compile(r"(?i)(?:^|[_-])(?:password|passwd|token|secret_?key|access_?key|private_?key)$")
"""Names of fields whose text is masked whatever it is."""


class Redactor:
    """Masks secrets in text and in plain JSON data; the same input gives the same output."""

    def __init__(self, *, secrets: Iterable[str] = (), places: Mapping[str, str] | None = None) -> None:
        """
        Prepare for these values.

        Args:
            secrets: Values to mask, also where they stand base64- or URL-encoded. Those shorter than six characters
                are left alone: the generator of our secrets makes none.

            places: Names of this machine (folders, itself) and what to write for them.
        """
        self._forms: tuple[str, ...] = ()
        self._places = tuple(
            # Whole names only: /root must not be found in argocd/root-apps.
            (re.compile(rf"(?<![\w.~/-]){re.escape(place)}(?![\w.-])"), name)
            for place, name in sorted((places or {}).items(), key=lambda place: -len(place[0]))
            if place
        )
        self.learn(secrets)

    def learn(self, secrets: Iterable[str]) -> None:
        """Mask these values too, from now on."""
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        # Longest first: a value that contains another is masked whole.
        self._forms = tuple(sorted({*self._forms, *forms}, key=lambda form: (-len(form), form)))

    def text(self, text: str) -> str:
        """Return *text* without secrets."""
        for form in self._forms:
            text = text.replace(form, MASK)
        for shape in SHAPES:
            text = shape.sub(_masked, text)
        for place, name in self._places:
            text = place.sub(name, text)
        return text

    def value(self, value: Any) -> Any:
        """Return plain JSON data without secrets; keys are kept, except where a key is itself a secret."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): MASK
                if isinstance(item, str) and SECRET_KEYS.search(str(key))
                else self.value(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def _forms(secret: str) -> tuple[str, ...]:
    encoded = base64.b64encode(secret.encode()).decode()
    # Without its padding: the value may be part of a longer encoded text.
    return (secret, encoded, encoded.rstrip("="), quote(secret, safe=""))


def _masked(match: re.Match[str]) -> str:
    if "value" not in match.re.groupindex:
        return MASK
    start = match.start("value") - match.start()
    return match.group()[:start] + MASK
