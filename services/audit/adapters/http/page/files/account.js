// Completeness: what should have followed and has not, and the statement of a day.

import { h } from "./draw.js";
import { day, learn, moment, named, number, ruleSays, say } from "./words.js";

export function accountOf(room) {
  const field = id => document.getElementById(id);

  async function account() {
    const on = field("account-day").value;
    const told = await (await room.ask("/v1/completeness", { on })).json();
    const closed = on ? await room.ask(`/v1/completeness/days/${on}`).then(answer => answer.json(), () => null) : null;
    if (closed) learn(closed.names);
    room.show(() => accountView(told, on, closed));
  }

  function accountView(told, on, closed) {
    const late = told.rules.reduce((sum, rule) => sum + rule.overdue, 0);
    return h("section", { class: "panel", "aria-labelledby": "answer-title" },
      h("h2", { id: "answer-title", tabindex: "-1" }, on ? say("accountOn", day(`${on}T12:00:00Z`)) : say("accountNow")),
      h("p", { class: `verdict${late ? " bad" : ""}` }, h("strong", {}, late ? say("late", number(late)) : say("nothingLate")), say("accountAt", moment(told.at))),
      h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": say("rules") }, h("table", {},
        h("thead", {}, h("tr", {}, ["ruleName", "open", "overdue", "oldest"].map(name => h("th", { scope: "col" }, say(name))))),
        h("tbody", {}, told.rules.map(rule => h("tr", {},
          h("td", {}, ruleSays(rule)), h("td", { class: "number" }, number(rule.open)), h("td", { class: "number" }, number(rule.overdue)),
          h("td", {}, rule.oldest ? moment(rule.oldest) : "–")))))),
      told.overdue.length ? h("ul", { class: "choices" }, told.overdue.map(each => h("li", {},
        h("button", { type: "button", class: "plain", onclick: () => room.attend(() => room.showCase(each.case)) },
          say("lateCase", number(each.index), ruleSays({ rule: each.rule }), moment(each.due)))))) : null,
      on ? dayView(on, closed) : null);
  }

  function dayView(on, closed) {
    if (closed === null) return h("p", { class: "notice" }, say("dayOpen"));
    return h("section", {},
      h("h3", {}, say("dayClosed", number(closed.end - closed.start), number(closed.index))),
      h("ul", { class: "choices" }, closed.lines.map(line => h("li", {},
        h("button", { type: "button", class: "plain", onclick: () => room.attend(() => keep(on, line.authority)) },
          say("keepStatement", line.authority === "-" ? say("noAuthority") : named(line.authority), number(line.records)))))));
  }

  async function keep(on, authority) {
    const file = await (await room.ask(`/v1/completeness/days/${on}/authorities/${authority}`)).blob();
    room.save(file, `amtsweg-${on}-${authority}.json`);
  }

  return account;
}
