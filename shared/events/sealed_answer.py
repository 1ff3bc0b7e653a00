"""The sealed parts of an answer: which keys they are sealed to, and what their plaintext says.

``content`` is for the platform client, ``notice`` for the notifier, which writes to the applicant. Neither the doors nor
the router can open them; both are bound to the submission and the purpose named here.
"""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from shared.events.payload import WireModel

CONTENT_PURPOSE: Final = "answer"
"""The purpose in the protected header of ``content``, which only the platform client opens."""

NOTICE_PURPOSE: Final = "notice"
"""The purpose in the protected header of ``notice``, which only the notifier opens."""

MAX_NOTICE_BYTES: Final = 48 * 1024
MAX_ANSWER_BYTES: Final = 1024 * 1024
"""The largest plaintexts, in bytes of JSON; documents are base64 within."""

MAX_KEYS: Final = 5
"""How many keys of one recipient are in use at a time; during a change of keys there are an old and a new one."""

_ON_ONE_LINE: Final = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
_Base64Url = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,1400}$")]


def _printable(text: str) -> str:
    """Refuse control characters and texts without a visible character."""
    if not text.isprintable() or not text.strip():
        raise PydanticCustomError("not_printable", "printable characters are expected")
    return text


def _in_two_languages(german: str, english: str) -> dict[str, Any]:
    return {"description": german, "json_schema_extra": {"x-description-en": english}}


FileNumber = Annotated[
    str, AfterValidator(_printable), StringConstraints(pattern=_ON_ONE_LINE, min_length=1, max_length=64)
]
"""The authority's own number of the case; it may name a person, so it is always sealed."""

MissingItem = Annotated[
    str, AfterValidator(_printable), StringConstraints(pattern=_ON_ONE_LINE, min_length=1, max_length=200)
]
"""One thing that is missing, in the authority's words."""

DocumentName = Annotated[
    str, AfterValidator(_printable), StringConstraints(pattern=_ON_ONE_LINE, min_length=1, max_length=200)
]
MediaType = Annotated[
    str, StringConstraints(pattern=r"^[a-z]+/[A-Za-z0-9][A-Za-z0-9.+-]{0,100}$", max_length=127)
]
Digest = Annotated[str, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
MOST_MISSING: Final = 20
MissingItems = Annotated[tuple[MissingItem, ...], Field(max_length=MOST_MISSING)]


class SealingKey(WireModel):
    """A recipient's public key: a JWK (RFC 7517) of type EC, OKP or RSA. ``kid`` names it in the recipient's header."""

    kty: Literal["EC", "OKP", "RSA"]
    kid: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    use: Literal["enc"] | None = None
    alg: Literal["ECDH-ES+A256KW", "RSA-OAEP-256"] | None = None
    crv: Literal["P-256", "P-384", "X25519"] | None = None
    x: _Base64Url | None = None
    y: _Base64Url | None = None
    n: _Base64Url | None = None
    e: _Base64Url | None = None


class SealingKeySet(WireModel):
    """A JWK Set; an object sealed for its owner has one recipient entry for each key."""

    keys: Annotated[tuple[SealingKey, ...], Field(max_length=MAX_KEYS)] = ()


class AnswerKeys(WireModel):
    """The keys for which an authority seals the parts of its answers; ``submissionId`` is the submission they are bound to.

    The client's set is empty where the client has registered no key; then an answer has no ``content``.
    """

    submission_id: UUID
    client: SealingKeySet = SealingKeySet()
    notifier: SealingKeySet = SealingKeySet()


SealingKind = Literal["P-256", "P-384", "X25519", "RSA"]
"""What a key is: the curve of an elliptic one, or RSA."""


class KeyName(WireModel):
    """A key to which parts of answers may be sealed, as far as a door has to know it."""

    kid: str
    kind: SealingKind


class AnswerKeyNames(WireModel):
    """The keys that the delivered records of a case have named: the client's for ``content``, the notifier's for ``notice``."""

    content: tuple[KeyName, ...] = ()
    notice: tuple[KeyName, ...] = ()


class EnclosedDocument(WireModel):
    """A document of the authority with its bytes."""

    name: Annotated[DocumentName, Field(**_in_two_languages("Name des Dokuments", "the document's name"))]
    media_type: Annotated[
        MediaType,
        Field(**_in_two_languages("Art, zum Beispiel application/pdf", "kind, for example application/pdf")),
    ]
    data: Annotated[
        str,
        StringConstraints(pattern=r"^[A-Za-z0-9_-]+$"),
        Field(**_in_two_languages("Bytes, base64url ohne Füllzeichen", "bytes, base64url without padding")),
    ]


class DocumentPointer(WireModel):
    """What a message to the applicant may say about a document that the platform client holds."""

    name: Annotated[DocumentName, Field(**_in_two_languages("Name des Dokuments", "the document's name"))]
    media_type: Annotated[
        MediaType,
        Field(**_in_two_languages("Art, zum Beispiel application/pdf", "kind, for example application/pdf")),
    ]
    size: Annotated[
        int, Field(ge=0, le=MAX_ANSWER_BYTES, **_in_two_languages("Größe in Bytes", "size in bytes"))
    ]
    digest: Annotated[
        Digest,
        Field(**_in_two_languages("SHA-256 über die Bytes", "SHA-256 over the bytes")),
    ]


class AnswerContent(WireModel):
    """The plaintext of ``content``: what the authority tells the platform client, and nobody else."""

    file_number: Annotated[
        FileNumber | None,
        Field(**_in_two_languages("Aktenzeichen der Behörde", "the authority's file number")),
    ] = None
    text: Annotated[
        str | None,
        StringConstraints(min_length=1, max_length=10_000),
        Field(**_in_two_languages("Freier Text an den Antragsteller", "free text to the applicant")),
    ] = None
    missing: Annotated[
        MissingItems, Field(**_in_two_languages("Was fehlt, je eine Angabe", "what is missing, item by item"))
    ] = ()
    documents: Annotated[
        tuple[EnclosedDocument, ...],
        Field(max_length=10, **_in_two_languages("Dokumente, zum Beispiel der Bescheid", "documents")),
    ] = ()


class AnswerNotice(WireModel):
    """The plaintext of ``notice``: what a message to the applicant has to contain, for the notifier."""

    file_number: Annotated[
        FileNumber | None,
        Field(**_in_two_languages("Aktenzeichen der Behörde", "the authority's file number")),
    ] = None
    missing: Annotated[
        MissingItems, Field(**_in_two_languages("Was fehlt, je eine Angabe", "what is missing, item by item"))
    ] = ()
    documents: Annotated[
        tuple[DocumentPointer, ...],
        Field(
            max_length=10,
            **_in_two_languages(
                "Dokumente, die bei der Plattform liegen", "documents that lie with the platform client"
            ),
        ),
    ] = ()
