// Authorities' access: who is suspended, and the orders to suspend and to let in again.

import { $, ask, attend, confirmed, h, moment } from "./view.js";
import { say } from "./words.js";

let suspended = [], found = [], drawn = null;

export function showAccess(now) {
  suspended = now;
  if (JSON.stringify(suspended) !== drawn) drawAccess();
}

export function drawAccess() {
  drawn = JSON.stringify(suspended);
  $("access-list").replaceChildren(suspended.length
    ? h("ul", { class: "cases" }, suspended.map(each => h("li", { class: "entry-line" },
      h("h3", {}, `${each.name} (${each.authority})`), h("p", { class: "hint" }, `${say("since")} ${moment(each.since)}`),
      h("p", {}, h("button", { type: "button", class: "second", onclick: () => attend(say, () => order(each, "resume")) }, say("resume"))))))
    : h("p", { class: "hint" }, say("nobodySuspended")));
  drawFound();
}

function drawFound() {
  $("access-found").replaceChildren(...found.map(each => h("p", {},
    h("button", { type: "button", class: "second", disabled: suspended.some(one => one.authority === each.id), onclick: () => attend(say, () => order({ authority: each.id, name: each.name }, "suspend")) }, say("suspendNamed", `${each.name} (${each.id})`)))));
}

$("access-form").addEventListener("submit", event => {
  event.preventDefault();
  attend(say, async () => {
    ({ authorities: found } = await ask("/console/authorities", { query: { words: $("access-words").value.trim() } }));
    drawFound();
    return found.length ? "" : say("noneFound");
  });
});

async function order({ authority, name }, what) {
  if (!await confirmed({ title: say("sure"), text: say(`${what}Sure`, name), yes: say(`${what}Yes`), no: say("cancel") })) return "";
  await ask(`/console/authorities/${authority}/${what}`, { body: {} });
  found = [];
  $("access-words").value = "";
  showAccess((await ask("/console/overview")).suspended);
  drawFound();
  $("access-title").focus();
  return say(`${what}Told`, name, authority);
}
