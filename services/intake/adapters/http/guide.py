"""What a platform's developer reads first, served by intake itself: getting started, and a page per problem type."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Final, get_args

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from services.intake.adapters.http.problem_catalogue import CATALOGUE, Wording
from services.intake.domain.client import ASSERTION_LIFETIME
from shared.case_history.words import CODES
from shared.local_time import ReadIn
from shared.web.app import OPEN_TO_ALL
from shared.web.bodies import too_slow
from shared.web.names import too_many
from shared.web.plain_page import plain_page
from shared.web.problems import TYPE, internal_error, invalid, refused

_STARTED: Final = """
<h1>Amtsweg: Anträge einreichen</h1>
<p>Drei Schritte: ein Token holen, einreichen, den Verlauf lesen. Beschreibung der Schnittstelle:
<a href="/api">zum Lesen</a>, <a href="/openapi.json">für Programme</a> (OpenAPI 3.1). English texts: send <code>Accept-Language: en</code>.</p>
<h2>1. Token</h2>
<p>Kennung und Geheimnis gibt die Betreiberin; am lokalen Stapel stehen sie unter <code>clients</code> in <code>var/stack.json</code>.</p>
<pre>curl -u CLIENT:SECRET -d grant_type=client_credentials {issuer}/token</pre>
<p>Die Antwort nennt <code>access_token</code>, fünf Minuten gültig. Setzen Sie es ein:</p>
<pre>TOKEN=eyJ…</pre>
<p>Oder mit eigenem Schlüssel (<code>private_key_jwt</code>): <code>iss</code> und <code>sub</code> sind Ihre Kennung,
<code>aud</code> ist allein <code>{issuer}</code> (nicht die Adresse /token), <code>jti</code> ist jedes Mal neu,
<code>exp</code> liegt höchstens {lifetime} Sekunden voraus. Eine Ablehnung nennt die Angabe, die nicht stimmt.
Metadaten: <a href="/.well-known/oauth-authorization-server">/.well-known/oauth-authorization-server</a>.</p>
<h2>2. Einreichen</h2>
<pre>curl {issuer}/v1/submissions -H "Authorization: Bearer $TOKEN" \\
  -H 'Idempotency-Key: "8e03978e-40d5-43dd-bc93-6894a57f9324"' -H 'Content-Type: application/json' \\
  -d '{{"service":"99050012104000","place":{{"plz":"35390","town":"Gießen"}},"content":{{}},"clientReference":"antrag-1"}}'</pre>
<p>Jeder neue Antrag bekommt einen neuen <code>Idempotency-Key</code>.
Mit <code>202</code> ist der Antrag sicher angenommen; die Antwort nennt die Eingangsnummer (AW-…). Ging die Antwort verloren, wiederholen Sie dieselben Bytes mit
demselben Schlüssel, oder fragen Sie <code>GET /v1/submissions?clientReference=antrag-1</code>.</p>
<h2>3. Verlauf</h2>
<pre>curl {issuer}/v1/cases/AW-…/history -H "Authorization: Bearer $TOKEN"</pre>
<p>Jede Kennung öffnet: Antrag, Vorgang, Eingangsnummer (AW-…), Ihr eigenes Zeichen.
<code>GET /v1/events?after=…</code> liest alles fortlaufend.</p>
<h2>4. Wer ist zuständig?</h2>
<pre>curl -L '{issuer}/v1/competence?service=99050012104000&amp;plz=35390&amp;town=Gie%C3%9Fen'
curl '{issuer}/v1/names?kind=authority&amp;text=g-06531005'</pre>
<p>Beides ohne Token. Die Zuständigkeit nennt Kennungen; <code>/v1/names</code> sagt, wie eine Behörde oder Leistung heißt, und
findet sie nach Name oder Ort.</p>
"""
_UNKNOWN: Final = "Diesen Fehler gibt es hier nicht (no such problem)"
_BACK: Final = '<p><a href="/">Amtsweg: Anträge einreichen</a></p>'


_BLANK: Final = re.compile(r"\{[a-z]+\}")


def _common() -> Iterator[tuple[str, tuple[int, Wording, Wording]]]:
    """What the machinery below every service answers, beside the catalogue."""
    for each in (refused(405), too_slow(), invalid([{"at": "…"}]), too_many(60), internal_error()):
        german, english = (
            Wording(*(each.document[name].in_language(language) for name in Wording._fields))
            for language in get_args(ReadIn)
        )
        yield each.document["type"].removeprefix(TYPE), (each.status_code, german, english)


_EXPLAINED: Final[Mapping[str, tuple[int, Wording, Wording]]] = dict(sorted([*_common(), *CATALOGUE.items()]))


def guide_routes(*, issuer: str) -> APIRouter:
    """The pages; nothing in them is about anybody."""
    router = APIRouter(tags=["guide"], include_in_schema=False)
    lifetime = int(ASSERTION_LIFETIME.total_seconds())
    started = _STARTED.format(issuer=escape(issuer), lifetime=lifetime) + _codes() + _kinds()

    @router.get("/", openapi_extra=OPEN_TO_ALL)
    async def guide() -> HTMLResponse:
        """Getting started."""
        return plain_page("Amtsweg: Anträge einreichen", started)

    @router.get("/problems/{kind}", openapi_extra=OPEN_TO_ALL)
    async def problem_page(kind: str) -> HTMLResponse:
        """What one type of problem means, and how to mend it."""
        if kind not in _EXPLAINED:
            return plain_page(_UNKNOWN, f"<h1>{_UNKNOWN}</h1>{_kinds()}{_BACK}", status=404)
        status, german, english = _EXPLAINED[kind]
        told = _said(german, "de") + _said(english, "en")
        return plain_page(german.title, f"<h1>{kind}</h1><p>HTTP {status}</p>{told}{_BACK}")

    return router


def _codes() -> str:
    rows = "".join(
        f"<tr><td><code>{code}</code></td><td>{escape(german)}</td></tr>"
        for code, (german, _) in CODES.items()
    )
    return f"<h2>Stände (status.code)</h2><table><tr><th>Code</th><th>Bedeutung</th></tr>{rows}</table>"


def _kinds() -> str:
    def rows() -> Iterator[str]:
        for kind, (status, german, _) in _EXPLAINED.items():
            yield f'<tr><td>{status}</td><td><a href="/problems/{kind}">{kind}</a></td><td>{escape(german.title)}</td></tr>'

    head = "<tr><th>Status</th><th>Typ (<code>urn:amtsweg:problem:…</code>)</th><th>Bedeutung</th></tr>"
    return f"<h2>Fehler</h2><table>{head}{''.join(rows())}</table>"


def _said(wording: Wording, language: str) -> str:
    return (
        f'<section lang="{language}"><h2>{escape(wording.title)}</h2><p>{escape(_BLANK.sub("…", wording.detail))}</p>'
        f"<p>{escape(wording.resolution)}</p></section>"
    )
