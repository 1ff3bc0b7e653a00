// The other processes: health, what they have still to read; a group that has stopped goes on by order.

import { $, ask, attend, confirmed, h, languageNow, number } from "./view.js";
import { say } from "./words.js";

let processes = [], operates = false, drawn = null;

export async function refreshProcesses(mayOperate) {
  operates = mayOperate;
  ({ processes } = await ask("/console/processes"));
  if (JSON.stringify(processes) !== drawn) drawProcesses();
}

export function drawProcesses() {
  drawn = JSON.stringify(processes);
  $("processes").hidden = !processes.length;
  $("processes-list").replaceChildren(h("ul", { class: "cases" }, processes.map(processView)));
}

function processView(each) {
  const well = each.standing === "ready";
  const waiting = each.backlogs.reduce((sum, backlog) => sum + backlog.records, 0);
  return h("li", { class: "entry-line" },
    h("h3", {}, each.name, " ", h("span", { class: `mark ${well ? "good" : each.standing === "degraded" ? "open" : "bad"}` }, say(each.standing))),
    each.ailing.length ? h("ul", {}, each.ailing.map(partView)) : null,
    h("p", { class: "hint" }, say(...backlogWords(each, waiting))),
    each.backlogs.length ? h("ul", { class: "mono" }, each.backlogs.map(backlog => h("li", {}, `${backlog.group} · ${backlog.topic}: ${number(backlog.records)}`))) : null,
    operates && each.group && each.ailing.some(part => part.reason.includes("dead-letters go-on"))
      ? h("p", {}, h("button", { type: "button", class: "second", onclick: () => attend(say, () => goOn(each)) }, say("goOn"))) : null);
}

/** Where nobody can measure what waits, no figure says that nothing does. */
function backlogWords(each, waiting) {
  if (each.standing === "unreachable") return ["unreachableHint"];
  if (each.ailing.some(part => part.name.startsWith("lag"))) return ["lagUnknown"];
  return waiting ? ["waitingRecords", number(waiting)] : ["nothingWaiting"];
}

/** A part that does not work, in words; why stands below it. */
function partView(part) {
  const words = part[languageNow()];
  return h("li", {}, h("strong", {}, `${words.name}: `), `${say(part.standing)}. ${words.means}. `, say("helps", words.do),
    words.why ? h("span", { class: "hint" }, `${say("why")}: ${words.why}`) : null);
}

async function goOn({ group }) {
  if (!await confirmed({ title: say("sure"), text: say("goOnSure", group), yes: say("reallyGoOn"), no: say("cancel") })) return "";
  const { outcome } = await ask(`/console/groups/${group}/go-on`, { body: {} });
  await refreshProcesses(operates);
  $("processes-title").focus();
  return say(`told-${outcome}`, group);
}
