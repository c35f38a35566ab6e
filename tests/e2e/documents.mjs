// What the documents say is held against the tree and the programs: links and their anchors, commands with their options, makefile
// targets, paths, settings, names of functions and of what is logged. Run by documents.sh.
// Usage: node tests/e2e/documents.mjs check BUILD          a line "  ok   NAME" or "  FAIL NAME: ..." for each document and kind
//                                                          (of those named after BUILD alone, when there are any)
//        node tests/e2e/documents.mjs blocks DIRECTORY     each block marked "sh run ROOM" as a file NUMBER-ROOM there; prints one
//                                                          line for each: file, room, name
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, normalize } from "node:path";

const read = (path) => readFileSync(path, "utf8");
const tracked = filesOfTree().split("\n").filter((path) => path !== "" && existsSync(path));
const folders = new Set(tracked.flatMap((path) => path.split("/").slice(0, -1).map((_, i, parts) => parts.slice(0, i + 1).join("/"))));
const places = [...tracked, ...folders];
const tops = new Set([...folders].filter((folder) => !folder.includes("/")));
// In the order in which their blocks are run.
const documents = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "docs/ARCHITECTURE.md", "docs/operate.md", "docs/deploy.md",
  "docs/bureau.md", "docs/station.md", "docs/auditor.md", "docs/board.md", "docs/limits.md", "docs/glossary.md", "proto/PROTOCOL.md",
  "boards/profiles/README.md", "boards/sim/README.md", "firmware/plant/README.md", "firmware/panel/API.md"];
const makefile = read("Makefile");
const programs = new Map([...makefile.matchAll(/^MAIN_(\S+) := (\S+)$/gm)].map((match) => [match[1], match[2]]));
const sources = tracked.filter((path) => /^(lib|proto|firmware|host|boards|tests)\/.*\.(c|h|def|proto)$/.test(path)).map(read).join("\n");
const words = new Set(sources.match(/\w+/g));
const settings = sectionsOf(tracked.filter((path) => /^boards\/(sim\/[a-z]+\.ini|.*\.profile)$/.test(path)));

// One path a line; without git, as in an unpacked archive, all but what was made.
function filesOfTree() {
  const run = (program, ...words) => execFileSync(program, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  return existsSync(".git") ? run("git", "ls-files") : run("find", ".", "-type", "f", "-not", "-path", "./build/*", "-printf", "%P\n");
}

// Every key of the example settings, also those that are commented out: section -> keys.
function sectionsOf(paths) {
  const sections = new Map();
  for (const line of paths.flatMap((path) => ["[]", ...read(path).split("\n")])) {
    const section = line.match(/^\[(\w*)/);
    const key = line.match(/^[;#]? ?(\w+) = /);
    if (section) sections.set(section[1], sections.get(section[1]) ?? new Set());
    if (section) sections.current = sections.get(section[1]);
    else if (key) sections.current.add(key[1]);
  }
  return sections;
}

// ---- what a document consists of ---------------------------------------------------------------

// Fenced blocks ({info, text, line}), the text without them, and what stands between single backquotes.
function parse(path) {
  const document = { path, blocks: [], prose: "", inline: [] };
  let block = null;
  read(path).split("\n").forEach((line, index) => {
    const fence = line.match(/^```(.*)$/);
    if (fence && block === null) block = { info: fence[1].trim(), text: "", line: index + 1 };
    else if (fence) { document.blocks.push(block); block = null; }
    else if (block !== null) block.text += `${line}\n`;
    else if (!line.startsWith("    ")) document.prose += `${line}\n`;
  });
  document.open = block !== null;
  document.inline = [...document.prose.matchAll(/`([^`\n]+)`/g)].map((match) => match[1]);
  return document;
}

// Calls of a piece of shell, each as its words: without comments, assignments, redirections, and those who only pass on (sudo).
function calls(text) {
  const lines = text.replace(/\\\n\s*/g, " ").split("\n").map((line) => line.replace(/(^|\s)#\s.*$/, ""));
  return lines.flatMap((line) => line.split(/\|\||&&|[|;]/)).map((part) => {
    const parts = (part.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []).filter((word) => !/^[<>]/.test(word));
    while (parts.length > 0 && /^(\w+=.*|export|sudo|runuser|-u|--)$/.test(parts[0])) parts.splice(0, parts[0] === "-u" ? 2 : 1);
    return parts;
  }).filter((parts) => parts.length > 0);
}

function anchors(path) {
  const seen = new Map();
  return new Set(read(path).replace(/^```[\s\S]*?^```/gm, "").split("\n").filter((line) => /^#+ /.test(line)).map((line) => {
    const slug = line.replace(/^#+ /, "").replace(/[`*]/g, "").trim().toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  }));
}

// ---- what is looked at: each gives, for all that it looked at, null or what is wrong -----------

function links({ path, prose }) {
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]).filter((target) => !/^https?:/.test(target)).map((target) => {
    const [file, anchor] = target.split("#");
    const place = file === "" ? path : normalize(join(dirname(path), file)).replace(/\/$/, "");
    if (!places.includes(place)) return `${target}: there is no ${place}`;
    if (anchor !== undefined && !anchors(place).has(anchor)) return `${target}: ${place} has no such heading`;
    return null;
  });
}

function paths({ blocks, inline }) {
  const candidates = [...blocks.map((block) => block.text), ...inline].join("\n").match(/(?<![\w\/.~-])[\w.*-]+\/[\w.\/*-]*/g) ?? [];
  const named = candidates.map((path) => path.replace(/[\/.]+$/, ""));
  return named.filter((path) => tops.has(path.split("/")[0])).filter((path) => !/NAME|ROOM/.test(path)).map((path) => {
    const pattern = new RegExp(`^${path.replace(/\./g, "\\.").replaceAll("*", "[^/]*")}$`);
    return places.some((place) => pattern.test(place)) ? null : `there is no ${path}`;
  });
}

const helped = new Map();
function help(build, ...words) { // what the program prints, null when it knows no such command
  const key = words.join(" ");
  if (!helped.has(key)) {
    try {
      const way = { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"], env: { ...process.env, LC_ALL: "C" } };
      helped.set(key, execFileSync(join(build, "fillgate"), [...words, "--help"], way));
    } catch {
      helped.set(key, null);
    }
  }
  return helped.get(key);
}

function programCall(build, [program, ...rest]) {
  const name = basename(program);
  const options = rest.filter((word) => word.startsWith("--") && word.length > 2).map((word) => word.replace(/=.*/, ""));
  if (!programs.has(name)) return `there is no program ${name}`;
  if (name !== "fillgate") {
    const main = read(programs.get(name));
    return options.filter((option) => !main.includes(option)).map((option) => `${name} knows no ${option}`)[0] ?? null;
  }
  const [family, verb] = rest.filter((word) => !word.startsWith("--"));
  if (family === undefined) return null;
  if (help(build, family) === null) return `there is no fillgate ${family}`;
  if (verb === undefined) return null;
  const text = help(build, family, verb);
  if (text === null) return `there is no fillgate ${family} ${verb}`;
  const known = new Set(["--json", "--help", ...[...text.matchAll(/^ {2}(--[a-z-]+)/gm)].map((match) => match[1])]);
  return options.filter((option) => !known.has(option)).map((option) => `fillgate ${family} ${verb} knows no ${option}`)[0] ?? null;
}

function makeCall(parts) {
  return parts.slice(1).filter((word) => !/^-/.test(word)).map((word) => {
    const [name, value] = word.split("=");
    if (value !== undefined) return new RegExp(`\\b${name}\\b`).test(makefile) ? null : `the makefile knows no ${name}`;
    const made = word.match(/^build\/\w+\/(.+?)(\.o)?$/);
    if (made === null) return new RegExp(`^${word}:`, "m").test(makefile) ? null : `there is no target ${word}`;
    const source = [`${made[1]}.c`, `tests/fuzz/${made[1]}.c`, `tests/bench/${made[1]}.c`].some((path) => tracked.includes(path));
    return source || programs.has(made[1]) ? null : `nothing makes ${word}`;
  }).find((fault) => fault !== null) ?? null;
}

const isProgram = (word) => /^(fillgate(d|-[a-z]+)?)$/.test(basename(word ?? ""));
const isPurpose = (text) => / v\d$/.test(text); // "fillgate head v1": what a signature is for
const allCalls = ({ blocks, inline }) => [...blocks.map((block) => block.text), ...inline.filter((text) => !isPurpose(text))].flatMap(calls);

function commands(document, build) {
  return allCalls(document).filter((parts) => isProgram(parts[0])).map((parts) => programCall(build, parts));
}

function targets(document) {
  return allCalls(document).filter((parts) => parts[0] === "make").map(makeCall);
}

function keys({ inline }) {
  return inline.map((text) => text.match(/^\[(\w+)\](?: (\w+)(?: = .*)?)?$/)).filter((match) => match !== null).map(([text, section, key]) => {
    if (!settings.has(section)) return `no example has ${text}`;
    return key === undefined || settings.get(section).has(key) ? null : `no example has ${text}`;
  });
}

function names({ inline }) {
  return inline.filter((text) => /^(fg_[a-z0-9_]+|[A-Z][A-Z_]{3,})$/.test(text)).map((text) => {
    return words.has(text) ? null : `nothing in the sources is called ${text}`;
  });
}

// Where a row of a table names rooms and functions, each function is declared in one of those rooms.
function homes({ prose }) {
  return prose.split("\n").filter((line) => line.startsWith("|") && /`fg_/.test(line)).flatMap((line) => {
    const quoted = [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1]);
    const rooms = quoted.filter((text) => places.includes(text)).map((text) => (folders.has(text) ? text : dirname(text)));
    const headers = tracked.filter((path) => path.endsWith(".h") && rooms.includes(dirname(path))).map(read).join("\n");
    return quoted.filter((text) => /^fg_\w+$/.test(text)).map((text) => {
      return new RegExp(`\\b${text}\\(`).test(headers) ? null : `${text} is in none of ${rooms.join(", ")}`;
    });
  });
}

// The architecture names every room that has a floor.
function rooms({ path, inline }) {
  if (path !== "docs/ARCHITECTURE.md") return [];
  const named = [...read("tools/check_rooms.sh").matchAll(/^[ \d]\d (\S+)  +\S/gm)].map((match) => match[1]);
  return named.map((room) => (inline.includes(room) ? null : `says nothing of ${room}`));
}

function fences({ blocks, open }) {
  const unmarked = blocks.filter(({ info }) => !/^(sh( run [a-z]+)?|json)$/.test(info));
  return blocks.length === 0 && !open ? [] : [open ? "a block does not end" : null, ...unmarked.map(({ line }) => `line ${line}: marked neither sh nor json`)];
}

// ---- ------------------------------------------------------------------------------------------

function check(build, ...only) {
  const kinds = { "links lead somewhere": links, "paths exist": paths, "commands and options are known": commands,
    "makefile targets exist": targets, "settings exist": keys, "names are those of the sources": names,
    "functions are where they are said to be": homes, "every room is named": rooms,
    "blocks say what they are": fences };
  const listed = only.length > 0 ? only : documents;
  const unlisted = tracked.filter((path) => path.endsWith(".md") && !documents.includes(path));
  console.log(unlisted.length === 0 ? "  ok   every document is looked at" : `  FAIL every document is looked at: not ${unlisted.join(", ")}`);
  for (const document of listed.map(parse)) {
    for (const [kind, find] of Object.entries(kinds)) {
      const looked = find(document, build);
      const faults = [...new Set(looked.filter((fault) => fault !== null))];
      if (looked.length === 0) continue; // it has nothing of this kind
      console.log(faults.length === 0 ? `  ok   ${document.path}: ${kind}` : `  FAIL ${document.path}: ${kind}: ${faults.join("; ")}`);
    }
  }
}

function writeBlocks(directory) {
  mkdirSync(directory, { recursive: true });
  let number = 100;
  for (const { path, blocks } of documents.map(parse)) {
    for (const block of blocks.filter(({ info }) => info.startsWith("sh run "))) {
      const room = block.info.split(" ")[2];
      const file = join(directory, `${number++}-${room}`);
      writeFileSync(file, block.text);
      console.log(`${file} ${room} ${path}, line ${block.line}`);
    }
  }
}

if (process.argv[2] === "check") check(...process.argv.slice(3));
else if (process.argv[2] === "blocks") writeBlocks(process.argv[3]);
else process.exit(2);
