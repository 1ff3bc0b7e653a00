// What every form needs to send an answer: when, under which id, and what people write, sealed in this browser.

import { seal, toBase64url } from "./sealed.js";
import { say } from "./words.js";

const LARGEST_DOCUMENT = 700_000;
const utf8 = new TextEncoder();

export const now = () => new Date().toISOString();
/** A form's work, once at a time: a second click while it is under way is the first one again. */
export const on = (act, work) => async event => {
  event.preventDefault();
  const form = event.target;
  if (form.ariaBusy === "true") return;
  form.ariaBusy = "true";
  await act(() => work(form));
  form.ariaBusy = null;
};
/** One id for each form as it was opened: pressing the button again repeats the same answer. */
export const ownId = kind => `page/${crypto.randomUUID()}/${kind.slice(0, 8)}`;

/** What a form says, sealed: file number, text and a document for the platform; of the document its name for the message. */
export async function written(keys, { fileNumber, text, file }) {
  const content = {}, notice = {};
  if (fileNumber) content.fileNumber = notice.fileNumber = fileNumber;
  if (text) content.text = text;
  if (file) {
    if (file.size > LARGEST_DOCUMENT) throw new Error(say("documentTooLarge"));
    const bytes = new Uint8Array(await file.arrayBuffer());
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const named = { name: file.name.slice(0, 200), mediaType: file.type || "application/octet-stream" };
    content.documents = [{ ...named, data: toBase64url(bytes) }];
    notice.documents = [{ ...named, size: bytes.length, digest: `sha256:${[...digest].map(byte => byte.toString(16).padStart(2, "0")).join("")}` }];
  }
  return { content, notice };
}

/** The parts that say something, sealed: `content` to the platform client, `notice` to the notifier. */
export async function sealedParts(keys, { content, notice }) {
  const parts = {};
  const put = async (name, purpose, to, told) => {
    if (Object.keys(told).length === 0 || !to?.length) return;
    parts[name] = await seal(utf8.encode(JSON.stringify(told)), { to, submission: keys.submissionId, purpose, type: "application/json" });
  };
  await put("content", "answer", keys.client?.keys, content);
  await put("notice", "notice", keys.notifier?.keys, notice);
  return parts;
}
