/* Lists and their publishing: which version of which list is out, how old it is, and publishing now what was changed. */
import { address, ask, path, send } from '/js/api.js';
import { h } from '/js/dom.js';
import { form, tick } from '/js/form.js';
import * as format from '/js/format.js';
import { badge, head, notice, pager, since, table, thing, when } from '/js/parts.js';
import { pick, to } from '/js/router.js';
import { t } from '/js/texts.js';

/** @param {any} list */
function goodUntil(list) {
  if (list.version === 0) {
    return badge('warn', t('LIST_NEVER'));
  }
  return list.expires_ms > Date.now() ? when(list.expires_ms) : [badge('bad', t('LIST_EXPIRED')), ' ', when(list.expires_ms)];
}

/** @param {any} list @param {() => void} again */
function publishForm(list, again) {
  return form({
    label: t('PUBLISH_NOW'), class: 'narrow', name: `${t('PUBLISH_NOW')} ${list.id}`, fields: [tick('force', t('PUBLISH_FORCE')), tick('insist', t('PUBLISH_INSIST'))],
    submit: async ({ force, insist }) => {
      const answer = await send('POST', path('lists', list.id, 'publish'), { force: force === 'yes', insist: insist === 'yes' });
      return answer.published
        ? [notice('ok', t('PUBLISHED_N', answer.version, format.number(answer.rows))), h('p', null, h('button', { type: 'button', onclick: again }, t('LISTS_SHOW')))]
        : notice('plain', t('PUBLISH_SAME'));
    },
  });
}

export async function show({ query, signal, again }) {
  const asked = pick(query, ['after', 'limit']);
  const page = await ask(address(path('lists'), asked), signal);
  const { after, ...first } = asked;
  return h('div', null, head(t('PUBLISH'), t('PUBLISH_LEAD')),
    page.can_publish ? null : notice('warn', t('PUBLISH_ELSEWHERE')),
    h('section', { class: 'card results' }, h('h2', null, t('LISTS')), table({
      caption: t('LISTS'), hideCaption: true, rows: page.lists, empty: t('LISTS_NONE'),
      columns: [
        { label: t('LIST'), cell: (list) => thing('station', list.id), class: 'id' },
        { label: t('VERSION'), cell: (list) => (list.version > 0 ? format.number(list.version) : '') },
        { label: t('LIST_ROWS'), cell: (list) => (list.version > 0 ? format.number(list.rows) : '') },
        { label: t('LIST_PUBLISHED'), cell: (list) => since(list.published_ms), class: 'time' },
        { label: t('WHO'), cell: (list) => list.who, class: 'id' },
        { label: t('LIST_GOOD_UNTIL'), cell: goodUntil, class: 'time' },
        ...(page.can_publish ? [{ label: t('PUBLISH'), cell: (list) => publishForm(list, again), class: 'wide' }] : []),
      ],
    }), pager(page.next ? to(['publish'], { ...asked, after: page.next }) : '', after ? to(['publish'], first) : '')));
}
