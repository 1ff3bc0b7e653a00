// One case: where it is, what happened, what is due next.

import { $, ask, attend, day, h, languageNow, moment, Refused } from "./view.js";
import { say } from "./words.js";

let found = null, history = null, trouble = "", asked = 0;

$("find-form").addEventListener("submit", event => {
  event.preventDefault();
  find($("reference").value.trim());
});

/** A button that opens a case from another part of the page. */
export const opener = (reference, words = say("showCase")) => h("button", { type: "button", class: "second", onclick: async () => {
  $("reference").value = reference;
  if (await find(reference)) $("found-title")?.focus();
} }, words);

async function find(reference) {
  const mine = asked += 1; // a history takes seconds: what comes for an earlier question is shown under no other case
  found = history = null;
  trouble = "";
  drawCase();
  return attend(say, async () => {
    const told = await ask(`/console/cases/${encodeURIComponent(reference)}`);
    if (mine !== asked) return;
    found = told;
    drawCase();
    try {
      const { lines } = await ask(`/console/histories/${told.case}`);
      if (mine === asked) history = lines;
    } catch (error) {
      if (error instanceof Refused && error.status === 401) throw error;
      if (mine === asked) trouble = say("noHistory");
    }
    drawCase();
  });
}

export function drawCase() {
  if (!found) return $("found").replaceChildren();
  const facts = [["receipt", found.receiptNumber], ["service", `${found.serviceName} (${found.service})`], ["received", moment(found.receivedAt)],
    ["standing", `${say(found.standing)}, ${say("since")} ${moment(found.since)}`], ["holder", holder()], ["caseId", h("span", { class: "mono" }, found.case)]];
  $("found").replaceChildren(
    h("h2", { id: "found-title", tabindex: "-1" }, found.receiptNumber),
    h("dl", { class: "facts" }, facts.map(([name, value]) => [h("dt", {}, say(name)), h("dd", {}, value)])),
    h("h3", {}, say("nextTitle")),
    h("ul", { id: "next" }, h("li", {}, say(`next-${found.standing}`)), found.due ? h("li", {}, `${say(found.due.kind)} ${day(found.due.on)}`) : null),
    h("h3", {}, say("historyTitle")),
    trouble ? h("p", {}, trouble) : history ? h("ol", { id: "history", class: "cases" }, history.map(lineView)) : h("p", { class: "hint" }, say("working")),
    h("p", { class: "hint" }, say("messagesAndDates"), " ", h("code", {}, `amtsweg case ${found.receiptNumber}`)));
}

function holder() {
  if (found.standing === "parked") return say("heldByDesk");
  if (["decided", "deemed-approved", "withdrawn", "erased"].includes(found.standing)) return say("heldByNobody");
  return found.authority ? `${found.authorityName} (${found.authority})` : say("nobody");
}

/** What happened, where, and how to go on. */
export function lineView(each) {
  const words = each[languageNow()];
  return h("li", { class: "entry-line" }, h("p", { class: "hint" }, moment(each.at)),
    h("p", {}, each.code === "answer-refused" ? h("span", { class: "mark bad" }, say("noEffect")) : null, ` ${words.said}`, each.authority ? `: ${each.authorityName} (${each.authority})` : ""),
    each.order ? h("p", {}, say("orderedWhy", each.order.by, each.order.reason)) : null,
    words.do ? h("p", {}, h("strong", {}, say("goOnWith")), ` ${words.do}`) : null);
}
