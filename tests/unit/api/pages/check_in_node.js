// Runs the pages' check.js without a page: a JSON list of cases in, a list of answers out.
"use strict";

const { readFileSync } = require("node:fs");
const { runInThisContext } = require("node:vm");

globalThis.document = { querySelector: () => null };
runInThisContext(readFileSync(process.argv[2], "utf8"));

(async () => {
  const said = [];
  for (const { entry, proof, key } of JSON.parse(readFileSync(0, "utf8"))) {
    said.push((await verify(Buffer.from(entry, "base64"), proof, key)).holds);
  }
  process.stdout.write(JSON.stringify(said));
})();
