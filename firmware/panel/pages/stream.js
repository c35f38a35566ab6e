/* The live connection: states come in by server-sent events, and when none came for SILENCE_MAX_MS the page is told that it is lost.
 * It opens itself again, with bounded patience, for ever. Time is the browser's monotonic one: a tablet whose clock is set
 * loses nothing. Not: what a state means. Relies on: api.js, state.js. */
import { openSession } from '/api.js';
import { parseBoard, parseState } from '/state.js';

const SILENCE_MAX_MS = 3000;
const LOOK_EVERY_MS = 250;
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 2000;

/** @typedef {'connecting'|'live'|'gone'|'lost'|'unpaired'} LinkState */
/** @typedef {{onState: (state: any) => void, onBoard: (board: any) => void,
 *             onLink: (link: LinkState, detail: string) => void}} Listener */

/** @param {Listener} listener */
export function openStream(listener) {
  /** @type {EventSource|null} */
  let source = null;
  /** @type {LinkState} */
  let link = 'connecting';
  let heard = performance.now();
  let opened = heard;
  let retry_ms = RETRY_MIN_MS;
  let opening = false;

  function enter(next, detail = '') {
    if (next !== link || detail !== '') {
      link = next;
      listener.onLink(next, detail);
    }
  }

  function close() {
    source?.close();
    source = null;
  }

  function openLater() {
    close();
    if (!opening) {
      opening = true;
      window.setTimeout(open, retry_ms);
      retry_ms = Math.min(retry_ms * 2, RETRY_MAX_MS);
    }
  }

  /** Every event proves that the link is alive; a state that cannot be read is none. */
  function listen(name, take) {
    source.addEventListener(name, (event) => {
      try {
        take(event.data);
      } catch (error) {
        console.warn(`panel: ${name}: ${error}`);
      }
    });
  }

  function takeState(data) {
    const state = parseState(data);
    heard = performance.now();
    retry_ms = RETRY_MIN_MS;
    listener.onState(state);
    enter('live');
  }

  function takeGone(data) {
    heard = performance.now();
    retry_ms = RETRY_MIN_MS;
    let words = '';
    try {
      words = String(JSON.parse(data).text ?? '');
    } catch {
      words = '';
    }
    enter('gone', words);
  }

  async function open() {
    try {
      const paired = await openSession();
      opening = false;
      if (!paired) {
        enter('unpaired');
        retry_ms = RETRY_MAX_MS;
        return;
      }
    } catch {
      opening = false;
      openLater();
      return;
    }
    opened = performance.now();
    source = new EventSource('/events');
    source.addEventListener('error', openLater);
    listen('state', takeState);
    listen('gone', takeGone);
    listen('board', (data) => listener.onBoard(parseBoard(data)));
  }

  function look() {
    const now = performance.now();
    if (now - heard <= SILENCE_MAX_MS || link === 'unpaired') {
      return;
    }
    if (link !== 'connecting') {
      enter('lost');
    }
    /* A connection that is dead without saying so. */
    if (source !== null && now - opened > SILENCE_MAX_MS) {
      openLater();
    }
  }

  window.setInterval(look, LOOK_EVERY_MS);
  /* A tablet that wakes up shows at once what it knows, not what it knew. */
  document.addEventListener('visibilitychange', look);
  window.addEventListener('pageshow', look);
  open();
  return { again: () => { retry_ms = RETRY_MIN_MS; openLater(); } };
}
