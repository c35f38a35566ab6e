/* Parts that views are made of: links to things, badges, lists of facts, tables, notices. Nothing is told by colour alone: each badge
 * has a symbol and words. Relies on: dom.js, texts.js, format.js. */
import { h } from '/js/dom.js';
import * as format from '/js/format.js';
import { to } from '/js/router.js';
import { phrase, said, t, text, word } from '/js/texts.js';

const NONE = '–';
const SYMBOLS = { ok: '✓', bad: '✕', warn: '!', unknown: '?', plain: '•' };

/** @typedef {'ok'|'bad'|'warn'|'unknown'|'plain'} Tone */

/** @param {any} value */
export function orNone(value) {
  return value === '' || value === null || value === undefined ? h('span', { class: 'none' }, NONE) : value;
}

/** @param {string} href @param {any} content @param {Record<string, any>} [more] */
export function link(href, content, more = {}) {
  return h('a', { href, ...more }, content);
}

/** A link to something by its name, or a dash when it has none. @param {string} kind @param {string} name */
export function thing(kind, name) {
  return name === '' ? orNone('') : link(to([kind, name]), name, { class: 'thing' });
}

/** @param {string} controller @param {number} sequence */
export function entryLink(controller, sequence) {
  return link(to(['entry', controller, sequence]), `${controller} #${sequence}`, { class: 'thing' });
}

/** @param {number} at_ms */
export function when(at_ms) {
  return at_ms > 0
    ? h('time', { datetime: new Date(at_ms).toISOString(), title: format.zone(at_ms) }, format.moment(at_ms))
    : orNone('');
}

/** A moment, and how long ago. @param {number} at_ms */
export function since(at_ms) {
  return at_ms > 0 ? [when(at_ms), ' ', h('span', { class: 'soft' }, t('AGO', format.age(Date.now() - at_ms)))] : orNone('');
}

/** @param {Tone} tone @param {any} words */
export function badge(tone, words) {
  return h('span', { class: `badge ${tone}` }, h('span', { class: 'symbol', 'aria-hidden': 'true' }, SYMBOLS[tone]), h('span', null, words));
}

/** @param {Tone} tone @param {...any} content */
export function notice(tone, ...content) {
  return h('div', { class: `notice ${tone}`, role: tone === 'bad' ? 'alert' : 'status' },
    h('span', { class: 'symbol', 'aria-hidden': 'true' }, SYMBOLS[tone]), h('div', null, content));
}

/** What went wrong, as words. @param {any} error */
export function words(error) {
  if (error?.text_en) {
    return said(error);
  }
  return error?.name === 'TimeoutError' || error instanceof TypeError ? t('NO_ANSWER') : String(error?.message ?? error);
}

/** @param {string} title @param {...any} content */
export function card(title, ...content) {
  return h('section', { class: 'card' }, h('h2', null, title), content);
}

/** @param {string} title @param {any} [below] @param {any} [actions] */
export function head(title, below, actions) {
  return h('div', { class: 'head' },
    h('div', { class: 'head-words' }, h('h1', { tabindex: '-1' }, title), below ? h('p', { class: 'lead' }, below) : null),
    actions ? h('div', { class: 'actions' }, actions) : null);
}

/** Names and values; empty values show a dash. @param {[string, any][]} rows */
export function facts(rows) {
  return h('dl', { class: 'facts' }, rows.map(([name, value]) => h('div', null, h('dt', null, name), h('dd', null, orNone(value)))));
}

/** Big figures. @param {[string, any, any?][]} rows name, value, remark */
export function figures(rows) {
  return h('dl', { class: 'figures' }, rows.map(([name, value, remark]) =>
    h('div', null, h('dt', null, name), h('dd', null, value), remark ? h('dd', { class: 'remark' }, remark) : null)));
}

/** A table that turns into cards where it has no room.
 * @param {{caption: string, columns: {label: string, cell: (row: any) => any, class?: string, sort?: string}[], rows: any[],
 *          empty?: string, hideCaption?: boolean, rowClass?: (row: any) => string}} table */
export function table({ caption, columns, rows, empty, hideCaption, rowClass }) {
  if (rows.length === 0) {
    return h('p', { class: 'empty' }, empty ?? t('NOTHING'));
  }
  return h('table', { role: 'table' },
    h('caption', { class: hideCaption ? 'unseen' : '' }, caption),
    h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, columns.map((column) =>
      h('th', { role: 'columnheader', scope: 'col', class: column.class, 'aria-sort': column.sort }, column.label)))),
    h('tbody', { role: 'rowgroup' }, rows.map((row) => h('tr', { role: 'row', class: rowClass?.(row) || null }, columns.map((column) =>
      h('td', { role: 'cell', class: column.class, 'data-label': column.label }, h('div', { class: 'value' }, orNone(column.cell(row)))))))));
}

/** What follows, and back to the first. @param {string} next address of the next page, or empty @param {string} first or empty */
export function pager(next, first) {
  return h('nav', { class: 'pager', 'aria-label': t('PAGES') },
    first ? link(first, t('PAGE_FIRST'), { class: 'button', rel: 'prev' }) : null,
    next ? link(next, t('PAGE_NEXT'), { class: 'button', rel: 'next' }) : h('span', { class: 'soft' }, t('PAGE_LAST')));
}

/* ---- words for values ---- */

/** @param {string} state */
export function stateBadge(state) {
  const tones = { IN_SERVICE: 'ok', SUSPENDED: 'warn', SCRAPPED: 'bad', LOST: 'bad', UNKNOWN: 'unknown' };
  return state === '' ? orNone('') : badge(/** @type {Tone} */ (tones[state] ?? 'unknown'), word('STATE', state));
}

/** @param {string} kind */
export function kindBadge(kind) {
  const tones = { REFUSED: 'bad', ENDED: 'ok', AUTHORISED: 'plain', EVENT: 'warn' };
  return badge(/** @type {Tone} */ (tones[kind] ?? 'plain'), text('kind', kind));
}

/** A day in the future or the past, and how far. @param {string} day */
export function due(day) {
  if (day === '') {
    return orNone('');
  }
  const left = format.daysUntil(day);
  if (left < 0) {
    return [day, ' ', badge('bad', t('DUE_OVER', -left))];
  }
  return [day, ' ', badge(left <= 30 ? 'warn' : 'ok', left === 0 ? t('DUE_TODAY') : t('DUE_IN', left))];
}

/** What else an entry says in a few words: why it was refused, why it ended, which event, and how many times. @param {any} entry */
export function entryDetail(entry) {
  const said = [];
  if (entry.reason !== '') {
    said.push(text('reason', entry.reason));
  }
  if (entry.stop !== '') {
    said.push(text('stop', entry.stop));
  }
  if (entry.event !== '') {
    said.push(text('event', entry.event));
  }
  const times = entry.repeats > 1 ? [` ×${format.number(entry.repeats)}`] : [];
  return [said.join(t('AND_ALSO')), ...times, ...entry.marks.map((mark) => [' ', badge('warn', word('MARK', mark))])];
}

/** The controller's clock; said when it was not in step. @param {any} entry */
export function entryTime(entry) {
  return entry.clock_quality === 'S' ? when(entry.wall_ms)
    : [when(entry.wall_ms), ' ', h('span', { class: 'soft' }, word('QUALITY', entry.clock_quality))];
}

/** Entries of any page. @param {any[]} entries @param {{caption: string, without?: string[], sort?: string, empty?: string}} options */
export function entryTable(entries, { caption, without = [], sort, empty }) {
  const pair = (first, second) => [first, second ? h('div', null, second) : null];
  const has = (name) => !without.includes(name);
  const columns = [
    { name: 'time', label: t('COLUMN_TIME'), cell: entryTime, class: 'time', sort },
    { name: 'kind', label: t('OUTCOME'), class: 'wide', cell: (entry) => [kindBadge(entry.kind), entry.reason + entry.stop + entry.event + entry.marks.join('') === '' && !(entry.repeats > 1) ? null : [' ', entryDetail(entry)]] },
    { name: 'code', label: has('plate') ? t('CYLINDER_VEHICLE') : t('CYLINDER'), class: 'code',
      cell: (entry) => pair(thing('cylinder', entry.code), has('plate') && entry.plate !== '' ? thing('vehicle', entry.plate) : null) },
    { name: 'quantity', label: t('QUANTITY'), cell: (entry) => (entry.kind === 'ENDED' ? format.kilograms(entry.quantity_g) : ''), class: 'number' },
    { name: 'where', label: !has('station') ? t('OPERATOR') : has('operator') ? t('STATION_OPERATOR') : t('STATION'), class: 'id',
      cell: (entry) => pair(has('station') ? thing('station', entry.station) : thing('operator', entry.operator), has('station') && has('operator') && entry.operator !== '' ? thing('operator', entry.operator) : null) },
    { name: 'identity', label: t('IDENTITY'), class: 'id', cell: (entry) => (entry.identity === 'NONE' ? '' : word('IDENTITY', entry.identity)) },
    { name: 'entry', label: t('ENTRY'), class: 'id', cell: (entry) => entryLink(entry.controller, entry.sequence) },
  ];
  return table({ caption, columns: columns.filter((column) => !without.includes(column.name)), rows: entries, empty });
}

/** @param {any[]} alarms @param {{caption: string, empty?: string, more?: any[]}} options */
export function alarmTable(alarms, { caption, empty, more = [] }) {
  return table({
    caption, empty, rows: alarms,
    rowClass: (alarm) => (alarm.closed_ms > 0 ? '' : 'open'),
    columns: [
      { label: t('COLUMN_SINCE'), cell: (alarm) => when(alarm.since_ms), class: 'time' },
      { label: t('ALARM'), cell: (alarm) => text('alarm', alarm.kind), class: 'wide' },
      { label: t('STATE'), cell: (alarm) => (alarm.closed_ms > 0
        ? [badge('ok', t('ALARM_CLOSED')), h('div', { class: 'soft' }, [when(alarm.closed_ms), ' ', alarm.closed_why ? t('NAMED', alarm.closed_by, phrase(alarm, 'closed_why')) : alarm.closed_by])]
        : badge('bad', t('ALARM_OPEN'))) },
      { label: t('COLUMN_TIMES_SEEN'), cell: (alarm) => format.number(alarm.count), class: 'number' },
      { label: t('STATION'), cell: (alarm) => thing('station', alarm.station) },
      { label: t('CYLINDER'), cell: (alarm) => thing('cylinder', alarm.code) },
      { label: t('ENTRY'), cell: (alarm) => (alarm.sequence > 0 && alarm.controller !== '' ? entryLink(alarm.controller, alarm.sequence) : alarm.controller) },
      { label: t('DETAIL'), cell: (alarm) => phrase(alarm, 'detail') || alarm.subject, class: 'wide' },
      ...more,
    ],
  });
}

/** A value of a record as it is kept, in words where it is one of a few. @param {string} field @param {string} value */
export function changeValue(field, value) {
  const kinds = { state: 'STATE', medium: 'MEDIUM', list_medium: 'MEDIUM' };
  if (field === 'first_fill_pending' && value !== '') {
    return t(value === '1' ? 'YES' : 'NO');
  }
  if (field === 'list_medium' && value === 'all') {
    return t('ALL_MEDIA');
  }
  return Object.hasOwn(kinds, field) ? word(kinds[field], value.toUpperCase()) : value;
}

/** What was changed in the registry, by whom and why. @param {any[]} changes */
export function changeTable(changes) {
  return table({
    caption: t('CHANGES_CAPTION'), rows: changes, empty: t('CHANGES_NONE'),
    columns: [
      { label: t('COLUMN_TIME'), cell: (change) => when(change.at_ms), class: 'time' },
      { label: t('FIELD'), cell: (change) => (change.field === '' ? t('CHANGE_MADE') : word('FIELD', change.field)) },
      { label: t('VALUE_BEFORE'), cell: (change) => changeValue(change.field, change.old_value), class: 'wide' },
      { label: t('VALUE_AFTER'), cell: (change) => changeValue(change.field, change.new_value), class: 'wide' },
      { label: t('WHO'), cell: (change) => change.who },
      { label: t('WHY'), cell: (change) => change.why, class: 'wide' },
    ],
  });
}

/** @param {any[]} cylinders @param {string} caption @param {string} [empty] */
export function cylinderTable(cylinders, caption, empty) {
  return table({
    caption, empty, rows: cylinders,
    columns: [
      { label: t('CODE'), cell: (one) => thing('cylinder', one.code), class: 'code' },
      { label: t('STATE'), cell: (one) => stateBadge(one.state) },
      { label: t('MEDIUM'), cell: (one) => word('MEDIUM', one.medium) },
      { label: t('VEHICLE'), cell: (one) => thing('vehicle', one.plate) },
      { label: t('INSPECTION_DUE'), cell: (one) => due(one.inspection_due), class: 'due' },
      { label: t('END_OF_LIFE'), cell: (one) => due(one.end_of_life), class: 'due' },
      { label: t('OWNER'), cell: (one) => one.owner },
      { label: t('AREA'), cell: (one) => one.area },
    ],
  });
}

/** Fills, refusals, kilograms of a dossier. @param {any} dossier */
export function totals(dossier) {
  return figures([
    [t('FILLS'), format.number(dossier.fills)],
    [t('REFUSALS'), format.number(dossier.refusals)],
    [t('FILLED'), format.kilograms(dossier.quantity_g, 1)],
  ]);
}
