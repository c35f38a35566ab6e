/* The bar of buttons at the lower edge: stop whenever anything runs, and what fits the display. Nothing ever lies over the bar.
 * Not: whether it is allowed (fillgated decides). */
import { byId, setText, setVisible } from '/dom.js';
import { press, renderSaid } from '/press.js';
import { isBusy } from '/state.js';
import { panel } from '/texts.js';

/** @typedef {import('/state.js').State} State */
/** Buttons beside stop: id, command, text, when it is shown, and what must be done before it works (a text) or ''. */
const BUTTONS = [
  { id: 'start', command: 'start', text: 'START', shown: (state) => state.display === 'PRE_CHECK', before: beforeStart },
  { id: 'suspend', command: 'suspend', text: 'SUSPEND', shown: (state) => state.display === 'FILLING', before: signInFirst },
  {
    id: 'resume', command: 'resume', text: 'RESUME',
    shown: (state) => state.display === 'SUSPENDED' && state.suspended_by_operator, before: beforeResume,
  },
  {
    id: 'recheck', command: 'recheck', text: 'RECHECK',
    shown: (state) => state.display === 'REFUSED' && state.tag.present, before: signInFirst,
  },
  {
    id: 'clear', command: 'clear_lock_out', text: 'CLEAR_LOCK_OUT',
    shown: (state) => state.locked_out && !isBusy(state), before: signInFirst,
  },
];

/** @param {State} state */
function signInFirst(state) {
  return state.operator === null ? 'SIGN_IN_FIRST' : '';
}

/** @param {State} state */
function beforeStart(state) {
  const { pre_wanted: wanted, pre_done: done } = state.checks;
  return (wanted & ~done) !== 0 ? 'START_CHECKS_FIRST' : signInFirst(state);
}

/** @param {State} state */
function beforeResume(state) {
  return state.tag.present ? signInFirst(state) : 'RESUME_TAG_FIRST';
}

export function startControls() {
  for (const { id, command } of BUTTONS) {
    byId(id).addEventListener('click', () => press(byId(id), command));
  }
  /* On the way down, not up: a stop must not wait for a finger to leave the glass. A key makes a click of its own. */
  const stop = byId('stop');
  let pointerAt = -Infinity;
  stop.addEventListener('pointerdown', () => {
    pointerAt = performance.now();
    press(stop, 'stop');
  });
  stop.addEventListener('click', () => {
    if (performance.now() - pointerAt > 1000) {
      press(stop, 'stop');
    }
  });
}

/** @param {State} state */
export function renderControls(state) {
  let hint = '';
  let any = isBusy(state);
  for (const { id, text, shown, before } of BUTTONS) {
    const button = byId(id);
    const isShown = shown(state);
    const first = isShown ? before(state) : '';
    setVisible(button, isShown);
    setText(button, panel(text));
    if (button.disabled !== (first !== '')) {
      button.disabled = first !== '';
    }
    hint = first !== '' ? panel(first) : hint;
    any = any || isShown;
  }
  setText(byId('stop'), panel('STOP'));
  setVisible(byId('stop'), isBusy(state));
  setText(byId('hint'), hint);
  setVisible(byId('hint'), hint !== '');
  setVisible(byId('buttons'), any);
  setVisible(byId('actions'), renderSaid() || any);
}
