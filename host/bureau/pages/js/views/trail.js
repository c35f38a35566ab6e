/* The audit trail: who signed in, asked, changed and exported what, newest first. */
import { ask, address, path } from '/js/api.js';
import { h } from '/js/dom.js';
import { any, field, form } from '/js/form.js';
import { head, link, pager, table, when } from '/js/parts.js';
import { go, pick, to } from '/js/router.js';
import { names, phrase, t, word } from '/js/texts.js';

/** Those of the catalogue, in its order. @type {() => string[]} */
const ACTIONS = () => names('web').filter((name) => name.startsWith('ACTION_')).map((name) => name.slice('ACTION_'.length));

export async function show({ query, signal }) {
  const asked = pick(query, ['user', 'action', 'after', 'limit']);
  const page = await ask(address(path('trail'), asked), signal);
  const { after, ...first } = asked;
  return h('div', null, head(t('TRAIL'), t('TRAIL_LEAD')),
    form({
      label: t('SEARCH'), class: 'inline card', name: t('FILTERS'), more: link(to(['trail']), t('CLEAR'), { class: 'button' }),
      fields: [
        field('user', t('USER'), { value: asked.user, maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' }),
        field('action', t('ACTION'), { value: asked.action, options: any(ACTIONS().map((action) => [action, word('ACTION', action)])) }),
      ],
      submit: ({ user, action }) => { go(to(['trail'], { user, action })); },
    }),
    h('section', { class: 'card results' }, h('h2', null, t('RESULTS')), table({ caption: t('TRAIL_CAPTION'), rows: page.records, columns: [
      { label: t('NUMBER'), cell: (one) => String(one.number), class: 'number' },
      { label: t('COLUMN_TIME'), cell: (one) => when(one.at_ms), class: 'time' },
      { label: t('USER'), cell: (one) => [one.user, ' ', h('span', { class: 'soft' }, word('ROLE', one.role))] },
      { label: t('ADDRESS'), cell: (one) => one.address },
      { label: t('ACTION'), cell: (one) => word('ACTION', one.action) },
      { label: t('SUBJECT'), cell: (one) => one.subject },
      { label: t('DETAIL'), cell: (one) => phrase(one, 'detail'), class: 'wide' },
      { label: t('OUTCOME'), cell: (one) => word('OUTCOME', one.outcome) },
      { label: t('HASH'), cell: (one) => h('code', { title: one.hash }, `${one.hash.slice(0, 12)}…`) },
    ] }),
      pager(page.next ? to(['trail'], { ...asked, after: page.next }) : '', after ? to(['trail'], first) : '')));
}
