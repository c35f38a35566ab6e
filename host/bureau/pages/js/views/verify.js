/* Verification of whole journals: start, progress, findings. */
import { ask, path, send } from '/js/api.js';
import { fill, h } from '/js/dom.js';
import { field, form } from '/js/form.js';
import * as format from '/js/format.js';
import { badge, card, entryLink, head, notice, table, when, words } from '/js/parts.js';
import { may } from '/js/session.js';
import { phrase, t } from '/js/texts.js';

const LOOK_EVERY_MS = 1000;

function stateNode(one) {
  if (one.state === 'RUNNING') {
    const share = one.entries_total > 0 ? one.entries_done / one.entries_total : 0;
    return [h('progress', { max: Math.max(1, one.entries_total), value: one.entries_done, 'aria-label': t('VERIFY_PROGRESS') }), ' ', `${format.number(100 * share, 0)} %`];
  }
  if (one.state === 'FAILED') {
    return badge('warn', t('VERIFY_FAILED'));
  }
  return one.findings > 0 ? badge('bad', t('VERIFY_FOUND', format.number(one.findings))) : badge('ok', t('VERIFY_CLEAN'));
}

function findings(one) {
  return one.found.length === 0 ? null : h('section', { class: 'card untrue' }, h('h2', null, t('VERIFY_FINDINGS', one.id)),
    h('p', { class: 'definition' }, t('VERIFY_SINCE', format.moment(one.started_ms), format.zone(one.started_ms))),
    table({ caption: t('VERIFY_FINDINGS', one.id), hideCaption: true, rows: one.found, columns: [
      { label: t('ENTRY'), cell: (found) => (found.sequence > 0 ? entryLink(found.controller, found.sequence) : [found.controller, ' ', h('span', { class: 'soft' }, t('VERIFY_WHOLE'))]) },
      { label: t('VERIFY_FINDING'), cell: (found) => phrase(found, 'text'), class: 'wide' },
    ] }),
    one.findings > one.found.length ? h('p', { class: 'soft' }, t('VERIFY_MORE', format.number(one.findings - one.found.length))) : null);
}

function listNode(all) {
  return [
    h('section', { class: 'card results' }, h('h2', null, t('VERIFY_LAST')), table({ caption: t('VERIFY_CAPTION'), rows: all, empty: t('VERIFY_NONE'), columns: [
      { label: t('NUMBER'), cell: (one) => one.id, class: 'id' },
      { label: t('JOURNAL'), cell: (one) => (one.controller === '' ? t('VERIFY_ALL') : one.controller) },
      { label: t('STATE'), cell: stateNode, class: 'wide' },
      { label: t('ENTRIES'), cell: (one) => t('DONE_OF', format.number(one.entries_done), format.number(one.entries_total)), class: 'number' },
      { label: t('SIGNATURES'), cell: (one) => format.number(one.signatures), class: 'number' },
      { label: t('STARTED'), cell: (one) => when(one.started_ms), class: 'time' },
      { label: t('ENDED'), cell: (one) => when(one.ended_ms), class: 'time' },
    ] })),
    ...all.filter((one) => one.state !== 'RUNNING').slice(0, 3).map(findings),
  ];
}

export async function show({ query, signal }) {
  const place = h('div', { class: 'stack' });
  const told = h('div', { 'aria-live': 'polite' });
  const look = async () => {
    const { verifications } = await ask(path('verifications'), signal);
    fill(place, listNode(verifications));
    return verifications.some((one) => one.state === 'RUNNING');
  };
  const follow = async () => {
    try {
      while (await look()) {
        await new Promise((resolve) => { setTimeout(resolve, LOOK_EVERY_MS); });
        if (signal.aborted) {
          return;
        }
      }
      fill(told, notice('plain', t('VERIFY_ENDED')));
    } catch (error) {
      if (!signal.aborted) {
        fill(told, notice('bad', words(error)));
      }
    }
  };
  if (await look()) {
    follow();
  }
  return h('div', null, head(t('VERIFY'), t('VERIFY_LEAD')),
    may('VERIFY') ? card(t('VERIFY_START'), form({
      label: t('VERIFY_START'), class: 'inline', tone: 'main', name: t('VERIFY_START'),
      fields: field('controller', t('CONTROLLER'), { value: query.get('controller') ?? '', maxlength: '31', pattern: '[A-Za-z0-9._\\-]+', hint: t('VERIFY_HINT') }),
      submit: async (values) => {
        await send('POST', path('verifications'), values);
        fill(told);
        follow();
      },
    }), told) : null, place);
}
