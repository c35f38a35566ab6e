/* Numbers, times and amounts as people read them, with units. Times are in the bureau's zone when the server tells it, else in the
 * browser's; zoneText says which. Not: texts (texts.js). */
import { languageTag, t } from '/js/texts.js';

const DAY_MS = 86400000;

/** @type {number|null} minutes east of UTC; null = the browser's zone */
let offset_min = null;

/** @param {number|null|undefined} minutes east of UTC */
export function setZone(minutes) {
  offset_min = Number.isInteger(minutes) ? Number(minutes) : null;
}

/** @param {number} number @param {number} digits */
function pad(number, digits) {
  return String(number).padStart(digits, '0');
}

/** Minutes east of UTC at a moment. @param {number} at_ms */
function offsetAt(at_ms) {
  return offset_min ?? -new Date(at_ms).getTimezoneOffset();
}

/** "UTC+08:00" @param {number} minutes */
function offsetText(minutes) {
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? '−' : '+'}${pad(Math.trunc(size / 60), 2)}:${pad(size % 60, 2)}`;
}

/** "UTC+08:00", of a moment. @param {number} [at_ms] */
export function zone(at_ms = Date.now()) {
  return offsetText(offsetAt(at_ms));
}

/** Whose zone it is, in words. */
export function zoneText() {
  return offset_min !== null ? t('ZONE_BUREAU', zone())
    : t('ZONE_BROWSER', Intl.DateTimeFormat().resolvedOptions().timeZone ?? '', zone());
}

/** "2026-11-23 14:02:31"; empty for 0, which is none. @param {number} at_ms */
export function moment(at_ms) {
  if (!(at_ms > 0)) {
    return '';
  }
  const date = new Date(at_ms + offsetAt(at_ms) * 60000);
  return Number.isNaN(date.getTime()) ? String(at_ms) : date.toISOString().slice(0, 19).replace('T', ' ');
}

/** "2026-11-23T14:02", for an input of type datetime-local. @param {number} at_ms */
export function localInput(at_ms) {
  return moment(at_ms).slice(0, 16).replace(' ', 'T');
}

/** The way back; null when it is not a time. @param {string} text */
export function fromLocalInput(text) {
  const utc_ms = Date.parse(`${text}Z`);
  if (text === '' || Number.isNaN(utc_ms)) {
    return null;
  }
  const guess_ms = utc_ms - offsetAt(utc_ms) * 60000;
  return utc_ms - offsetAt(guess_ms) * 60000;
}

/** "2026-11-23", today in the zone, so many days on. @param {number} [later_days] */
export function today(later_days = 0) {
  return moment(Date.now() + later_days * DAY_MS).slice(0, 10);
}

/** Days from today until a day; negative: it is over. @param {string} day */
export function daysUntil(day) {
  return Math.round((Date.parse(day) - Date.parse(today())) / DAY_MS);
}

/** @param {number} value @param {number} [digits] behind the point */
export function number(value, digits = 0) {
  return new Intl.NumberFormat(languageTag(), { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** @param {number} grams @param {number} [digits] */
export function kilograms(grams, digits = 2) {
  return `${number(grams / 1000, digits)} kg`;
}

/** @param {number} kpa */
export function megapascal(kpa) {
  return `${number(kpa / 1000, 1)} MPa`;
}

/** @param {number} bytes */
export function bytes(bytes) {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${number(value, unit > 0 && value < 100 ? 1 : 0)} ${units[unit]}`;
}

/** "3 h", in the largest unit of which there are two or more. @param {number} age_ms */
export function age(age_ms) {
  const seconds = Math.max(0, Math.trunc(age_ms / 1000));
  if (seconds < 120) {
    return t('AGE_SECONDS', seconds);
  }
  if (seconds < 7200) {
    return t('AGE_MINUTES', Math.trunc(seconds / 60));
  }
  if (seconds < 172800) {
    return t('AGE_HOURS', Math.trunc(seconds / 3600));
  }
  return t('AGE_DAYS', Math.trunc(seconds / 86400));
}

/** "98.2 %"; the catalogue's word when there is none. @param {number} numerator @param {number} denominator */
export function percent(numerator, denominator) {
  return denominator > 0 ? `${number((100 * numerator) / denominator, 1)} %` : t('NO_RATE');
}

/** "30.870000° N 120.090000° E" @param {number} latitude_udeg @param {number} longitude_udeg */
export function place(latitude_udeg, longitude_udeg) {
  const part = (value, positive, negative) => `${(Math.abs(value) / 1e6).toFixed(5)}° ${value < 0 ? negative : positive}`;
  return `${part(latitude_udeg, 'N', 'S')} ${part(longitude_udeg, 'E', 'W')}`;
}
