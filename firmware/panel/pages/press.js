/* A pressed button: it asks, shows that it waits until a state came after the answer, and says so when the answer is no. What the
 * button did shows only in states. Not: which buttons there are (controls.js and the views). Relies on: api.js. */
import { ask } from '/api.js';
import { byId, element, setAttribute, setChildren, setVisible } from '/dom.js';
import { hasText, languageNow, panel } from '/texts.js';

const SAID_FOR_MS = 10000;

/** @type {Map<HTMLElement, 'asked'|'answered'>} */
const waiting = new Map();
/** @type {import('/api.js').Outcome|null} */
let said = null;
let saidAt = 0;

/** @param {import('/api.js').Outcome} outcome */
export function say(outcome) {
  said = outcome;
  saidAt = performance.now();
}

/** @returns {boolean} is there anything to say? */
export function renderSaid() {
  if (said !== null && performance.now() - saidAt > SAID_FOR_MS) {
    said = null;
  }
  const words = said === null ? '' : wordsOf(said);
  setChildren(byId('said'), `${languageNow()} ${words} ${said?.text}`, () =>
    said === null ? [] : [element('strong', '', words), detail(said)]);
  setVisible(byId('said'), said !== null);
  return said !== null;
}

/** @param {import('/api.js').Outcome} outcome */
function wordsOf(outcome) {
  const name = `SAID_${outcome.error}`;
  return panel(hasText(name) ? name : 'SAID_NOT_DONE');
}

/** What the controller itself said, for whoever is called. @param {import('/api.js').Outcome} outcome */
function detail(outcome) {
  const words = languageNow() === 'zh' ? outcome.text_zh ?? '' : outcome.text;
  return element('small', '', words === '' ? '' : ` ${words}`);
}

/** @param {HTMLElement} button */
export function isWaiting(button) {
  return waiting.has(button);
}

/** Asks for a command on behalf of a button; a second press while it waits is left out, except of a stop.
 * @param {HTMLElement} button @param {string} command @param {object} [more]
 * @returns {Promise<import('/api.js').Outcome|null>} null: it was waiting already */
export async function press(button, command, more = {}) {
  if (waiting.has(button) && command !== 'stop') {
    return null;
  }
  waiting.set(button, 'asked');
  setAttribute(button, 'aria-busy', 'true');
  const outcome = await ask(command, more);
  if (outcome.done) {
    waiting.set(button, 'answered');
  } else {
    waiting.delete(button);
    setAttribute(button, 'aria-busy', null);
    say(outcome);
  }
  return outcome;
}

/** A state came: buttons whose answer came before it have had their effect. */
export function settle() {
  for (const [button, stage] of waiting) {
    if (stage === 'answered') {
      waiting.delete(button);
      setAttribute(button, 'aria-busy', null);
    }
  }
}
