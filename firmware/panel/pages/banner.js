/* The one glance: word, symbol, colour and pattern for each display, the reason, and what to do. Not: which display it is (the link
 * works that out, so that all pages agree). Relies on: texts.js, symbols.js. */
import { byId, element, setAttribute, setChildren, setText, setVisible } from '/dom.js';
import { kilograms, minutes } from '/format.js';
import { symbol } from '/symbols.js';
import { deviceWords, hasText, itemWords, languageNow, panel, text } from '/texts.js';

/** Symbol of each display; colour and pattern stand in banner.css by the same names. */
const SYMBOLS = {
  STARTING: 'HOURGLASS', READY: 'TAG', CHECKING: 'LENS', REFUSED: 'CROSS', PRE_CHECK: 'LIST', AUTHORISING: 'HOURGLASS',
  FILLING: 'ARROW', SUSPENDED: 'PAUSE', CLOSING: 'VALVE', POST_CHECK: 'LIST', DONE: 'CHECK', ENDED: 'TRIANGLE', FAULT: 'TRIANGLE',
  LOCKED: 'LOCK', SIGN_IN: 'PERSON', UNKNOWN: 'QUESTION',
};

/** @typedef {{reason: string, advice: string, also: string[]}} Words */

/** @param {string} name @returns {Words} */
function wordsOfReason(name) {
  return { reason: text('reason', name), advice: text('advice', name), also: [] };
}

/** @param {import('/state.js').State} state @returns {Words} */
function refused(state) {
  const { reasons, failing_code: failingCode, failing_reason: failingReason } = state.decision;
  const words = reasons.length > 0 ? wordsOfReason(reasons[0]) : { reason: '', advice: '', also: [] };
  if (failingCode !== '') {
    words.reason += `: ${failingCode}${failingReason ? ` - ${text('reason', failingReason)}` : ''}`;
  }
  if (state.decision.check_items !== '') {
    words.reason += `: ${state.decision.check_items.split(', ').map(itemWords).join(', ')}`;
  }
  words.also = reasons.slice(1).map((name) => `${panel('REASONS_ALSO')}: ${text('reason', name)}`);
  return words;
}

/** What keeps the point from filling, gravest first. @param {import('/state.js').State} state @returns {string[]} */
function faultReasons(state) {
  const { list, journal } = state;
  const found = [];
  const when = (condition, name) => condition && found.push(name);
  when(state.emergency_stop, 'EMERGENCY_STOP');
  when(state.device_fault, 'DEVICE_FAULT');
  when(list.state === 'MISSING', 'LIST_MISSING');
  when(list.state === 'NOT_AUTHENTIC', 'LIST_NOT_AUTHENTIC');
  when(list.state === 'ROLLED_BACK', 'LIST_ROLLED_BACK');
  when(list.state === 'IN_FORCE' && list.expires_ms !== 0 && state.now_ms >= list.expires_ms, 'LIST_EXPIRED');
  when(journal.state === 'FULL', 'JOURNAL_FULL');
  when(journal.state === 'NOT_WRITABLE', 'JOURNAL_NOT_WRITABLE');
  when(state.clock.quality === 'U', 'CLOCK_NOT_TRUSTED');
  return found;
}

/** @param {import('/state.js').State} state @returns {Words} */
function fault(state) {
  const reasons = faultReasons(state);
  if (reasons.length > 0) {
    const words = wordsOfReason(reasons[0]);
    const causes = [state.list.text, state.journal.text].filter((cause) => cause !== '');
    words.also = [...causes.map((cause) => panel('SYSTEM_TRYING', cause)), ...reasons.slice(1).map((name) => `${panel('REASONS_ALSO')}: ${text('reason', name)}`), ...state.devices.filter((device) => device.link !== 'UP')
      .map((device) => `${deviceWords(device.name)}: ${panel(`DEVICE_${device.link}`)}`)];
    return words;
  }
  if (!state.reader.up) {
    return { reason: panel('FAULT_READER'), advice: panel('FAULT_READER_DO'), also: [] };
  }
  return { reason: panel('FAULT_OTHER'), advice: panel('DO_FAULT'), also: [] };
}

/** @param {import('/state.js').State} state @returns {Words} */
function ended(state) {
  const { last } = state;
  const stop = last && last.stop ? text('stop', last.stop) : '';
  const quantity = last ? kilograms(last.quantity_g) : '';
  return { reason: [quantity, stop].filter((part) => part !== '').join(' · '), advice: panel('DO_DONE'), also: [] };
}

/** @param {import('/state.js').State} state @returns {Words} */
function running(state) {
  const words = { reason: '', advice: panel(`DO_${state.display}`), also: [] };
  if (state.display === 'SUSPENDED') {
    words.advice = panel(state.suspended_by_operator ? 'DO_SUSPENDED_OPERATOR' : 'DO_SUSPENDED_TAG');
  }
  if ((state.display === 'CLOSING' || state.display === 'POST_CHECK') && state.stop) {
    words.reason = text('stop', state.stop);
  }
  if (state.display === 'PRE_CHECK' || state.display === 'READY') {
    words.reason = state.decision.plate !== '' && state.display === 'PRE_CHECK' ? state.decision.plate : '';
  }
  return words;
}

/** @param {import('/state.js').State} state @returns {Words} */
function wordsOf(state) {
  switch (state.display) {
    case 'REFUSED':
      return refused(state);
    case 'FAULT':
      return fault(state);
    case 'LOCKED':
      return wordsOfReason(state.point_blocked ? 'POINT_BLOCKED' : 'POINT_LOCKED_OUT');
    case 'DONE':
      return ended(state);
    default:
      return running(state);
  }
}

/** The display as the page shows it: done only when the target was reached, and never a name that the page has no words for.
 * @param {import('/state.js').State} state */
function lookOf(state) {
  if (state.display === 'DONE' && state.last && state.last.stop && state.last.stop !== 'TARGET_REACHED') {
    return 'ENDED';
  }
  return hasText(`DISPLAY_${state.display}`) ? state.display : 'UNKNOWN';
}

/** @param {import('/state.js').State} state */
function countdown(state) {
  const counted = ['PRE_CHECK', 'SUSPENDED', 'POST_CHECK'].includes(state.display) && state.phase_left_ms > 0;
  return counted ? panel('TIME_LEFT', minutes(state.phase_left_ms)) : '';
}

/** @param {import('/state.js').State} state */
export function renderBanner(state) {
  const look = lookOf(state);
  const words = look === 'UNKNOWN' ? { reason: state.display, advice: panel('DO_UNKNOWN'), also: [] } : wordsOf(state);
  setAttribute(document.body, 'data-display', look);
  setChildren(byId('banner-symbol'), look, () => [symbol(SYMBOLS[look])]);
  setText(byId('banner-word'), panel(`DISPLAY_${look}`));
  setText(byId('banner-reason'), words.reason);
  setVisible(byId('banner-reason'), words.reason !== '');
  setText(byId('banner-do'), words.advice);
  setChildren(byId('banner-also'), `${languageNow()} ${words.also.join('\n')}`, () =>
    words.also.map((line) => element('li', '', line)));
  setVisible(byId('banner-also'), words.also.length > 0);
  setText(byId('countdown'), countdown(state));
  setVisible(byId('countdown'), countdown(state) !== '');
}
