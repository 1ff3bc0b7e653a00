// The console: signing in, and how things stand. A case, parked cases and dead letters have modules of their own.

import { drawAccess, showAccess } from "./access.js";
import { drawCase, opener } from "./case.js";
import { drawLetters, refreshLetters } from "./letters.js";
import { drawParked, refreshParked } from "./parked.js";
import { drawProcesses, refreshProcesses } from "./processes.js";
import { drawProposals, refreshProposals } from "./proposals.js";
import { drawRefusals, refreshRefusals } from "./refusals.js";
import { $, ask, attend, byItself, day, h, languageNow, moment, number, Refused, sayAll, setCsrf, setLanguage } from "./view.js";
import { say } from "./words.js";

const LOOK_EVERY_MS = 5000;
let session = null, overview = null, looked = null, drawn = null;

const act = work => attend(say, work);
const may = scope => session?.scopes.includes(scope);

// --- Signing in ---------------------------------------------------------------------------------------------------

async function begin() {
  try {
    session = await ask("/console/session");
    setCsrf(session.csrf);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return enter(error.status === 401 ? null : error.message);
  }
  $("room").hidden = false;
  $("parked").hidden = !may("desk");
  for (const id of ["letters", "access"]) $(id).hidden = !may("operation");
  $("proposals").hidden = !may("directory");
  drawVisit();
  await refresh();
}

function enter(trouble) {
  $("entry").hidden = false;
  const told = location.hash === "#refused" ? say("signInRefused") : trouble;
  if (told) { $("alert").textContent = told; $("alert").hidden = false; }
}

globalThis.addEventListener("signed-out", () => {
  session = null;
  $("room").hidden = true;
  drawVisit();
  enter(say("signedOut"));
});

$("leave").addEventListener("click", () => act(async () => {
  const { next } = await ask("/console/sign-out", { body: {} });
  session = null;
  location.assign(next);
}));

function drawVisit() {
  for (const id of ["visit", "leave"]) $(id).hidden = !session;
  $("visit").textContent = session ? `${session.name} · ${session.person}` : "";
}

// --- Looking ------------------------------------------------------------------------------------------------------

async function refresh() {
  overview = await ask("/console/overview");
  looked = new Date();
  if (JSON.stringify(overview) !== drawn) drawGlance();
  drawLooked();
  if (may("desk")) await refreshParked();
  if (may("operation")) { showAccess(overview.suspended); await refreshLetters(); }
  if (may("directory")) await refreshProposals();
  await refreshRefusals();
  await refreshProcesses(may("operation"));
}

setInterval(() => {
  if (!session || document.hidden) return;
  byItself(refresh).catch(error => { if (error instanceof Refused && error.status === 401) globalThis.dispatchEvent(new Event("signed-out")); });
}, LOOK_EVERY_MS);

function drawGlance() {
  if (!overview) return;
  drawn = JSON.stringify(overview);
  const { standings, unanswered, suspended, ailing, due, gravest } = overview;
  $("glance").replaceChildren(
    table(say("standingsTitle"), [say("standing"), say("count")], Object.entries(standings).sort().map(([name, count]) => [say(name), number(count)])),
    h("h3", {}, say("dueTitle")),
    ...gravest.length ? [h("ul", { class: "marks" }, Object.entries(due).map(([kind, count]) => h("li", { class: `mark ${kind === "decision-due" ? "open" : "bad"}` }, `${say(kind)}: ${number(count)}`))),
      h("ul", {}, gravest.map(each => h("li", {}, `${each.receiptNumber}: ${say(each.kind)} ${day(each.on)}, ${each.authorityName ?? say("nobody")} `, opener(each.receiptNumber))))] : [h("p", { class: "hint" }, say("nothingDue"))],
    h("h3", {}, say("unansweredTitle")),
    unanswered.length ? table(null, [say("authority"), say("count"), say("oldest")], unanswered.slice(0, 8).map(each => [each.name, number(each.cases), moment(each.oldest)]), say("unansweredTitle")) : h("p", { class: "hint" }, say("nothingUnanswered")),
    h("h3", {}, say("suspendedTitle")),
    suspended.length ? h("ul", {}, suspended.map(each => h("li", {}, `${each.name} (${each.authority}), ${say("since")} ${moment(each.since)}`))) : h("p", { class: "hint" }, say("nobodySuspended")),
    h("h3", {}, say("healthTitle")),
    h("ul", { class: "marks" }, ailing.length ? ailing.map(part => h("li", { class: "mark bad" }, `${part[languageNow()].name}: ${say(part.standing)}. ${part[languageNow()].why}`)) : h("li", { class: "mark good" }, h("span", { "aria-hidden": "true" }, "✓"), say("ready"))),
    h("p", { class: "hint mono" }, `${say("directory")} ${overview.directoryVersion.slice(0, 19)}…`));
}

function drawLooked() {
  if (looked) $("looked").textContent = say("looked", moment(looked));
}

const table = (caption, heads, rows, label = caption) => h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label }, h("table", {}, caption ? h("caption", {}, caption) : null,
  h("thead", {}, h("tr", {}, heads.map(each => h("th", { scope: "col" }, each)))), h("tbody", {}, rows.map(row => h("tr", {}, row.map(each => h("td", { class: "number" }, each)))))));

// --- Words --------------------------------------------------------------------------------------------------------

function sayEverything() {
  sayAll(say);
  const german = languageNow() === "de";
  $("language").textContent = german ? "English" : "Deutsch";
  $("language").lang = german ? "en" : "de";
}

$("language").addEventListener("click", () => {
  setLanguage(languageNow() === "de" ? "en" : "de");
  sayEverything();
  drawGlance();
  drawLooked();
  drawCase();
  drawRefusals();
  drawProcesses();
  if (may("desk")) drawParked();
  if (may("operation")) { drawLetters(); drawAccess(); }
  if (may("directory")) drawProposals();
});

sayEverything();
act(begin);
