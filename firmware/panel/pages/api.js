/* What the page asks of the link: a session, commands, pairing. Every command has a sequence higher than all before, so that
 * none counts twice. Not: what commands mean for the page (controls.js), the stream of states (stream.js). See API.md. */

const PATIENCE_MS = 6000;
const TRIES_MAX = 3;

/** @typedef {{done: boolean, error: string, text: string, text_zh?: string}} Outcome */

let token = '';
let sequence = 0;
/** Rises with every stop: what was asked before a stop is never sent again after it. */
let stops = 0;
let queue = Promise.resolve();

/** @param {string} path @param {object} body @param {Record<string, string>} headers */
function post(path, body, headers) {
  return fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
    cache: 'no-store',
  });
}

/** Throws when the link does not answer.
 * @returns {Promise<boolean>} is this browser paired? */
export async function openSession() {
  const answer = await fetch('/session', { signal: AbortSignal.timeout(3000), cache: 'no-store' });
  if (!answer.ok) {
    throw new Error(`/session: ${answer.status}`);
  }
  const session = await answer.json();
  token = String(session.token);
  sequence = Math.max(sequence, Number(session.sequence) || 0);
  return session.paired === true;
}

/** Another page of this browser shares the session: time makes its numbers and ours rise together. */
function nextSequence() {
  sequence = Math.max(sequence + 1, Date.now());
  return sequence;
}

/** @param {Response} answer @returns {Promise<Outcome>} */
async function outcomeOf(answer) {
  let body = {};
  try {
    body = await answer.json();
  } catch {
    body = {};
  }
  if (answer.status === 429) {
    return { done: false, error: 'RATE', text: '' };
  }
  return {
    done: answer.ok && body.done === true,
    error: answer.status === 503 ? 'NO_ANSWER' : String(body.error ?? answer.status),
    text: String(body.text ?? ''),
    text_zh: String(body.text_zh ?? ''),
  };
}

/** @param {string} command @param {object} more @returns {Promise<Outcome>} */
async function send(command, more) {
  const stopsBefore = stops;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const body = { sequence: nextSequence(), command, ...more };
    const answer = await post('/command', body, { 'X-Fillgate-Token': token });
    const again = answer.status === 409 || answer.status === 401 || answer.status === 403;
    if (!again || (command !== 'stop' && stops !== stopsBefore)) {
      return outcomeOf(answer);
    }
    /* Not carried out: the session is gone (the link began anew) or another page was quicker. */
    await openSession();
  }
  return { done: false, error: 'NO_ANSWER', text: '' };
}

/** @param {string} command @param {object} more @returns {Promise<Outcome>} */
async function sendSafely(command, more) {
  try {
    return await send(command, more);
  } catch (error) {
    return { done: false, error: 'NO_ANSWER', text: String(error) };
  }
}

/** Commands go one after the other; a stop waits for none. Never throws.
 * @param {string} command @param {object} [more] @returns {Promise<Outcome>} */
export function ask(command, more = {}) {
  if (command === 'stop') {
    stops += 1;
    return sendSafely(command, more);
  }
  const stopsBefore = stops;
  const outcome = queue.then(() =>
    stops === stopsBefore ? sendSafely(command, more) : { done: false, error: 'STATE', text: '' });
  queue = outcome.then(() => undefined);
  return outcome;
}

/** @param {string} code @returns {Promise<'paired'|'wrong'|'many'>} */
export async function pair(code) {
  try {
    const answer = await post('/pair', { code }, {});
    if (answer.ok) {
      return 'paired';
    }
    return answer.status === 429 ? 'many' : 'wrong';
  } catch {
    return 'many';
  }
}
