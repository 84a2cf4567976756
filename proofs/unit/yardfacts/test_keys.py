"""Keys sign, are found out when they are none, and stay where they are."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from yardfacts.dsse import Envelope, encoded, signed
from yardfacts.facts import Malformed
from yardfacts.keys import NotAKey, PublicKey, SigningKey, make_key, public_file
from yardfacts.redact import MASK, Redactor


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "signing.key"


def test_a_pair_is_made_and_read_again(path: Path) -> None:
    """The private half is its owner's alone; the public one is the same from its file and from its line."""
    made = make_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SigningKey.load(path).public == made.public
    assert PublicKey.of(str(public_file(path))) == PublicKey.of(made.public.text) == made.public
    assert sorted(file.name for file in path.parent.iterdir()) == ["signing.key", "signing.key.pub"]


@pytest.mark.parametrize("which", ["signing.key", "signing.key.pub"])
def test_nothing_is_overwritten(path: Path, which: str) -> None:
    """A key that is lost takes the origin of everything that it signed with it."""
    path.parent.mkdir()
    (path.parent / which).write_text("mine")
    with pytest.raises(FileExistsError):
        make_key(path)
    assert [(file.name, file.read_text()) for file in path.parent.iterdir()] == [(which, "mine")]


def test_a_key_that_others_can_read_is_refused(path: Path) -> None:
    """Whoever can read it can seal in its owner's name."""
    make_key(path)
    path.chmod(0o640)
    with pytest.raises(NotAKey, match=r"mode 0600\), got mode 0640"):
        SigningKey.load(path)


def test_what_is_no_key_is_refused_without_showing_it(path: Path) -> None:
    """Another kind of key, a text, nothing: the message names the file and never its content."""
    path.parent.mkdir()
    with pytest.raises(NotAKey, match="wanted the PEM file of a private key"):
        SigningKey.load(path)
    path.touch(0o600)
    path.write_text("hunter2-hunter2")
    with pytest.raises(NotAKey, match="wanted the PEM file of an Ed25519 key") as refused:
        SigningKey.load(path)
    assert "hunter2" not in str(refused.value)
    other = generate_private_key(SECP256R1())
    path.write_bytes(
        other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    with pytest.raises(NotAKey, match="wanted an Ed25519 key, got ECPrivateKey"):
        SigningKey.load(path)


@pytest.mark.parametrize("given", ["ed25519:AAAA", "ed25519:%", "nowhere.pub", "pyproject.toml"])
def test_what_is_no_public_key_is_refused(given: str) -> None:
    """A line that is too short, a file that is not there, a file of something else."""
    with pytest.raises(NotAKey):
        PublicKey.of(given)


def test_no_form_of_a_key_passes_the_redactor(path: Path) -> None:
    """Whole, line by line, raw in base64 or hex: what reaches evidence is masked."""
    made = make_key(path)
    redactor = Redactor(secrets=made.secrets())
    assert redactor.text(path.read_text()) in (MASK, f"{MASK}\n")
    (body,) = (line for line in path.read_text().splitlines() if not line.startswith("-----"))
    raw = base64.b64decode(body)[-32:]
    for form in (body, raw.hex(), base64.b64encode(raw).decode(), base64.b64encode(body.encode()).decode()):
        assert redactor.text(f"it is {form}.") == f"it is {MASK}."
    assert "Private" not in repr(made)


def test_the_encoding_is_that_of_the_specification() -> None:
    """The example of DSSE's protocol."""
    assert (
        encoded("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def test_anybody_can_check_an_envelope(path: Path) -> None:
    """By the specification and a library alone: no code of ours takes part."""
    made = make_key(path)
    plain = json.loads(signed(b"{}", payload_type="text/x", key=made))
    key = serialization.load_pem_public_key(public_file(path).read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    body = base64.b64decode(plain["payload"])
    message = b" ".join([b"DSSEv1", b"6", plain["payloadType"].encode(), str(len(body)).encode(), body])
    key.verify(base64.b64decode(plain["signatures"][0]["sig"]), message)


@given(payload=st.binary(max_size=99), other=st.binary(max_size=99))
def test_a_signature_is_of_one_payload_of_one_type_by_one_key(
    payload: bytes, other: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Another payload, another type or another key, and it is none."""
    folder = tmp_path_factory.mktemp("keys")
    key, stranger = make_key(folder / "a"), make_key(folder / "b")
    envelope = Envelope.parse(signed(payload, payload_type="t", key=key), where="e")
    assert (envelope.payload, envelope.keyids) == (payload, (key.public.keyid,))
    assert envelope.signed_by(key.public)
    assert not envelope.signed_by(stranger.public)
    for changed in ({"payload": other}, {"payload_type": "u"}):
        moved = Envelope(**{**vars(envelope), **changed})
        assert moved.signed_by(key.public) is (moved == envelope)


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"payloadType":"t","payload":"%","signatures":[]}', b"\xff"])
def test_what_is_no_envelope_is_refused(text: bytes) -> None:
    """Said, with the file's name."""
    with pytest.raises(Malformed, match=r"attest/x: wanted a DSSE envelope"):
        Envelope.parse(text, where="attest/x")
