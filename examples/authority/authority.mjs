// A sample authority in Node: pulls its inbox over HTTP, files what comes, answers it, confirms it. Made to be copied, with
// its two neighbours. Only what Node 18 or newer brings. Everything can be repeated without a second effect: a case is filed
// under its own name, and an answer's id follows from the record.
//
// node examples/authority/authority.mjs var/stack.json g-06531005 [FOLDER] [SECONDS between attempts]

import { createPrivateKey, randomUUID, sign } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { CHECK, answer, answersTo, answersToSilence, answersToSupplement } from "./procedure.mjs";
import { openContent } from "./sealing.mjs";

const ATTEMPTS = 3, RETRY_MS = 1000 * Number(process.argv[5] ?? 5), WAIT_SECONDS = 20, TOKEN_MS = 240_000;
/** Refusals after which nothing is left to do: the same was said in an answer to another record of this case. */
const DONE_BEFORE = ["already-accepted", "already-decided"];

/** An answer that the platform does not take; sent again, it would not be taken either. `problem` says why. */
class Refused extends Error {
  constructor(problem) {
    super(`${problem.title ?? problem.error}: ${problem.resolution ?? problem.error_description}`);
    this.problem = problem;
  }
}

/** The platform over HTTP. What it cannot take now is sent again, the same, until it is taken or refused. */
class Platform {
  #urls; #access; #token; #until = 0;

  constructor(urls, access) {
    this.#urls = urls;
    this.#access = access;
  }

  inbox() {
    return this.#ask("GET", `/v1/inbox?limit=20&wait=${WAIT_SECONDS}`);
  }

  confirm(cursor) {
    return this.#ask("POST", "/v1/inbox/confirmation", { cursor });
  }

  /**
   * Answers the record with these headers; returns what the platform says when it has the answer. The id is not of the
   * case alone: one that has been handed on may come back, and wants its answers anew.
   */
  give({ ce_id: record, ce_caseid: caseId }, { ownId, body }) {
    return this.#ask("POST", "/v1/answers", { ...body, id: `${record}:${ownId}`, caseId });
  }

  async #ask(method, path, body) {
    for (;;) {
      const answer = await this.#once(method, path, body).catch(error => ({ error }));
      if (answer.ok) return answer.status === 204 ? undefined : answer.json();
      if (answer.status === 401) this.#until = 0;
      const later = answer.error || answer.status >= 500 || answer.status === 401 || answer.headers.has("retry-after");
      if (!later) throw new Refused(await answer.json());
      console.log(`${method} ${path}: not now (${answer.status ?? answer.error.message}), trying again`);
      await pause(RETRY_MS);
    }
  }

  async #once(method, path, body) {
    const headers = { Authorization: `Bearer ${await this.#bearer()}` };
    if (body) headers["Content-Type"] = "application/json";
    return fetch(this.#urls.router + path, { method, headers, body: body && JSON.stringify(body), redirect: "error", signal: AbortSignal.timeout((WAIT_SECONDS + 30) * 1000) });
  }

  async #bearer() {
    if (Date.now() < this.#until) return this.#token;
    const proof = await shown(this.#access, this.#urls.intake);
    const body = new URLSearchParams({ grant_type: "client_credentials", scope: "inbox.read answers.write", ...proof });
    const asked = await fetch(`${this.#urls.intake}/token`, { method: "POST", body, redirect: "error", signal: AbortSignal.timeout(30_000) });
    const told = await asked.json();
    if (!asked.ok) throw new Error(`${told.error}: ${told.error_description}`);
    [this.#token, this.#until] = [told.access_token, Date.now() + TOKEN_MS];
    return this.#token;
  }
}

/** What proves who we are: a JWT signed with our key (private_key_jwt, RFC 7523) where there is one, else the secret. */
export async function shown({ clientId, secret, clientKeyFile }, issuer) {
  if (!clientKeyFile) return { client_id: clientId, client_secret: secret };
  const jwk = JSON.parse(await readFile(clientKeyFile, "utf8")), now = Math.floor(Date.now() / 1000);
  const part = value => Buffer.from(JSON.stringify(value)).toString("base64url");
  const claims = { iss: clientId, sub: clientId, aud: issuer, jti: randomUUID(), iat: now, exp: now + 60 };
  const signed = `${part({ alg: "ES256", typ: "JWT", kid: jwk.kid })}.${part(claims)}`;
  const key = { key: createPrivateKey({ key: jwk, format: "jwk" }), dsaEncoding: "ieee-p1363" };
  return {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: `${signed}.${sign("sha256", Buffer.from(signed), key).toString("base64url")}`,
  };
}

/** Handles a record in three attempts at most; then it is laid aside, so that the next one need not wait. */
async function settle(record, { platform, keys, folder }) {
  let problem, attempt = 0;
  while (attempt < ATTEMPTS) {
    attempt += 1;
    try {
      return await handle(record, { platform, keys, folder });
    } catch (error) {
      problem = error;
      console.log(`${record.headers.ce_caseid}: attempt ${attempt} of ${ATTEMPTS}: ${error.message}`);
      if (error instanceof Refused) break;
      if (attempt < ATTEMPTS) await pause(RETRY_MS);
    }
  }
  await file(join(folder, "beiseite", `${record.headers.ce_id}.json`), JSON.stringify({ problem: problem.message, ...record }, null, 2));
  console.log(`${record.headers.ce_caseid}: laid aside, attempts made: ${attempt}: ${join(folder, "beiseite")}`);
}

/** Files what came and answers it. Here your own procedure begins, see procedure.mjs. */
async function handle({ headers, event }, { platform, keys, folder }) {
  const { ce_caseid: caseId, ce_submissionid: submission, ce_type: type } = headers;
  const path = join(folder, `${submission}.json`);
  const opened = async () => {
    const { content: sealed, ...given } = event;
    const content = await openContent(sealed, keys, submission);
    // Filed as the applicant wrote it: JavaScript would round whole numbers beyond 2^53.
    await file(path, `${JSON.stringify(given, null, 2).slice(0, -2)},\n  "content": ${content}\n}`);
    return { ...given, content: JSON.parse(content) ?? {} };
  };
  if (type === "de.amtsweg.SubmissionDelivered.v1") {
    const given = await opened();
    if (given.content[CHECK]) await takeTheCheck(given, headers, platform);
    else await giveAll(answersTo(given), headers, platform);
  } else if (type === "de.amtsweg.SupplementDelivered.v1") {
    await giveAll(answersToSupplement(await opened()), headers, platform);
  } else if (type === "de.amtsweg.CaseDeemedApproved.v1") {
    await giveAll(answersToSilence(JSON.parse(await readFile(path, "utf8"))), headers, platform);
  } // Of the rest (a period ends, the case is over) note is taken.
  console.log(`case ${caseId}: ${type}`);
}

/** One after the other; the second time each is known by its id. */
async function giveAll(answers, headers, platform) {
  for await (const each of answers) {
    try {
      await platform.give(headers, each);
    } catch (error) {
      if (!(error instanceof Refused && DONE_BEFORE.some(kind => error.problem.type?.endsWith(kind)))) throw error;
      console.log(`${headers.ce_caseid}: ${error.message}`);
    }
  }
}

/** What the check wants to see: the word back, an answer repeated, a refusal understood, information asked for. */
async function takeTheCheck({ content, answerKeys: keys }, headers, platform) {
  const accepted = await answer("accepted", {}, keys, { content: { text: content[CHECK].word } });
  const told = [await platform.give(headers, accepted), await platform.give(headers, accepted)];
  const refused = await platform.give({ ...headers, ce_caseid: randomUUID() }, { ...accepted, ownId: "invented-case" }).then(() => "", error => error.problem.type);
  const missing = ["Die Nachreichung der Prüfung"];
  const text = JSON.stringify({ [CHECK]: { answerIds: told.map(each => each.answerId), refused } });
  await platform.give(headers, await answer("information-requested", { items: 1 }, keys, { content: { missing, text }, notice: { missing } }));
}

/** Keeps a document. Whole or not at all, and the second time is as the first. */
async function file(path, text) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.part`, text);
  await rename(`${path}.part`, path);
}

/** What the caller has to put right; the message says it all. */
class Unusable extends Error {}

async function main([description, authority, folder = "eingang"]) {
  if (!authority) throw new Unusable("node authority.mjs behoerde.json AUTHORITY [FOLDER]");
  const text = await readFile(description, "utf8").catch(({ code }) => { throw new Unusable(`${description}: ${code}`); });
  const { urls, authorities } = JSON.parse(text);
  const access = authorities[authority];
  if (!access) throw new Unusable(`${authority} does not stand in ${description}; for example ${Object.keys(authorities)[0]} does`);
  const own = JSON.parse(await readFile(access.decryptionKeyFile, "utf8"));
  const platform = new Platform(urls, access), keys = own.keys ?? [own];
  console.log(`${authority}: waiting for cases`);
  for (;;) {
    for (const record of (await platform.inbox()).records) {
      await settle(record, { platform, keys, folder: join(folder, authority) });
      await platform.confirm(record.cursor);
    }
  }
}

if (process.argv[1]?.endsWith("authority.mjs")) {
  await main(process.argv.slice(2)).catch(error => {
    if (!(error instanceof Unusable)) throw error;
    console.error(error.message);
    process.exitCode = 2;
  });
}
