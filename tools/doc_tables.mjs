// Writes the tables of the documents that are made from the catalogue: every refusal, end and alarm with its texts. They stand
// between the lines "<!-- table NAME -->" and "<!-- end of table -->". Usage: node tools/doc_tables.mjs [--check]
//   --check changes nothing; exits 1 and names the document when a table is not what it would be.
import { readFileSync, writeFileSync } from "node:fs";

// All MACRO(...) of a .def file: the plain arguments and the texts, each in order.
function rows(path, macro) {
  const source = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
  return [...source.matchAll(new RegExp(`${macro}\\(((?:[^"()]|"(?:[^"\\\\]|\\\\.)*")*)\\)`, "g"))].map((match) => {
    const texts = [...match[1].matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((text) => JSON.parse(`"${text[1]}"`));
    const words = match[1].replace(/"(?:[^"\\]|\\.)*"/g, "").split(",").map((word) => word.trim());
    return { words, texts };
  });
}

const advice = new Map(rows("lib/domain/advice.def", "FG_ADVICE").map(({ words, texts }) => [words[0], texts]));
const tables = {
  reasons: () => [
    ["reason", "the panel says", "中文", "what to do"],
    ...rows("lib/domain/reasons.def", "FG_REASON").map(({ words, texts }) =>
      [`\`${words[1]}\`${words[2] === "1" ? " (!)" : ""}`, texts[0], texts[1], advice.get(words[1])[0]]),
  ],
  stops: () => [
    ["end", "the panel says", "中文"],
    ...rows("lib/domain/stops.def", "FG_STOP").map(({ words, texts }) => [`\`${words[1]}\``, texts[0], texts[1]]),
  ],
  alarms: () => [
    ["alarm", "it says", "中文", "ends by itself"],
    ...rows("host/bureau/alarm/alarms.def", "FG_ALARM").map(({ words, texts }) =>
      [`\`${words[1]}\``, texts[0], texts[1], words[2] === "1" ? "when its cause does" : "no: a person closes it"]),
  ],
};

function table(name) {
  const [head, ...body] = tables[name]();
  if (body.length === 0) throw new Error(`table ${name}: no rows found`);
  return [head, head.map(() => "---"), ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n").replace(/(\| ---)+ \|/, (line) => line.replaceAll(" ", ""));
}

const check = process.argv.includes("--check");
let wrong = 0;
for (const path of ["docs/operate.md", "docs/bureau.md"]) {
  const before = readFileSync(path, "utf8");
  const after = before.replace(/(<!-- table (\w+) -->\n)[\s\S]*?(<!-- end of table -->)/g, (_, begin, name, end) => `${begin}${table(name)}\n${end}`);
  if (after === before) continue;
  if (check) {
    console.error(`${path}: a table is not what the catalogue says; run: node tools/doc_tables.mjs`);
    wrong++;
  } else {
    writeFileSync(path, after);
  }
}
process.exit(wrong > 0 ? 1 : 0);
