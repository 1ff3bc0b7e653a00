// Shows what an application says: names and values, nothing is lost or rounded, and nothing in it is ever run.

import { day, h, moment } from "./view.js";
import { fieldName, say, standingName } from "./words.js";

/** A number that this browser would round; shown as it was written. */
class Written { constructor(text) { this.text = text; } }

export function headView(record) {
  const person = record.event?.assignment;
  const facts = [
    ["receipt", h("span", { class: "mono" }, record.receiptNumber)], ["receivedAt", moment(record.receivedAt)], ["service", record.serviceName ? `${record.serviceName} (${record.service})` : record.service],
    ["authority", record.authorityName], ["standing", `${standingName(record.standing)}, ${say("since")} ${moment(record.since)}`],
    ["term", record.due ? say(record.due, day(record.dueOn)) : null], ["why", person ? say("whyPerson", person.role, person.reason) : record.event ? say("whyDirectory") : null],
  ];
  return [
    h("h2", { id: "case-title", tabindex: "-1" }, say("caseTitle", record.receiptNumber)),
    h("dl", { class: "facts" }, facts.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, say(name)), h("dd", {}, value)])),
  ];
}

export function contentView(record, opened) {
  return h("div", { id: "content" }, h("h3", {}, say("content")), ...partView(opened, record.receiptNumber));
}

/** What was handed in later, in the order in which it came. */
export function supplementView({ content, trouble }, number, record) {
  return h("div", { class: "supplement" }, h("h3", {}, say("supplement", number)),
    ...content ? partView(content, `${record.receiptNumber}-${number}`) : [h("p", { class: "alert" }, trouble)]);
}

function partView({ bytes, type }, name) {
  const read = readJson(bytes, type);
  return [
    read === undefined ? h("p", {}, say("unreadable", type)) : valueView(read),
    h("p", { class: "take no-print" },
      h("button", { type: "button", class: "second", onclick: () => print() }, say("print")),
      h("button", { type: "button", class: "second", onclick: () => save(bytes, type, name) }, say("save"))),
  ];
}

function readJson(bytes, type) {
  if (!/^application\/([a-z.+-]+\+)?json/.test(type)) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return JSON.parse(text, (_, value, context) => typeof value === "number" && String(value) !== context?.source ? new Written(context?.source ?? text) : value);
  } catch {
    return undefined;
  }
}

function valueView(value) {
  if (value instanceof Written) return value.text;
  if (value === null || value === "") return h("span", { class: "hint" }, say("empty"));
  if (typeof value === "boolean") return say(value ? "yes" : "no");
  if (Array.isArray(value)) return value.some(each => each !== null && typeof each === "object") ? h("ol", {}, value.map(each => h("li", {}, valueView(each)))) : value.join(", ");
  if (typeof value === "object") return h("dl", { class: "content" }, Object.entries(value).map(([name, each]) => [h("dt", {}, fieldName(name)), h("dd", {}, valueView(each))]));
  return String(value);
}

function save(bytes, type, name) {
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
  const ending = /json/.test(type) ? "json" : /pdf/.test(type) ? "pdf" : /xml/.test(type) ? "xml" : "bin";
  h("a", { href: url, download: `${name}.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
