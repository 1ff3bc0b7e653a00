// What assignments suggest for the directory: a list, and for each the lines it would get and the cases it is about.

import { opener } from "./case.js";
import { $, ask, attend, h, languageNow, moment, number } from "./view.js";
import { say } from "./words.js";

let proposals = [], drawn = null;
const open = new Map();

export async function refreshProposals() {
  ({ proposals } = await ask("/console/proposals"));
  if (JSON.stringify(proposals) !== drawn) drawProposals();
}

export function drawProposals() {
  drawn = JSON.stringify(proposals);
  $("proposals-list").replaceChildren(proposals.length ? h("ul", { class: "cases" }, proposals.map(proposalView)) : h("p", { class: "hint" }, say("nothingProposed")));
}

function proposalView(each) {
  const preview = h("div", { id: `preview-${each.id}` });
  if (open.has(each.id)) preview.replaceChildren(previewView(open.get(each.id)));
  return h("li", { class: "entry-line", "data-proposal": each.id },
    h("h3", {}, each.serviceName, " ", h("span", { class: "mark open" }, say(each.reason))),
    h("p", {}, say("assignedTo", each.place || say("noPlace"), `${each.authorityName} (${each.authority})`, number(each.times), moment(each.last))),
    h("p", {}, h("button", { type: "button", class: "second", "aria-expanded": String(open.has(each.id)), "aria-controls": preview.id, onclick: () => attend(say, () => toggle(each.id)) }, say(open.has(each.id) ? "closePreview" : "preview"))),
    preview);
}

async function toggle(id) {
  if (!open.delete(id)) open.set(id, await ask(`/console/proposals/${id}`));
  drawProposals();
  document.querySelector(`[data-proposal="${id}"] button`)?.focus();
}

function previewView({ proposal, change, remark, assigned, waiting }) {
  return [
    h("h4", {}, say("wouldChange")),
    h("p", {}, remark[languageNow()]),
    change.map(({ table, lines }) => [h("p", { class: "mono" }, `${table}.csv`), h("pre", { class: "mono", tabindex: "0", role: "region", "aria-label": `${table}.csv` }, lines.map(line => `+ ${line}`).join("\n"))]),
    change.length ? h("p", { class: "hint" }, say("takeForce"), [`proposals show ${proposal.id} --output ${proposal.id}`, `preview ${proposal.id}`, `apply ${proposal.id} --effective-from "${say("instant")}" --reason "${say("why")}"`].map(each => [h("br"), h("code", {}, `amtsweg directory ${each}`)])) : null,
    h("h4", {}, say("waitingAlike")),
    waiting.length ? h("ul", {}, waiting.map(each => h("li", {}, h("span", { class: "mono" }, each.receiptNumber), ` · ${say("received")} ${moment(each.receivedAt)} `, opener(each.receiptNumber)))) : h("p", { class: "hint" }, say("noneAlike")),
    h("h4", {}, say("assignedSoFar")),
    h("ul", {}, assigned.map(each => h("li", {}, `${moment(each.at)} · ${each.by ?? ""}: ${each.reason} `, opener(each.case)))),
  ].flat().filter(Boolean).reduce((all, part) => { all.append(...[part].flat()); return all; }, h("div", { class: "preview" }));
}
