/* Recorded states of the panel's stream, one for each display and some for each reason: for what a simulated point cannot be brought
 * to, and for screenshots. The form is that of firmware/panel/API.md. Not: a second server; they go through the page's own parser. */

const TODAY = 20780;
const NOW_MS = TODAY * 86400000 + 6 * 3600000 + 2 * 60000 + 31000;

const reading = (value) => ({ state: 'GOOD', value, age_ms: 60 });
const bad = (state) => ({ state, value: 0, age_ms: 2000 });

const idle = {
  now_ms: NOW_MS, utc_offset_s: 28800, today: TODAY, point: 'point-1', controller: 'ctl-1', medium: 'CNG',
  display: 'READY', phase: 'IDLE', phase_left_ms: 0, suspended_by_operator: false, stop: null,
  valve: false, locked_out: false, device_fault: false, emergency_stop: false, point_blocked: false,
  tag: { present: false, uid: '' },
  decision: { count: 0, code: '', plate: '', identity: 'NONE', second_person: '', second_proof: 'NONE', reasons: [], failing_code: '', check_items: '', failing_reason: null, sequence: 0 },
  cylinder: null, fill: null,
  readings: {
    pressure_kpa: reading(3100), temperature_dc: reading(152), flow_g_min: reading(0), total_g: reading(0), inventory_g: reading(812345),
    scale_g: reading(0), valve_open: reading(0), emergency_stop: reading(0), start_button: reading(0), stop_button: reading(0),
  },
  checks: {
    pre: ['valve_and_piping', 'no_damage', 'passengers_out'], pre_wanted: 0, pre_done: 0, post: ['leak_test'], post_wanted: 0, post_done: 0,
  },
  operator: { id: 'op-wang', proof: 'PIN', certificate_end: TODAY + 400, idle_left_ms: 540000 },
  sign_in_blocked_ms: 0,
  manual: { allowed: false, code: '', left_ms: 0 },
  last: { fills: 2, stop: 'TARGET_REACHED', quantity_g: 9120, sequence: 15 },
  list: {
    state: 'IN_FORCE', id: 'huzhou-1', version: 3, issued_ms: NOW_MS - 5 * 3600000, expires_ms: NOW_MS + 25 * 86400000,
    age_ms: 5 * 3600000, warning: false, text: '',
  },
  journal: { state: 'OK', count: 17, unsent: 2, oldest_unsent_ms: NOW_MS - 240000, text: '' },
  clock: { quality: 'S', bureau_ahead_ms: 0 },
  devices: ['relay', 'pressure', 'meter', 'scale'].map((name) => ({ name, link: 'UP', failures: 0, text: '' })),
  reader: { up: true, restarts: 0, text: '' },
  link: { connected: true, contact_ms: NOW_MS - 9000, text: '', certificate_end: TODAY + 300 },
  board: 12,
};

const cylinder = {
  medium: 'CNG', nominal_kpa: 20000, capacity_dl: 700, tare_g: 58000, maximum_fill_g: 0,
  inspection_due: TODAY + 820, end_of_life: TODAY + 4300, others: ['HZ-CNG-900010'], owner: 'HZGAS',
};
const lying = {
  tag: { present: true, uid: '04900000000001' },
  decision: {
    ...idle.decision, count: 3, code: 'HZ-CNG-900001', plate: '浙ED9101', identity: 'SIGNED_TAG', sequence: 16,
  },
  cylinder,
};
const fill = {
  programme: 'PRESSURE', quantity_g: 4210, target: 19800, progress_permille: 432, remaining_ms: 95000, authorised: 16,
};
const filling = {
  ...idle, ...lying, display: 'FILLING', phase: 'FILLING', valve: true, fill,
  readings: { ...idle.readings, pressure_kpa: reading(12040), temperature_dc: reading(287), flow_g_min: reading(2840), valve_open: reading(1) },
};

/** A refusal for these reasons, the first the one that is shown. */
export function refusedFor(reasons, more = {}) {
  return {
    ...idle, ...lying, display: 'REFUSED', ...more,
    decision: { ...lying.decision, reasons, ...(more.decision ?? {}) },
  };
}

/** One state for each look of the page, by name. */
export const STATES = {
  starting: {
    ...idle, display: 'STARTING', reader: { up: false, restarts: 0, text: '' },
    devices: idle.devices.map((device) => ({ ...device, link: 'PROBING' })),
  },
  ready: idle,
  'sign-in': { ...idle, display: 'SIGN_IN', operator: null },
  'sign-in-blocked': { ...idle, display: 'SIGN_IN', operator: null, sign_in_blocked_ms: 47000 },
  checking: { ...idle, display: 'CHECKING', tag: lying.tag },
  refused: refusedFor(['INSPECTION_OVERDUE', 'TOO_SOON'], { cylinder: { ...cylinder, inspection_due: TODAY - 12 } }),
  'refused-other': refusedFor(['OTHER_CYLINDER_FAILS'],
    { decision: { failing_code: 'HZ-CNG-900010', failing_reason: 'INSPECTION_OVERDUE' } }),
  'refused-unlisted': refusedFor(['NOT_LISTED'], { cylinder: null, decision: { code: 'HZ-CNG-777777', plate: '' } }),
  'pre-check': {
    ...idle, ...lying, display: 'PRE_CHECK', phase: 'PRE_CHECK', phase_left_ms: 48000,
    cylinder: { ...cylinder, inspection_due: TODAY + 6 },
    checks: { ...idle.checks, pre_wanted: 7, pre_done: 1 },
  },
  authorising: { ...idle, ...lying, display: 'AUTHORISING', phase: 'AUTHORISING', fill: { ...fill, quantity_g: 0, progress_permille: 0, remaining_ms: 0 } },
  filling,
  'filling-bad-reading': {
    ...filling, readings: { ...filling.readings, temperature_dc: bad('TIME_OUT'), flow_g_min: bad('RANGE') },
  },
  'filling-mass': {
    ...filling, medium: 'LPG', fill: { ...fill, programme: 'MASS', target: 30940, quantity_g: 6200 },
    decision: { ...lying.decision, code: 'HZ-LPG-900020', plate: '' },
    cylinder: { ...cylinder, medium: 'LPG', nominal_kpa: 2100, capacity_dl: 355, tare_g: 16500, maximum_fill_g: 14500, others: [] },
    readings: { ...filling.readings, scale_g: reading(24700) },
  },
  'suspended-tag': {
    ...filling, display: 'SUSPENDED', phase: 'SUSPENDED', valve: false, phase_left_ms: 11000, tag: { present: false, uid: '' },
    readings: { ...filling.readings, flow_g_min: reading(0), valve_open: reading(0) },
  },
  'suspended-operator': {
    ...filling, display: 'SUSPENDED', phase: 'SUSPENDED', valve: false, phase_left_ms: 240000, suspended_by_operator: true,
    readings: { ...filling.readings, flow_g_min: reading(0), valve_open: reading(0) },
  },
  closing: { ...filling, display: 'CLOSING', phase: 'CLOSING', valve: false, stop: 'TARGET_REACHED', fill: { ...fill, progress_permille: 1000, quantity_g: 9120, remaining_ms: 0 } },
  'post-check': {
    ...filling, display: 'POST_CHECK', phase: 'POST_CHECK', valve: false, stop: 'TARGET_REACHED', phase_left_ms: 52000,
    fill: { ...fill, progress_permille: 1000, quantity_g: 9120, remaining_ms: 0 }, checks: { ...idle.checks, post_wanted: 1, post_done: 0 },
    readings: { ...filling.readings, pressure_kpa: reading(19810), flow_g_min: reading(0), valve_open: reading(0) },
  },
  done: { ...idle, ...lying, display: 'DONE' },
  'ended-early': { ...idle, ...lying, display: 'DONE', last: { ...idle.last, stop: 'OVER_PRESSURE', quantity_g: 3480 } },
  fault: {
    ...idle, display: 'FAULT', device_fault: true,
    devices: idle.devices.map((device) => (device.name === 'meter'
      ? { ...device, link: 'DOWN', failures: 31, text: 'unit 3: no answer within 60 ms' } : device)),
  },
  'fault-emergency-stop': { ...idle, display: 'FAULT', emergency_stop: true },
  'fault-reader': { ...idle, display: 'FAULT', reader: { up: false, restarts: 4, text: 'pn532_uart: cannot open ./nfc' } },
  'fault-list': { ...idle, display: 'FAULT', list: { ...idle.list, state: 'MISSING', version: 0, age_ms: 0 } },
  locked: { ...idle, display: 'LOCKED', locked_out: true },
  'locked-bureau': { ...idle, display: 'LOCKED', point_blocked: true },
  'manual-allowed': { ...idle, manual: { allowed: true, code: '', left_ms: 0 } },
  'second-wanted': { ...idle, manual: { allowed: true, code: 'HZ-CNG-900012', left_ms: 43000 } },
  'second-blocked': { ...idle, sign_in_blocked_ms: 47000, manual: { allowed: true, code: 'HZ-CNG-900012', left_ms: 43000 } },
  'certificate-30': { ...idle, operator: { ...idle.operator, certificate_end: TODAY + 28 } },
  'certificate-15': { ...idle, operator: { ...idle.operator, certificate_end: TODAY + 12 } },
  'certificate-7': { ...idle, operator: { ...idle.operator, certificate_end: TODAY + 1, idle_left_ms: 65000 } },
  'list-old': {
    ...idle, list: { ...idle.list, age_ms: 60 * 3600000, warning: true }, link: { connected: false, contact_ms: 0, text: 'no route', certificate_end: TODAY + 13 },
    journal: { ...idle.journal, state: 'WARN', unsent: 420 }, clock: { quality: 'I', bureau_ahead_ms: 0 },
  },
};

export const BOARD = {
  version: 12,
  operators: [
    { id: 'op-wang', certificate_end: TODAY + 400, card: true, pin: true },
    { id: 'op-li', certificate_end: TODAY + 10, card: false, pin: true },
  ],
  today: {
    fills: 14, refusals: 3, quantity_g: 130400, reasons: [{ reason: 'TOO_SOON', count: 2 }, { reason: 'INSPECTION_OVERDUE', count: 1 }],
  },
  attempts: [
    ['REFUSED', 'INSPECTION_OVERDUE', null, 0, 'HZ-CNG-900002', '浙ED9102'], ['ENDED', null, 'TARGET_REACHED', 9120, 'HZ-CNG-900001', '浙ED9101'],
    ['REFUSED', 'TOO_SOON', null, 0, 'HZ-CNG-900001', '浙ED9101'], ['ENDED', null, 'OPERATOR', 3480, 'HZ-CNG-900021', '浙ED9021'],
    ['REFUSED', 'TAG_UNREADABLE', null, 0, '', ''], ['AUTHORISED', null, null, 0, 'HZ-CNG-900022', '浙ED9022'],
  ].map(([outcome, reason, stop, quantity, code, plate], index) => ({
    sequence: 30 - index, at_ms: NOW_MS - index * 211000, code, plate, operator: 'op-wang', operator_proof: 'PIN', second_person: index === 3 ? 'op-li' : '',
    second_proof: index === 3 ? 'CARD' : 'NONE', outcome, reason, stop, quantity_g: quantity,
    identity: 'SIGNED_TAG',
  })),
};
