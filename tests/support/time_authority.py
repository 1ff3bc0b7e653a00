"""A time-stamping authority (RFC 3161) for tests: root, signer, and answers written in DER by hand."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_INTEGER, _OCTETS, _OID, _TIME, _SEQUENCE, _SET, _FIRST = 0x02, 0x04, 0x06, 0x18, 0x30, 0x31, 0xA0
_SHA256 = "608648016503040201"
_ECDSA_SHA256 = "2a8648ce3d040302"
_SIGNED_DATA = "2a864886f70d010702"
_TST_INFO = "2a864886f70d0109100104"
_CONTENT_TYPE = "2a864886f70d010903"
_MESSAGE_DIGEST = "2a864886f70d010904"
_SIGNING_CERTIFICATE = "2a864886f70d010910022f"
_POLICY = "2b06010401"


class Authority:
    """Answers requests for any message, at any time that a test wants."""

    def __init__(self, name: str) -> None:
        root_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        ca, signer = _name(f"{name} Wurzel"), _name(name)
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        issued = _certificate(ca, root_key.public_key(), ca).add_extension(constraints, critical=True)
        self.root = issued.sign(root_key, hashes.SHA256())
        issued = _certificate(signer, self._key.public_key(), ca).add_extension(usage, critical=True)
        self._signer = issued.sign(root_key, hashes.SHA256())

    def answer(self, request: bytes, *, at: datetime) -> bytes:
        """The response (``TimeStampResp``) to a request that asks for SHA-256 and sends a nonce."""
        _, imprint, nonce, *_ = _elements(_content(request))
        info = _der(
            _SEQUENCE,
            _number(1),
            _oid(_POLICY),
            imprint,
            _number(7),
            _der(_TIME, f"{at:%Y%m%d%H%M%SZ}".encode()),
            nonce,
        )
        certificate = self._signer.public_bytes(Encoding.DER)
        signed_data = _der(
            _SEQUENCE,
            _number(3),
            _der(_SET, _algorithm(_SHA256)),
            _der(_SEQUENCE, _oid(_TST_INFO), _der(_FIRST, _der(_OCTETS, info))),
            _der(_FIRST, certificate, self.root.public_bytes(Encoding.DER)),
            _der(_SET, self._signature(info, certificate)),
        )
        token = _der(_SEQUENCE, _oid(_SIGNED_DATA), _der(_FIRST, signed_data))
        return _der(_SEQUENCE, _der(_SEQUENCE, _number(0)), token)

    def _signature(self, info: bytes, certificate: bytes) -> bytes:
        named = _der(_SEQUENCE, _der(_SEQUENCE, _der(_SEQUENCE, _der(_OCTETS, sha256(certificate).digest()))))
        attributes = _der(
            _SET,
            *sorted(
                (
                    _attribute(_CONTENT_TYPE, _oid(_TST_INFO)),
                    _attribute(_MESSAGE_DIGEST, _der(_OCTETS, sha256(info).digest())),
                    _attribute(_SIGNING_CERTIFICATE, named),
                )
            ),
        )
        signer = _der(_SEQUENCE, self._signer.issuer.public_bytes(), _number(self._signer.serial_number))
        return _der(
            _SEQUENCE,
            _number(1),
            signer,
            _algorithm(_SHA256),
            bytes([_FIRST]) + attributes[1:],
            _der(_SEQUENCE, _oid(_ECDSA_SHA256)),
            _der(_OCTETS, self._key.sign(attributes, ec.ECDSA(hashes.SHA256()))),
        )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _certificate(
    subject: x509.Name, key: ec.EllipticCurvePublicKey, issuer: x509.Name
) -> x509.CertificateBuilder:
    began = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=365 * 30))
    )


def _attribute(kind: str, value: bytes) -> bytes:
    return _der(_SEQUENCE, _oid(kind), _der(_SET, value))


def _algorithm(oid: str) -> bytes:
    return _der(_SEQUENCE, _oid(oid), b"\x05\x00")


def _oid(hexadecimal: str) -> bytes:
    return _der(_OID, bytes.fromhex(hexadecimal))


def _number(value: int) -> bytes:
    return _der(_INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _der(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def _content(element: bytes) -> bytes:
    return element[2:] if element[1] < 0x80 else element[2 + (element[1] & 0x7F) :]


def _elements(data: bytes) -> Iterable[bytes]:
    while data:
        head = 2 + (data[1] & 0x7F if data[1] & 0x80 else 0)
        end = head + (int.from_bytes(data[2:head], "big") if data[1] & 0x80 else data[1])
        yield data[:end]
        data = data[end:]
