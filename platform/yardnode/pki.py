"""Keys and certificates of one yard: made once, 0600, thrown away with it."""

from __future__ import annotations

import base64
import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from yardnode import privatefile

__all__ = ["ADMIN", "Pki", "User"]

LIFETIME = datetime.timedelta(days=365)  # a yard is thrown away long before
SKEW = datetime.timedelta(minutes=5)  # a clock that was just set back must not refuse its own certificates


@dataclass(frozen=True, kw_only=True)
class User:
    """Whom the API server sees: the common name, and the groups of the certificate."""

    name: str
    groups: tuple[str, ...] = ()


ADMIN = User(name="switchyard-admin", groups=("system:masters",))


@dataclass(frozen=True)
class Pki:
    """A folder of PEM files. Two authorities: ``ca`` signs everything, ``front-proxy-ca`` only aggregated requests."""

    folder: Path

    def authority(self, name: str = "ca") -> None:
        """Make a self-signed authority unless it is there."""
        if self.key(name).exists() and self.certificate(name).exists():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(User(name=f"switchyard-{name}"))
        signed = (
            _builder(subject, issuer=subject, public=key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        self._store(name, key, signed)

    def leaf(
        self,
        name: str,
        *,
        user: User,
        authority: str = "ca",
        dns: Sequence[str] = (),
        addresses: Sequence[IPv4Address] = (),
    ) -> None:
        """
        Make a certificate for client and server use, unless it is there.

        Args:
            name: File name without suffix.
            dns: Names that the server is reached by.
            addresses: Addresses that the server is reached by.
        """
        if self.key(name).exists() and self.certificate(name).exists():
            return
        signer, issuer = self._signer(authority)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_subject(user), issuer=issuer.subject, public=key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]),
                critical=False,
            )
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        )
        alternatives = [*(x509.DNSName(each) for each in dns), *(x509.IPAddress(each) for each in addresses)]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        self._store(name, key, builder.sign(signer, hashes.SHA256()))

    def signing_key(self, name: str) -> None:
        """Make a key pair without certificate (service account tokens), unless it is there."""
        if self.key(name).exists() and self.public(name).exists():
            return
        key = ec.generate_private_key(ec.SECP256R1())
        pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        privatefile.write(self.public(name), pem, mode=0o644)
        privatefile.write(self.key(name), _pem(key))

    def kubeconfig(self, name: str, *, server: str, context: str = "switchyard", namespace: str = "") -> Path:
        """
        Write the kubeconfig of the leaf *name* beside it, unless it says the same already, and return its path.

        Args:
            server: ``https://host:port``.
            namespace: Where commands look that name none.
        """
        scope = {"namespace": namespace} if namespace else {}
        path = self.folder / f"{name}.kubeconfig"
        text = yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [
                    {
                        "name": context,
                        "cluster": {"server": server, "certificate-authority-data": _inline(self.certificate("ca"))},
                    }
                ],
                "users": [
                    {
                        "name": name,
                        "user": {
                            "client-certificate-data": _inline(self.certificate(name)),
                            "client-key-data": _inline(self.key(name)),
                        },
                    }
                ],
                "contexts": [{"name": context, "context": {"cluster": context, "user": name, **scope}}],
                "current-context": context,
            },
            sort_keys=False,
        )
        if not path.exists() or path.read_text() != text:
            privatefile.write(path, text.encode())
        return path

    def key(self, name: str) -> Path:
        """Private key, 0600."""
        return self.folder / f"{name}.key"

    def certificate(self, name: str) -> Path:
        """Certificate in PEM."""
        return self.folder / f"{name}.crt"

    def public(self, name: str) -> Path:
        """Public half of a signing key."""
        return self.folder / f"{name}.pub"

    def _signer(self, name: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = serialization.load_pem_private_key(self.key(name).read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"wanted an elliptic curve key in {self.key(name)}, got {type(key).__name__}")
        return key, x509.load_pem_x509_certificate(self.certificate(name).read_bytes())

    def _store(self, name: str, key: ec.EllipticCurvePrivateKey, signed: x509.Certificate) -> None:
        # The key last: a pair whose key exists is complete.
        privatefile.write(self.certificate(name), signed.public_bytes(serialization.Encoding.PEM), mode=0o644)
        privatefile.write(self.key(name), _pem(key))


def _builder(subject: x509.Name, *, issuer: x509.Name, public: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
    )


def _subject(user: User) -> x509.Name:
    groups = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in user.groups]
    return x509.Name([*groups, x509.NameAttribute(NameOID.COMMON_NAME, user.name)])


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _inline(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
