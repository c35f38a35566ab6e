/* A code typed by hand, for a damaged tag, where the station rules allow it: a small form that stays shut until it is wanted, then the
 * second operator, who proves himself by card or PIN while the time runs. A PIN never leaves its field but to be asked about, and is
 * forgotten at once. Not: whether the code may be filled, and who the second person may be (fillgated). */
import { byId, element, setAttribute, setChildren, setText, setVisible } from '/dom.js';
import { minutes } from '/format.js';
import { press } from '/press.js';
import { panel } from '/texts.js';

const DIGITS_MIN = 6;

let open = false;
/** Name of the text that is said below the PIN. */
let said = '';

function toggle() {
  open = !open;
  renderForm();
  if (open) {
    byId('manual-code').focus();
  }
}

function renderForm() {
  setVisible(byId('manual'), open);
  setAttribute(byId('manual-open'), 'aria-expanded', String(open));
  setText(byId('second-said'), said === '' ? '' : panel(said));
}

async function submit(event) {
  event.preventDefault();
  const code = byId('manual-code').value.trim().toUpperCase();
  const outcome = await press(byId('manual').querySelector('.go'), 'manual', { code });
  if (outcome !== null && outcome.error !== 'NO_ANSWER') {
    byId('manual-code').value = '';
    open = false;
    renderForm();
  }
}

async function prove(event) {
  event.preventDefault();
  const pin = byId('second-pin').value;
  if (!/^[0-9]+$/.test(pin) || pin.length < DIGITS_MIN) {
    said = 'SIGN_IN_PIN_SHORT';
    renderForm();
    return;
  }
  byId('second-pin').value = '';
  said = '';
  const outcome = await press(byId('second-send'), 'second', { operator: byId('second-who').value, pin });
  /* Refused for a reason of the cylinder's nothing waits any more, and the banner says why. */
  said = outcome !== null && !outcome.done && outcome.error === 'DENIED' ? 'SIGN_IN_PIN_WRONG' : '';
  renderForm();
}

export function startManual() {
  byId('manual-open').addEventListener('click', toggle);
  byId('manual').addEventListener('submit', submit);
  byId('second-form').addEventListener('submit', prove);
  byId('second-cancel').addEventListener('click', () => press(byId('second-cancel'), 'stop'));
  byId('second-pin').addEventListener('input', () => {
    byId('second-pin').value = byId('second-pin').value.replace(/[^0-9]/g, '');
  });
}

/** @param {import('/state.js').State} state @param {import('/state.js').Board|null} board */
function renderSecond(state, board) {
  const waits = state.manual.code !== '';
  const blocked = state.sign_in_blocked_ms > 0;
  const others = (board?.operators ?? []).filter((operator) => operator.pin && operator.id !== state.operator?.id)
    .map((operator) => operator.id);
  if (!waits) {
    said = '';
    byId('second-pin').value = '';
  }
  setVisible(byId('second'), waits);
  setText(byId('second-code'), waits ? panel('SECOND_OF', state.manual.code) : '');
  setText(byId('second-left'), waits ? panel('TIME_LEFT', minutes(state.manual.left_ms)) : '');
  setVisible(byId('second-blocked'), blocked);
  setText(byId('second-blocked'), blocked ? panel('SIGN_IN_BLOCKED', Math.ceil(state.sign_in_blocked_ms / 1000)) : '');
  setChildren(byId('second-who'), others.join('\n'), () => others.map((id) => element('option', '', id)));
  setVisible(byId('second-form'), others.length > 0 && !blocked);
}

/** @param {import('/state.js').State} state @param {import('/state.js').Board|null} board */
export function renderManual(state, board) {
  const possible = state.phase === 'IDLE' && state.operator !== null && state.manual.allowed && state.manual.code === '';
  open = open && possible;
  setVisible(byId('manual-open'), possible);
  renderSecond(state, board);
  renderForm();
}
