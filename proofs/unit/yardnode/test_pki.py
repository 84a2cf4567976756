"""Keys are made once, readable by their owner only, and certificates say who holds them."""

from __future__ import annotations

import stat
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from yardnode.pki import Pki, User


@pytest.fixture(name="pki")
def _pki(tmp_path: Path) -> Pki:
    made = Pki(tmp_path / "pki")
    made.authority()
    return made


def certificate(pki: Pki, name: str) -> x509.Certificate:
    """Read a certificate back from its file."""
    return x509.load_pem_x509_certificate(pki.certificate(name).read_bytes())


def test_keys_are_readable_by_their_owner_only(pki: Pki) -> None:
    """The folder is 0700, every key and kubeconfig 0600."""
    pki.leaf("one", user=User(name="one"))
    pki.signing_key("tokens")
    secret = [pki.key("ca"), pki.key("one"), pki.key("tokens"), pki.kubeconfig("one", server="https://10.0.0.1:6443")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
    assert stat.S_IMODE(pki.folder.stat().st_mode) == 0o700


def test_a_leaf_is_signed_by_its_authority(pki: Pki) -> None:
    """The other authority did not sign it."""
    pki.authority("front-proxy-ca")
    pki.leaf("proxy", user=User(name="proxy"), authority="front-proxy-ca")
    certificate(pki, "proxy").verify_directly_issued_by(certificate(pki, "front-proxy-ca"))
    with pytest.raises(ValueError, match="does not match"):
        certificate(pki, "proxy").verify_directly_issued_by(certificate(pki, "ca"))


def test_a_certificate_names_its_user_and_groups(pki: Pki) -> None:
    """The API server reads the common name as the user and organisations as groups."""
    pki.leaf("kubelet", user=User(name="system:node:yard", groups=("system:nodes",)))
    subject = certificate(pki, "kubelet").subject
    assert [each.value for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == ["system:node:yard"]
    assert [each.value for each in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)] == ["system:nodes"]


def test_a_server_is_reached_by_name_and_address(pki: Pki) -> None:
    """Both are in the certificate, or clients refuse it."""
    pki.leaf("server", user=User(name="server"), dns=["kubernetes"], addresses=[IPv4Address("10.100.255.2")])
    names = certificate(pki, "server").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["kubernetes"]
    assert names.get_values_for_type(x509.IPAddress) == [IPv4Address("10.100.255.2")]


def test_what_is_there_is_not_made_again(pki: Pki) -> None:
    """A second bring-up must not lock out what runs with the first one's keys."""
    pki.leaf("one", user=User(name="one"))
    pki.signing_key("tokens")
    before = {path: path.read_bytes() for path in pki.folder.iterdir()}
    pki.authority()
    pki.leaf("one", user=User(name="one"))
    pki.signing_key("tokens")
    assert {path: path.read_bytes() for path in pki.folder.iterdir()} == before


def test_half_a_pair_is_made_again(pki: Pki) -> None:
    """A run that was killed between certificate and key leaves no pair that does not fit."""
    pki.leaf("one", user=User(name="one"))
    pki.key("one").unlink()
    pki.leaf("one", user=User(name="one"))
    assert pki.key("one").exists()


def test_an_unchanged_kubeconfig_is_not_written(pki: Pki) -> None:
    """kube-proxy ends itself when a file that it watches is written."""
    pki.leaf("one", user=User(name="one"))
    path = pki.kubeconfig("one", server="https://10.0.0.1:6443")
    before = path.stat()
    pki.kubeconfig("one", server="https://10.0.0.1:6443")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_kubeconfig_carries_the_namespace_it_is_given(pki: Pki) -> None:
    """`argocd --core` looks for its settings in the context's namespace."""
    pki.leaf("one", user=User(name="one"))
    path = pki.kubeconfig("one", server="https://10.0.0.1:6443", namespace="argocd")
    assert yaml.safe_load(path.read_text())["contexts"][0]["context"]["namespace"] == "argocd"
