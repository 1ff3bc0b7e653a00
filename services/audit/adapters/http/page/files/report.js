// The history of a case as a person wants it: some kinds only, or all of it on paper.

import { h } from "./draw.js";
import { bareKind, kindName, moment, number, say } from "./words.js";

export const fact = (key, content) => [h("dt", {}, say(key)), h("dd", {}, content)];

/** By kind, and without looks; the choice is drawn at once. */
export function filters(steps, only, draw) {
  const kinds = [...new Set(steps.map(step => bareKind(step.leaf.type)))];
  const choose = change => { Object.assign(only, change); draw(); };
  const select = h("select", { id: "only-kind", onchange: event => choose({ kind: event.target.value }) },
    h("option", { value: "" }, say("any")), kinds.map(kind => h("option", { value: kind, selected: kind === only.kind }, kindName(kind))));
  const box = h("input", { type: "checkbox", id: "only-looks", checked: !only.looks, onchange: event => choose({ looks: !event.target.checked }) });
  return h("div", { class: "filters" },
    h("p", {}, h("label", { for: "only-kind" }, say("onlyKind")), select),
    h("p", {}, h("label", { class: "check" }, box, h("span", {}, say("withoutLooks")))));
}

/** What stands on paper only: which case, for what purpose, under which state of the log, when it was printed. */
export function reportHead({ reference, note, session }) {
  return h("dl", { class: "facts paper" },
    fact("case", reference), fact("purpose", session.purpose), fact("reference", session.reference),
    fact("logTitle", `${note.origin}, ${say("stateOf", number(note.size))}`), fact("printed", moment(Date.now())));
}

/** The report: every content open, the case in the title, which browsers take for the name of the PDF. */
export function printReport(reference) {
  const title = document.title, closed = [...document.querySelectorAll(".step details:not([open])")];
  for (const each of closed) each.open = true;
  document.title = `Amtsweg ${reference}`;
  window.print();
  document.title = title;
  for (const each of closed) each.open = false;
}
