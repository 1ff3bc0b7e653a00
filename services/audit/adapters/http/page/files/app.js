// The auditors' page: a session in memory, search, a case's history, the state of the log.

import { accountOf } from "./account.js";
import { growth, h, mood, picture } from "./draw.js";
import { NothingFound, searchOf } from "./lists.js";
import { fact, filters, printReport, reportHead } from "./report.js";
import { checkEntry, checkNote, extendsTree, fromBase64, readPolicy, Refused, toHex } from "./proof.js";
import { bareKind, KINDS, kindName, languageNow, laneOf, learn, locale, moment, named, number, say, setLanguage, value } from "./words.js";

const $ = id => document.getElementById(id);
const LOOK_EVERY_MS = 10_000;
const IDLE_MS = 30 * 60_000;

// All that is known of the visit. A reload forgets it, and so does "end session".
let session = null;
// Draws again what is shown, after the language has changed.
let redraw = () => {};

// --- Asking the service -------------------------------------------------------------------------------------------

class Answered extends Error {}

async function ask(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, text]) => text));
  const response = await fetch(`${path}${query.size ? `?${query}` : ""}`, {
    headers: {
      "Accept-Language": languageNow(),
      Authorization: `Bearer ${session.token}`,
      "Amtsweg-Purpose": encodeURIComponent(session.purpose),
      "Amtsweg-Reference": encodeURIComponent(session.reference),
    },
    cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new Answered([problem.title, problem.detail, problem.resolution].filter(Boolean).join("\n") || response.statusText);
}

/** Do something for a form or button; show that it takes time, and what went wrong. */
async function attend(work) {
  $("alert").hidden = true;
  $("status").textContent = say("working");
  try {
    await work();
    $("status").textContent = "";
  } catch (error) {
    $("status").textContent = "";
    if (!(error instanceof Answered || error instanceof NothingFound || error instanceof Refused || error instanceof TypeError || error instanceof DOMException)) throw error;
    $("alert").textContent = error instanceof Answered || error instanceof NothingFound ? error.message : say("failed", error.message);
    $("alert").hidden = false;
  }
}

const onSubmit = (id, work) => $(id).addEventListener("submit", event => { event.preventDefault(); attend(work); });

// --- The visit ----------------------------------------------------------------------------------------------------

onSubmit("entry-form", async () => {
  if (!globalThis.crypto?.subtle) throw new Answered(say("noCrypto"));
  const rule = $("rule").value.trim();
  session = { token: $("token").value.trim(), purpose: $("purpose").value.trim(), reference: $("reference").value.trim(), own: rule ? await ownPolicy(rule) : null };
  try {
    await showLog();
  } catch (error) {
    session = null;
    throw error;
  }
  $("entry-form").reset();
  $("entry").hidden = true;
  for (const id of ["room", "visit", "leave"]) $(id).hidden = false;
  $("case").focus();
  sayAll();
});

async function ownPolicy(rule) {
  try {
    return await readPolicy(rule);
  } catch {
    throw new Answered(say("badRule"));
  }
}

$("leave").addEventListener("click", () => {
  session = null;
  for (const id of ["room", "visit", "leave", "alert"]) $(id).hidden = true;
  for (const id of ["answer", "log"]) $(id).replaceChildren();
  for (const id of ["case-form", "entries-form", "account-form"]) $(id).reset();
  redraw = () => {};
  $("entry").hidden = false;
  $("token").focus();
});

// Who has gone away leaves nothing open.
let idle = 0;
for (const sign of ["pointerdown", "keydown", "wheel"]) {
  addEventListener(sign, () => {
    clearTimeout(idle);
    idle = setTimeout(() => { if (session) $("leave").click(); }, IDLE_MS);
  }, { passive: true });
}

// --- A case -------------------------------------------------------------------------------------------------------

onSubmit("case-form", () => showCase($("case").value.trim()));

async function showCase(reference) {
  const response = await ask(`/v1/cases/${encodeURIComponent(reference)}/evidence`);
  const waiting = Number(response.headers.get("Amtsweg-Waiting"));
  const file = await response.blob();
  const evidence = JSON.parse(await file.text());
  learn(evidence.names ?? {});
  const policy = session.own ?? await readPolicy(evidence.policy);
  const note = await checkNote(evidence.checkpoint, policy);
  const steps = await Promise.all(evidence.entries.map(each => checkEntry(each, note)));
  // The log's order is that of arrival; a history is told in the order in which things happened.
  steps.sort((a, b) => Date.parse(a.leaf.time) - Date.parse(b.leaf.time) || a.index - b.index);
  const only = { kind: "", looks: true };
  show(() => caseView({ reference, file, evidence, note, steps, waiting, only }));
}

function caseView({ reference, file, evidence, note, steps, waiting, only }) {
  const shown = steps.filter(({ leaf }) => (!only.kind || bareKind(leaf.type) === only.kind) && (only.looks || laneOf(leaf.type) !== "look"));
  const bad = steps.filter(step => !step.included || step.opened === false).length;
  const holds = bad === 0 && note.log !== false && note.quorum !== false;
  return h("section", { class: "panel", "aria-labelledby": "answer-title" },
    h("h2", { id: "answer-title", tabindex: "-1" }, say("timeline")),
    h("p", {}, say("caseOf", reference), h("br"), h("span", { class: "mono" }, say("pseudonym", steps[0].leaf.case ?? "–"))),
    reportHead({ reference, note, session }),
    h("div", { class: `verdict${holds ? "" : " bad"}`, id: "verdict" },
      h("strong", {}, bad ? say("someBad", bad, steps.length) : say("allGood", steps.length)),
      h("ul", { class: "marks" }, noteMarks(note)),
      session.own ? say("ownKey") : say("foreignKey"),
      evidence.timestamp ? ` ${say("stampIn")}` : ""),
    waiting ? h("p", { class: "notice" }, say("waiting", waiting)) : null,
    filters(steps, only, () => redraw()),
    h("p", { class: "hint", role: "status" }, say("shownOf", shown.length, steps.length)),
    shown.length ? picture(shown, $("answer").clientWidth) : null,
    h("ol", { class: "steps" }, shown.map(step => stepView(step, note))),
    h("p", { class: "take" },
      h("button", { type: "button", class: "second", onclick: () => printReport(reference) }, say("report")),
      h("button", { type: "button", onclick: () => save(file, `amtsweg-${reference}.json`) }, say("takeAway")),
      h("span", { class: "hint" }, say("takeHint"))));
}

function noteMarks(note) {
  const kinds = note.logs.filter(each => each.holds).map(each => each.kind).join(", ");
  const seen = note.witnesses.filter(each => each.holds).length;
  return [
    mark("good", say("stateOf", number(note.size))),
    note.log === true ? mark("good", say("signed", kinds)) : note.log === null ? mark("open", say("signedUntold")) : mark("bad", say("signedBad")),
    note.quorum === false ? mark("bad", say("noQuorum")) : null,
    note.witnesses.length ? mark(seen === note.witnesses.length ? "good" : "open", say("cosigned", seen, note.witnesses.length)) : null,
  ];
}

function mark(kind, text) {
  const sign = { good: "✓", bad: "✗", open: "○" }[kind];
  return h("li", { class: `mark ${kind}` }, h("span", { "aria-hidden": "true" }, sign), text);
}

function stepView(step, note) {
  const { leaf } = step;
  return h("li", { class: `step ${mood(step)}` },
    h("h3", {}, kindName(leaf.type), " ", h("time", { datetime: leaf.time }, moment(leaf.time))),
    h("p", {}, summary(step)),
    h("ul", { class: "marks" },
      step.included ? mark("good", say("included")) : mark("bad", say("notIncluded")),
      step.opened === null ? mark("open", say("erased")) : step.opened ? mark("good", say("opened")) : mark("bad", say("notOpened"))),
    h("details", {},
      h("summary", {}, say("details", number(step.index))),
      h("dl", { class: "facts" },
        fact("place", `${number(step.index)} / ${number(note.size)}`),
        fact("leafHash", h("span", { class: "mono" }, toHex(step.hash))),
        fact("path", say("hashes", step.proof.length)),
        fact("source", leaf.source),
        step.event?.bus ? fact("bus", `${step.event.bus.topic} · ${step.event.bus.partition} · ${step.event.bus.offset}`) : null),
      step.event ? h("pre", { tabindex: "0", "aria-label": say("payload") }, JSON.stringify(step.event, null, 2)) : null));
}


/** What is worth knowing at a glance: who, which service, and the words of the event itself. */
function summary({ leaf, event }) {
  const data = event?.data ?? {};
  const said = [data.kind, data.channel, data.outcome, data.reason, data.basis, data.step, data.answer?.kind, data.answer?.outcome, data.assignment?.reason].filter(text => typeof text === "string");
  const looked = data.purpose ? `${data.reader}: ${data.purpose} (${data.reference})` : "";
  const whose = [leaf.authority && named(leaf.authority), leaf.service && named(leaf.service)];
  return [...whose, looked, ...said.map(value)].filter(Boolean).join(" · ") || "–";
}

function save(blob, name) {
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// --- Search and completeness --------------------------------------------------------------------------------------

const room = { ask, attend, show, showCase, save };
onSubmit("entries-form", searchOf(room));
onSubmit("account-form", accountOf(room));

/** Put a view in the place for answers, and the reader's focus on its title. */
function show(view) {
  redraw = () => $("answer").replaceChildren(view());
  redraw();
  $("answer-title").focus();
}

// --- The log ------------------------------------------------------------------------------------------------------

let seen = null; // the last checkpoint that this page has seen, to which every later one must be an extension
let status = null;

async function showLog() {
  status = await (await ask("/v1/status")).json();
  await look();
}

async function look() {
  const text = await (await fetch("/log/checkpoint", { cache: "no-store" })).text();
  const note = await checkNote(text, session.own ?? await readPolicy(status.policy));
  const before = seen ?? { first: note.size, ...note };
  const grown = await extended(before, note);
  seen = { ...note, first: before.first, grown };
  drawLog();
}

async function extended(before, note) {
  if (before.size === note.size || before.size === 0) return extendsTree(before, note, []);
  const answer = await (await ask("/v1/proofs/consistency", { old: String(before.size), size: String(note.size) })).json();
  return extendsTree(before, note, answer.hashes.map(fromBase64));
}

function drawLog() {
  const { stamp } = status;
  $("log").replaceChildren(
    h("p", { class: "size" }, number(seen.size), h("small", {}, `${say("entries")} · ${seen.origin}`)),
    status.growth.length > 1 ? growth(status.growth, status.growth.at(-1).index + 1) : "",
    h("ul", { class: "marks" }, noteMarks(seen), grownMark()),
    h("h3", {}, say("witnesses")),
    seen.witnesses.length === 0 ? h("p", {}, say("noWitnesses")) : h("ul", { class: "witnesses" }, seen.witnesses.map(witnessView)),
    h("h3", {}, say("stamp")),
    h("p", {}, stamp ? say("stamped", moment(stamp.time), number(stamp.size)) : say("notStamped")),
    h("p", {}, h("button", { type: "button", class: "plain", onclick: () => save(new Blob([status.policy], { type: "text/plain" }), "amtsweg-policy.txt") }, say("keys"))));
}

function grownMark() {
  if (!seen.grown) return mark("bad", say("changed"));
  return mark("good", seen.first === seen.size ? say("unchanged") : say("onlyGrown", number(seen.first), number(seen.size)));
}

function witnessView({ name, holds, time }) {
  const at = time && moment(time * 1000);
  const [kind, text] = holds ? ["good", say("saw", at)] : holds === false ? ["bad", say("signedBad")] : at ? ["open", say("unverified", at)] : ["open", say("missing")];
  return h("li", {}, h("span", { class: "name" }, name), h("ul", { class: "marks" }, mark(kind, text)));
}

setInterval(() => {
  if (session && !document.hidden) look().catch(error => { $("status").textContent = error.message; });
}, LOOK_EVERY_MS);

// --- Words --------------------------------------------------------------------------------------------------------

function sayAll() {
  document.documentElement.lang = locale().slice(0, 2);
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
  if (session) $("visit").textContent = say("visiting", session.purpose, session.reference);
  const chosen = $("kind").value;
  $("kind").replaceChildren(h("option", { value: "" }, say("any")),
    ...Object.keys(KINDS).map(kind => h("option", { value: `de.amtsweg.${kind}.v1` }, kindName(kind))));
  $("kind").value = chosen;
}

$("language").addEventListener("click", () => {
  const english = document.documentElement.lang === "de";
  setLanguage(english ? 1 : 0);
  $("language").textContent = english ? "Deutsch" : "English";
  $("language").lang = english ? "de" : "en";
  sayAll();
  redraw();
  if (session) drawLog();
});

sayAll();

let width = 0;
new ResizeObserver(([{ contentRect }]) => {
  if (Math.abs(contentRect.width - width) > 8) { width = contentRect.width; redraw(); }
}).observe($("answer"));
