// Opens the examples of its arguments with jose and prints each plaintext in a line.

import { readFileSync } from "node:fs";
import { generalDecrypt, importJWK } from "jose";

for (const path of process.argv.slice(2)) {
  const { key, sealed } = JSON.parse(readFileSync(path));
  const own = await importJWK(key, sealed.recipients[0].header.alg);
  const { plaintext } = await generalDecrypt(sealed, own);
  console.log(new TextDecoder().decode(plaintext));
}
