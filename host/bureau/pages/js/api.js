/* What the pages ask of the server: one function for questions, one for changes. The anti-forgery token goes with every change. Not:
 * who is signed in (session.js). See host/bureau/api/openapi.json. */

const PATIENCE_MS = 60000;

let token = '';
/** @type {() => void} */
let onSignedOut = () => {};

/** What the server refused, by its stable name and in both languages. */
export class Refusal extends Error {
  /** @param {number} status @param {{error?: string, text_en?: string, text_zh?: string}} body */
  constructor(status, body) {
    super(body.text_en ?? `HTTP ${status}`);
    this.status = status;
    this.error = body.error ?? 'FAILED';
    this.text_en = body.text_en ?? '';
    this.text_zh = body.text_zh ?? '';
  }
}

/** @param {string} value */
export function setToken(value) {
  token = value;
}

/** Called when the server says that nobody is signed in any more. @param {() => void} listener */
export function whenSignedOut(listener) {
  onSignedOut = listener;
}

/** A path with a query; empty and missing values are left out.
 * @param {string} path @param {Record<string, any>} [query] */
export function address(path, query = {}) {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== '' && value !== null && value !== undefined) {
      pairs.set(name, String(value));
    }
  }
  const text = pairs.toString();
  return text === '' ? path : `${path}?${text}`;
}

/** A path of the API from parts, each percent-encoded. @param {...(string|number)} parts */
export function path(...parts) {
  return `/api/v1/${parts.map((part) => encodeURIComponent(String(part))).join('/')}`;
}

/** Throws the server's refusal, and tells when the session is gone. @param {Response} answer */
export async function checkAnswer(answer) {
  if (answer.ok) {
    return;
  }
  let body = {};
  try {
    body = await answer.json();
  } catch {
    body = {};
  }
  const refusal = new Refusal(answer.status, body);
  if (refusal.error === 'NOT_SIGNED_IN') {
    onSignedOut();
  }
  throw refusal;
}

/** @param {string} url @param {AbortSignal} [signal] @returns {Promise<any>} */
export async function ask(url, signal) {
  const limit = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(url, { cache: 'no-store', signal: signal ? AbortSignal.any([signal, limit]) : limit });
  await checkAnswer(answer);
  return answer.json();
}

/** @param {'POST'|'PATCH'|'PUT'|'DELETE'} method @param {string} url @param {object} [body] @returns {Promise<any>} */
export async function send(method, url, body) {
  const headers = { 'X-Fillgate-Token': token };
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
  }
  const answer = await fetch(url, {
    method, headers, cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS),
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  await checkAnswer(answer);
  return answer.json();
}
