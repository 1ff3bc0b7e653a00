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
  $("letters-list").replaceChildren(...letters.length ? [h("p", { class: "hint" }, say("whatIsDead")), h("ul", { class: "cases" }, incidents().map(incidentView))] : [h("p", { class: "hint" }, say("nothingDead"))]);
}

/** One record that several services could not handle is one incident. */
function incidents() {
  const found = new Map();
  for (const each of letters) found.set(each.place, [...found.get(each.place) ?? [], each]);
  return [...found.values()];
}

function incidentView(all) {
  const [first] = all, names = all.map(each => each.name).join(", "), kinds = [...new Set(all.map(each => each.kind))];
  const reason = h("select", { id: `close-${first.name}`, required: true }, h("option", { value: "" }, "–"), REASONS.map(name => h("option", { value: name }, say(name))));
  const facts = [...whys(all).map(why => ["why", why]), ["place", first.place], ["caseId", first.case], ["attempts", number(Math.max(...all.map(each => each.attempts)))], ["size", say("bytes", number(Math.max(first.bytes, 0)))], ["software", first.software]];
  return h("li", { class: "entry-line" },
    h("h3", {}, names, kinds.map(kind => [" ", h("span", { class: "mark bad" }, say(kind))])),
    h("p", { class: "hint" }, `${say("since")} ${moment(first.since)}`),
    all.length > 1 ? h("p", {}, say("oneRecord", number(all.length))) : null,
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, say(name)), h("dd", { class: "mono" }, value)])),
    kinds.map(kind => h("p", {}, h("strong", {}, say("goOnWith")), ` ${say(`dead-${kind}`)}`)),
    h("p", {}, h("button", { type: "button", onclick: () => attend(say, () => ordered(all, each => ask("/console/letters/replay", { body: { name: each.name } }))) }, say("replay")), first.case ? [" ", opener(first.case)] : null),
    h("form", { class: "row", onsubmit: event => { event.preventDefault(); attend(say, async () => {
      if (!await confirmed({ title: say("sure"), text: say("closeSure", names), yes: say("really"), no: say("cancel") })) return "";
      return ordered(all, each => ask("/console/letters/close", { body: { name: each.name, reason: reason.value } }));
    }); } },
    h("p", { class: "grow" }, h("label", { for: `close-${first.name}` }, say("closeReason")), reason), h("p", {}, h("button", { type: "submit", class: "second" }, say("close")))));
}

/** Why, said once where all services say the same. */
function whys(all) {
  const told = all.map(each => each.why[languageNow()]);
  return new Set(told).size === 1 ? [told[0]] : all.map((each, n) => `${each.group}: ${told[n]}`);
}

async function ordered(all, order) {
  const outcomes = [];
  for (const each of all) outcomes.push(await order(each));
  await refreshLetters();
  $("letters-title").focus();
  const words = outcomes.map(({ name, outcome }) => say(`told-${outcome}`, name)).join("\n");
  if (outcomes.some(({ outcome }) => IN_VAIN.has(outcome))) throw new Error(words);
  return words;
}
