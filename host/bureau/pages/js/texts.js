/* Texts by name in the chosen language. They come from the catalogues through /api/v1/texts and stand nowhere else. Not: how numbers
 * and times are written (format.js). */

const STORED = 'fillgate.language';
const TAGS = { en: 'en', zh: 'zh-CN' };

/** @type {Record<string, Record<string, Record<string, string>>>} */
let tables = { en: {}, zh: {} };
let language = 'en';

/** What was chosen last; else what the browser prefers. */
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
  document.documentElement.lang = TAGS[language];
}

/** Throws when they do not come. */
export async function loadTexts() {
  const answer = await fetch('/api/v1/texts', { signal: AbortSignal.timeout(15000) });
  if (!answer.ok) {
    throw new Error(`/api/v1/texts: ${answer.status}`);
  }
  tables = await answer.json();
}

export function languageNow() {
  return language;
}

/** For numbers and dates written by the browser. */
export function languageTag() {
  return TAGS[language];
}

export function switchLanguage() {
  language = language === 'en' ? 'zh' : 'en';
  document.documentElement.lang = TAGS[language];
  try {
    window.localStorage.setItem(STORED, language);
  } catch {
    /* A browser that keeps nothing: the choice holds until the page is closed. */
  }
}

/** @param {string} group @param {string} name */
export function has(group, name) {
  return Object.hasOwn(tables[language]?.[group] ?? {}, name);
}

/** The text of a group, or the name itself where the catalogue has none (what a device made up).
 * @param {'kind'|'reason'|'stop'|'event'|'alarm'|'error'|'web'} group @param {string} name */
export function text(group, name) {
  return has(group, name) ? tables[language][group][name] : name;
}

/** A text of the pages with {0}, {1} replaced. @param {string} name @param {...(string|number)} values */
export function t(name, ...values) {
  return text('web', name).replace(/\{(\d)\}/g, (place, digit) => String(values[Number(digit)] ?? place));
}

/** The catalogue's word for a value: "STATE" and "LOST"; empty stays empty, unknown ones show themselves.
 * @param {string} field @param {string} value */
export function word(field, value) {
  const name = `${field}_${value}`;
  return value !== '' && has('web', name) ? t(name) : value;
}

/** What a program said of one case, by the member that has it: in Chinese where there is a phrase for it.
 * @param {Record<string, any>} one @param {string} member */
export function phrase(one, member) {
  return (language === 'zh' && one[`${member}_zh`]) || one[member];
}

/** Every name of a group, in the catalogue's order. @param {string} group */
export function names(group) {
  return Object.keys(tables[language]?.[group] ?? {});
}

/** Of what the API says in both languages. @param {{text_en: string, text_zh: string}} said */
export function said(said) {
  return language === 'zh' ? said.text_zh : said.text_en;
}
