// Three answers that the law asks for now and then: a file that does not open, a longer period, a certificate.

import { now, on, ownId, sealedParts, written } from "./answers.js";
import { confirmed, h } from "./view.js";
import { say } from "./words.js";

const MOST_MONTHS = 12;

/** § 3a Abs. 4 VwVfG: the authority tells what it needs instead. */
export function unreadableView(keys, { act, give }) {
  const text = h("textarea", { id: "instead", rows: 3, maxlength: 10_000, required: true, "aria-describedby": "instead-hint" });
  const id = ownId("unread");
  return h("details", {}, h("summary", {}, say("unreadableFile")), sealable(keys) ?
    h("form", { onsubmit: on(act, async () => give({ id, kind: "unreadable", givenAt: now(), ...await sealedParts(keys, await written(keys, { text: text.value.trim() })) })) },
      h("p", {}, h("label", { for: "instead" }, say("instead")), text, h("span", { class: "hint", id: "instead-hint" }, say("insteadHint"))),
      h("p", {}, h("button", { type: "submit" }, say("unreadableSend")))) : unsealable(keys));
}

/** § 42a Abs. 2 VwVfG: once, before the period ends, with its reason. */
export function extensionView(keys, { act, give }) {
  const months = h("select", { id: "months", required: true, "aria-describedby": "months-hint" }, Array.from({ length: MOST_MONTHS }, (_, n) => h("option", { value: String(n + 1) }, String(n + 1))));
  const text = h("textarea", { id: "why-longer", rows: 3, maxlength: 10_000 });
  const id = ownId("extended");
  return h("details", {}, h("summary", {}, say("extend")),
    h("form", { onsubmit: on(act, async () => {
      const parts = sealable(keys) ? await sealedParts(keys, await written(keys, { text: text.value.trim() })) : {};
      if (!await confirmed({ title: say("sure"), text: say("extendSure", months.value), yes: say("really"), no: say("cancel") })) return "";
      return give({ id, kind: "extended", months: Number(months.value), givenAt: now(), ...parts });
    }) },
    h("p", {}, h("label", { for: "months" }, say("months")), months, h("span", { class: "hint", id: "months-hint" }, say("monthsHint"))),
    sealable(keys) ? h("p", {}, h("label", { for: "why-longer" }, say("whyLonger")), text) : null,
    h("p", {}, h("button", { type: "submit" }, say("extendSend")))));
}

/** § 42a Abs. 3 VwVfG: the period ended in silence, so what was asked for counts as granted. */
export function certificateView(keys, { act, give }) {
  const file = h("input", { id: "certificate", type: "file", required: true });
  const id = ownId("certified");
  return h("form", { onsubmit: on(act, async () => give({ id, kind: "certified", givenAt: now(), ...await sealedParts(keys, { ...await written(keys, { file: file.files[0] }), notice: {} }) })) },
    h("p", {}, say("certify")), sealable(keys) ? [
      h("p", {}, h("label", { for: "certificate" }, say("certificate")), file),
      h("p", {}, h("button", { type: "submit" }, say("certifySend"))),
    ] : unsealable(keys));
}

const sealable = keys => Boolean(keys?.client?.keys?.length);
const unsealable = keys => h("p", { class: "notice" }, say(keys ? "noClientKey" : "noKeys"));
