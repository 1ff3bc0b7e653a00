// What this authority answers, and why: put your own procedure here. The content of a case decides, so that one can try
// everything from outside (see README.md). An answer's id follows from the record and the kind.

import { createHash } from "node:crypto";
import { sealedParts } from "./sealing.mjs";

/** The member of the content that marks a test submission of `amtsweg authority check`. */
export const CHECK = "amtswegCheck";

/** The answers to a new case, in order. Whoever hands it on says nothing else. */
export async function* answersTo(given) {
  const { content, answerKeys: keys } = given;
  if (content.fuer && content.fuer !== given.authority) return yield answer("forwarded", { forwardTo: content.fuer, reason: "wrong-place" });
  if (content.irrlaeufer) return yield answer("returned", { reason: "misdirected" });
  yield answer("accepted", {}, keys, { content: { fileNumber: fileNumber(given) } });
  if (content.schwierig) yield answer("extended", { months: 1 }, keys, { content: { text: "Die Sache ist schwierig zu prüfen." } });
  if (content.unlesbar) yield answer("unreadable", {}, keys, { content: { text: "Die Anlage lässt sich nicht öffnen. Bitte senden Sie sie als PDF." } });
  if (content.fehlt) {
    const missing = content.fehlt;
    return yield answer("information-requested", { items: missing.length }, keys, { content: { missing }, notice: { missing } });
  }
  yield decision(given, content.ablehnen ? "refused" : "granted");
}

/** What was missing is there: decide. A test submission wants its second word back. */
export async function* answersToSupplement(given) {
  yield decision(given, "granted", given.content[CHECK]?.word ?? "Vielen Dank für die Nachreichung.");
}

/** The period ended in silence, so what was asked for counts as granted: certify it (§ 42a Abs. 3 VwVfG). */
export async function* answersToSilence(given) {
  const documents = [enclosed("Bescheinigung.txt", "Das Beantragte gilt als bewilligt.")];
  yield answer("certified", {}, given.answerKeys, { content: { documents } });
}

/** Decide, with a document that only the platform can open; the message names it, with size and digest. */
function decision(given, outcome, text) {
  const document = enclosed("Bescheid.txt", `Bescheid ${fileNumber(given)}: ${outcome}`);
  const bytes = Buffer.from(document.data, "base64url");
  const pointer = { name: document.name, mediaType: document.mediaType, size: bytes.length, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
  const told = { fileNumber: fileNumber(given) };
  const content = { ...told, documents: [document], ...text ? { text } : {} };
  return answer("decided", { outcome }, given.answerKeys, { content, notice: { ...told, documents: [pointer] } });
}

/** One answer; what people write is sealed. `ownId` tells answers of one case apart. */
export async function answer(kind, members, keys, parts = {}) {
  const sealed = keys ? await sealedParts(keys, parts) : {};
  return { ownId: kind, body: { kind, givenAt: new Date().toISOString(), ...members, ...sealed } };
}

const enclosed = (name, text) => ({ name, mediaType: "text/plain", data: Buffer.from(text).toString("base64url") });

const fileNumber = given => `32.1-${given.receipt.receiptNumber}`.slice(0, 64);
