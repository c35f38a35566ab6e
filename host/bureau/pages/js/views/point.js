/* One filling point and its controller. */
import { ask, path } from '/js/api.js';
import { h } from '/js/dom.js';
import { alarmTable, card, changeTable, entryTable, facts, head, link, notice, thing, totals } from '/js/parts.js';
import { to } from '/js/router.js';
import { may } from '/js/session.js';
import { t, word } from '/js/texts.js';
import { deviceFacts } from '/js/views/device.js';

export const title = ({ parts }) => `${t('POINT')} ${parts[0] ?? ''}`;

export async function show({ parts, signal }) {
  const name = parts[0] ?? '';
  const dossier = await ask(path('points', name), signal);
  const { point, device } = dossier;
  return h('div', null, head(`${t('POINT')} ${name}`, null, [
    link(to(['history'], { point: name }), t('HISTORY_OF_IT'), { class: 'button' }),
    may('REGISTRY') ? link(to(['registry', 'point', name]), t('REGISTRY_CHANGE_IT'), { class: 'button' }) : null,
  ]),
    dossier.registered ? null : notice('warn', t('POINT_UNREGISTERED')),
    totals(dossier),
    h('div', { class: 'two' },
      point ? card(t('REGISTRY_SAYS'), facts([[t('STATION'), thing('station', point.station)], [t('CONTROLLER'), point.controller], [t('MEDIUM'), word('MEDIUM', point.medium)], [t('NOTE'), point.note]])) : null,
      device ? card(t('CONTROLLER'), deviceFacts(device)) : card(t('CONTROLLER'), notice('warn', t('DEVICE_NEVER')))),
    card(t('ALARMS'), alarmTable(dossier.alarms, { caption: t('ALARMS_CAPTION'), empty: t('ALARMS_NONE') })),
    card(t('ENTRIES'), entryTable(dossier.entries, { caption: t('ENTRIES_NEWEST'), empty: t('ENTRIES_NONE') })),
    card(t('CHANGES'), changeTable(dossier.changes)));
}
