/* Texts by name in the language that the operator chose. They come from the catalogue through /texts and stand nowhere else.
 * Not: formatting of numbers and times (format.js). Relies on: dom.js. */
import { setAttribute, setText } from '/dom.js';

const STORED = 'fillgate.language';
const TAGS = { en: 'en', zh: 'zh-CN' };

/** @type {Record<string, Record<string, Record<string, string>>>} */
let tables = { en: {}, zh: {} };
let language = 'en';

/** Reads what was chosen last; else what the browser prefers. */
export function chooseLanguage() {
  let chosen = null;
  try {
    chosen = window.localStorage.getItem(STORED);
  } catch {
    chosen = null;
  }
  language = chosen ?? (navigator.language.startsWith('zh') ? 'zh' : 'en');
  if (!(language in TAGS)) {
    language = 'en';
  }
}

/** Throws when they do not come. */
export async function loadTexts() {
  const answer = await fetch('/texts', { signal: AbortSignal.timeout(5000) });
  if (!answer.ok) {
    throw new Error(`/texts: ${answer.status}`);
  }
  tables = await answer.json();
}

export function languageNow() {
  return language;
}

export function switchLanguage() {
  language = language === 'en' ? 'zh' : 'en';
  try {
    window.localStorage.setItem(STORED, language);
  } catch {
    /* A browser that keeps nothing: the choice holds until the page is closed. */
  }
}

/** The catalogue's words for a check item, or the item itself as the station wrote it. @param {string} item */
export function itemWords(item) {
  const name = `CHECK_${item.toUpperCase()}`;
  return hasText(name) ? panel(name) : item.replaceAll('_', ' ');
}

/** The text, or the name itself where the catalogue has none (a check item of a station's own).
 * @param {'panel'|'reason'|'advice'|'stop'|'event'} table @param {string} name */
export function text(table, name) {
  return tables[language]?.[table]?.[name] ?? name;
}

/** @param {string} name */
export function hasText(name) {
  return tables[language]?.panel?.[name] !== undefined;
}

/** A text of the panel with {0}, {1} replaced.
 * @param {string} name @param {...(string|number)} values */
export function panel(name, ...values) {
  return text('panel', name).replace(/\{(\d)\}/g, (place, digit) => String(values[Number(digit)] ?? place));
}

/** How a person was proven, in words. @param {string} how CARD, PIN, HAND or NONE */
export function proof(how) {
  const name = `PERSON_PROOF_${how}`;
  return hasText(name) ? panel(name) : how;
}

/** What people call a device, or its own name where the catalogue has none. @param {string} device */
export function deviceWords(device) {
  const name = `DEVICE_${device.toUpperCase()}`;
  return hasText(name) ? panel(name) : device;
}

/** Fills every element that names its text itself, and sets the document's language. */
export function applyTexts() {
  setAttribute(document.documentElement, 'lang', TAGS[language]);
  for (const node of document.querySelectorAll('[data-text]')) {
    setText(node, panel(node.dataset.text));
  }
  for (const node of document.querySelectorAll('[data-label]')) {
    setAttribute(node, 'aria-label', panel(node.dataset.label));
  }
  document.title = `${panel('TITLE')} - fillgate`;
}
