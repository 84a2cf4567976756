"""No secret survives, in whatever form; what is no secret does."""

from __future__ import annotations

import base64
import time
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yardfacts.redact import MASK, Redactor

SECRET = "Zk3/+w_planted-7&x"  # noqa: S105 - planted, so that it can be looked for
TEXT = st.text(max_size=30)


@given(TEXT, TEXT)
def test_a_known_value_is_never_written(before: str, after: str) -> None:
    """Whatever surrounds it, the value is gone, as it is, in base64 and in a URL."""
    redactor = Redactor(secrets=[SECRET])
    encoded = base64.b64encode(SECRET.encode()).decode()
    for form in (SECRET, encoded, quote(SECRET, safe="")):
        assert form not in redactor.text(before + form + after)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Authorization: Bearer abcdef.123456", f"Authorization: Bearer {MASK}"),
        ("http://user:pass1234@minio:9000/x", f"http://{MASK}@minio:9000/x"),
        ("MINIO_ROOT_PASSWORD=abcdef12", f"MINIO_ROOT_PASSWORD={MASK}"),
        ('{"secretKey": "abcdef12"}', f'{{"secretKey": "{MASK}"}}'),
        ("token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4eHgi.c2lnbmF0dXJl", f"token {MASK}"),
        ("AKIAABCDEFGHIJKLMNOP is a key", f"{MASK} is a key"),
        ("https://hooks.slack.com/services/T000/B000/XXXX", f"https://hooks.slack.com/services/{MASK}"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----", MASK),
        ("-----BEGIN PRIVATE KEY-----\nabc, and then the file was cut", MASK),
    ],
)
def test_shapes_of_secrets_are_masked(text: str, wanted: str) -> None:
    """What looks like a credential is masked although nobody told its value."""
    assert Redactor().text(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "ConfigMap feature-store-dev/kube-root-ca.crt",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "no token was sent; wanted one",
        "http://minio-dev.baseline-dev:9000/features/offline",
        "argocd/root-apps is Synced",
    ],
)
def test_evidence_is_left_alone(text: str) -> None:
    """Names, digests and addresses are what evidence consists of."""
    assert Redactor(places={"/root": "~"}).text(text) == text


def test_short_values_are_left_alone() -> None:
    """A value as short as a word would be masked inside innocent words."""
    assert Redactor(secrets=["dev", ""]).text("feature-store-dev") == "feature-store-dev"


def test_places_of_this_machine_are_renamed() -> None:
    """Evidence names no home folder and no checkout, and keeps what is below."""
    redactor = Redactor(places={"/root": "~", "/root/checkout": "."})
    assert redactor.text("/root/checkout/proofs, /root/x, /rooted") == "./proofs, ~/x, /rooted"


def test_masking_megabytes_takes_no_minutes() -> None:
    """A pattern that backtracks would turn a report of four megabytes into an evening."""
    start_s = time.monotonic()
    Redactor(secrets=[SECRET]).text("a_b" * 700_000)
    assert time.monotonic() - start_s < 10


@pytest.mark.parametrize("before", ["token=", "a password: ", 'secret_key="', "Bearer ", "https://"])
@given(TEXT, TEXT)
def test_redacting_twice_is_redacting_once(before: str, text: str, after: str) -> None:
    """Whoever computes a file of the evidence again gets the same bytes, though it was redacted on the way."""
    redactor = Redactor(secrets=[SECRET])
    once = redactor.text(before + text + SECRET + after)
    assert redactor.text(once) == once
