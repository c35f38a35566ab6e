/* One case: what it is about, every step that was taken, the steps that can be taken now as forms, and the rectification order as a sheet
 * to print. Investigation and decision are separate: who opened or investigated a case is not offered to close it. */
import { ask, path, send } from '/js/api.js';
import { h } from '/js/dom.js';
import { disclosure, field, form } from '/js/form.js';
import * as format from '/js/format.js';
import { badge, card, facts, head, link, notice, thing, when } from '/js/parts.js';
import { to } from '/js/router.js';
import { may, sessionNow } from '/js/session.js';
import { phrase, t, text } from '/js/texts.js';
import { caseAbout, caseDue, caseState } from '/js/views/cases.js';

const DUE_DAYS_MAX = 1096;

/** Has this user opened or investigated the case? @param {any} detail */
function investigated(detail) {
  const user = sessionNow().user;
  return detail.case.assigned === user || detail.history.some((step) =>
    (['OPENED', 'ORDER', 'ANSWER'].includes(step.step) && step.who === user) || (step.step === 'ASSIGN' && step.party === user));
}

/** What a step asks for besides the reason. @param {string} step @param {any} one */
function stepFields(step, one) {
  const why = field('why', t('WHY'), { required: true, maxlength: '60' });
  if (step === 'ASSIGN') {
    return [field('party', t('CASE_ASSIGN_TO'), { required: true, value: one.assigned || sessionNow().user, maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' }), why];
  }
  if (step === 'ORDER') {
    return [field('party', t('CASE_RECIPIENT'), { required: true, value: one.recipient, maxlength: '60' }),
      field('words', t('CASE_ORDER_WORDS'), { area: true, required: true, maxlength: '600', rows: '6', value: one.order_text }),
      field('due_day', t('CASE_DUE'), { required: true, type: 'date', min: format.today(), max: format.today(DUE_DAYS_MAX), value: format.today(14) }), why];
  }
  if (step === 'ANSWER') {
    return [field('party', t('CASE_ANSWERED_BY'), { required: true, maxlength: '60' }), field('words', t('CASE_ANSWER_WORDS'), { area: true, required: true, maxlength: '600', rows: '6' }), why];
  }
  return [why];
}

function stepForms(detail, again) {
  const one = detail.case;
  return one.steps.map((step) => {
    if (step === 'CLOSE' && investigated(detail)) {
      return notice('plain', t('CASE_NOT_YOU'));
    }
    return disclosure(t(`CASE_STEP_${step}`), h('p', { class: 'definition' }, t(`CASE_DO_${step}`)), form({
      label: t(`CASE_STEP_${step}`), class: 'narrow', fields: stepFields(step, one),
      submit: async (values) => {
        await send('POST', path('cases', one.number, 'steps'), { step, version: one.version, ...values });
        again();
      },
    }));
  });
}

function stepNode(step) {
  return h('li', null, h('div', null, h('strong', null, t(`CASE_STEP_${step.step}`)), ' ', step.party ? h('span', null, step.party) : null),
    h('div', { class: 'soft' }, when(step.at_ms), ' ', step.who, step.why ? t('NAMED', '', phrase(step, 'why')) : ''),
    step.words ? h('p', { class: 'words' }, phrase(step, 'words')) : null, step.due_day ? h('p', null, t('NAMED', t('CASE_DUE'), step.due_day)) : null);
}

/** @param {any} order */
function orderSheet(order) {
  const print = () => {
    document.body.classList.add('print-order');
    window.print();
    document.body.classList.remove('print-order');
  };
  return h('section', { class: 'order-sheet', 'aria-labelledby': 'order-title' },
    h('h2', { id: 'order-title' }, `${t('CASE_ORDER_TITLE')} ${order.order}`),
    facts([
      [t('CASE_RECIPIENT'), order.recipient], [t('STATION'), `${order.station} ${order.station_name}`], [t('FILLING_UNIT'), order.station_owner], [t('AREA'), order.area],
      [t('CASE_ABOUT'), order.alarm === '' ? t('CASE_BY_HAND') : text('alarm', order.alarm)], [t('CASE_FOUND_ON'), `${format.moment(order.opened_ms)} ${format.zone(order.opened_ms)}`],
      [t('CONTROLLER'), order.controller], [t('CYLINDER'), order.code],
    ]),
    h('h3', null, t('CASE_WORDS')), h('p', { class: 'words' }, phrase(order, 'words')),
    h('h3', null, t('CASE_ORDER_WORDS')), h('p', { class: 'words' }, order.order_text),
    h('p', { class: 'big' }, t('NAMED', t('CASE_DUE'), order.due_day)),
    h('p', null, t('NAMED', t('CASE_ORDERED_BY'), `${order.ordered_by}  ${format.moment(order.ordered_ms)} ${format.zone(order.ordered_ms)}`)),
    h('div', { class: 'sign-lines' }, h('div', null, t('CASE_SIGN_BUREAU')), h('div', null, t('CASE_SIGN_STATION'))),
    h('p', { class: 'actions' }, h('button', { type: 'button', class: 'main', onclick: print }, t('CASE_PRINT'))));
}

export const title = ({ parts }) => `${t('CASE')} ${parts[0] ?? ''}`;

export async function show({ parts, signal, again }) {
  const detail = await ask(path('cases', parts[0] ?? ''), signal);
  const one = detail.case;
  const order = one.order === '' ? null : await ask(path('cases', one.number, 'order'), signal);
  return h('div', null, head(`${t('CASE')} ${one.number}`, caseAbout(one), link(to(['cases'], { open: true }), t('CASES_OPEN'), { class: 'button' })),
    one.overdue ? notice('bad', t('CASE_OVERDUE_NOTICE', one.due_day)) : null,
    h('div', { class: 'two' },
      card(t('CASE_ABOUT'), facts([
        [t('STATE'), caseState(one)], [t('CASE_WORDS'), h('span', { class: 'words' }, phrase(one, 'words'))], [t('STATION'), thing('station', one.station)],
        [t('CONTROLLER'), one.controller], [t('CYLINDER'), thing('cylinder', one.code)], [t('CASE_OPENED'), [when(one.opened_ms), ' ', one.opened_by]],
        [t('CASE_ASSIGNED_TO'), one.assigned], [t('CASE_DUE'), caseDue(one)],
        [t('CASE_ALARM_ENDED'), one.alarm_ended_ms > 0 ? when(one.alarm_ended_ms) : ''],
        [t('CASE_CLOSED_BY'), one.closed_ms > 0 ? [when(one.closed_ms), ' ', t('NAMED', one.closed_by, one.closed_why)] : badge('warn', t('CASE_NOT_CLOSED'))],
      ])),
      h('div', null,
        may('CASES') && one.steps.length > 0 ? card(t('CASE_NEXT'), stepForms(detail, again)) : null,
        card(t('CASE_HISTORY'), h('p', { class: 'definition' }, t('CASE_HISTORY_LEAD')), h('ol', { class: 'steps' }, detail.history.map(stepNode))))),
    order ? orderSheet(order) : null);
}
