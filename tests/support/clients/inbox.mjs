// Reads an inbox with kafkajs until a case comes, and prints its content, opened with jose.

import { readFileSync } from "node:fs";
import { generalDecrypt, importJWK } from "jose";
import kafkajs from "kafkajs";
import "./zstd.mjs";

const task = JSON.parse(readFileSync(process.argv[2]));
const kafka = new kafkajs.Kafka({
  brokers: [task.bootstrap],
  ssl: task.securityProtocol === "SASL_SSL",
  sasl: { mechanism: "scram-sha-512", username: task.username, password: task.password },
});
const inbox = kafka.consumer({ groupId: task.group });
await inbox.connect();
await inbox.subscribe({ topics: [task.topic], fromBeginning: true });
await inbox.run({
  eachMessage: async ({ message: { headers, value } }) => {
    if (headers.ce_caseid.toString() !== task.case) return;
    const { content } = JSON.parse(value);
    const own = await importJWK(task.key, content.recipients[0].header.alg);
    const { plaintext } = await generalDecrypt(content, own);
    process.stdout.write(`${new TextDecoder().decode(plaintext)}\n`, () => process.exit(0));
  },
});
