/* One entry: what it says, and apart from that whether it can be believed. */
import { ask, path } from '/js/api.js';
import { fill, h } from '/js/dom.js';
import * as format from '/js/format.js';
import { badge, card, entryDetail, entryLink, facts, head, kindBadge, notice, thing, when, words } from '/js/parts.js';
import { has, said, t, text, word } from '/js/texts.js';
import { save } from '/js/views/export.js';

const CHECKS = ['columns', 'chain', 'signature', 'receipt'];
/** Ends of field names, what to divide by, unit. @type {[string, number, string][]} */
const UNITS = [['_ms', 1, 'ms'], ['_g', 1, 'g'], ['_kpa', 1, 'kPa'], ['_dl', 10, 'L'], ['_dc', 10, '°C']];
const TONES = { HOLDS: 'ok', FALSE: 'bad', UNKNOWN: 'unknown' };

/** @param {string} name @param {any} value */
function fieldText(name, value) {
  if (typeof value === 'boolean') {
    return value ? t('YES') : t('NO');
  }
  if (typeof value === 'number') {
    if (name.endsWith('wall_ms') || name.endsWith('arrived_ms') || name.startsWith('clock_floor')) {
      return [when(value), ' ', h('span', { class: 'soft' }, `${value} ms`)];
    }
    const unit = UNITS.find(([end]) => name.endsWith(end));
    return unit ? `${format.number(value / unit[1], unit[1] > 1 ? 1 : 0)} ${unit[2]}` : String(value);
  }
  if (name.endsWith('_proof') && has('web', `PERSON_PROOF_${value}`)) {
    return word('PERSON_PROOF', String(value));
  }
  if (value !== null && typeof value === 'object') {
    return JSON.stringify(value);
  }
  for (const group of /** @type {const} */ (['reason', 'stop', 'event', 'kind'])) {
    if (name.startsWith(group) && has(group, String(value))) {
      return text(group, String(value));
    }
  }
  return String(value);
}

function recordFacts(entry) {
  return facts([
    [t('COLUMN_OUTCOME'), kindBadge(entry.kind)],
    [t('COLUMN_WHY'), entry.reason + entry.stop + entry.event === '' ? '' : entryDetail({ ...entry, marks: [] })],
    [t('CLOCK_CONTROLLER'), [when(entry.wall_ms), ' ', h('span', { class: 'soft' }, `${format.zone(entry.wall_ms)}, ${word('QUALITY', entry.clock_quality)}`)]],
    [t('CYLINDER'), thing('cylinder', entry.code)],
    [t('VEHICLE'), thing('vehicle', entry.plate)],
    [t('MEDIUM'), entry.medium === 'NONE' ? '' : word('MEDIUM', entry.medium)],
    [t('FILLED'), entry.kind === 'ENDED' ? format.kilograms(entry.quantity_g) : ''],
    [t('IDENTITY'), entry.identity === 'NONE' ? '' : word('IDENTITY', entry.identity)],
    [t('OPERATOR'), thing('operator', entry.operator)],
    [t('AUTHORISED_BY'), entry.authorised_sequence > 0 ? entryLink(entry.controller, entry.authorised_sequence) : ''],
  ]);
}

function proofButton(entry) {
  const told = h('div', { class: 'said', 'aria-live': 'polite' });
  const url = path('entries', entry.controller, entry.sequence, 'proof');
  const load = async () => {
    try {
      const answer = await fetch(url, { cache: 'no-store' });
      if (!answer.ok) {
        throw Object.assign(new Error(), await answer.json());
      }
      save(await answer.blob(), `${entry.controller}-${entry.sequence}.proof`);
      fill(told, notice('ok', t('PROOF_SAVED', `${entry.controller}-${entry.sequence}.proof`)));
    } catch (error) {
      fill(told, notice('bad', words(error)));
    }
  };
  return h('div', { class: 'proof' }, h('p', { class: 'definition' }, t('PROOF_LEAD')),
    h('button', { type: 'button', class: 'main', onclick: load }, t('PROOF_DOWNLOAD')), told);
}

/** A fill by a typed code whose second person is a name that nobody proved: the signature shows only that it was written down.
 * @param {any} entry @param {any} fields */
function isOnlyNamed(entry, fields) {
  return entry.identity === 'MANUAL' && ['AUTHORISED', 'ENDED'].includes(entry.kind)
    && !['CARD', 'PIN'].includes(fields.second_proof);
}

export const title = ({ parts }) => `${t('ENTRY')} ${parts[0] ?? ''} #${parts[1] ?? ''}`;

export async function show({ parts, signal }) {
  const detail = await ask(path('entries', parts[0], parts[1]), signal);
  const { entry, verification } = detail;
  const altered = verification.altered;
  const named = isOnlyNamed(entry, detail.fields);
  const doubt = !altered && (named || CHECKS.some((name) => verification[name].verdict !== 'HOLDS'));
  return h('div', { class: altered ? 'altered-page' : '' },
    head(`${t('ENTRY')} ${entry.controller} #${entry.sequence}`, t('ENTRY_LEAD')),
    altered ? h('div', { class: 'altered', role: 'alert' }, h('strong', null, t('ALTERED_ENTRY')), h('p', null, t('ALTERED_ENTRY_WHAT'))) : null,
    h('div', { class: 'two' },
      h('section', { class: `card says ${altered ? 'untrue' : ''}` }, h('h2', null, t('ENTRY_SAYS')),
        altered ? badge('bad', t('ALTERED_SAYS')) : null, recordFacts(entry)),
      h('section', { class: 'card proves' }, h('h2', null, t('ENTRY_PROVES')),
        altered ? badge('bad', t('PROOF_BROKEN')) : doubt ? badge('unknown', t('PROOF_PARTS')) : badge('ok', t('PROOF_ALL')),
        named ? h('p', null, badge('warn', t('SECOND_ONLY_NAMED'))) : null,
        h('ul', { class: 'checks' }, CHECKS.map((name) => h('li', null,
          h('div', { class: 'check-name' }, h('strong', null, t(`CHECK_${name}`)), badge(TONES[verification[name].verdict] ?? 'unknown', word('VERDICT', verification[name].verdict))),
          h('p', null, said(verification[name])), h('small', null, t(`CHECK_${name}_MEANS`))))),
        proofButton(entry))),
    card(t('ENTRY_HELD'), facts([
      [t('CONTROLLER'), entry.controller], [t('SEQUENCE'), String(entry.sequence)], [t('STATION'), thing('station', entry.station)],
      [t('ARRIVED'), [when(entry.arrived_ms), ' ', h('span', { class: 'soft' }, format.zone(entry.arrived_ms))]],
      [t('MARKS'), entry.marks.length > 0 ? entry.marks.map((mark) => badge('warn', word('MARK', mark))) : t('MARKS_NONE')],
      [t('HASH'), h('code', null, detail.hash)], [t('HASH_BEFORE'), h('code', null, detail.previous_hash)],
      [t('NEIGHBOURS'), [entry.sequence > 1 ? entryLink(entry.controller, entry.sequence - 1) : null, ' ', entryLink(entry.controller, entry.sequence + 1)]],
    ])),
    h('section', { class: `card ${altered ? 'untrue' : ''}` }, h('h2', null, t('ENTRY_BYTES')), h('p', { class: 'definition' }, t('ENTRY_BYTES_LEAD')),
      facts(Object.entries(detail.fields).map(([name, value]) => [has('web', `FIELD_${name}`) ? word('FIELD', name) : h('code', null, name), fieldText(name, value)]))));
}
