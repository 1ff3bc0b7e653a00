"""Certificates for a set-up of its own: one authority, and a certificate for every host that listens."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import MappingProxyType

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from amtsweg.stack.provision.logins import write_secret
from shared.bounded_files import read_bounded

_LIFETIME = timedelta(days=397)


def make_certificates(
    folder: Path, *, hosts: tuple[str, ...], also: Mapping[str, str] = MappingProxyType({})
) -> None:
    """In each host's folder `ca.pem`, `certificate.pem`, `key.pem` and `key-and-certificate.pem`; made once.

    ``also`` is another name by which a host is reached.

    The authority's own key lies in `certificate-authority/`, which no service sees.
    """
    authority_key, authority = _authority(folder / "certificate-authority")
    for host in hosts:
        own = folder / host
        write_secret(own / "ca.pem", _pem(authority))
        if not (own / "key-and-certificate.pem").exists():
            key = ec.generate_private_key(ec.SECP256R1())
            names = (host, "localhost", *((also[host],) if host in also else ()))
            certificate = _host(names, key=key, authority=authority, authority_key=authority_key)
            write_secret(own / "certificate.pem", _pem(certificate))
            write_secret(own / "key.pem", _key_pem(key))
            write_secret(own / "key-and-certificate.pem", _key_pem(key) + _pem(certificate))


def _authority(folder: Path) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    if (folder / "certificate.pem").exists():
        kept = load_pem_private_key(read_bounded(folder / "key.pem"), password=None)
        if not isinstance(kept, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{folder / 'key.pem'} is not an EC key")
        return kept, x509.load_pem_x509_certificate(read_bounded(folder / "certificate.pem"))
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Amtsweg set-up")
    certificate = (
        _builder(subject=name, issuer=name, key=key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    write_secret(folder / "key.pem", _key_pem(key))
    write_secret(folder / "certificate.pem", _pem(certificate))
    return key, certificate


def _host(
    names: tuple[str, ...],
    *,
    key: ec.EllipticCurvePrivateKey,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    alternatives = x509.SubjectAlternativeName([_alternative(name) for name in dict.fromkeys(names)])
    return (
        _builder(subject=_name(names[0]), issuer=authority.subject, key=key)
        .add_extension(alternatives, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(authority_key, SHA256())
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _builder(
    *, subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + _LIFETIME)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def _key_pem(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
