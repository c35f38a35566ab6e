/* One station: its devices and what is wrong with them, what came in the last nights, points, alarms, entries, history. */
import { ask, path } from '/js/api.js';
import { h } from '/js/dom.js';
import * as format from '/js/format.js';
import { alarmTable, card, changeTable, entryTable, facts, head, link, table, thing, totals } from '/js/parts.js';
import { to } from '/js/router.js';
import { may } from '/js/session.js';
import { t, word } from '/js/texts.js';
import { deviceTable } from '/js/views/device.js';

export function pointTable(points) {
  return table({ caption: t('POINTS'), hideCaption: true, rows: points, empty: t('POINTS_NONE'), columns: [
    { label: t('POINT'), cell: (point) => thing('point', point.point) }, { label: t('CONTROLLER'), cell: (point) => point.controller },
    { label: t('MEDIUM'), cell: (point) => word('MEDIUM', point.medium) }, { label: t('NOTE'), cell: (point) => point.note, class: 'wide' }] });
}

function nights(dossier) {
  return table({ caption: t('NIGHTS'), hideCaption: true, rows: dossier.nights, empty: t('NOTHING'), columns: [
    { label: t('DAY'), cell: (night) => [night.day, night.day === format.today(1) ? [' ', h('span', { class: 'soft' }, t('TODAY'))] : night.day === format.today() ? [' ', h('span', { class: 'soft' }, t('LAST_NIGHT'))] : null], class: 'time' },
    { label: t('ENTRIES_CAME'), cell: (night) => format.number(night.entries), class: 'number' }] });
}

export const title = ({ parts }) => `${t('STATION')} ${parts[0] ?? ''}`;

export async function show({ parts, signal }) {
  const station = parts[0] ?? '';
  const dossier = await ask(path('stations', station), signal);
  const known = dossier.latitude_udeg !== 0 || dossier.longitude_udeg !== 0;
  return h('div', null,
    head(`${t('STATION')} ${station}`, dossier.name, [
      link(to(['history'], { station }), t('HISTORY_OF_IT'), { class: 'button' }),
      may('REGISTRY') ? link(to(['registry', 'station', station]), t('REGISTRY_CHANGE_IT'), { class: 'button' }) : null,
    ]),
    totals(dossier),
    card(t('DEVICES'), h('p', { class: 'definition' }, t('DEVICES_LEAD')), deviceTable(dossier.devices)),
    h('div', { class: 'two' },
      card(t('REGISTRY_SAYS'), facts([[t('NAME'), dossier.name], [t('FILLING_UNIT'), dossier.owner], [t('AREA'), dossier.area],
        [t('PLACE'), known ? format.place(dossier.latitude_udeg, dossier.longitude_udeg) : '']])),
      card(t('NIGHTS'), h('p', { class: 'definition' }, t('NIGHTS_LEAD')), nights(dossier))),
    card(t('POINTS'), pointTable(dossier.points)),
    card(t('ALARMS'), alarmTable(dossier.alarms, { caption: t('ALARMS_CAPTION'), empty: t('ALARMS_NONE') })),
    card(t('ENTRIES'), entryTable(dossier.entries, { caption: t('ENTRIES_NEWEST'), without: ['station'], empty: t('ENTRIES_NONE') })),
    card(t('CHANGES'), changeTable(dossier.changes)));
}
