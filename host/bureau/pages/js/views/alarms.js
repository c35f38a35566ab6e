/* Alarms, newest first. What is done about them stands in cases. */
import { ask, address, path } from '/js/api.js';
import { h } from '/js/dom.js';
import { any, field, form } from '/js/form.js';
import { alarmTable, head, link, pager } from '/js/parts.js';
import { go, pick, to } from '/js/router.js';
import { names, t, text } from '/js/texts.js';

export async function show({ query, signal }) {
  const asked = pick(query, ['open', 'kind', 'station', 'after', 'limit']);
  const page = await ask(address(path('alarms'), asked), signal);
  const { after, ...first } = asked;
  return h('div', null, head(t('ALARMS'), t('ALARMS_LEAD')),
    form({
      label: t('SEARCH'), class: 'inline card', name: t('FILTERS'), more: link(to(['alarms']), t('CLEAR'), { class: 'button' }),
      fields: [
        field('open', t('STATE'), { value: asked.open ?? 'true', options: [['true', t('ALARMS_ONLY_OPEN')], ['false', t('ALARMS_ALL')]] }),
        field('kind', t('ALARM'), { value: asked.kind, options: any(names('alarm').map((kind) => [kind, text('alarm', kind)])) }),
        field('station', t('STATION'), { value: asked.station, maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' }),
      ],
      submit: ({ open, ...values }) => { go(to(['alarms'], { ...values, open: open === 'false' ? open : null })); },
    }),
    h('section', { class: 'card results' }, h('h2', null, t('RESULTS')), alarmTable(page.alarms, { caption: t('ALARMS_CAPTION'), empty: t('ALARMS_NONE') }),
      pager(page.next ? to(['alarms'], { ...asked, after: page.next }) : '', after ? to(['alarms'], first) : '')));
}
