/* Signing in: a card at the reader needs nothing of the page; a PIN is typed on large keys (or a keyboard). A PIN never leaves its
 * field but to be asked about, and is forgotten at once. Not: whether it is right (fillgated). */
import { byId, element, setAttribute, setChildren, setText, setVisible } from '/dom.js';
import { press } from '/press.js';
import { panel } from '/texts.js';

const DIGITS_MIN = 6;
const DIGITS_MAX = 12;
const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9', 'DELETE', '0', 'OK'];

/** Whose PIN is being typed; null: nobody's. @type {string|null} */
let chosen = null;
/** Name of the text that is said below the PIN. */
let said = '';
let blocked = false;

function choose(id) {
  chosen = id;
  said = '';
  byId('pin').value = '';
  renderForm();
  if (id !== null) {
    byId('pin').focus();
  }
}

function type(key) {
  const field = byId('pin');
  said = '';
  if (key === 'DELETE') {
    field.value = field.value.slice(0, -1);
  } else if (field.value.length < DIGITS_MAX) {
    field.value += key;
  }
  setText(byId('pin-said'), '');
}

async function submit(event) {
  event.preventDefault();
  const pin = byId('pin').value;
  if (chosen === null || blocked) {
    return;
  }
  if (!/^[0-9]+$/.test(pin) || pin.length < DIGITS_MIN) {
    said = 'SIGN_IN_PIN_SHORT';
  } else {
    byId('pin').value = '';
    said = '';
    const outcome = await press(byId('pin-ok'), 'sign_in', { operator: chosen, pin });
    said = outcome !== null && !outcome.done && outcome.error !== 'NO_ANSWER' ? 'SIGN_IN_PIN_WRONG' : '';
  }
  renderForm();
}

function makeKey(key) {
  const button = element('button', key === 'OK' ? 'key go' : 'key', key.length === 1 ? key : '');
  button.type = key === 'OK' ? 'submit' : 'button';
  if (key === 'OK') {
    button.id = 'pin-ok';
    button.dataset.text = 'KEY_OK';
  } else {
    button.addEventListener('click', () => type(key));
  }
  if (key === 'DELETE') {
    button.dataset.text = 'KEY_DELETE';
  }
  return button;
}

export function startSignIn() {
  byId('pin-keys').append(...KEYS.map(makeKey));
  byId('pin-form').addEventListener('submit', submit);
  byId('pin-back').addEventListener('click', () => choose(null));
  byId('pin').addEventListener('input', () => {
    byId('pin').value = byId('pin').value.replace(/[^0-9]/g, '');
  });
}

function renderForm() {
  setVisible(byId('pin-form'), chosen !== null);
  setVisible(byId('sign-in-choose'), chosen === null);
  setText(byId('pin-label'), panel('SIGN_IN_PIN_OF', chosen ?? ''));
  setText(byId('pin-said'), said === '' ? '' : panel(said));
}

function makeName(id) {
  const button = element('button', 'key', id);
  button.type = 'button';
  button.addEventListener('click', () => choose(id));
  return button;
}

/** @param {import('/state.js').State} state @param {import('/state.js').Board|null} board */
export function renderSignIn(state, board) {
  const shown = state.operator === null && state.phase === 'IDLE';
  const names = (board?.operators ?? []).filter((operator) => operator.pin).map((operator) => operator.id);
  if ((!shown || !names.includes(chosen)) && chosen !== null) {
    choose(null);
  }
  blocked = state.sign_in_blocked_ms > 0;
  setVisible(byId('sign-in'), shown);
  setVisible(byId('sign-in-blocked'), blocked);
  setText(byId('sign-in-blocked'), blocked ? panel('SIGN_IN_BLOCKED', Math.ceil(state.sign_in_blocked_ms / 1000)) : '');
  setAttribute(byId('pin-ok'), 'aria-disabled', blocked ? 'true' : null);
  setText(byId('sign-in-how'), panel(names.length > 0 ? 'SIGN_IN_CHOOSE' : 'SIGN_IN_NO_PINS'));
  setChildren(byId('sign-in-names'), names.join('\n'), () => names.map(makeName));
  renderForm();
}
