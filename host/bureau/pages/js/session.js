/* Who is signed in, and what that role is offered. The server refuses the rest by itself; this only keeps it out of sight. The rights
 * are those of host/bureau/user/rights.h. */
import { ask, path, send, setToken } from '/js/api.js';
import { setZone } from '/js/format.js';

const LOOK_EVERY_MS = 20000;

/** @typedef {'READ'|'EXPORT'|'VERIFY'|'SAMPLE'|'TRAIL'|'USERS'|'REGISTRY'|'CASES'|'PUBLISH'|'DEVICES'} Right */

/** @type {Record<string, Right[]>} */
const RIGHTS = {
  auditor: ['READ', 'EXPORT', 'VERIFY', 'SAMPLE', 'TRAIL'],
  registrar: ['READ', 'REGISTRY'],
  supervisor: ['READ', 'EXPORT', 'VERIFY', 'SAMPLE', 'TRAIL', 'CASES', 'PUBLISH'],
  administrator: ['READ', 'TRAIL', 'USERS', 'DEVICES'],
};

const NOBODY = {
  signed_in: false, user: '', name: '', role: '', token: '', must_change_password: false, totp: false, expires_ms: 0, idle_ends_ms: 0,
  public_lookup: false,
};

/** @type {any} */
let session = NOBODY;
let idle_ms = 0;
let heard_ms = 0;

/** @param {any} answer */
function keep(answer) {
  session = answer;
  setToken(answer.token);
  setZone(answer.utc_offset_min);
  heard_ms = Date.now();
  idle_ms = Math.max(0, answer.idle_ends_ms - heard_ms);
}

export function sessionNow() {
  return session;
}

/** @param {Right} right */
export function may(right) {
  return session.signed_in && !session.must_change_password && (RIGHTS[session.role] ?? []).includes(right);
}

export async function loadSession() {
  keep(await ask(path('session')));
}

/** @param {{user: string, password: string, totp?: string}} who */
export async function signIn(who) {
  keep(await send('POST', path('session'), who));
}

export async function signOut() {
  await send('DELETE', path('session'));
  forget();
}

/** @param {string} before @param {string} after */
export async function changePassword(before, after) {
  keep(await send('POST', path('session', 'password'), { old: before, new: after }));
}

/** The server said that the session is gone. */
export function forget() {
  session = { ...NOBODY, public_lookup: session.public_lookup };
  setToken('');
}

/** Asks the server when the session may have ended, so that what was shown does not stay on an empty desk. Every answer of the server
 * moves the end, which only the server knows: so it is asked, not guessed.
 * @param {() => void} ended */
export function watchEnd(ended) {
  setInterval(async () => {
    const now_ms = Date.now();
    if (!session.signed_in || (now_ms < session.expires_ms && now_ms < heard_ms + idle_ms)) {
      return;
    }
    try {
      const before = session;
      await loadSession();
      if (!session.signed_in) {
        session = { ...NOBODY, public_lookup: before.public_lookup };
        ended();
      }
    } catch {
      /* Asked again at the next turn. */
    }
  }, LOOK_EVERY_MS);
}
