/* A vehicle: its cylinders, and what happened to them. One nozzle fills them all, so the worst of them decides. */
import { ask, path } from '/js/api.js';
import { h } from '/js/dom.js';
import { alarmTable, card, cylinderTable, entryTable, head, link, notice, totals } from '/js/parts.js';
import { to } from '/js/router.js';
import { t } from '/js/texts.js';

export const title = ({ parts }) => `${t('VEHICLE')} ${parts[0] ?? ''}`;

export async function show({ parts, signal }) {
  const plate = parts[0] ?? '';
  const dossier = await ask(path('vehicles', plate), signal);
  return h('div', null, head(`${t('VEHICLE')} ${plate}`, t('VEHICLE_LEAD'), link(to(['history'], { plate }), t('HISTORY_OF_IT'), { class: 'button' })),
    dossier.cylinders.length === 0 ? notice('warn', t('VEHICLE_UNREGISTERED')) : null,
    totals(dossier),
    card(t('CYLINDERS'), cylinderTable(dossier.cylinders, t('VEHICLE_CYLINDERS'), t('CYLINDERS_NONE'))),
    card(t('ALARMS'), alarmTable(dossier.alarms, { caption: t('ALARMS_CAPTION'), empty: t('ALARMS_NONE') })),
    card(t('ENTRIES'), entryTable(dossier.entries, { caption: t('ENTRIES_NEWEST'), without: ['plate'], empty: t('ENTRIES_NONE') })));
}
