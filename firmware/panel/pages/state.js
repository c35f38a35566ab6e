/* The states that the link tells, read from the stream's text and looked through once, so that no view meets a hole.
 * Not: when a state is too old (stream.js). See API.md for every member. */

/** @typedef {Record<string, any>} State */
/** @typedef {Record<string, any>} Board */

/** What a state has at least; the type of each member must be the same as here. */
const STATE_FORM = {
  now_ms: 0, utc_offset_s: 0, today: 0, point: '', controller: '', medium: '', display: '', phase: '', phase_left_ms: 0,
  suspended_by_operator: false, valve: false, locked_out: false, device_fault: false, emergency_stop: false, point_blocked: false,
  tag: { present: false, uid: '' },
  decision: { count: 0, code: '', plate: '', identity: '', second_person: '', second_proof: '', reasons: [], failing_code: '', check_items: '', failing_reason: null },
  readings: {},
  checks: { pre: [], pre_wanted: 0, pre_done: 0, post: [], post_wanted: 0, post_done: 0 },
  sign_in_blocked_ms: 0, manual: { allowed: false, code: '', left_ms: 0 },
  list: { state: '', version: 0, expires_ms: 0, age_ms: 0, warning: false, text: '' },
  journal: { state: '', unsent: 0, oldest_unsent_ms: 0, text: '' },
  clock: { quality: '', bureau_ahead_ms: 0 },
  devices: [],
  reader: { up: false, text: '' },
  link: { connected: false, contact_ms: 0, text: '', certificate_end: 0 },
};

const BOARD_FORM = { version: 0, operators: [], today: { fills: 0, refusals: 0, quantity_g: 0, reasons: [] }, attempts: [] };

/** @param {any} value @param {any} form @param {string} path */
function requireForm(value, form, path) {
  if (form === null) {
    return;
  }
  if (typeof value !== typeof form || value === null || Array.isArray(value) !== Array.isArray(form)) {
    throw new Error(`${path} is not as agreed`);
  }
  if (typeof form === 'object' && !Array.isArray(form)) {
    for (const name of Object.keys(form)) {
      requireForm(value[name], form[name], `${path}.${name}`);
    }
  }
}

/** Throws on anything that is not a whole state. Before the first decision there is none: then it is an empty one.
 * @param {string} data @returns {State} */
export function parseState(data) {
  const state = JSON.parse(data);
  state.decision ??= STATE_FORM.decision;
  requireForm(state, STATE_FORM, 'state');
  return state;
}

/** @param {string} data @returns {Board} */
export function parseBoard(data) {
  const board = JSON.parse(data);
  requireForm(board, BOARD_FORM, 'board');
  return board;
}

/** The value of a reading that may be shown as present, or null.
 * @param {State} state @param {string} name @returns {number|null} */
export function goodReading(state, name) {
  const reading = state.readings[name];
  return reading && reading.state === 'GOOD' ? reading.value : null;
}

/** @param {State} state */
export function isBusy(state) {
  return state.phase !== 'IDLE' || state.valve;
}
