// What the pages with a sign-in share: elements, times with their zone, requests to the own server, words in two languages.

const ZONE = "Europe/Berlin";

/** An element; strings become text, never markup. `on…` attributes are listeners. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(3).filter(child => child !== null && child !== undefined && child !== false));
  return element;
}

export const $ = id => document.getElementById(id);

// --- Words --------------------------------------------------------------------------------------------------------

let language = (navigator.languages ?? [navigator.language]).map(each => each.slice(0, 2)).find(each => each === "de" || each === "en") ?? "de";

export const languageNow = () => language;
export const setLanguage = wanted => { language = wanted; };
export const locale = () => ({ de: "de-DE", en: "en-GB" })[language];

/** A function that says the word for a key, with {0}, {1} … filled in. */
export const speaker = words => (key, ...values) => {
  if (!(key in words)) return key;
  return words[key][language === "de" ? 0 : 1].replace(/\{(\d)\}/g, (_, n) => String(values[n]));
};

/** A time as people here read it: German local time, with MEZ or MESZ. */
export function moment(time) {
  const at = new Date(time);
  const told = at.toLocaleString(locale(), { timeZone: ZONE, day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit" });
  return `${told} ${zoneName(at)}`;
}

/** A calendar day, `2026-01-12`, as people here write it. */
export const day = date => new Date(`${date}T12:00:00Z`).toLocaleDateString(locale(), { timeZone: ZONE, day: "2-digit", month: "2-digit", year: "numeric" });

function zoneName(at) {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: ZONE, timeZoneName: "longOffset" }).formatToParts(at);
  return parts.find(part => part.type === "timeZoneName").value === "GMT+02:00" ? "MESZ" : "MEZ";
}

export const number = value => value.toLocaleString(locale());

// --- The own server -----------------------------------------------------------------------------------------------

/** An answer that is not what was asked for; `message` says what failed and what to do. */
export class Refused extends Error {
  constructor(problem, status) {
    super([problem.title, problem.detail, problem.resolution].filter(Boolean).join("\n") || `HTTP ${status}`);
    this.status = status;
    this.kind = String(problem.type ?? "").split(":").at(-1);
  }
}

let csrf = "";
export const setCsrf = token => { csrf = token; };

let busy = true; // somebody has done something here since the last request
let alone = 0; // requests that the page makes by itself
for (const event of ["keydown", "pointerdown"]) globalThis.addEventListener(event, () => { busy = true; }, true);

/** Work that nobody has asked for: it keeps no session open unless somebody has done something meanwhile. */
export async function byItself(work) {
  alone += 1;
  try { return await work(); } finally { alone -= 1; }
}

/** Ask the own server; with `body` something changes there. */
export async function ask(path, { body, query, key } = {}) {
  const idle = alone && !busy ? { "Amtsweg-Idle": "1" } : {};
  busy = false;
  const asked = query ? `${path}?${new URLSearchParams(query)}` : path;
  const response = await fetch(asked, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      "Accept-Language": language,
      ...(body === undefined ? idle : { "Content-Type": "application/json", "Amtsweg-Csrf": csrf, "Idempotency-Key": key ?? crypto.randomUUID() }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store", credentials: "same-origin", redirect: "error",
  });
  const text = await response.text();
  let told = {};
  try { told = text ? JSON.parse(text) : {}; } catch { /* whoever answered was not our server */ }
  if (!response.ok) throw new Refused(told, response.status);
  return told;
}

/** Do something for a form or button: show that it takes time, and what went wrong. Returns whether it went well. */
export async function attend(say, work) {
  $("alert").hidden = true;
  $("status").textContent = say("working");
  try {
    const told = await work();
    $("status").textContent = typeof told === "string" ? told : "";
    return true;
  } catch (error) {
    $("status").textContent = "";
    if (error instanceof Refused && error.status === 401) { globalThis.dispatchEvent(new Event("signed-out")); return false; }
    $("alert").textContent = error instanceof TypeError ? say("unreachable") : error.message;
    $("alert").hidden = false;
    $("alert").scrollIntoView({ block: "nearest" });
    return false;
  }
}

/** Ask before something that cannot be taken back; resolves to whether the person means it. */
export function confirmed({ title, text, yes, no }) {
  return new Promise(resolve => {
    const dialog = h("dialog", { "aria-labelledby": "confirm-title" },
      h("h2", { id: "confirm-title" }, title), h("p", {}, text),
      h("p", { class: "take" },
        h("button", { type: "button", onclick: () => dialog.close("yes") }, yes),
        h("button", { type: "button", class: "second", onclick: () => dialog.close("no") }, no)));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Every element with `data-say` says its word. */
export function sayAll(say) {
  document.documentElement.lang = language;
  for (const element of document.querySelectorAll("[data-say]")) element.textContent = say(element.dataset.say);
}
