// Reads a JSON list of Mermaid texts from stdin and writes a JSON list: "" for each that parses, else the parser's words.
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
globalThis.window = window;
globalThis.document = window.document;
const { default: mermaid } = await import("mermaid");

const problems = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  try {
    await mermaid.parse(text);
    problems.push("");
  } catch (error) {
    problems.push(String(error.message ?? error));
  }
}
process.stdout.write(JSON.stringify(problems));
