"""What FastAPI cannot see for itself: a body that is read raw, and the problems that every route may answer."""

from typing import Any, Final

from fastapi import FastAPI

from services.intake.adapters.http.documents import ReceiptDocument, SubmissionDocument

_SCHEMA: Final = "#/components/schemas/{model}"
_SUBMISSION_EXAMPLE: Final = {
    "service": "99050012104000",
    "place": {"plz": "35390", "town": "Gießen"},
    "content": {"betrieb": {"name": "Bäckerei Sonnenschein", "beginn": "2026-02-01"}},
    "contact": {"email": "erika.mustermann@example.org", "name": "Erika Mustermann"},
    "language": "de",
    "clientReference": "antrag-4711",
}
_RECEIPT_EXAMPLE: Final = {
    "submissionId": "0b4b4d0c-5e1f-5c8f-9d8e-0f6f3a4c1d2e",
    "caseId": "3f0e6b0a-8f2d-5b1c-a7e4-1c2d3e4f5a6b",
    "receiptNumber": "AW-2026-7F3K-9Q2M-X4TN",
    "receivedAt": "2026-01-12T09:30:00.123000Z",
    "contentHash": "hmac-sha256:" + "5a" * 32,
    "clientReference": "antrag-4711",
    "links": {
        "self": "/v1/submissions/0b4b4d0c-5e1f-5c8f-9d8e-0f6f3a4c1d2e",
        "history": "/v1/cases/3f0e6b0a-8f2d-5b1c-a7e4-1c2d3e4f5a6b/history",
    },
}
SUBMISSION_DESCRIBED: Final[dict[str, Any]] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "description": "A new UUID per submission, in quotes; it never expires. Repeat with the same bytes.",
            "schema": {"type": "string", "minLength": 1},
            "example": '"8e03978e-40d5-43dd-bc93-6894a57f9324"',
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"$ref": _SCHEMA.format(model="SubmissionDocument")},
                "example": _SUBMISSION_EXAMPLE,
            }
        },
    },
    "responses": {
        "202": {
            "description": "Taken and kept: all in-sync replicas have it.",
            "headers": {"Location": {"schema": {"type": "string", "format": "uri-reference"}}},
            "content": {
                "application/json": {
                    "schema": {"$ref": _SCHEMA.format(model="ReceiptDocument")},
                    "example": _RECEIPT_EXAMPLE,
                }
            },
        }
    },
}


def _later(summary: str, *, required: bool) -> dict[str, Any]:
    """What is handed in to a case that is there: the same header and answer, another body."""
    content = {"type": "object", "description": f"{summary}, at most 1 MiB as sent."}
    schema = {
        "type": "object",
        "properties": {"content": content},
        "required": ["content"] if required else [],
        "additionalProperties": False,
    }
    body = {"required": True, "content": {"application/json": {"schema": schema}}}
    return {**SUBMISSION_DESCRIBED, "requestBody": body}


SUPPLEMENT_DESCRIBED: Final = _later("Form data that the authority gets besides", required=True)
WITHDRAWAL_DESCRIBED: Final = _later("Words for the authority", required=False)


def describe_submissions(app: FastAPI) -> None:
    """Complete the app's OpenAPI with the schemas that its routes refer to."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        document = made()
        schemas = document["components"]["schemas"]
        for model in (SubmissionDocument, ReceiptDocument):
            schema = model.model_json_schema(ref_template=_SCHEMA)
            schemas.update(schema.pop("$defs", {}))
            schemas[model.__name__] = schema
        return document

    app.openapi = openapi  # type: ignore[method-assign] # FastAPI's documented way
