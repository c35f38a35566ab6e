// Chinese pages say what programs said in English by lib/domain/phrases.def. A text that is changed where it is made, and not there, would be
// shown in English again, and nothing else would tell: so each piece of a pattern's English must be in a string of the sources.
// Usage: node tools/check_phrases.mjs    Exit code: 0 all are, 1 not; each piece that nobody says is printed.
import { readFileSync, readdirSync } from 'node:fs';

const PATTERNS = 'lib/domain/phrases.def';
const root = new URL('..', import.meta.url).pathname;
const read = (path) => readFileSync(root + path, 'utf8');
const sources = ['lib', 'proto', 'firmware', 'host']
  .flatMap((tree) => readdirSync(root + tree, { recursive: true }).map((name) => `${tree}/${name}`))
  .filter((path) => /\.(c|h|def)$/.test(path) && path !== PATTERNS);

const LITERAL = /"((?:[^"\\\n]|\\.)*)"/g;
const text = (literal) => literal.replace(/\\(["\\])/g, '$1');

// Neighbouring literals are one text, also with a PRIu64 between them; where a value goes, the text is cut.
const said = new Set();
for (const path of sources) {
  const joined = read(path).replace(/"\s*(?:PRI\w+|FG_\w+)?\s*"/g, (gap) => (/[A-Z]/.test(gap) ? '%s' : ''));
  for (const [, literal] of joined.matchAll(LITERAL)) {
    said.add(text(literal).replace(/%[-+ #0]*(?:\*|\d+)?(?:\.(?:\*|\d+))?(?:hh|h|ll|l|z|j)?[a-zA-Z]/g, '\0'));
  }
}
const all = [...said].join('\0');

// What is said between two values, whole.
const parts = new Set(all.split('\0').map((part) => part.trim()));
const some = (fits) => [...parts].some(fits);

// Is it in one string, or put together of such parts, as where a word is itself a value ("%s fast")?
function isSaid(piece) {
  if (all.includes(piece)) return true;
  const reached = [true];
  for (let to = 1; to <= piece.length; to += 1) {
    for (let from = 0; from < to && !reached[to]; from += 1) {
      const part = piece.slice(from, to).trim();
      const long = part.includes(' ');
      reached[to] = reached[from] === true && (!/[A-Za-z0-9]/.test(part) || parts.has(part)
        || (from === 0 && long && some((end) => end.endsWith(part)))
        || (to === piece.length && long && some((end) => end.startsWith(part))));
    }
  }
  return reached[piece.length] === true;
}

let missing = 0;
let count = 0;
for (const [line, english] of read(PATTERNS).replace(/"\s*\n\s*"/g, '').matchAll(/^FG_PHRASE\("((?:[^"\\]|\\.)*)"/gm)) {
  count += 1;
  for (const piece of text(english).split(/\{\d\}|\[\d\]/)) {
    if (/[A-Za-z]{2}/.test(piece) && !isSaid(piece.trim())) {
      console.log(`${PATTERNS}: nobody says "${piece.trim()}" of ${line.slice(0, 100)}`);
      missing += 1;
    }
  }
}
if (count < 100) {
  console.log(`${PATTERNS}: only ${count} phrases were found`);
  missing += 1;
}
console.log(`${count} phrases, ${missing} pieces that nobody says`);
process.exit(missing === 0 ? 0 : 1);
