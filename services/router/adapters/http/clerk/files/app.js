// The clerk's page: signing in, the list, one case. What is opened lives in this page's memory and nowhere else.

import { actsView } from "./acts.js";
import { contentView, headView, supplementView } from "./content.js";
import { NotOpened, open, openKeyFile } from "./sealed.js";
import { vainView, whyInVain } from "./vain.js";
import { $, ask, attend, byItself, confirmed, day, h, languageNow, moment, number, Refused, sayAll, setCsrf, setLanguage } from "./view.js";
import { isUnanswered, say, standingName } from "./words.js";

const LOOK_EVERY_MS = 15_000;
const STAYS = new Set(["unreadable", "extended", "certified"]); // the case stays where and, mostly, how it is
const FILTERS = { all: () => true, new: each => isUnanswered(each), open: each => ["accepted", "supplemented"].includes(each.standing), asked: each => each.standing === "information-requested", due: each => Boolean(each.due) };

let session = null, keys = [];
let paused = null; // the session that ended while something was written and not sent
let listed = { cases: [], total: 0 }, filter = "all";
const numbers = new Map(); // receipt numbers of what was listed: who answered in vain may not hold the case any more
let shown = null; // the case on the right: its record, and its content once it is opened

const act = work => attend(say, work);
// Once a person goes on, what was said last is no news any more, and must not cover the form.
for (const event of ["toggle", "input"]) document.addEventListener(event, () => { $("status").textContent = ""; }, true);

// --- Signing in ---------------------------------------------------------------------------------------------------

async function begin() {
  try {
    session = await ask("/clerk/session");
    setCsrf(session.csrf);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return enter(error.status === 401 ? null : error.message);
  }
  $("room").hidden = false;
  drawVisit();
  await refresh();
  if (history.state?.case) await showCase(history.state.case); // the page was loaded anew
}

function enter(trouble) {
  $("entry").hidden = false;
  const told = location.hash === "#refused" ? say("signInRefused") : trouble;
  if (told) { $("alert").textContent = told; $("alert").hidden = false; }
}

globalThis.addEventListener("signed-out", () => {
  if (paused) return; // of two requests in flight the second is told the same
  const writing = unsent();
  if (writing) pause();
  else forgetAll();
  $("room").hidden = true;
  enter(say(writing ? "paused" : "signedOut"));
});

/** What is written stays in this page's memory, out of sight; what was opened, and the key, do not. */
function pause() {
  [paused, session, keys] = [session, null, []];
  [shown.content, shown.supplements] = [null, []];
  for (const each of document.querySelectorAll("#content, .supplement")) each.remove();
  $("sign-in").target = "_blank";
  drawVisit();
}

async function resume() {
  const found = await ask("/clerk/session").catch(() => null);
  if (!found || !paused) return;
  const same = found.person === paused.person;
  if (!same) forgetAll();
  [session, paused] = [found, null];
  setCsrf(found.csrf);
  $("sign-in").removeAttribute("target");
  [$("entry").hidden, $("alert").hidden, $("room").hidden] = [true, true, false];
  drawVisit();
  await refresh();
}

for (const event of ["visibilitychange", "focus"]) globalThis.addEventListener(event, () => { if (paused && !document.hidden) resume(); });

function forgetAll() {
  session = shown = paused = null;
  keys = [];
  listed = { cases: [], total: 0 };
  numbers.clear();
  for (const id of ["opened", "list"]) $(id).replaceChildren();
  drawVisit();
}

$("leave").addEventListener("click", () => act(async () => {
  if (!await mayLeave()) return;
  const told = await ask("/clerk/sign-out", { body: {} }).catch(error => error);
  forgetAll();
  history.replaceState(null, "");
  if (!(told instanceof Error)) return location.assign(told.next);
  $("room").hidden = true;
  enter(say(told.status === 401 ? "signedOut" : "notSignedOut"));
}));

$("forget").addEventListener("click", () => {
  keys = [];
  if (shown) [shown.content, shown.supplements] = [null, []];
  drawVisit();
  drawCase();
});

function drawVisit() {
  for (const id of ["visit", "leave"]) $(id).hidden = !session;
  $("forget").hidden = keys.length === 0;
  $("visit").textContent = session ? session.name : "";
}

// --- The list -----------------------------------------------------------------------------------------------------

async function refresh() {
  listed = await ask("/clerk/cases");
  drawList();
}

setInterval(() => {
  if (!session || document.hidden) return;
  byItself(refresh).catch(error => { if (error instanceof Refused && error.status === 401) globalThis.dispatchEvent(new Event("signed-out")); });
}, LOOK_EVERY_MS);
$("search").addEventListener("input", drawList);

function drawList() {
  $("filters").replaceChildren(...Object.entries(FILTERS).map(([name, fits]) => h("button", {
    type: "button", "aria-pressed": String(filter === name), onclick: () => { filter = name; drawList(); $("filters").querySelector("[aria-pressed=true]").focus(); },
  }, `${say(name)} (${number(listed.cases.filter(fits).length)})`)));
  const words = $("search").value.trim().toLocaleLowerCase("de");
  const found = listed.cases.filter(FILTERS[filter]).filter(each => `${each.receiptNumber} ${each.serviceName} ${each.service} ${each.authorityName}`.toLocaleLowerCase("de").includes(words));
  const rest = listed.total - listed.cases.length;
  // Drawn anew while somebody works with the keyboard: the focus stays where it was.
  const held = document.activeElement?.dataset?.case;
  for (const each of listed.cases) numbers.set(each.case, each.receiptNumber);
  $("list").replaceChildren(
    vainView(listed.withoutEffect ?? [], each => numbers.get(each.caseId)),
    found.length ? h("ul", { class: "cases" }, found.map(lineView)) : h("p", { class: "hint" }, say(words ? "notFound" : "nothing")),
    rest > 0 ? h("p", { class: "hint" }, say("more", number(rest))) : "");
  if (held) $("list").querySelector(`[data-case="${held}"]`)?.focus();
}

function lineView(each) {
  return h("li", {}, h("button", { type: "button", "data-case": each.case, "aria-current": shown?.record.case === each.case ? "true" : "false", onclick: () => act(() => openCase(each.case)) },
    h("strong", {}, each.serviceName || each.service),
    h("small", {}, `${each.receiptNumber} · ${say("received")} ${moment(each.receivedAt)}`),
    session.authorities.length > 1 ? h("small", {}, each.authorityName) : null,
    h("span", { class: `mark ${isUnanswered(each) ? "open" : ""}` }, standingName(each.standing)),
    each.due ? h("span", { class: "mark bad" }, say(each.due, day(each.dueOn))) : null));
}

// --- One case -----------------------------------------------------------------------------------------------------

/** What is written in the forms of this case and not sent. */
const unsent = () => [...$("opened").querySelectorAll(".acts textarea, .acts input[type=file], .acts input:not([type])")].some(each => each.value.trim());
const mayLeave = async () => !unsent() || confirmed({ title: say("unsentTitle"), text: say("unsent"), yes: say("leaveUnsent"), no: say("stay") });

globalThis.addEventListener("beforeunload", event => { if (unsent()) event.preventDefault(); });
globalThis.addEventListener("popstate", ({ state }) => act(async () => {
  if (!session) return;
  if (!await mayLeave()) return history.pushState({ case: shown.record.case }, "");
  if (state?.case) await showCase(state.case);
  else closeCase();
}));

function closeCase() {
  shown = null;
  history.replaceState(null, "");
  drawCase();
  drawList();
  $("list-title").focus();
}

async function openCase(id) {
  if (!await mayLeave()) return;
  await showCase(id);
  if (history.state?.case !== id) history.pushState({ case: id }, "");
}

async function showCase(id) {
  const record = await ask(`/clerk/cases/${id}`);
  shown = { record, content: null, supplements: [], trouble: null };
  if (keys.length) await unseal();
  drawCase();
  drawList();
  $("case-title").focus();
}

async function unseal() {
  const { record } = shown, opened = ({ event, submission }) => openedPart(event.content, submission, record);
  if (record.event) Object.assign(shown, await opened(record));
  if (shown.content) shown.supplements = await Promise.all(record.supplements.map(opened));
}

/** The content, or what kept it from opening. */
async function openedPart(sealed, submission, { authorityName }) {
  try {
    return { content: await open(sealed, keys, { submission, purpose: "content" }), trouble: null };
  } catch (error) {
    if (!(error instanceof NotOpened)) throw error;
    return { content: null, trouble: say(error.message, authorityName) };
  }
}

function drawCase() {
  if (!shown) return $("opened").replaceChildren();
  const { record, content, supplements, trouble } = shown;
  $("opened").replaceChildren(h("section", { class: "panel", "aria-labelledby": "case-title" },
    headView(record),
    !record.event ? h("p", { class: "notice" }, say("expired")) : content ? contentView(record, content) : [trouble ? h("p", { class: "alert" }, trouble) : null, keyView()],
    supplements.map((each, number) => supplementView(each, number + 1, record)),
    actsView(record, { act, give })));
}

function keyView() {
  const file = h("input", { type: "file", id: "key-file", required: true });
  const password = h("input", { type: "password", id: "key-password", required: true, autocomplete: "off" });
  return h("form", { class: "key no-print", onsubmit: event => { event.preventDefault(); act(() => loadKey(file, password)); } },
    h("h2", {}, say("keyTitle")), h("p", { class: "lead" }, say("keyLead")),
    h("p", {}, h("label", { for: "key-file" }, say("keyFile")), file),
    h("p", {}, h("label", { for: "key-password" }, say("keyPassword")), password),
    h("p", {}, h("button", { type: "submit" }, say("keyOpen"))));
}

async function loadKey(file, password) {
  if (!globalThis.crypto?.subtle) throw new Error(say("noCrypto"));
  try {
    keys = await openKeyFile(await file.files[0].text(), password.value);
  } catch (error) {
    throw error instanceof NotOpened ? new Error(say(error.message)) : error;
  } finally {
    password.value = "";
  }
  await unseal();
  drawVisit();
  drawCase();
  $("case-title").focus();
  return say("keyLoaded");
}

/** Send an answer; it has its effect when the router has read it, so the list is asked until it shows. */
async function give(answer) {
  const { record } = shown;
  const taken = await ask("/clerk/v1/answers", { body: { ...answer, caseId: record.case, authority: record.authority } }).catch(error => notTaken(error, record));
  const told = say("sent", moment(taken.acceptedAt));
  const stays = STAYS.has(answer.kind) && !(answer.kind === "extended" && isUnanswered(record));
  for (let tries = 0, gone = 0; tries < (stays ? 3 : 20); tries += 1) {
    await refresh();
    const now = listed.cases.find(each => each.case === record.case);
    const vain = listed.withoutEffect?.find(each => each.answerId === taken.answerId);
    if (now && (vain || now.since !== record.since || now.standing !== record.standing)) shown.record = { ...record, ...now };
    if (vain) { if (now) drawCase(); else closeCase(); throw new Error(whyInVain(vain)); }
    // A case that ended before the answer was read is gone a moment before it is known that the answer was in vain.
    if (!now && (gone += 1) > 1) { closeCase(); return `${told} ${say(answer.kind === "decided" ? "closed" : "left")}`; }
    if (now && !stays && (isUnanswered(record) ? !isUnanswered(now) : now.since !== record.since || now.standing !== record.standing)) break;
    await new Promise(resolve => setTimeout(resolve, 300));
  }
  drawCase();
  drawList();
  $("case-title").focus();
  return told;
}

/** Somebody else, or another window, was faster: show how the case stands now, and say so. */
async function notTaken(error, record) {
  const words = { "case-unknown": "goneBefore", "already-decided": "goneBefore", "case-withdrawn": "goneBefore", "answer-contradicts": "cameBefore", "answer-outdated": "cameBefore", "already-accepted": "acceptedBefore" }[error.kind];
  if (!words) throw error;
  await refresh();
  const now = listed.cases.find(each => each.case === record.case);
  if (!now) closeCase();
  else { shown.record = { ...record, ...now }; if (words !== "cameBefore") drawCase(); }
  throw new Error(say(words));
}

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
  if (session) { drawList(); drawCase(); }
});

sayEverything();
act(begin);
