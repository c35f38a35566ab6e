/* Random samples for inspection, drawn by the server with a seed, so that the draw can be repeated and shown to be fair. */
import { path, send } from '/js/api.js';
import { h } from '/js/dom.js';
import { any, field, form } from '/js/form.js';
import * as format from '/js/format.js';
import { card, cylinderTable, entryTable, facts, head, link, when } from '/js/parts.js';
import { pick, to } from '/js/router.js';
import { t, word } from '/js/texts.js';

const NAMES = ['of', 'count', 'seed', 'from_ms', 'until_ms', 'station', 'medium'];

function sampleNode(sample, order) {
  return h('section', { class: 'card sample' }, h('h2', null, t('SAMPLE_DRAWN')),
    facts([
      [t('SAMPLE_OF'), t(`SAMPLE_OF_${sample.of}`)], [t('SAMPLE_DRAWN_COUNT'), t('DONE_OF', format.number(sample.drawn), format.number(sample.population))],
      [t('SEED'), h('code', null, sample.seed)], [t('COLUMN_TIME'), [when(sample.at_ms), ' ', h('span', { class: 'soft' }, format.zone(sample.at_ms))]],
    ]),
    h('p', { class: 'definition' }, t('SAMPLE_AGAIN_LEAD')),
    h('p', { class: 'actions' }, link(to(['samples'], { ...order, seed: sample.seed }), t('SAMPLE_AGAIN'), { class: 'button' }),
      h('button', { type: 'button', onclick: () => window.print() }, t('PRINT'))),
    sample.of === 'ENTRIES' ? entryTable(sample.entries, { caption: t('SAMPLE_CAPTION'), empty: t('SAMPLE_EMPTY') })
      : cylinderTable(sample.cylinders, t('SAMPLE_CAPTION'), t('SAMPLE_EMPTY')));
}

export async function show({ query }) {
  const now = pick(query, NAMES);
  const day = (name) => (now[name] ? format.localInput(Number(now[name])) : '');
  return h('div', null, head(t('SAMPLES'), t('SAMPLES_LEAD')), card(t('SAMPLE_DRAW'), form({
    label: t('SAMPLE_DRAW'), class: 'filters',
    fields: [
      field('of', t('SAMPLE_OF'), { value: now.of ?? 'CYLINDERS', options: ['CYLINDERS', 'ENTRIES'].map((of) => [of, t(`SAMPLE_OF_${of}`)]) }),
      field('count', t('SAMPLE_COUNT'), { type: 'number', min: '1', max: '200', required: true, value: now.count ?? '20' }),
      field('station', t('STATION'), { value: now.station, maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' }),
      field('medium', t('MEDIUM'), { value: now.medium, options: any(['CNG', 'LPG'].map((medium) => [medium, word('MEDIUM', medium)])) }),
      field('from', t('FROM'), { type: 'datetime-local', value: day('from_ms') }),
      field('until', t('UNTIL'), { type: 'datetime-local', value: day('until_ms'), hint: format.zone() }),
      field('seed', t('SEED'), { value: now.seed, maxlength: '64', pattern: '([0-9a-fA-F]{2})+', hint: t('SEED_HINT'), class: 'span' }),
    ],
    submit: async ({ from, until, count, ...values }) => {
      const order = { ...values, count: Number(count) };
      if (from) {
        order.from_ms = format.fromLocalInput(from);
      }
      if (until) {
        order.until_ms = format.fromLocalInput(until);
      }
      return sampleNode(await send('POST', path('samples'), order), order);
    },
  })));
}
