// Answers of authorities that had no effect lately: which case, why, and how to go on.

import { lineView, opener } from "./case.js";
import { $, ask, h, number } from "./view.js";
import { say } from "./words.js";

let told = null, drawn = null;

export async function refreshRefusals() {
  told = await ask("/console/refusals");
  if (JSON.stringify(told) !== drawn) drawRefusals();
}

export function drawRefusals() {
  if (!told) return;
  drawn = JSON.stringify(told);
  const { days, count, answers } = told;
  $("refusals-list").replaceChildren(
    h("p", { class: "hint" }, count ? say("refusedAnswers", number(count), number(days)) : say("nothingRefused", number(days))),
    count ? h("ul", { class: "cases" }, answers.map(refusalView)) : "");
}

function refusalView(each) {
  const view = lineView(each);
  view.prepend(h("h3", {}, each.receiptNumber ?? each.case));
  if (each.receiptNumber) view.append(h("p", {}, opener(each.receiptNumber)));
  return view;
}
