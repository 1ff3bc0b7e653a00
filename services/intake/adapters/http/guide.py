"""What a platform's developer reads first, served by intake itself: getting started, and a page per problem type."""

from collections.abc import Iterator
from html import escape
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.intake.adapters.http.problem_catalogue import CATALOGUE, Wording
from services.intake.adapters.http.problems import problem
from services.intake.domain.client import ASSERTION_LIFETIME
from services.intake.domain.wording import CODES
from shared.web.app import OPEN_TO_ALL

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "X-Content-Type-Options": "nosniff",
}
_STYLE: Final = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}"
    "pre{white-space:pre-wrap;background:#f2f2f2;padding:1rem}pre,code,a{overflow-wrap:anywhere}td code,td a{overflow-wrap:normal}"
    "table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.25rem 1rem .25rem 0}"
)
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
_BACK: Final = '<p><a href="/">Amtsweg: Anträge einreichen</a></p>'


def guide_routes(*, issuer: str) -> APIRouter:
    """The pages; nothing in them is about anybody."""
    router = APIRouter(tags=["guide"], include_in_schema=False)
    lifetime = int(ASSERTION_LIFETIME.total_seconds())
    started = _STARTED.format(issuer=escape(issuer), lifetime=lifetime) + _codes() + _kinds()

    @router.get("/", openapi_extra=OPEN_TO_ALL)
    async def guide() -> HTMLResponse:
        """Getting started."""
        return _page("Amtsweg: Anträge einreichen", started)

    @router.get("/problems/{kind}", openapi_extra=OPEN_TO_ALL)
    async def problem_page(kind: str, request: Request) -> HTMLResponse:
        """What one type of problem means, and how to mend it."""
        for known, (status, german, english) in CATALOGUE.items():
            if known == kind:
                told = _said(german, "de") + _said(english, "en")
                return _page(german.title, f"<h1>{kind}</h1><p>HTTP {status}</p>{told}{_BACK}")
        raise problem("not-found", request)

    return router


def _page(title: str, body: str) -> HTMLResponse:
    head = f'<!doctype html><html lang="de"><meta charset="utf-8"><title>{escape(title)}</title>'
    view = '<meta name="viewport" content="width=device-width, initial-scale=1">'
    return HTMLResponse(f"{head}{view}<style>{_STYLE}</style><main>{body}</main></html>", headers=_HEADERS)


def _codes() -> str:
    rows = "".join(
        f"<tr><td><code>{code}</code></td><td>{escape(german)}</td></tr>"
        for code, (german, _) in CODES.items()
    )
    return f"<h2>Stände (status.code)</h2><table><tr><th>Code</th><th>Bedeutung</th></tr>{rows}</table>"


def _kinds() -> str:
    def rows() -> Iterator[str]:
        for kind, (status, german, _) in CATALOGUE.items():
            yield f'<tr><td>{status}</td><td><a href="/problems/{kind}">{kind}</a></td><td>{escape(german.title)}</td></tr>'

    head = "<tr><th>Status</th><th>Typ (<code>urn:amtsweg:problem:…</code>)</th><th>Bedeutung</th></tr>"
    return f"<h2>Fehler</h2><table>{head}{''.join(rows())}</table>"


def _said(wording: Wording, language: str) -> str:
    return (
        f'<section lang="{language}"><h2>{escape(wording.title)}</h2><p>{escape(wording.detail)}</p>'
        f"<p>{escape(wording.resolution)}</p></section>"
    )
