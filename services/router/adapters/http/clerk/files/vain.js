// Answers that had no effect, because the case had changed before they were read.

import { h, moment } from "./view.js";
import { say } from "./words.js";

export const whyInVain = ({ kind, reason }) => say("vain", say(`vain-${kind}`), say(`because-${reason}`));

/** Nothing where there is none; `number` gives the receipt number of a case that this page has listed. */
export function vainView(answers, number) {
  if (answers.length === 0) return "";
  return h("details", { class: "vain", id: "vain" }, h("summary", {}, say("vainTitle", String(answers.length))),
    h("ul", {}, answers.map(each => h("li", {}, `${moment(each.at)} · ${number(each) ?? each.caseId}`, h("br"), whyInVain(each)))));
}
