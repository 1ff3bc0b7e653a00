// Records that could not be read or handled: try again, or give up with a reason of the list.

import { opener } from "./case.js";
import { $, ask, attend, confirmed, h, languageNow, moment, number } from "./view.js";
import { say } from "./words.js";

const REASONS = ["obsolete", "handled-otherwise", "beyond-repair", "expired", "test"];
const IN_VAIN = new Set(["failed", "expired", "not-its-turn"]);
let letters = [], drawn = null;

export async function refreshLetters() {
  letters = (await ask("/console/letters")).letters;
  if (JSON.stringify(letters) !== drawn) drawLetters();
}

export function drawLetters() {
  drawn = JSON.stringify(letters);
  $("letters-list").replaceChildren(...letters.length ? [h("p", { class: "hint" }, say("whatIsDead")), h("ul", { class: "cases" }, letters.map(letterView))] : [h("p", { class: "hint" }, say("nothingDead"))]);
}

function letterView(each) {
  const reason = h("select", { id: `close-${each.name}`, required: true }, h("option", { value: "" }, "–"), REASONS.map(name => h("option", { value: name }, say(name))));
  const facts = [["why", each.why[languageNow()]], ["place", each.place], ["caseId", each.case], ["attempts", number(each.attempts)], ["size", say("bytes", number(Math.max(each.bytes, 0)))], ["software", each.software]];
  return h("li", { class: "entry-line" },
    h("h3", {}, each.name, " ", h("span", { class: "mark bad" }, say(each.kind))),
    h("p", { class: "hint" }, `${say("since")} ${moment(each.since)}`),
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, say(name)), h("dd", { class: "mono" }, value)])),
    h("p", {}, h("strong", {}, say("goOnWith")), ` ${say(`dead-${each.kind}`)}`),
    h("p", {}, h("button", { type: "button", onclick: () => attend(say, async () => told(await ask("/console/letters/replay", { body: { name: each.name } }))) }, say("replay")), each.case ? [" ", opener(each.case)] : null),
    h("form", { class: "row", onsubmit: event => { event.preventDefault(); attend(say, async () => {
      if (!await confirmed({ title: say("sure"), text: say("closeSure", each.name), yes: say("really"), no: say("cancel") })) return "";
      return told(await ask("/console/letters/close", { body: { name: each.name, reason: reason.value } }));
    }); } },
    h("p", { class: "grow" }, h("label", { for: `close-${each.name}` }, say("closeReason")), reason), h("p", {}, h("button", { type: "submit", class: "second" }, say("close")))));
}

async function told({ name, outcome }) {
  await refreshLetters();
  $("letters-title").focus();
  const words = say(`told-${outcome}`, name);
  if (IN_VAIN.has(outcome)) throw new Error(words);
  return words;
}
