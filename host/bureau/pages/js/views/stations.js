/* All stations in the order of their ids. */
import { ask, address, path } from '/js/api.js';
import { h } from '/js/dom.js';
import { head, pager } from '/js/parts.js';
import { pick, to } from '/js/router.js';
import { t } from '/js/texts.js';
import { stationTable } from '/js/views/overview.js';

export async function show({ query, signal }) {
  const asked = pick(query, ['after', 'limit']);
  const page = await ask(address(path('stations'), asked), signal);
  return h('div', null, head(t('STATIONS'), t('STATIONS_LEAD')),
    h('section', { class: 'card results' }, h('h2', null, t('RESULTS')), stationTable(page.stations, t('STATIONS'), t('STATIONS_NONE')),
      pager(page.next ? to(['stations'], { ...asked, after: page.next }) : '', asked.after ? to(['stations']) : '')));
}
