// kafkajs cannot read zstd by itself, and the inbox is compressed with it. Import this once, before the consumer starts.
//     npm install kafkajs fzstd

import { decompress } from "fzstd";
import kafkajs from "kafkajs";

kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
  compress: async () => { throw new Error("an authority does not write to Kafka"); },
  decompress: async bytes => Buffer.from(decompress(bytes)),
});
