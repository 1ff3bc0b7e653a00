// A sample state platform in Node: hands in a submission, repeats the request, follows the case. Made to be copied.
//
// Only what Node 18 or newer brings. A lost answer is nothing to fear: the same request under the same
// Idempotency-Key gives the same receipt, however often it is sent.
//
// node examples/platform/submit.mjs var/stack.json [SECONDS]

import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

const SUBMISSION = {
  service: "99050012104000", // Gewerbe Anmeldung
  place: { plz: "35390", town: "Gießen" },
  content: { betrieb: { name: "Bäckerei Sonnenschein", beginn: "2026-02-01" } },
  contact: { email: "erika.mustermann@example.org", name: "Erika Mustermann" },
  language: "de",
  clientReference: "antrag-4712",
};
const LAST = new Set(["granted", "refused", "parked"]);

/** Returns the answer's JSON; an answer other than 2xx says in `resolution` what to do. The token follows no redirection. */
async function request(url, options) {
  const asked = async () => { const answer = await fetch(url, { ...options, redirect: "error", signal: AbortSignal.timeout(10_000) }); return [answer, await answer.json()]; };
  const [answer, document] = await asked()
    .catch(({ cause, message }) => { throw new Error(`${url} cannot be reached: ${cause?.code ?? cause?.message ?? message}`); });
  const places = (document.errors ?? []).map(({ at, message }) => `\n  ${at}: ${message}`).join("");
  if (!answer.ok) throw new Error(`${answer.status} ${document.title ?? document.error}: ${document.resolution ?? document.error_description}${places}`);
  return document;
}

/** Asks for a token (OAuth 2.0 client credentials) and returns the header that carries it. */
async function authorize(intake, { clientId, secret }) {
  const basic = Buffer.from(`${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`).toString("base64");
  const token = await request(`${intake}/token`, {
    method: "POST",
    headers: { Authorization: `Basic ${basic}` },
    body: new URLSearchParams({ grant_type: "client_credentials" }),
  });
  return { Authorization: `Bearer ${token.access_token}` };
}

/** Hands in the submission and returns its receipt. */
function submit(intake, token, key) {
  return request(`${intake}/v1/submissions`, {
    method: "POST",
    headers: { ...token, "Content-Type": "application/json", "Idempotency-Key": `"${key}"` },
    body: JSON.stringify(SUBMISSION),
  });
}

/** Yields each line of the case's history once, until the case rests or the time is over. */
async function* follow(url, token, seconds) {
  const seen = new Set();
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end) {
    for (const line of (await request(url, { headers: token })).events) {
      if (seen.has(line.eventId)) continue;
      seen.add(line.eventId);
      yield line;
      if (LAST.has(line.code)) return;
    }
    await pause(200);
  }
}

process.on("uncaughtException", ({ message }) => { console.error(message); process.exit(1); });
const [file = "var/stack.json", seconds = "10"] = process.argv.slice(2);
const stack = JSON.parse(await readFile(file, "utf8")
  .catch(({ code }) => { console.error(`${file}: ${code}; \`make up\` starts a stack and writes it`); process.exit(2); }));
const client = Object.values(stack.clients).find((each) => each.secret);
const intake = stack.urls.intake;
const token = await authorize(intake, client);
const key = randomUUID();
const receipt = await submit(intake, token, key);
console.log(`receipt ${receipt.receiptNumber} of ${receipt.receivedAt}, case ${receipt.caseId}`);
const again = await submit(intake, token, key);
console.log(`repeated under the same key: ${JSON.stringify(again) === JSON.stringify(receipt) ? "the same receipt" : "ANOTHER RECEIPT"}`);
let code = "";
for await (const line of follow(intake + receipt.links.history, token, Number(seconds))) {
  code = line.code;
  console.log(`${line.at}  ${code.padEnd(20)} ${line.text}`);
}
if (!LAST.has(code)) console.log(`not decided within ${seconds} seconds; what comes later is told by GET ${receipt.links.history}`);
