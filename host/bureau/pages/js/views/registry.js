/* The registry in a clerk's hands: find a record, change it on what was seen, set an operator's PIN, import a file. Which fields there are
 * and what they take is the server's to judge; here stand only the kinds of input. */
import { ask, path, Refusal, send } from '/js/api.js';
import { h } from '/js/dom.js';
import { field, form, tick } from '/js/form.js';
import * as format from '/js/format.js';
import { card, head, link, notice, table } from '/js/parts.js';
import { go, to } from '/js/router.js';
import { has, phrase, t, word } from '/js/texts.js';

const NAME = { required: true, maxlength: '32' };
const NUMBER = { inputmode: 'numeric', pattern: '-?[0-9]+' };
const DATE = { type: 'date' };
const MEDIA = ['cng', 'lpg'];
/** Fields behind the key, by kind: what a new record of it needs to be asked for. @type {Record<string, Record<string, any>>} */
const FIELDS = {
  cylinder: {
    uid: { maxlength: '20', pattern: '[0-9A-Fa-f]*' }, state: { words: ['in_service', 'suspended', 'scrapped', 'lost'] }, medium: { words: MEDIA },
    first_fill_pending: { words: ['0', '1'] }, nominal_kpa: NUMBER, capacity_dl: NUMBER, tare_g: NUMBER, maximum_fill_g: NUMBER, inspection_due: DATE,
    end_of_life: DATE, owner: { maxlength: '31' }, plate: { maxlength: '15' }, area: { maxlength: '31' }, made: DATE,
  },
  station: {
    name: { maxlength: '95' }, owner: { maxlength: '31' }, area: { maxlength: '31' }, latitude_udeg: NUMBER, longitude_udeg: NUMBER,
    list_medium: { words: ['all', ...MEDIA] }, list_days: NUMBER, rules: { area: true, maxlength: '8192', rows: '10', class: 'span' },
  },
  point: { station: { maxlength: '31' }, controller: { maxlength: '31' }, medium: { words: MEDIA }, note: { maxlength: '200', class: 'span' } },
  operator: { name: { maxlength: '95' }, card_uid: { maxlength: '20', pattern: '[0-9A-Fa-f]*' }, certificate_end: DATE, station: { maxlength: '31' } },
  vehicle: { new_plate: { maxlength: '15' }, owner: { maxlength: '31' }, area: { maxlength: '31' } },
};
const KINDS = Object.keys(FIELDS);
const COLLECTIONS = { cylinder: 'cylinders', station: 'stations', point: 'points', operator: 'operators', vehicle: 'vehicles' };
const LABELS = { cylinder: 'CYLINDER', station: 'STATION', point: 'POINT', operator: 'OPERATOR', vehicle: 'VEHICLE' };

/** @param {string} kind */
const label = (kind) => t(LABELS[kind]);

/** The words of a choice: states and media have some, flags are yes and no. @param {string} name @param {string} value @returns {[string, string]} */
function option(name, value) {
  if (name === 'first_fill_pending') {
    return [value, t(value === '1' ? 'YES' : 'NO')];
  }
  return [value, value === 'all' ? t('ALL_MEDIA') : word(name === 'state' ? 'STATE' : 'MEDIUM', value.toUpperCase())];
}

/** The unit that fills and the owner of a cylinder are two things, and a person's name is not a place's. @param {string} kind @param {string} name */
function fieldLabel(kind, name) {
  if (name === 'new_plate') {
    return t('PLATE_NEW');
  }
  return has('web', `FIELD_${kind}_${name}`) ? t(`FIELD_${kind}_${name}`) : word('FIELD', name);
}

/** @param {string} kind @param {string} name @param {any} how @param {string} value */
function input(kind, name, how, value) {
  const { words, ...more } = how;
  const known = value === '' || !words || words.includes(value) ? words : [value, ...words];
  return field(name, fieldLabel(kind, name), words
    ? { value, options: [...(value === '' ? [/** @type {[string, string]} */ (['', t('NOT_SAID')])] : []), ...known.map((one) => option(name, one))] }
    : { value, hint: word('HINT', name) === name ? undefined : word('HINT', name), ...more });
}

/** What the form says otherwise than the record; empty is a value, too. @param {HTMLFormElement} node @param {Record<string, string>} before */
function changed(node, before) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [name, value] of new FormData(node)) {
    if (typeof value === 'string' && name !== 'why' && value.replaceAll('\r\n', '\n') !== (before[name] ?? '')) {
      found[name] = value.replaceAll('\r\n', '\n');
    }
  }
  return found;
}

function changeForm(kind, key, record) {
  const before = record.fields;
  return form({
    label: record.version === 0 ? t('REGISTRY_MAKE') : t('REGISTRY_KEEP'), class: 'filters', name: `${label(kind)} ${key}`,
    fields: [
      Object.entries(FIELDS[kind]).map(([name, how]) => input(kind, name, how, name === 'new_plate' ? before.plate ?? key : before[name] ?? '')),
      field('why', t('WHY'), { required: true, maxlength: '200', class: 'span', hint: t('WHY_HINT') }),
    ],
    submit: async ({ why }, node) => {
      const fields = changed(node, kind === 'vehicle' ? { ...before, new_plate: before.plate ?? key } : before);
      if (Object.keys(fields).length === 0) {
        return notice('plain', t('REGISTRY_SAME'));
      }
      const kept = await send('PATCH', path(COLLECTIONS[kind], key), { version: record.version, why, ...fields });
      const told = notice('ok', t('REGISTRY_KEPT', label(kind), kept.key || key));
      // Cylinders that left their vehicle have none to look at.
      return kept.key === '' ? told : [told, h('p', null, link(to([kind, kept.key]), t('REGISTRY_SEE'), { class: 'button' }))];
    },
  });
}

function pinForm(key, record, again) {
  const keep = (pin) => async ({ why, ...values }) => {
    await send('POST', path('operators', key, 'pin'), { version: record.version, why, pin: pin ? values.pin : '' });
    again();
  };
  const why = () => field('why', t('WHY'), { required: true, maxlength: '200' });
  return card(t('PIN'), h('p', null, t(record.has_pin ? 'PIN_HAS' : 'PIN_NONE')), h('p', { class: 'definition' }, t('PIN_LEAD')),
    form({ label: t('PIN_SET'), class: 'narrow', fields: [field('pin', t('PIN'), { type: 'password', inputmode: 'numeric', required: true, minlength: '4', maxlength: '12', pattern: '[0-9]+', autocomplete: 'new-password' }), why()], submit: keep(true) }),
    record.has_pin ? form({ label: t('PIN_CLEAR'), class: 'narrow', tone: 'danger', fields: why(), submit: keep(false) }) : null);
}

async function recordNode(kind, key, signal, again) {
  let record = { version: 0, fields: {}, has_pin: false };
  let missing = false;
  try {
    record = await ask(path('registry', kind, key), signal);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== 404) {
      throw error;
    }
    missing = true;
  }
  const lead = missing ? notice('warn', t(kind === 'vehicle' ? 'VEHICLE_UNREGISTERED' : 'REGISTRY_NEW', label(kind), key)) : null;
  return h('div', null, head(`${label(kind)} ${key}`, t('REGISTRY_CHANGE_LEAD'), missing ? null : link(to([kind, key]), t('REGISTRY_SEE'), { class: 'button' })), lead,
    missing && kind === 'vehicle' ? null : card(t(missing ? 'REGISTRY_MAKE' : 'REGISTRY_CHANGE_IT'), changeForm(kind, key, record)),
    kind === 'operator' && !missing ? pinForm(key, record, again) : null);
}

/** @param {any} answer @param {boolean} tried */
function importSaid(answer, tried) {
  if (answer.faults.length > 0) {
    return [notice('bad', t('IMPORT_FAULTS', format.number(answer.faults.length))), table({ caption: t('IMPORT_FAULTS_CAPTION'), rows: answer.faults, columns: [
      { label: t('IMPORT_LINE'), cell: (one) => format.number(one.line) }, { label: t('IMPORT_COLUMN'), cell: (one) => format.number(one.column) },
      { label: t('COLUMN_WHAT'), cell: (one) => phrase(one, 'text'), class: 'wide' },
    ] })];
  }
  return notice('ok', t(tried ? 'IMPORT_WOULD' : 'IMPORT_DONE', format.number(answer.lines), format.number(answer.changed)));
}

function importCard() {
  return card(t('IMPORT'), h('p', { class: 'definition' }, t('IMPORT_LEAD')), form({
    label: t('IMPORT_DO'), class: 'filters',
    fields: [
      field('kind', t('COLUMN_WHAT'), { value: 'cylinder', options: KINDS.filter((kind) => kind !== 'vehicle').map((kind) => [kind, label(kind)]) }),
      field('file', t('IMPORT_FILE'), { type: 'file', accept: '.csv,text/csv', required: true }),
      field('why', t('WHY'), { required: true, maxlength: '200', class: 'span' }),
      tick('dry_run', t('IMPORT_TRY'), true),
    ],
    submit: async ({ kind, why, dry_run: dry }, node) => {
      const chosen = /** @type {HTMLInputElement} */ (node.elements.namedItem('file')).files?.[0];
      const csv = chosen ? await chosen.text() : '';
      return importSaid(await send('POST', path('registry', kind, 'import'), { csv, why, dry_run: dry === 'yes' }), dry === 'yes');
    },
  }));
}

export const title = ({ parts }) => (parts.length === 2 ? `${KINDS.includes(parts[0]) ? label(parts[0]) : ''} ${parts[1]}` : t('REGISTRY'));

export async function show({ parts, signal, again }) {
  const [kind, key] = parts;
  if (key && KINDS.includes(kind)) {
    return recordNode(kind, key, signal, again);
  }
  const chosen = KINDS.includes(kind) ? kind : 'cylinder';
  return h('div', null, head(t('REGISTRY'), t('REGISTRY_LEAD')),
    card(t('REGISTRY_FIND'), h('p', { class: 'definition' }, t('REGISTRY_FIND_LEAD')), form({
      label: t('REGISTRY_OPEN'), class: 'inline',
      fields: [field('kind', t('COLUMN_WHAT'), { value: chosen, options: KINDS.map((one) => [one, label(one)]) }), field('key', t('REGISTRY_KEY'), NAME)],
      submit: ({ kind: what, key: which }) => go(to(['registry', what, what === 'cylinder' ? which.trim().toUpperCase() : which.trim()])),
    })),
    importCard());
}
