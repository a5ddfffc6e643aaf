// Checks a librechat.yaml, given on stdin, with LibreChat's own schema; prints what it made of it.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const require = createRequire(import.meta.url); // its ES build is for browsers
const { configSchema } = require("librechat-data-provider");
const given = require("js-yaml").load(readFileSync(0, "utf8"));
const found = configSchema.safeParse(given);
console.log(JSON.stringify({ given, taken: found.data, issues: found.error?.issues ?? [] }));
