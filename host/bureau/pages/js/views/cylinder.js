/* Everything about one cylinder on one page: registry facts and their history, vehicle and sisters, tags, timeline, next due dates. */
import { ask, path } from '/js/api.js';
import { h } from '/js/dom.js';
import * as format from '/js/format.js';
import { badge, card, changeTable, changeValue, due, entryDetail, entryLink, entryTime, facts, head, kindBadge, link, notice, stateBadge, table, thing, totals, when } from '/js/parts.js';
import { to } from '/js/router.js';
import { may } from '/js/session.js';
import { t, text, word } from '/js/texts.js';

function registryFacts(one) {
  return facts([
    [t('STATE'), stateBadge(one.state)], [t('MEDIUM'), word('MEDIUM', one.medium)], [t('VEHICLE'), thing('vehicle', one.plate)],
    [t('OWNER'), one.owner], [t('AREA'), one.area], [t('TAG_NOW'), one.uid ? h('code', null, one.uid) : ''],
    [t('NOMINAL_PRESSURE'), one.nominal_kpa > 0 ? format.megapascal(one.nominal_kpa) : ''],
    [t('CAPACITY'), one.capacity_dl > 0 ? `${format.number(one.capacity_dl / 10, 1)} L` : ''],
    [t('TARE'), one.tare_g > 0 ? format.kilograms(one.tare_g) : ''],
    [t('MAXIMUM_FILL'), one.maximum_fill_g > 0 ? format.kilograms(one.maximum_fill_g) : ''],
    [t('MADE'), one.made], [t('FIRST_FILL'), one.first_fill_pending ? badge('warn', t('FIRST_FILL_PENDING')) : t('NO')],
  ]);
}

/** Entries, alarms and what the registry says of inspections and state, in one order: newest first. */
function timeline(dossier) {
  const items = [
    ...dossier.entries.map((entry) => ({ at_ms: entry.wall_ms, time: entryTime(entry), what: kindBadge(entry.kind),
      detail: [entryDetail(entry), entry.kind === 'ENDED' ? [' ', format.kilograms(entry.quantity_g)] : null],
      where: [thing('station', entry.station), ' ', entryLink(entry.controller, entry.sequence)] })),
    ...dossier.alarms.map((alarm) => ({ at_ms: alarm.since_ms, time: when(alarm.since_ms), what: badge('bad', t('ALARM')),
      detail: [text('alarm', alarm.kind), alarm.closed_ms > 0 ? [' ', badge('ok', t('ALARM_CLOSED'))] : [' ', badge('bad', t('ALARM_OPEN'))]], where: thing('station', alarm.station) })),
    ...dossier.changes.filter((change) => ['inspection_due', 'state', 'uid', ''].includes(change.field)).map((change) => ({ at_ms: change.at_ms, time: when(change.at_ms),
      what: badge('plain', change.field === 'inspection_due' ? t('INSPECTION') : t('REGISTRY_CHANGE')),
      detail: change.field === '' ? t('CHANGE_MADE') : t('NAMED', word('FIELD', change.field), t('FROM_TO', changeValue(change.field, change.old_value) || '–', changeValue(change.field, change.new_value) || '–')), where: t('NAMED', change.who, change.why) })),
  ].sort((a, b) => b.at_ms - a.at_ms);
  return table({ caption: t('TIMELINE'), hideCaption: true, rows: items, empty: t('TIMELINE_NONE'), columns: [
    { label: t('COLUMN_TIME'), cell: (item) => item.time, class: 'time' },
    { label: t('COLUMN_WHAT'), cell: (item) => item.what },
    { label: t('DETAIL'), cell: (item) => item.detail, class: 'wide' },
    { label: t('COLUMN_WHERE'), cell: (item) => item.where, class: 'wide' },
  ] });
}

function tags(dossier) {
  return table({ caption: t('TAGS'), hideCaption: true, rows: dossier.tags, empty: t('TAGS_NONE'), columns: [
    { label: t('TAG'), cell: (tag) => h('code', null, tag.uid) },
    { label: t('FROM'), cell: (tag) => when(tag.from_ms), class: 'time' },
    { label: t('UNTIL'), cell: (tag) => (tag.until_ms > 0 ? when(tag.until_ms) : badge('ok', t('TAG_PRESENT'))), class: 'time' },
    { label: t('WHY'), cell: (tag) => tag.why, class: 'wide' },
  ] });
}

export const title = ({ parts }) => `${t('CYLINDER')} ${parts[0] ?? ''}`;

export async function show({ parts, signal }) {
  const code = parts[0] ?? '';
  const dossier = await ask(path('cylinders', code), signal);
  const one = dossier.cylinder;
  return h('div', null,
    head(`${t('CYLINDER')} ${code}`, null, [
      link(to(['history'], { code }), t('HISTORY_OF_IT'), { class: 'button' }),
      may('REGISTRY') ? link(to(['registry', 'cylinder', code]), t('REGISTRY_CHANGE_IT'), { class: 'button' }) : null,
      link(to(['cylinders'], { code }), t('CODES_BEGIN_SO'), { class: 'button' }),
    ]),
    dossier.registered ? null : notice('warn', t('CYLINDER_UNREGISTERED')),
    one ? h('div', { class: 'due-dates' },
      h('div', { class: 'card' }, h('h2', null, t('INSPECTION_DUE')), h('p', { class: 'big' }, due(one.inspection_due))),
      h('div', { class: 'card' }, h('h2', null, t('END_OF_LIFE')), h('p', { class: 'big' }, due(one.end_of_life)))) : null,
    totals(dossier),
    h('div', { class: 'two' },
      one ? card(t('REGISTRY_SAYS'), registryFacts(one)) : null,
      h('div', null,
        card(t('SISTERS'), h('p', { class: 'definition' }, t('SISTERS_LEAD')), table({ caption: t('SISTERS'), hideCaption: true, rows: dossier.sisters, empty: t('SISTERS_NONE'), columns: [
          { label: t('CODE'), cell: (sister) => thing('cylinder', sister.code) }, { label: t('STATE'), cell: (sister) => stateBadge(sister.state) },
          { label: t('INSPECTION_DUE'), cell: (sister) => due(sister.inspection_due), class: 'due' }] })))),
    card(t('TAGS'), tags(dossier)),
    card(t('TIMELINE'), h('p', { class: 'definition' }, t('TIMELINE_LEAD')), timeline(dossier)),
    card(t('CHANGES'), changeTable(dossier.changes)));
}
