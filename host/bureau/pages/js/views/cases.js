/* Cases: what is done about alarms and hazards. Overdue ones stand out. */
import { ask, address, path, send } from '/js/api.js';
import { h } from '/js/dom.js';
import { any, field, form } from '/js/form.js';
import * as format from '/js/format.js';
import { badge, card, head, link, orNone, pager, table, thing, when } from '/js/parts.js';
import { go, pick, to } from '/js/router.js';
import { may, sessionNow } from '/js/session.js';
import { phrase, t, text, word } from '/js/texts.js';

const STATES = ['OPEN', 'ASSIGNED', 'ORDERED', 'ANSWERED', 'CLOSED'];
const TONES = { OPEN: 'bad', ASSIGNED: 'warn', ORDERED: 'warn', ANSWERED: 'plain', CLOSED: 'ok' };

/** @param {any} one */
export function caseState(one) {
  return [badge(TONES[one.state] ?? 'unknown', word('CASE', one.state)), one.overdue ? [' ', badge('bad', t('CASE_OVERDUE'))] : null];
}

/** @param {any} one */
export function caseAbout(one) {
  return one.alarm === '' ? t('CASE_BY_HAND') : text('alarm', one.alarm);
}

/** @param {any} one */
export function caseDue(one) {
  if (one.due_day === '') {
    return orNone('');
  }
  const left = format.daysUntil(one.due_day);
  return one.state === 'ORDERED' ? [one.due_day, ' ', h('span', { class: 'soft' }, left < 0 ? t('DUE_OVER', -left) : left === 0 ? t('DUE_TODAY') : t('DUE_IN', left))] : one.due_day;
}

/** @param {string} words */
function shortened(words) {
  return words.length > 120 ? `${words.slice(0, 120)}…` : words;
}

function newCase() {
  return card(t('CASE_NEW'), h('p', { class: 'definition' }, t('CASE_NEW_LEAD')), form({
    label: t('CASE_MAKE'), class: 'filters', name: t('CASE_NEW'),
    fields: [
      field('station', t('STATION'), { required: true, maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' }),
      field('controller', t('CONTROLLER'), { maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' }),
      field('code', t('CYLINDER'), { maxlength: '32', pattern: '[0-9A-Za-z\\-]+' }),
      field('words', t('CASE_WORDS'), { area: true, required: true, maxlength: '600', class: 'span' }),
      field('why', t('CASE_WHY_NEW'), { required: true, maxlength: '60', class: 'span' }),
    ],
    submit: async (values) => {
      if (values.code) {
        values.code = values.code.toUpperCase();
      }
      const made = await send('POST', path('cases'), values);
      go(to(['case', made.case.number]));
    },
  }));
}

export async function show({ query, signal }) {
  const asked = pick(query, ['state', 'open', 'overdue', 'station', 'assigned', 'after', 'limit']);
  const page = await ask(address(path('cases'), asked), signal);
  const { after, ...first } = asked;
  const which = asked.overdue === 'true' ? 'overdue' : asked.open === 'true' ? 'open' : asked.state ?? '';
  return h('div', null, head(t('CASES'), t('CASES_LEAD')),
    form({
      label: t('SEARCH'), class: 'inline card', name: t('FILTERS'),
      more: [link(to(['cases']), t('CLEAR'), { class: 'button' }), link(to(['cases'], { open: true, assigned: sessionNow().user }), t('CASES_OWN'), { class: 'button' })],
      fields: [
        field('which', t('STATE'), { value: which, options: any([['open', t('CASES_OPEN')], ['overdue', t('CASE_OVERDUE')], ...STATES.map((state) => /** @type {[string, string]} */ ([state, word('CASE', state)]))]) }),
        field('station', t('STATION'), { value: asked.station, maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' }),
        field('assigned', t('CASE_ASSIGNED_TO'), { value: asked.assigned, maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' }),
      ],
      submit: ({ which: wanted, ...values }) => {
        go(to(['cases'], { ...values, open: wanted === 'open' ? true : null, overdue: wanted === 'overdue' ? true : null, state: STATES.includes(wanted) ? wanted : null }));
      },
    }),
    h('section', { class: 'card results' }, h('h2', null, t('RESULTS')), table({
      caption: t('CASES_CAPTION'), rows: page.cases, empty: t('CASES_NONE'), rowClass: (one) => (one.overdue ? 'overdue' : ''),
      columns: [
        { label: t('NUMBER'), cell: (one) => link(to(['case', one.number]), `${t('CASE')} ${one.number}`, { class: 'thing' }), class: 'id' },
        { label: t('STATE'), cell: caseState },
        { label: t('CASE_ABOUT'), cell: (one) => [caseAbout(one), h('div', { class: 'soft' }, shortened(phrase(one, 'words')))], class: 'wide' },
        { label: t('STATION'), cell: (one) => thing('station', one.station), class: 'id' },
        { label: t('CYLINDER'), cell: (one) => thing('cylinder', one.code), class: 'code' },
        { label: t('CASE_ASSIGNED_TO'), cell: (one) => one.assigned, class: 'id' },
        { label: t('CASE_DUE'), cell: caseDue, class: 'id' },
        { label: t('CASE_OPENED'), cell: (one) => when(one.opened_ms), class: 'time' },
      ],
    }), pager(page.next ? to(['cases'], { ...asked, after: page.next }) : '', after ? to(['cases'], first) : '')),
    may('CASES') ? newCase() : null);
}
