// Opens and seals in this browser (WebCrypto): JWE, RFC 7516. Keys stay in this page's memory and cannot be taken out of it.

const utf8 = new TextEncoder(), text = new TextDecoder("utf-8", { fatal: true });
const CURVES = { "P-256": 256, "P-384": 384, "P-521": 528 };
const MOST_ROUNDS = 10_000_000; // more would only keep this browser busy

/** What did not open or cannot be used; `message` is a key of the page's words. */
export class NotOpened extends Error {}

export function toBase64url(bytes) {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64url(encoded) {
  if (!/^[A-Za-z0-9_-]*$/.test(encoded)) throw new NotOpened("notOpened");
  return Uint8Array.from(atob(encoded.replaceAll("-", "+").replaceAll("_", "/")), c => c.charCodeAt(0));
}

const joined = (...parts) => new Uint8Array(parts.flatMap(part => [...part]));
const sha256 = async bytes => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
const counted = number => new Uint8Array([number >>> 24, number >>> 16, number >>> 8, number].map(byte => byte & 255));

// --- The key file -------------------------------------------------------------------------------------------------

/** The private keys in a password-protected key file (RFC 7517 section 7): an encrypted JWK or JWK Set. */
export async function openKeyFile(content, password) {
  const sealed = compact(content.trim());
  const header = decoded(sealed.protected);
  const kind = /^PBES2-HS(256|384|512)\+A(128|192|256)KW$/.exec(header.alg ?? "");
  if (!kind || header.enc !== "A256GCM" || !(header.p2c >= 1000 && header.p2c <= MOST_ROUNDS)) throw new NotOpened("badKeyFile");
  const salt = joined(utf8.encode(header.alg), [0], fromBase64url(header.p2s));
  const known = await crypto.subtle.importKey("raw", utf8.encode(password), "PBKDF2", false, ["deriveKey"]);
  const wrapping = await crypto.subtle.deriveKey({ name: "PBKDF2", hash: `SHA-${kind[1]}`, salt, iterations: header.p2c }, known,
    { name: "AES-KW", length: Number(kind[2]) }, false, ["unwrapKey"]);
  let key;
  try {
    key = JSON.parse(text.decode(await decrypted(sealed, await unwrapped(sealed.encrypted_key, wrapping))));
  } catch {
    throw new NotOpened("badPassword");
  }
  return Promise.all((key.keys ?? [key]).map(importPrivate));
}

function compact(content) {
  const parts = content.split(".");
  if (parts.length !== 5) throw new NotOpened("badKeyFile");
  const [header, encrypted_key, iv, ciphertext, tag] = parts;
  return { protected: header, encrypted_key, iv, ciphertext, tag };
}

async function importPrivate(jwk) {
  const { kty, crv, kid } = jwk;
  if (kty === "RSA") return { kid, kty, key: await crypto.subtle.importKey("jwk", { ...jwk, alg: undefined, use: undefined, key_ops: undefined }, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["unwrapKey"]) };
  if (kty === "EC" && crv in CURVES) return { kid, kty, crv, key: await crypto.subtle.importKey("jwk", { kty, crv, x: jwk.x, y: jwk.y, d: jwk.d }, { name: "ECDH", namedCurve: crv }, false, ["deriveBits"]) };
  if (kty === "OKP" && crv === "X25519") return { kid, kty, crv, key: await crypto.subtle.importKey("jwk", { kty, crv, x: jwk.x, d: jwk.d }, { name: "X25519" }, false, ["deriveBits"]) };
  throw new NotOpened("unknownKey");
}

// --- Opening ------------------------------------------------------------------------------------------------------

/** The content of a sealed object that was sealed for this submission and purpose: its bytes, and of which type they are. */
export async function open(sealed, keys, { submission, purpose }) {
  const header = decoded(sealed.protected);
  if (header.enc !== "A256GCM" || header.submissionId !== submission || header.purpose !== purpose) throw new NotOpened("otherCase");
  for (const recipient of sealed.recipients) {
    const own = keys.find(key => key.kid === recipient.header.kid);
    if (!own) continue;
    const contentKey = await unwrappedFor(own, recipient, { submission, purpose });
    return { bytes: await decrypted(sealed, contentKey), type: header.cty };
  }
  throw new NotOpened("otherKey");
}

async function unwrappedFor(own, { header, encrypted_key }, use) {
  if (header.alg === "RSA-OAEP-256" && own.kty === "RSA") return unwrapped(encrypted_key, own.key, { name: "RSA-OAEP" });
  if (header.alg !== "ECDH-ES+A256KW" || header.epk?.crv !== own.crv) throw new NotOpened("otherKey");
  const [apu, apv] = await partyInfo(use);
  if (header.apu !== toBase64url(apu) || header.apv !== toBase64url(apv)) throw new NotOpened("otherCase");
  const theirs = await importPublic(header.epk);
  return unwrapped(encrypted_key, await agreed(own.key, theirs, own.crv, { apu, apv }, "unwrapKey"));
}

async function unwrapped(encryptedKey, wrapping, algorithm = { name: "AES-KW" }) {
  try {
    return await crypto.subtle.unwrapKey("raw", fromBase64url(encryptedKey), wrapping, algorithm, { name: "AES-GCM" }, false, ["decrypt"]);
  } catch {
    throw new NotOpened("notOpened");
  }
}

async function decrypted({ protected: header, iv, ciphertext, tag }, key) {
  const algorithm = { name: "AES-GCM", iv: fromBase64url(iv), additionalData: utf8.encode(header), tagLength: 128 };
  const sealed = fromBase64url(ciphertext), end = fromBase64url(tag);
  const all = new Uint8Array(sealed.length + end.length);
  all.set(sealed);
  all.set(end, sealed.length);
  try {
    return new Uint8Array(await crypto.subtle.decrypt(algorithm, key, all));
  } catch {
    throw new NotOpened("notOpened");
  }
}

// --- Sealing ------------------------------------------------------------------------------------------------------

/** A JWE (general JSON serialisation) that only the owners of these public keys open, bound to submission and purpose. */
export async function seal(bytes, { to, submission, purpose, type }) {
  const header = toBase64url(utf8.encode(JSON.stringify({ enc: "A256GCM", cty: type, submissionId: submission, purpose })));
  const contentKey = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: utf8.encode(header), tagLength: 128 }, contentKey, bytes));
  const recipients = await Promise.all(to.map(key => wrappedFor(key, contentKey, { submission, purpose })));
  return { protected: header, recipients, iv: toBase64url(iv), ciphertext: toBase64url(sealed.subarray(0, -16)), tag: toBase64url(sealed.subarray(-16)) };
}

async function wrappedFor(jwk, contentKey, use) {
  if (jwk.kty === "RSA") {
    const key = await crypto.subtle.importKey("jwk", { kty: "RSA", n: jwk.n, e: jwk.e }, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["wrapKey"]);
    return { header: { alg: "RSA-OAEP-256", kid: jwk.kid }, encrypted_key: await wrapped(contentKey, key, { name: "RSA-OAEP" }) };
  }
  const theirs = await importPublic(jwk), [apu, apv] = await partyInfo(use);
  const ours = await crypto.subtle.generateKey(theirs.algorithm, true, ["deriveBits"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", ours.publicKey);
  const wrapping = await agreed(ours.privateKey, theirs, crv, { apu, apv }, "wrapKey");
  const epk = y === undefined ? { kty, crv, x } : { kty, crv, x, y };
  return { header: { alg: "ECDH-ES+A256KW", kid: jwk.kid, epk, apu: toBase64url(apu), apv: toBase64url(apv) }, encrypted_key: await wrapped(contentKey, wrapping) };
}

const wrapped = async (key, wrapping, algorithm = { name: "AES-KW" }) => toBase64url(new Uint8Array(await crypto.subtle.wrapKey("raw", key, wrapping, algorithm)));

// --- Key agreement (RFC 7518 section 4.6) ---------------------------------------------------------------------------

const partyInfo = ({ submission, purpose }) => Promise.all([submission, purpose].map(each => sha256(utf8.encode(each))));

const importPublic = ({ kty, crv, x, y }) => kty === "EC"
  ? crypto.subtle.importKey("jwk", { kty, crv, x, y }, { name: "ECDH", namedCurve: crv }, false, [])
  : crypto.subtle.importKey("jwk", { kty, crv, x }, { name: "X25519" }, false, []);

/** The key for AES key wrap: Concat KDF over the agreed secret, one round of SHA-256. */
async function agreed(own, theirs, crv, { apu, apv }, usage) {
  const secret = new Uint8Array(await crypto.subtle.deriveBits({ name: theirs.algorithm.name, public: theirs }, own, CURVES[crv] ?? 256));
  const algorithm = utf8.encode("ECDH-ES+A256KW");
  const info = joined(counted(algorithm.length), algorithm, counted(apu.length), apu, counted(apv.length), apv, counted(256));
  const derived = await sha256(joined(counted(1), secret, info));
  return crypto.subtle.importKey("raw", derived, { name: "AES-KW" }, false, [usage]);
}

function decoded(header) {
  try {
    return JSON.parse(text.decode(fromBase64url(header)));
  } catch {
    throw new NotOpened("notOpened");
  }
}
