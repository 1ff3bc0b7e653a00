// Checks what the log says, in this browser: RFC 6962 trees, C2SP signed notes and policies, HMAC commitments.
// Hashes and signatures come from WebCrypto; nothing here asks the server anything.

const utf8 = new TextEncoder();
const ED25519 = 0x01, COSIGNATURE = 0x04, ML_DSA_44 = 0x06;

export class Refused extends Error {}

export const fromBase64 = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
export const toHex = bytes => Array.from(bytes, b => b.toString(16).padStart(2, "0")).join("");
const fromHex = text => Uint8Array.from(text.match(/../g) ?? [], pair => parseInt(pair, 16));
const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);

function join(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) { all.set(part, at); at += part.length; }
  return all;
}

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
export const leafHash = entry => sha256([0], utf8.encode(entry));
const node = (left, right) => sha256([1], left, right);

// --- The tree (RFC 9162 sections 2.1.3.2 and 2.1.4.2); sizes are BigInt, for they may exceed 32 bits -------------

function* climb(at, last, proof) {
  for (const sibling of proof) {
    if (last === 0n || sibling.length !== 32) throw new Refused("the proof is too long");
    const onTheLeft = (at & 1n) === 1n || at === last;
    while (onTheLeft && at !== 0n && (at & 1n) === 0n) { at >>= 1n; last >>= 1n; }
    yield [sibling, onTheLeft];
    at >>= 1n; last >>= 1n;
  }
  if (last !== 0n) throw new Refused("the proof is too short");
}

/** The root that an inclusion proof leads to. */
export async function inclusionRoot(hash, index, size, proof) {
  if (index < 0 || index >= size) throw new Refused("not in a tree of this size");
  let top = hash;
  for (const [sibling, onTheLeft] of climb(BigInt(index), BigInt(size) - 1n, proof)) {
    top = onTheLeft ? await node(sibling, top) : await node(top, sibling);
  }
  return top;
}

/** Whether the tree `after` extends the tree `before`, by a consistency proof. */
export async function extendsTree(before, after, proof) {
  if (before.size > after.size) return false;
  if (before.size === after.size) return same(before.root, after.root);
  if (before.size === 0) return true;
  let at = BigInt(before.size) - 1n, last = BigInt(after.size) - 1n;
  const path = (BigInt(before.size) & at) === 0n ? [before.root, ...proof] : proof;
  while (at & 1n) { at >>= 1n; last >>= 1n; }
  let old = path[0], now = path[0];
  for (const [sibling, onTheLeft] of climb(at, last, path.slice(1))) {
    if (onTheLeft) old = await node(sibling, old);
    now = onTheLeft ? await node(sibling, now) : await node(now, sibling);
  }
  return same(old, before.root) && same(now, after.root);
}

// --- Notes, keys, policies (C2SP signed-note, tlog-checkpoint, tlog-cosignature, tlog-policy) --------------------

export function readNote(note) {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split("\n");
  if (cut < 0 || !/^(0|[1-9]\d*)$/.test(size)) throw new Refused("not a checkpoint");
  const signatures = note.slice(cut + 2).trimEnd().split("\n").map(line => {
    const [dash, name, encoded] = line.split(" ");
    if (dash !== "—") throw new Refused("not a line of a signature");
    const blob = fromBase64(encoded);
    return { name, id: toHex(blob.slice(0, 4)), value: blob.slice(4) };
  });
  return { text, origin, size: Number(size), root: fromBase64(root), signatures };
}

async function readKey(vkey = "", witness = null) {
  const [name, id, ...rest] = vkey.split("+");
  const data = fromBase64(rest.join("+"));
  if (![witness === null ? ED25519 : COSIGNATURE, ML_DSA_44].includes(data[0])) throw new Refused(`key ${name}: of an unknown kind`);
  if (toHex((await sha256(utf8.encode(name + "\n"), data)).slice(0, 4)) !== id) throw new Refused(`key ${name}: wrong id`);
  return { name, id, kind: data[0], bytes: data.slice(1), witness };
}

/** Read a policy, or a single key of the log. */
export async function readPolicy(text) {
  const policy = { keys: [], groups: new Map(), members: new Set(), quorum: null };
  if (!/^(log|witness|group|quorum)\s/m.test(text)) text = `log ${text.trim()}\nquorum none`;
  for (const line of text.split("\n")) {
    const [kind, name, ...rest] = line.trim().split(/\s+/);
    if (kind === "log") policy.keys.push(await readKey(name));
    else if (kind === "witness") policy.keys.push(await readKey(rest[0], name));
    else if (kind === "group") policy.groups.set(name, readGroup(policy, name, ...rest));
    else if (kind === "quorum" && name && policy.quorum === null) policy.quorum = name;
    else if (kind && !kind.startsWith("#")) throw new Refused("not a line of a policy");
  }
  if (policy.quorum === null) throw new Refused("the policy has no quorum");
  return policy;
}

function readGroup(policy, name, threshold, ...members) {
  const needed = { all: members.length, any: 1 }[threshold] ?? Number(threshold);
  const whole = Number.isInteger(needed) && needed >= 1 && needed <= members.length;
  if (!whole || new Set(members).size < members.length) throw new Refused("a group asks for no witness, for more than it has, or names one twice");
  // A tree: else groups of groups could take longer to count than anybody lives.
  const known = new Set([...policy.groups.keys(), ...policy.keys.map(key => key.witness)]);
  if (known.has(name) || members.some(member => !known.has(member) || policy.members.has(member))) throw new Refused("a group has another line's name, or a member does not stand before it or is in a group already");
  members.forEach(member => policy.members.add(member));
  return { needed, members };
}

function satisfied(policy, seen, name = policy.quorum) {
  const group = policy.groups.get(name);
  if (!group) return name === "none" || seen.has(name);
  return group.members.filter(member => satisfied(policy, seen, member)).length >= group.needed;
}

/** Whether so many witnesses have cosigned as the policy asks for; null where this browser cannot tell. */
function enough(policy, witnesses) {
  const names = wanted => new Set(witnesses.filter(wanted).map(w => w.witness));
  if (satisfied(policy, names(w => w.holds === true))) return true;
  return satisfied(policy, names(w => w.holds || w.holds === null)) ? null : false;
}

/** True or false; null where this browser cannot tell (no Ed25519, or a key of another kind). */
async function verifySignature(key, note, signature) {
  if (key.kind !== ED25519 && key.kind !== COSIGNATURE) return { holds: null, time: timeOf(key, signature) };
  const time = timeOf(key, signature);
  const message = key.kind === ED25519 ? note.text : `cosignature/v1\ntime ${time}\n${note.text}`;
  try {
    const imported = await crypto.subtle.importKey("raw", key.bytes, "Ed25519", false, ["verify"]);
    const bytes = key.kind === ED25519 ? signature : signature.slice(8);
    return { holds: await crypto.subtle.verify("Ed25519", imported, bytes, utf8.encode(message)), time };
  } catch (error) {
    if (error.name === "NotSupportedError") return { holds: null, time };
    throw error;
  }
}

function timeOf(key, signature) {
  return key.kind === ED25519 ? null : Number(new DataView(signature.buffer, signature.byteOffset, 8).getBigUint64(0));
}

/**
 * Check a checkpoint against a policy.
 * `log`, `quorum` and each witness's `holds`: true, false, or null where this browser cannot tell; a witness that has not signed has none.
 */
export async function checkNote(text, policy) {
  const note = readNote(text);
  const witnesses = new Map(policy.keys.filter(k => k.witness).map(k => [k.witness, { witness: k.witness, name: k.name }]));
  const logs = [];
  for (const signature of note.signatures) {
    const key = policy.keys.find(k => k.name === signature.name && k.id === signature.id);
    if (!key) continue;
    const checked = await verifySignature(key, note, signature.value);
    if (key.witness) Object.assign(witnesses.get(key.witness), checked);
    else if (key.name === note.origin) logs.push({ kind: key.kind === ML_DSA_44 ? "ML-DSA-44" : "Ed25519", ...checked });
  }
  const list = [...witnesses.values()];
  const bad = [...logs, ...list].some(each => each.holds === false);
  const untold = logs.every(each => each.holds === null) && logs.length > 0;
  return {
    ...note, logs, witnesses: list,
    log: bad || logs.length === 0 ? false : untold ? null : true,
    quorum: enough(policy, list),
  };
}

// --- Entries ------------------------------------------------------------------------------------------------------

/** Check one entry of an evidence file: is it in the tree, and is the payload the one it has committed to? */
export async function checkEntry(each, note) {
  const leaf = JSON.parse(each.entry);
  const hash = await leafHash(each.entry);
  let included = false;
  try {
    included = same(await inclusionRoot(hash, each.index, note.size, each.proof.map(fromBase64)), note.root);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
  if (each.payload === undefined) return { ...each, leaf, hash, included, opened: null, event: null };
  const key = await crypto.subtle.importKey("raw", fromHex(each.salt), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const made = new Uint8Array(await crypto.subtle.sign("HMAC", key, utf8.encode(each.payload)));
  const event = JSON.parse(each.payload);
  const opened = toHex(made) === leaf.commitment && typeof event.id === "string" && ["type", "time", "source"].every(name => event[name] === leaf[name]);
  return { ...each, leaf, hash, included, opened, event };
}
