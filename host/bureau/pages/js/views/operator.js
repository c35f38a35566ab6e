/* One operator: certificate, and what was filled and refused. */
import { ask, path } from '/js/api.js';
import { h } from '/js/dom.js';
import { card, changeTable, due, entryTable, facts, head, link, notice, thing, totals } from '/js/parts.js';
import { to } from '/js/router.js';
import { may } from '/js/session.js';
import { t } from '/js/texts.js';

export const title = ({ parts }) => `${t('OPERATOR')} ${parts[0] ?? ''}`;

export async function show({ parts, signal }) {
  const operator = parts[0] ?? '';
  const dossier = await ask(path('operators', operator), signal);
  return h('div', null, head(`${t('OPERATOR')} ${operator}`, dossier.name, [
    link(to(['history'], { operator }), t('HISTORY_OF_IT'), { class: 'button' }),
    may('REGISTRY') ? link(to(['registry', 'operator', operator]), t('REGISTRY_CHANGE_IT'), { class: 'button' }) : null,
  ]),
    dossier.registered ? null : notice('warn', t('OPERATOR_UNREGISTERED')),
    totals(dossier),
    card(t('REGISTRY_SAYS'), facts([[t('NAME'), dossier.name], [t('STATION'), thing('station', dossier.station)], [t('CERTIFICATE_END'), due(dossier.certificate_end)]])),
    card(t('ENTRIES'), entryTable(dossier.entries, { caption: t('ENTRIES_NEWEST'), without: ['operator'], empty: t('ENTRIES_NONE') })),
    card(t('CHANGES'), changeTable(dossier.changes)));
}
