/* Recorded answers of the bureau's API, one for each question, in the form of host/bureau/api/openapi.json: for pages that a small city cannot
 * bring about (altered entries, cases overdue, many districts), for hostile text, and for screenshots. Not: a second server; they go
 * through the pages' own code, served by the real program. */

const DAY_MS = 86400000;
const NOW_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS + 6 * 3600000;
const dayOf = (at_ms) => new Date(at_ms).toISOString().slice(0, 10);
const hex = (seed, length) => [...Array(length).keys()].map((i) => ((i * 7 + seed * 13 + i * i * seed) % 16).toString(16)).join('');

export const SESSION = {
  signed_in: true, user: 'chen', name: '陈静 Chen Jing', role: 'auditor', token: hex(1, 64), must_change_password: false, totp: true,
  expires_ms: Date.now() + 8 * 3600000, idle_ends_ms: Date.now() + 900000, public_lookup: true, utc_offset_min: 480,
};
export const NOBODY = {
  signed_in: false, user: '', name: '', role: '', token: '', must_change_password: false, totp: false, expires_ms: 0, idle_ends_ms: 0, public_lookup: true, utc_offset_min: 480,
};

const entry = (sequence, more) => ({
  controller: 'ctl-1', sequence, kind: 'ENDED', wall_ms: NOW_MS - (400 - sequence) * 211000, clock_quality: 'S', arrived_ms: NOW_MS - (400 - sequence) * 211000 + 4200,
  station: 'HZ-01', code: 'HZ-CNG-900021', plate: '浙ED9021', operator: 'op-wang', medium: 'CNG', identity: 'SIGNED_TAG', reason: '', stop: 'TARGET_REACHED', event: '',
  quantity_g: 9120, authorised_sequence: sequence - 1, operator_proof: 'CARD', second_person: '', second_proof: 'NONE', checks_failed: 0,
  repeats: 1, repeat_first_wall_ms: 0, repeat_last_wall_ms: 0, clock_floor_ms: 0, clock_floor_before_ms: 0, marks: [], ...more,
});
const none = { stop: '', quantity_g: 0, authorised_sequence: 0 };
const nobody = { operator: '', operator_proof: 'NONE' };
const byHand = { identity: 'MANUAL', operator_proof: 'PIN', second_person: 'op-wang', second_proof: 'CARD' };
export const ENTRIES = [
  entry(398), entry(397, { ...none, kind: 'AUTHORISED' }),
  entry(396, { ...none, kind: 'REFUSED', reason: 'INSPECTION_OVERDUE', code: 'HZ-CNG-900002', plate: '浙ED9102' }),
  entry(395, { ...byHand, stop: 'OPERATOR', quantity_g: 3480, code: 'HZ-CNG-900022', plate: '浙ED9022', operator: 'op-li' }),
  entry(394, { ...none, ...byHand, kind: 'AUTHORISED', code: 'HZ-CNG-900022', plate: '浙ED9022', operator: 'op-li' }),
  entry(393, { ...none, kind: 'REFUSED', reason: 'NOT_LISTED', code: 'HZ-CNG-777777', plate: '', identity: 'BARE_UID', repeats: 37, repeat_first_wall_ms: NOW_MS - 2 * 3600000, repeat_last_wall_ms: NOW_MS - 3600000 }),
  entry(392, { ...none, kind: 'EVENT', event: 'JOURNAL_TAMPERED', code: '', plate: '', ...nobody, medium: 'NONE', identity: 'NONE' }),
  entry(391, { ...none, kind: 'REFUSED', reason: 'TOO_SOON', clock_quality: 'I', marks: ['FUTURE'] }),
  entry(390, { ...none, kind: 'OPERATOR', code: '', plate: '', medium: 'NONE', identity: 'NONE' }),
  entry(389, { ...none, kind: 'LIST', code: '', plate: '', ...nobody, medium: 'NONE', identity: 'NONE' }),
  entry(388, { ...none, kind: 'REFUSED', reason: 'PRE_CHECK_FAILED', checks_failed: 2, code: 'HZ-CNG-900001', plate: '浙ED9101' }),
  entry(387, { quantity_g: 11950, code: 'HZ-LPG-900020', plate: '', medium: 'LPG', stop: 'TARGET_REACHED', identity: 'QR' }),
];
const cylinder = (code, more) => ({
  code, uid: '04a1b2c3d4e5f6', state: 'IN_SERVICE', medium: 'CNG', first_fill_pending: false, nominal_kpa: 20000, capacity_dl: 600, tare_g: 58200, maximum_fill_g: 0,
  made: '2019-04-02', inspection_due: dayOf(NOW_MS + 214 * DAY_MS), end_of_life: '2034-04-02', owner: 'HZGAS', plate: '浙ED9021', area: '吴兴区', ...more,
});
export const CYLINDERS = [
  cylinder('HZ-CNG-900001', { state: 'SCRAPPED', plate: '浙ED9101', inspection_due: dayOf(NOW_MS - 12 * DAY_MS) }), cylinder('HZ-CNG-900002', { plate: '浙ED9102', inspection_due: dayOf(NOW_MS - 40 * DAY_MS) }),
  cylinder('HZ-CNG-900021'), cylinder('HZ-CNG-900022', { plate: '浙ED9022', inspection_due: dayOf(NOW_MS + 11 * DAY_MS), area: '南浔区' }), cylinder('HZ-CNG-900023', { state: 'SUSPENDED', plate: '浙ED9021' }),
  cylinder('HZ-LPG-900020', { medium: 'LPG', plate: '', nominal_kpa: 2100, capacity_dl: 355, tare_g: 16500, maximum_fill_g: 14500, area: '德清县' }),
];
const alarm = (kind, number, more) => ({
  kind, subject: 'ctl-1', number, since_ms: NOW_MS - number * 7300000, last_ms: NOW_MS - number * 3600000, count: number, controller: 'ctl-1', station: 'HZ-01', code: '', sequence: 392,
  detail: '', closed_ms: 0, closed_by: '', closed_why: '', ...more,
});
export const ALARMS = [
  alarm('GRAVE_EVENT', 1, { detail: 'JOURNAL_TAMPERED: the kept receipt is not the bureau\'s' }), alarm('TWO_PLACES', 2, { code: 'HZ-CNG-900021', detail: 'HZ-01 and CX-04, 61 km in 12 min', sequence: 398 }),
  alarm('STATION_SILENT', 3, { subject: 'DQ-02', controller: '', station: 'DQ-02', sequence: 0 }),
  alarm('UNACCOUNTED_GAS', 4, { detail: '2310 g', sequence: 395, closed_ms: NOW_MS - 3600000, closed_by: 'zhao', closed_why: 'valve exchanged, order 7' }),
];
const CHANGES = [
  { at_ms: NOW_MS - 20 * DAY_MS, field: 'inspection_due', old_value: '2026-06-25', new_value: dayOf(NOW_MS + 214 * DAY_MS), who: 'liu', why: 'inspected at the workshop, report 2231' },
  { at_ms: NOW_MS - 21 * DAY_MS, field: 'uid', old_value: '04ffee00112233', new_value: '04a1b2c3d4e5f6', who: 'liu', why: 'tag torn off' },
  { at_ms: NOW_MS - 300 * DAY_MS, field: '', old_value: '', new_value: '', who: 'liu', why: "the city's registry" },
];
const TOTALS = { fills: 1412, refusals: 37, quantity_g: 12874310 };
const device = (name, more) => ({
  device: name, role: 'controller', station: 'HZ-01', suspended: false, contact_ms: Date.now() - 42000, clock_quality: 'S', clock_offset_ms: 120, list_id: 'HZ-01', list_version: 12, list_issued_ms: NOW_MS - 5 * 3600000,
  last_sequence: 400, held_sequence: 400, unsent: 0, oldest_unsent_ms: 0, gap_since_ms: 0, disk_free_bytes: 48211222528, version: '1.0', unaccounted_g: 0, ...more,
});
export const DEVICES = [
  device('HZ-01', { role: 'station', last_sequence: 0, held_sequence: 0 }), device('ctl-1', { unaccounted_g: 310 }),
  device('ctl-2', { contact_ms: Date.now() - 31 * 3600000, unsent: 420, oldest_unsent_ms: NOW_MS - 30 * 3600000, gap_since_ms: NOW_MS - 26 * 3600000, clock_quality: 'I', clock_offset_ms: -93400, held_sequence: 2101, last_sequence: 2521 }),
];
const DISTRICTS = ['', '吴兴区', '南浔区', '德清县', '长兴县', '安吉县'];
const STATIONS = [['DQ-02', '德清二站', '德清县', 55], ['CX-04', '长兴四站', '长兴县', 3], ['HZ-01', '湖州一站 Huzhou 1', '吴兴区', 0.01], ['NX-01', '南浔一站', '南浔区', 0.02]].map(([station, name, area, hours], index) => ({
  station, name, owner: index === 0 ? 'DQ GAS' : 'HZGAS', area, contact_ms: Math.round(Date.now() - hours * 3600000), silent: hours > 24, open_alarms: [1, 0, 2, 0][index], points: 2 + index,
}));
const DAYS = [...Array(31).keys()].map((i) => ({ day: dayOf(NOW_MS - (30 - i) * DAY_MS), fills: 1480 + ((i * 97) % 230) - (i % 7 === 5 ? 420 : 0), refusals: 31 + ((i * 13) % 22), quantity_g: (13400 + ((i * 811) % 2400)) * 1000 }));
const check = (verdict, text_en, text_zh) => ({ verdict, text_en, text_zh });
const POINTS = [{ point: 'point-1', station: 'HZ-01', controller: 'ctl-1', medium: 'CNG', note: 'west side' }, { point: 'point-2', station: 'HZ-01', controller: 'ctl-2', medium: 'CNG', note: '' }];

function detailOf(controller, sequence) {
  const found = ENTRIES.find((one) => one.sequence === sequence) ?? ENTRIES[0];
  const altered = sequence === 395;
  return {
    entry: { ...found, controller },
    fields: {
      controller, sequence, boot: 3, kind: found.kind, wall_ms: found.wall_ms, mono_ms: 81223100, clock_quality: found.clock_quality, list_id: 'HZ-01', list_version: 12, meter_state: 'G', inventory_g: 88123410,
      operator_id: found.operator, operator_proof: found.operator_proof,
      ...(found.second_person === '' ? {} : { second_person: found.second_person, second_proof: found.second_proof }),
      ...(found.checks_failed === 0 ? {} : { checks_failed: found.checks_failed }),
      ...(found.repeats > 1 ? { repeat_count: found.repeats, repeat_first_wall_ms: found.repeat_first_wall_ms, repeat_last_wall_ms: found.repeat_last_wall_ms } : {}),
      authorised_sequence: found.authorised_sequence, stop: found.stop, start_inventory_g: 88114290, quantity_g: altered ? 13480 : found.quantity_g, duration_ms: 173400, start_pressure_kpa: 3120, end_pressure_kpa: 19810, end_temperature_dc: 412,
      post_checks: 1, post_check_failed: false, text: '',
    },
    verification: altered ? {
      columns: check('FALSE', 'column quantity_g is not what the bytes say', '列 quantity_g 与字节内容不符'), chain: check('HOLDS', "follows from the bytes and entry 394's hash", '由字节和第 394 条记录的哈希算出'),
      signature: check('HOLDS', 'head 400, signed by ctl-1', '日志头 400，由 ctl-1 签名'), receipt: check('HOLDS', 'receipt up to 400', '回执至 400'), altered: true,
    } : {
      columns: check('HOLDS', 'every value agrees with the bytes', '全部值与字节一致'), chain: check('HOLDS', "follows from the bytes and the hash of the entry before", '由字节和前一条记录的哈希算出'),
      signature: check('HOLDS', 'head 400, signed by ctl-1', '日志头 400，由 ctl-1 签名'), receipt: check(sequence === 398 ? 'UNKNOWN' : 'HOLDS', sequence === 398 ? 'no receipt covers it yet' : 'receipt up to 400', sequence === 398 ? '尚无涵盖本记录的回执' : '回执至 400'), altered: false,
    },
    hash: hex(sequence, 64), previous_hash: hex(sequence - 1, 64),
  };
}

const USERS = [['chen', '陈静 Chen Jing', 'auditor'], ['liu', '刘伟 Liu Wei', 'registrar'], ['zhao', '赵敏 Zhao Min', 'supervisor'], ['admin', 'Administrator', 'administrator']].map(([user, name, role], index) => ({
  user, name, role, suspended: false, must_change_password: index === 1, totp: index !== 1, created_ms: NOW_MS - 200 * DAY_MS, signed_in_ms: index === 1 ? 0 : NOW_MS - index * 5000000,
}));
export const VERIFICATIONS = [
  { id: '3', controller: '', state: 'RUNNING', started_ms: Date.now() - 4000, ended_ms: 0, entries_done: 812300, entries_total: 1312000, signatures: 40112, findings: 0, found: [] },
  { id: '2', controller: 'ctl-1', state: 'DONE', started_ms: NOW_MS - 3600000, ended_ms: NOW_MS - 3590000, entries_done: 400, entries_total: 400, signatures: 31, findings: 1, found: [{ controller: 'ctl-1', sequence: 395, text: 'column quantity_g is not what the bytes say' }] },
  { id: '1', controller: 'ctl-2', state: 'DONE', started_ms: NOW_MS - 7200000, ended_ms: NOW_MS - 7100000, entries_done: 2101, entries_total: 2101, signatures: 140, findings: 0, found: [] },
];

const CASES = ['ORDERED', 'OPEN', 'ASSIGNED', 'ORDERED', 'ANSWERED', 'CLOSED'].map((state, i) => {
  const reached = ['OPEN', 'ASSIGNED', 'ORDERED', 'ANSWERED', 'CLOSED'].indexOf(state);
  return {
    number: 9 - i, state, overdue: i === 0, version: reached + 1, alarm: i === 2 ? '' : 'UNACCOUNTED_GAS', alarm_subject: i === 2 ? '' : 'ctl-1', alarm_number: i, alarm_ended_ms: 0,
    opened_ms: NOW_MS - (20 - i) * DAY_MS, opened_by: i === 2 ? 'zhao' : 'fillgate-bureau', station: 'HZ-01', controller: i === 2 ? '' : 'ctl-1', code: i === 1 ? 'HZ-CNG-900021' : '',
    words: i === 2 ? 'The hose of the west dispenser is worn to the second layer.\nSeen at the monthly round.' : '310 g flowed between entries 391 and 392 that no fill accounts for', assigned: reached >= 1 ? 'zhao' : '',
    order: reached >= 2 ? `CASE-${9 - i}` : '', order_text: reached >= 2 ? 'Have the meter of point-1 checked.\nSend the protocol.' : '', recipient: reached >= 2 ? 'HZGAS, station manager' : '',
    due_day: reached >= 2 ? dayOf(NOW_MS + (i === 0 ? -3 : 10) * DAY_MS) : '', ordered_ms: reached >= 2 ? NOW_MS - 10 * DAY_MS : 0, ordered_by: reached >= 2 ? 'zhao' : '',
    answer: reached >= 3 ? 'The meter was changed, protocol 88 enclosed.' : '', answered_by: reached >= 3 ? '沈工' : '', answered_ms: reached >= 3 ? NOW_MS - 2 * DAY_MS : 0,
    closed_ms: reached >= 4 ? NOW_MS - DAY_MS : 0, closed_by: reached >= 4 ? 'second' : '', closed_why: reached >= 4 ? 'the protocol was checked' : '',
    steps: [['ASSIGN', 'CLOSE'], ['ASSIGN', 'ORDER', 'CLOSE'], ['ORDER', 'ANSWER'], ['RETURN', 'CLOSE'], []][reached],
  };
});

function caseOf(number) {
  const found = CASES.find((one) => one.number === number) ?? CASES[0];
  const steps = ['OPENED', 'ASSIGN', 'ORDER', 'ANSWER', 'CLOSE'].slice(0, found.version);
  return { case: found, history: steps.map((step, i) => ({
    place: i + 1, at_ms: found.opened_ms + i * DAY_MS, step, who: ['fillgate-bureau', 'zhao', 'zhao', 'zhao', 'second'][i], why: i === 0 ? '' : 'the rules ask for it', party: ['', 'zhao', found.recipient, found.answered_by, ''][i],
    words: [found.words, '', found.order_text, found.answer, ''][i], due_day: step === 'ORDER' ? found.due_day : '' })) };
}

const REGISTERED = {
  code: 'HZ-CNG-900021', uid: '04a1b2c3d4e5f6', state: 'in_service', medium: 'cng', first_fill_pending: '0', nominal_kpa: '20000', capacity_dl: '600', tare_g: '58200', maximum_fill_g: '0',
  inspection_due: dayOf(NOW_MS + 214 * DAY_MS), end_of_life: '2034-04-02', owner: 'HZGAS', plate: '浙ED9021', area: '吴兴区', made: '2019-04-02',
};
const LISTS = [['CX-04', 12, 2], ['DQ-02', 11, 41], ['HZ-01', 12, 0.1], ['NX-01', 0, 0]].map(([id, version, days]) => ({
  id, version, issued_ms: version ? Math.round(NOW_MS - days * DAY_MS) : 0, expires_ms: version ? Math.round(NOW_MS + (30 - days) * DAY_MS) : 0, rows: version ? 1532 : 0, published_ms: version ? Math.round(NOW_MS - days * DAY_MS) : 0,
  who: version ? 'fillgate-bureau' : '',
}));
const JOINED = [['HZ-01', 'station', false], ['ctl-1', 'controller', false], ['ctl-2', 'controller', true]].map(([name, role, suspended]) => ({
  device: name, role, station: 'HZ-01', list_id: 'HZ-01', suspended, points_go_on: suspended, enrolled_ms: NOW_MS - 200 * DAY_MS, certificate_end_ms: NOW_MS + 165 * DAY_MS, contact_ms: Date.now() - (suspended ? 31 * 3600000 : 42000), software: 'fillgate 1.0', names: role === 'station' ? 'huzhou1.example' : '',
}));

/** The answer to a question, or undefined. @param {string} method @param {string} path below /api/v1/ @param {any} body */
export function answerTo(method, path, body) {
  const [first, ...parts] = path.split('/').map(decodeURIComponent);
  const cylinderNow = CYLINDERS.find((one) => one.code === parts[0]) ?? null;
  const dossier = { entries: ENTRIES, alarms: ALARMS, changes: CHANGES, ...TOTALS };
  const answers = {
    overview: () => ({
      from_day: DAYS[0].day, until_day: DAYS[30].day, days: DAYS, refusals: [['INSPECTION_OVERDUE', 412], ['TOO_SOON', 301], ['NOT_LISTED', 144], ['SCRAPPED', 61], ['UID_MISMATCH', 12], ['OPERATOR_CERTIFICATE_EXPIRED', 7]].map(([name, count]) => ({ name, count })),
      fills: 46211, refused: 1301, quantity_g: 441230000, stations: STATIONS, open_alarms: [['TWO_PLACES', 2], ['GRAVE_EVENT', 1], ['STATION_SILENT', 1]].map(([name, count]) => ({ name, count })), altered: 1,
      rates: DISTRICTS.flatMap((district, i) => [['CYLINDERS_REGISTERED', 990 - i * 3], ['INSPECTIONS_IN_DATE', 961 - i * 9], ['OPERATORS_CERTIFIED', 940 - i * 20], ['HAZARDS_CLOSED', 880 - i * 40]].map(([name, numerator]) => ({ name, district, numerator, denominator: 1000 }))),
    }),
    entries: () => (parts.length === 2 ? detailOf(parts[0], Number(parts[1])) : { entries: ENTRIES, next: 'abc' }),
    cylinders: () => (parts.length === 0 ? { cylinders: CYLINDERS, next: '' } : {
      registered: cylinderNow !== null, cylinder: cylinderNow, sisters: CYLINDERS.slice(3, 5), tags: [{ uid: '04a1b2c3d4e5f6', from_ms: NOW_MS - 21 * DAY_MS, until_ms: 0, why: 'tag torn off' }, { uid: '04ffee00112233', from_ms: NOW_MS - 300 * DAY_MS, until_ms: NOW_MS - 21 * DAY_MS, why: "the city's registry" }], ...dossier,
    }),
    vehicles: () => ({ plate: parts[0], cylinders: CYLINDERS.slice(2, 5), entries: ENTRIES, alarms: ALARMS, ...TOTALS }),
    stations: () => (parts.length === 0 ? { stations: STATIONS, next: '' } : {
      station: parts[0], name: '湖州一站 Huzhou 1', owner: 'HZGAS', area: '吴兴区', latitude_udeg: 30870000, longitude_udeg: 120090000, points: POINTS, devices: DEVICES,
      nights: [...Array(8).keys()].map((i) => ({ day: dayOf(Date.now() + 8 * 3600000 - i * DAY_MS), entries: [211, 1802, 1755, 1799, 0, 1820, 1711, 1693][i] })), ...dossier,
    }),
    points: () => ({ registered: true, point: POINTS[0], device: DEVICES[2], ...dossier }),
    operators: () => ({ registered: true, operator: parts[0], name: '王立 Wang Li', station: 'HZ-01', certificate_end: dayOf(NOW_MS + 9 * DAY_MS), entries: ENTRIES, changes: CHANGES, ...TOTALS }),
    alarms: () => ({ alarms: ALARMS, next: '' }),
    cases: () => (parts.length === 0 ? { cases: CASES, next: '' } : parts[1] === 'order'
      ? { ...caseOf(Number(parts[0])).case, station_name: '湖州一站 Huzhou 1', station_owner: 'HZGAS', area: '吴兴区' } : caseOf(Number(parts[0]))),
    verifications: () => (method === 'POST' ? VERIFICATIONS[0] : { verifications: VERIFICATIONS }),
    samples: () => ({ of: body?.of ?? 'CYLINDERS', seed: hex(5, 64), population: 1532, drawn: 6, at_ms: NOW_MS, entries: body?.of === 'ENTRIES' ? ENTRIES : [], cylinders: body?.of === 'ENTRIES' ? [] : CYLINDERS }),
    registry: () => (parts[0] === 'cylinder' ? { kind: 'cylinder', key: parts[1], version: 3, has_pin: false, fields: REGISTERED }
      : { kind: parts[0], key: parts[1], version: 5, has_pin: true, fields: { operator: parts[1], name: '王立 Wang Li', card_uid: '04900000000a01', certificate_end: dayOf(NOW_MS + 9 * DAY_MS), station: 'HZ-01' } }),
    lists: () => (method === 'POST' ? { published: true, id: 'HZ-01', version: 13, rows: 1532, issued_ms: NOW_MS, expires_ms: NOW_MS + 30 * DAY_MS } : { can_publish: true, lists: LISTS, next: 'HZ-01' }),
    devices: () => (parts[0] === 'codes' ? { device: 'ctl-9', code: '8KQ2M-47PXZ-D0V3T-9HWRE', expires_ms: NOW_MS + DAY_MS } : { devices: JOINED, next: '' }),
    users: () => (method === 'POST' ? { user: USERS[1], password: 'k7mw-p2dx-9vha-t4qe' } : { users: USERS }),
    trail: () => ({ records: [['ENTRIES', 'chen', 'auditor', '', 'code=HZ-CNG-900021'], ['SIGN_IN', 'chen', 'auditor', 'chen', ''], ['EXPORT', 'zhao', 'supervisor', '', 'format=csv station=HZ-01'], ['SIGN_IN_REFUSED', 'admin', '', 'admin', '']].map(([action, user, role, subject, detail], i) => ({
      number: 100 - i, at_ms: NOW_MS - i * 61000, user, role, address: '10.0.0.7', action, subject, detail, outcome: action === 'SIGN_IN_REFUSED' ? 'REFUSED' : 'DONE', hash: hex(100 - i, 64) })), next: '' }),
  };
  return Object.hasOwn(answers, first) ? answers[first]() : undefined;
}
