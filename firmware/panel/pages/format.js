/* Numbers, times and ages as people read them. Times are the station's, with its offset from UTC, whatever clock and zone the tablet has.
 * Not: texts (texts.js). */
import { panel } from '/texts.js';

const DAY_MS = 86400000;

/** @param {number} number @param {number} digits */
function pad(number, digits) {
  return String(number).padStart(digits, '0');
}

/** "+08:00" @param {number} offset_s */
export function zone(offset_s) {
  const minutes = Math.abs(Math.trunc(offset_s / 60));
  return `${offset_s < 0 ? '-' : '+'}${pad(Math.trunc(minutes / 60), 2)}:${pad(minutes % 60, 2)}`;
}

/** "14:02:31" at the station. @param {number} at_ms @param {number} offset_s */
export function clock(at_ms, offset_s) {
  return new Date(at_ms + offset_s * 1000).toISOString().slice(11, 19);
}

/** "2026-11-23 14:02" at the station; only the time when it is of today. */
export function moment(at_ms, offset_s, now_ms) {
  const local = at_ms + offset_s * 1000;
  const sameDay = Math.floor(local / DAY_MS) === Math.floor((now_ms + offset_s * 1000) / DAY_MS);
  const iso = new Date(local).toISOString();
  return sameDay ? iso.slice(11, 19) : `${iso.slice(0, 10)} ${iso.slice(11, 16)}`;
}

/** "2026-11-23" of a day since 1970; empty for 0, which is none. @param {number} number */
export function day(number) {
  return number > 0 ? new Date(number * DAY_MS).toISOString().slice(0, 10) : '';
}

/** "1:35" @param {number} left_ms */
export function minutes(left_ms) {
  const seconds = Math.max(0, Math.ceil(left_ms / 1000));
  return `${Math.trunc(seconds / 60)}:${pad(seconds % 60, 2)}`;
}

/** "3 h", in the largest unit of which there are two or more. @param {number} age_ms */
export function age(age_ms) {
  const seconds = Math.max(0, Math.trunc(age_ms / 1000));
  if (seconds < 120) {
    return panel('AGE_SECONDS', seconds);
  }
  if (seconds < 7200) {
    return panel('AGE_MINUTES', Math.trunc(seconds / 60));
  }
  if (seconds < 172800) {
    return panel('AGE_HOURS', Math.trunc(seconds / 3600));
  }
  return panel('AGE_DAYS', Math.trunc(seconds / 86400));
}

/** @param {number} kpa */
export function megapascal(kpa) {
  return `${(kpa / 1000).toFixed(1)} MPa`;
}

/** @param {number} grams @param {number} [digits] */
export function kilograms(grams, digits = 2) {
  return `${(grams / 1000).toFixed(digits)} kg`;
}

/** @param {number} tenths of a degree Celsius */
export function celsius(tenths) {
  return `${(tenths / 10).toFixed(1)} °C`;
}

/** Days that are left until the end of day end, and how urgent that is: 0 no warning, 1 to 30 days, 2 to 15, 3 to 7 and over.
 * @param {number} end @param {number} today @returns {{level: number, words: string}} */
export function daysLeft(end, today) {
  const left = end - today;
  const level = left <= 7 ? 3 : left <= 15 ? 2 : left <= 30 ? 1 : 0;
  let words = panel('DUE_IN_DAYS', left);
  if (left < 0) {
    words = panel('DUE_OVER');
  } else if (left === 0) {
    words = panel('DUE_TODAY');
  } else if (left === 1) {
    words = panel('DUE_IN_ONE_DAY');
  }
  return { level, words };
}
