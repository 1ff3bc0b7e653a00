// What a clerk may do with a case. What they write is sealed here, to the keys that the delivered case names.

import { now, on, ownId, sealedParts, written } from "./answers.js";
import { certificateView, extensionView, unreadableView } from "./formalities.js";
import { ask, attend, confirmed, h } from "./view.js";
import { isUnanswered, say } from "./words.js";

const MOST_MISSING = 20, LONGEST_ITEM = 200;
const REASONS = ["wrong-place", "wrong-service", "not-competent", "misdirected"];

/** The forms that fit the case's state. `act` shows progress and trouble, `give` sends an answer. */
export function actsView(record, { act, give }) {
  const keys = record.event?.answerKeys;
  if (record.standing === "deemed-approved") return h("div", { class: "acts no-print" }, h("h3", {}, say("actsTitle")), certificateView(keys, { act, give }));
  return h("div", { class: "acts no-print" },
    h("h3", {}, say("actsTitle")),
    isUnanswered(record) ? h("form", { onsubmit: on(act, () => give({ id: acceptedId(record), kind: "accepted", givenAt: now() })) },
      h("p", {}, h("button", { type: "submit" }, say("accept")), h("span", { class: "hint" }, say("acceptHint")))) : null,
    askView(record, keys, { act, give }), unreadableView(keys, { act, give }), extensionView(keys, { act, give }),
    decideView(keys, record, { act, give }), handOnView(record, { act, give }));
}

/** Of this delivery, so that any tab says the same; a case that comes back after a return is accepted anew. */
const acceptedId = ({ case: id, deliveredAt }) => `page/${id}/${Math.floor(Date.parse(deliveredAt ?? 0) / 1000).toString(36)}/a`;

// --- Asking for information -------------------------------------------------------------------------------------------

function askView(record, keys, { act, give }) {
  const items = h("textarea", { id: "missing", rows: 4, required: true, "aria-describedby": "missing-hint" });
  const id = ownId("asked");
  return h("details", {}, h("summary", {}, say("ask")),
    !keys?.notifier?.keys?.length ? h("p", { class: "notice" }, say("noKeys")) :
      h("form", { onsubmit: on(act, async () => {
        const missing = items.value.split("\n").map(line => line.trim()).filter(Boolean);
        if (missing.length < 1 || missing.length > MOST_MISSING || missing.some(line => line.length > LONGEST_ITEM)) throw new Error(say("missingNone"));
        return give({ id, kind: "information-requested", items: missing.length, givenAt: now(), ...await sealedParts(keys, { content: { missing }, notice: { missing } }) });
      }) },
      h("p", {}, h("label", { for: "missing" }, say("missing")), items, h("span", { class: "hint", id: "missing-hint" }, say("missingHint"))),
      h("p", {}, h("button", { type: "submit" }, say("askSend")))));
}

// --- Deciding -----------------------------------------------------------------------------------------------------

function decideView(keys, record, { act, give }) {
  const fileNumber = h("input", { id: "file-number", maxlength: 64, autocomplete: "off" });
  const text = h("textarea", { id: "text", rows: 4, maxlength: 10_000 });
  const document = h("input", { id: "document", type: "file", "aria-describedby": "document-hint" });
  const id = ownId("decided");
  const choice = outcome => h("label", { class: "pick" }, h("input", { type: "radio", name: "outcome", value: outcome, required: true }), say(outcome));
  const sealable = keys?.client?.keys?.length;
  return h("details", {}, h("summary", {}, say("decide")),
    h("form", { onsubmit: on(act, async form => {
      const outcome = new FormData(form).get("outcome");
      const parts = sealable ? await sealedParts(keys, await written(keys, { fileNumber: fileNumber.value.trim(), text: text.value.trim(), file: document.files[0] })) : {};
      if (!await confirmed({ title: say("sure"), text: say("decideSure", say(outcome)), yes: say("really"), no: say("cancel") })) return "";
      return give({ id, kind: "decided", outcome, givenAt: now(), ...parts });
    }) },
    h("fieldset", {}, h("legend", {}, say("outcome")), choice("granted"), choice("refused")),
    sealable ? [
      h("p", {}, h("label", { for: "file-number" }, say("fileNumber")), fileNumber),
      h("p", {}, h("label", { for: "text" }, say("text")), text),
      h("p", {}, h("label", { for: "document" }, say("document")), document, h("span", { class: "hint", id: "document-hint" }, say("documentHint"))),
    ] : h("p", { class: "notice" }, say(keys ? "noClientKey" : "noKeys")),
    h("p", {}, h("button", { type: "submit" }, say("decideSend")))));
}

// --- Handing on ---------------------------------------------------------------------------------------------------

function handOnView(record, { act, give }) {
  const reason = h("select", { id: "reason", required: true }, h("option", { value: "" }, "–"), REASONS.map(each => h("option", { value: each }, say(each))));
  const words = h("input", { id: "to", type: "search", autocomplete: "off", "aria-describedby": "to-hint" });
  const found = h("div", { id: "to-found", "aria-live": "polite" });
  const id = ownId("handed-on");
  let asked = 0;
  words.addEventListener("input", () => {
    const wanted = words.value.trim(), mine = asked += 1;
    if (wanted.length < 2) return found.replaceChildren();
    setTimeout(() => { if (mine === asked) attend(say, async () => {
      const answer = await ask("/clerk/authorities", { query: { words: wanted } });
      if (mine === asked) found.replaceChildren(...choices(answer, record.authority));
    }); }, 250);
  });
  return h("details", {}, h("summary", {}, say("handOn")),
    h("form", { onsubmit: on(act, async form => {
      const picked = form.querySelector("[name=authority]:checked");
      const name = picked?.dataset.name ?? say("toDesk");
      if (!await confirmed({ title: say("sure"), text: say("handOnSure", name), yes: say("really"), no: say("cancel") })) return "";
      return give({ id, givenAt: now(), reason: reason.value, ...picked ? { kind: "forwarded", forwardTo: picked.value } : { kind: "returned" } });
    }) },
    h("p", {}, h("label", { for: "reason" }, say("reason")), reason),
    h("p", {}, h("label", { for: "to" }, say("to")), words, h("span", { class: "hint", id: "to-hint" }, say("toHint"))),
    found,
    h("p", {}, h("button", { type: "submit" }, say("handOnSend")))));
}

function choices({ authorities, more }, own) {
  const others = authorities.filter(each => each.id !== own);
  if (others.length === 0) return [h("p", { class: "hint" }, say("toNone"))];
  return [
    h("fieldset", {}, h("legend", {}, say("authority")), others.map(each =>
      h("label", { class: "pick" }, h("input", { type: "radio", name: "authority", value: each.id, "data-name": each.name }), `${each.name} (${each.id})`))),
    more ? h("p", { class: "hint" }, say("toMore")) : "",
  ];
}
