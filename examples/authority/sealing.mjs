// What is sealed: content that comes, opened with the authority's own key, and parts of answers, sealed to the platform's
// keys. JWE in general JSON form (RFC 7516), with the WebCrypto that Node brings.

const { subtle } = globalThis.crypto;
const BITS = { "P-256": 256, "P-384": 384, X25519: 256 };
const base64url = bytes => Buffer.from(bytes).toString("base64url");
const bytesOf = encoded => Buffer.from(encoded, "base64url");
const sha256 = async bytes => Buffer.from(await subtle.digest("SHA-256", bytes));

/** The content as it was written, JSON; what was sealed for another submission is not ours to file. `keys` are private JWKs. */
export async function openContent(sealed, keys, submission) {
  const header = JSON.parse(bytesOf(sealed.protected));
  if (header.submissionId !== submission) throw new Error("the content belongs to another submission");
  for (const recipient of sealed.recipients) {
    const own = keys.find(key => key.kid === recipient.header.kid);
    if (!own) continue;
    const contentKey = await unwrapped(own, recipient);
    const algorithm = { name: "AES-GCM", iv: bytesOf(sealed.iv), additionalData: Buffer.from(sealed.protected) };
    const whole = Buffer.concat([bytesOf(sealed.ciphertext), bytesOf(sealed.tag)]);
    return Buffer.from(await subtle.decrypt(algorithm, contentKey, whole)).toString();
  }
  throw new Error(`the content is sealed to none of our keys; tried ${keys.map(key => key.kid).join(", ")}`);
}

async function unwrapped(own, { header, encrypted_key: wrapped }) {
  if (header.alg === "RSA-OAEP-256") {
    const { kty, n, e, d, p, q, dp, dq, qi } = own;
    const key = await subtle.importKey("jwk", { kty, n, e, d, p, q, dp, dq, qi }, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["unwrapKey"]);
    return subtle.unwrapKey("raw", bytesOf(wrapped), key, { name: "RSA-OAEP" }, "AES-GCM", false, ["decrypt"]);
  }
  if (header.alg !== "ECDH-ES+A256KW") throw new Error(`unknown algorithm ${header.alg}`);
  const key = await subtle.importKey("jwk", bare(own, own.d), curve(own), false, ["deriveBits"]);
  const wrapping = await agreed(key, header.epk, { apu: bytesOf(header.apu), apv: bytesOf(header.apv) }, "unwrapKey");
  return subtle.unwrapKey("raw", bytesOf(wrapped), wrapping, "AES-KW", "AES-GCM", false, ["decrypt"]);
}

/** The parts of an answer that say something. A platform without a key gets no `content`. */
export async function sealedParts(keys, { content, notice }) {
  const parts = {}, submission = keys.submissionId;
  if (content && keys.client.keys.length) parts.content = await seal(content, keys.client.keys, submission, "answer");
  if (notice && keys.notifier.keys.length) parts.notice = await seal(notice, keys.notifier.keys, submission, "notice");
  return parts;
}

async function seal(told, to, submissionId, purpose) {
  const header = base64url(JSON.stringify({ enc: "A256GCM", cty: "application/json", submissionId, purpose }));
  const contentKey = await subtle.generateKey({ name: "AES-GCM", length: 256 }, true, ["encrypt"]);
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(12));
  const algorithm = { name: "AES-GCM", iv, additionalData: Buffer.from(header) };
  const sealed = new Uint8Array(await subtle.encrypt(algorithm, contentKey, Buffer.from(JSON.stringify(told))));
  const recipients = await Promise.all(to.map(key => wrapped(key, contentKey, submissionId, purpose)));
  return { protected: header, recipients, iv: base64url(iv), ciphertext: base64url(sealed.subarray(0, -16)), tag: base64url(sealed.subarray(-16)) };
}

async function wrapped(jwk, contentKey, submission, purpose) {
  if (jwk.kty === "RSA") {
    const key = await subtle.importKey("jwk", { kty: "RSA", n: jwk.n, e: jwk.e }, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["wrapKey"]);
    return { header: { alg: "RSA-OAEP-256", kid: jwk.kid }, encrypted_key: base64url(await subtle.wrapKey("raw", contentKey, key, { name: "RSA-OAEP" })) };
  }
  const [apu, apv] = await Promise.all([submission, purpose].map(each => sha256(Buffer.from(each))));
  const ours = await subtle.generateKey(curve(jwk), true, ["deriveBits"]);
  const wrapping = await agreed(ours.privateKey, jwk, { apu, apv }, "wrapKey");
  const epk = bare(await subtle.exportKey("jwk", ours.publicKey));
  const header = { alg: "ECDH-ES+A256KW", kid: jwk.kid, epk, apu: base64url(apu), apv: base64url(apv) };
  return { header, encrypted_key: base64url(await subtle.wrapKey("raw", contentKey, wrapping, "AES-KW")) };
}

// --- Key agreement (RFC 7518 section 4.6) ---------------------------------------------------------------------------

const curve = ({ kty, crv }) => kty === "EC" ? { name: "ECDH", namedCurve: crv } : { name: "X25519" };

/** What of a JWK belongs to the key itself. */
function bare({ kty, crv, x, y }, d) {
  return Object.fromEntries(Object.entries({ kty, crv, x, y, d }).filter(([, value]) => value !== undefined));
}

/** The key for AES key wrap: Concat KDF over the agreed secret, one round of SHA-256. */
async function agreed(own, theirs, { apu, apv }, usage) {
  const other = await subtle.importKey("jwk", bare(theirs), curve(theirs), false, []);
  const secret = Buffer.from(await subtle.deriveBits({ name: curve(theirs).name, public: other }, own, BITS[theirs.crv]));
  const info = ["ECDH-ES+A256KW", apu, apv].flatMap(each => [counted(each.length), Buffer.from(each)]);
  const derived = await sha256(Buffer.concat([counted(1), secret, ...info, counted(256)]));
  return subtle.importKey("raw", derived, "AES-KW", false, [usage]);
}

function counted(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
