// What is found: a page of entries, choices where a name fits several keys, and the whole result as CSV.

import { h } from "./draw.js";
import { bareKind, kindName, learn, localTime, midnight, moment, named, number, say } from "./words.js";

const PAGE = 100, MOST = 10_000, STEP = 1000;

export class NothingFound extends Error {}

/** The search for entries; `room` asks the service, shows views and opens cases. */
export function searchOf(room) {
  const field = id => document.getElementById(id);

  async function search() {
    const keys = {};
    for (const kind of ["authority", "service"]) {
      keys[kind] = await keyOf(kind, field(kind).value.trim());
      if (keys[kind] === null) return;
    }
    const asked = {
      ...keys, type: field("kind").value, since: midnight(field("since").value, 0), until: midnight(field("until").value, 1),
      looks: field("looks").checked ? "false" : "",
    };
    await more(asked, [], null);
  }

  /** The key that a person means: as typed, or the only one by that name or place; null where they are shown a choice. */
  async function keyOf(kind, text) {
    if (text === "") return "";
    const { found } = await (await room.ask("/v1/names", { kind, text })).json();
    const exact = found.find(each => each.key === text);
    if (exact || found.length === 1) return (exact ?? found[0]).key;
    if (found.length === 0) {
      if (/^(-|[a-z]+-[a-z0-9-]+|\d{14})$/.test(text)) return text;
      throw new NothingFound(say("noName", say(kind), text));
    }
    room.show(() => choiceView(kind, text, found));
    return null;
  }

  function choiceView(kind, text, found) {
    const choose = each => { field(kind).value = each.key; room.attend(search); };
    return h("section", { class: "panel", "aria-labelledby": "answer-title" },
      h("h2", { id: "answer-title", tabindex: "-1" }, say("several", say(kind), text)),
      h("ul", { class: "choices" }, found.map(each => h("li", {},
        h("button", { type: "button", class: "plain", onclick: () => choose(each) }, [each.name, each.place, each.key].filter(Boolean).join(" · "))))));
  }

  async function more(asked, found, after) {
    const answer = await (await room.ask("/v1/entries", { ...asked, limit: String(PAGE), after })).json();
    learn(answer.names);
    found.push(...answer.entries);
    room.show(() => entriesView(asked, found, answer));
  }

  function entriesView(asked, found, { next, total }) {
    const columns = ["number", "time", "kind", "authority", "service"];
    return h("section", { class: "panel", "aria-labelledby": "answer-title" },
      h("h2", { id: "answer-title", tabindex: "-1" }, say("foundTitle")),
      found.length === 0 ? h("p", {}, say("foundNone", searched(asked))) : h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": say("foundTitle") }, h("table", {},
        h("caption", {}, say("found", number(found.length), total > MOST ? say("moreThan", number(MOST)) : number(total))),
        h("thead", {}, h("tr", {}, columns.map(name => h("th", { scope: "col" }, say(name))), h("th", { scope: "col" }, say("openCase")))),
        h("tbody", {}, found.map(row)))),
      found.length === 0 ? null : h("p", { class: "take" },
        next ? h("button", { type: "button", class: "second", onclick: () => room.attend(() => more(asked, found, String(next))) }, say("nextPage")) : null,
        h("button", { type: "button", class: "second", onclick: () => room.attend(() => saveTable(asked)) }, say("csv")),
        h("span", { class: "hint" }, say("csvHint"))));
  }

  const row = ({ index, leaf }) => h("tr", {},
    h("td", { class: "number" }, number(index)), h("td", { class: "number" }, moment(leaf.time)), h("td", {}, kindName(leaf.type)),
    h("td", {}, named(leaf.authority)), h("td", {}, named(leaf.service)),
    h("td", {}, leaf.case ? h("button", { type: "button", class: "plain", "aria-label": say("openCaseOf", number(index)), onclick: () => room.attend(() => room.showCase(leaf.case)) }, say("openCase")) : ""));

  const searched = asked => [
    asked.authority && `${say("authority")}: ${named(asked.authority)}`, asked.service && `${say("service")}: ${named(asked.service)}`,
    asked.type && `${say("kind")}: ${kindName(asked.type)}`, asked.since && `${say("since")}: ${moment(asked.since)}`,
    asked.until && `${say("before")}: ${moment(asked.until)}`,
  ].filter(Boolean).join("; ") || say("everything");

  async function saveTable(asked) {
    const entries = [];
    for (let after = null; entries.length < MOST;) {
      const answer = await (await room.ask("/v1/entries", { ...asked, limit: String(STEP), after })).json();
      learn(answer.names);
      entries.push(...answer.entries);
      if (!answer.next) break;
      after = answer.next;
    }
    room.save(new Blob([table(entries.slice(0, MOST))], { type: "text/csv;charset=utf-8" }), "amtsweg.csv");
  }

  return search;
}

/** A table for spreadsheets: UTF-8 with its mark, semicolons, machine time beside local time, keys beside names. */
export function table(entries) {
  const head = ["number", "timeUtc", "timeLocal", "kind", "kindCode", "authority", "nameOfAuthority", "service", "nameOfService", "pseudonymOfCase"].map(name => say(name));
  const rows = entries.map(({ index, leaf }) => [
    String(index), leaf.time, localTime(leaf.time), kindName(leaf.type), bareKind(leaf.type),
    leaf.authority ?? "", named(leaf.authority, { alone: true }), leaf.service ?? "", named(leaf.service, { alone: true }), leaf.case ?? "",
  ]);
  return `\ufeff${[head, ...rows].map(cells => cells.map(cell).join(";")).join("\r\n")}\r\n`;
}

/** One cell. What a spreadsheet would take for a formula is text. */
function cell(text) {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[";\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
