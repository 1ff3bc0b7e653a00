// What the directory could not decide: one form for each case, a choice and a reason.

import { opener } from "./case.js";
import { $, ask, attend, h, moment } from "./view.js";
import { sheetView } from "./sheet.js";
import { say } from "./words.js";

const PAGE = 20;
let cases = [], next = null, limit = PAGE, drawn = "";

export async function refreshParked() {
  const answer = await ask("/console/v1/parked", { query: { limit: String(limit) } });
  cases = answer.cases;
  next = answer.next ?? null;
  // Only what has changed is drawn anew: somebody may be writing a reason.
  if (cases.map(each => `${each.case}/${each.reasonText}`).join() !== drawn) drawParked();
}

export function drawParked() {
  drawn = cases.map(each => `${each.case}/${each.reasonText}`).join();
  const kept = new Map([...$("parked-list").querySelectorAll("li[data-case]")].filter(each => each.contains(document.activeElement)).map(each => [each.dataset.case, each]));
  $("parked-list").replaceChildren(
    cases.length ? h("ul", { class: "cases" }, cases.map(each => kept.get(each.case) ?? caseView(each))) : h("p", { class: "hint" }, say("nothingParked")),
    next ? h("p", {}, h("button", { type: "button", class: "second", onclick: () => attend(say, async () => { limit = Math.min(limit + PAGE, 200); await refreshParked(); }) }, say("more"))) : "");
}

function caseView(each) {
  const id = `case-${each.case}`;
  return h("li", { "data-case": each.case, class: "entry-line" },
    h("h3", { id }, each.serviceName || each.service),
    h("p", { class: "hint" }, h("span", { id: `number-${each.case}` }, each.receiptNumber), ` · ${say("waits", moment(each.parkedSince))}`),
    h("p", {}, h("span", { class: "mark open" }, each.reasonText)),
    each.reason === "unconfirmed" ? h("p", {}, say("liesWith", each.authority)) : null,
    explanationView(each), mapView(each), h("p", {}, opener(each.receiptNumber)), formView(each, id));
}

function mapView(each) {
  if (!each.candidates.length) return null;
  const holder = h("div", {}), known = new Map(each.candidates.map(one => [one.authority, one.name]));
  const choose = authority => { const found = [...holder.closest("li").querySelectorAll("[type=radio]")].find(radio => radio.value === authority); if (found) { found.checked = true; found.focus(); } };
  const details = h("details", { ontoggle: () => { if (details.open && !holder.firstChild) attend(say, async () => { holder.replaceChildren(await sheetView(each.case, { names: id => known.get(id) || id, choose })); }); } },
    h("summary", {}, say("showMap")), holder);
  return details;
}

function explanationView(each) {
  const text = h("p", { class: "explanation" });
  const details = h("details", { ontoggle: () => { if (details.open && !text.textContent) attend(say, async () => { text.textContent = (await ask(`/console/v1/parked/${each.case}`)).explanation ?? each.reasonText; }); } },
    h("summary", {}, say("details")), text);
  return details;
}

function formView(each, title) {
  const reason = h("input", { id: `reason-${each.case}`, required: true, maxlength: 200, autocomplete: "off", "aria-describedby": `hint-${each.case}` });
  const others = h("div", { "aria-live": "polite" }), words = h("input", { id: `other-${each.case}`, type: "search", autocomplete: "off" });
  const pick = ({ id, authority, name, whyText }, outside) => h("label", { class: "pick" }, h("input", { type: "radio", name: `authority-${each.case}`, value: id ?? authority, "data-name": name, "data-outside": outside || null }), h("span", {}, `${name} (${id ?? authority})`, whyText ? h("span", { class: "hint" }, whyText) : null));
  let asked = 0;
  words.addEventListener("input", () => {
    const wanted = words.value.trim(), mine = asked += 1;
    if (wanted.length < 2) return others.replaceChildren();
    setTimeout(() => { if (mine === asked) attend(say, async () => {
      const { authorities } = await ask("/console/authorities", { query: { words: wanted } });
      if (mine === asked) others.replaceChildren(...authorities.length ? authorities.map(found => pick(found, true)) : [h("p", { class: "hint" }, say("noneFound"))]);
    }); }, 250);
  });
  const key = crypto.randomUUID();
  const order = (event, work) => { event.preventDefault(); attend(say, work); };
  const form = h("form", { "aria-labelledby": `${title} number-${each.case}`, onsubmit: event => order(event, async () => {
    const chosen = form.querySelector("[type=radio]:checked");
    if (!chosen) throw new Error(say("chooseFirst"));
    return told(await ask(`/console/v1/parked/${each.case}/assignment`, { body: { authority: chosen.value, reason: reason.value.trim(), outsideCandidates: chosen.dataset.outside === "true" }, key }));
  }) },
  h("fieldset", {}, h("legend", {}, say("candidates")), each.candidates.map(one => pick(one, false)),
    h("p", {}, h("label", { for: `other-${each.case}` }, say("other")), words), others),
  h("p", {}, h("label", { for: `reason-${each.case}` }, say("reason")), reason, h("span", { class: "hint", id: `hint-${each.case}` }, say("reasonHint"))),
  h("p", { class: "take" }, h("button", { type: "submit" }, say("assign")),
    each.reason === "unconfirmed"
      ? h("button", { type: "button", class: "second", onclick: event => order(event, async () => told(await ask(`/console/v1/parked/${each.case}/redelivery`, { body: {}, key: `${key}-again` }))) }, say("redeliver"))
      : h("button", { type: "button", class: "second", onclick: event => order(event, async () => told(await ask(`/console/v1/parked/${each.case}/retry`, { body: {} }))) }, say("retry"))));
  return form;
}

async function told(outcome) {
  await refreshParked();
  $("parked-title").focus();
  if (outcome.outcome === "routed") return say("assigned", outcome.authorityName || outcome.authority);
  return outcome.outcome === "parked" ? say("stillParked", outcome.reasonText) : say("pendingOrder");
}
