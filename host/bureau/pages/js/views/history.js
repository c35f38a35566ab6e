/* The fill history: filters that stand in the address, one page at a time by key, and export of all that the filters find. */
import { ask, address, path } from '/js/api.js';
import { h } from '/js/dom.js';
import { any, field, form } from '/js/form.js';
import * as format from '/js/format.js';
import { card, entryTable, head, link, pager } from '/js/parts.js';
import { go, pick, to } from '/js/router.js';
import { may } from '/js/session.js';
import { names, t, text, word } from '/js/texts.js';
import { exporter } from '/js/views/export.js';

const FILTERS = ['code', 'plate', 'station', 'controller', 'point', 'operator', 'medium', 'outcome', 'reason', 'identity', 'mark', 'from_ms', 'until_ms'];
const KINDS = ['ENDED', 'REFUSED', 'AUTHORISED', 'OPERATOR', 'EVENT', 'LIST', 'BOOT'];
const IDENTITIES = ['AUTHENTICATED_TAG', 'SIGNED_TAG', 'BARE_UID', 'QR', 'MANUAL'];
const MARKS = ['SUSPENDED', 'FUTURE', 'FOREIGN', 'UNDECODABLE'];
const NAME = { maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' };

function filterForm(query) {
  const now = pick(query, [...FILTERS, 'order', 'limit']);
  const day = (name) => (now[name] ? format.localInput(Number(now[name])) : '');
  return form({
    label: t('SEARCH'), class: 'filters card', name: t('FILTERS'),
    more: link(to(['history']), t('CLEAR'), { class: 'button' }),
    fields: [
      field('code', t('CYLINDER'), { value: now.code, maxlength: '32', pattern: '[0-9A-Za-z\\-]+' }),
      field('plate', t('VEHICLE'), { value: now.plate, maxlength: '15' }),
      field('station', t('STATION'), { value: now.station, ...NAME }),
      field('point', t('POINT'), { value: now.point, ...NAME }),
      field('controller', t('CONTROLLER'), { value: now.controller, ...NAME }),
      field('operator', t('OPERATOR'), { value: now.operator, ...NAME }),
      field('outcome', t('OUTCOME'), { value: now.outcome, options: any(KINDS.map((kind) => [kind, text('kind', kind)])) }),
      field('reason', t('REASON'), { value: now.reason, options: any(names('reason').map((reason) => [reason, text('reason', reason)])) }),
      field('medium', t('MEDIUM'), { value: now.medium, options: any(['CNG', 'LPG'].map((medium) => [medium, word('MEDIUM', medium)])) }),
      field('identity', t('IDENTITY'), { value: now.identity, options: any(IDENTITIES.map((identity) => [identity, word('IDENTITY', identity)])) }),
      field('mark', t('MARKS'), { value: now.mark, options: any(MARKS.map((mark) => [mark, word('MARK', mark)])) }),
      field('from', t('FROM'), { type: 'datetime-local', value: day('from_ms') }),
      field('until', t('UNTIL'), { type: 'datetime-local', value: day('until_ms'), hint: format.zone() }),
      field('order', t('ORDER'), { value: now.order ?? 'newest', options: [['newest', t('ORDER_NEWEST')], ['oldest', t('ORDER_OLDEST')]] }),
      field('limit', t('LIMIT'), { value: now.limit ?? '50', options: ['20', '50', '100', '200'].map((limit) => [limit, limit]) }),
    ],
    submit: ({ from, until, order, limit, ...values }) => {
      if (values.code) {
        values.code = values.code.toUpperCase();
      }
      go(to(['history'], { ...values, from_ms: from ? format.fromLocalInput(from) : null, until_ms: until ? format.fromLocalInput(until) : null,
        order: order === 'oldest' ? order : null, limit: limit === '50' ? null : limit }));
    },
  });
}

export async function show({ query, signal }) {
  const asked = pick(query, [...FILTERS, 'order', 'limit', 'after']);
  const page = await ask(address(path('entries'), asked), signal);
  const { after, ...first } = asked;
  const filters = pick(query, FILTERS);
  return h('div', null, head(t('HISTORY'), t('HISTORY_LEAD')), filterForm(query),
    h('section', { class: 'card results' },
      h('h2', null, t('RESULTS')),
      entryTable(page.entries, { caption: asked.order === 'oldest' ? t('ENTRIES_OLDEST') : t('ENTRIES_NEWEST'), sort: asked.order === 'oldest' ? 'ascending' : 'descending', empty: t('ENTRIES_NONE') }),
      pager(page.next ? to(['history'], { ...asked, after: page.next }) : '', after ? to(['history'], first) : '')),
    may('EXPORT') ? card(t('EXPORT'), h('p', { class: 'definition' }, t('EXPORT_LEAD')), exporter(filters)) : null);
}
