/* Sounds for refused and done, made by the browser itself; off when the operator switched them off. Browsers stay silent until the
 * page was touched once. Not: lamps and buzzer of the plant (fillgated's). Relies on: texts.js for the button. */
import { byId, setAttribute, setChildren } from '/dom.js';
import { symbol } from '/symbols.js';
import { panel } from '/texts.js';

const STORED = 'fillgate.sound';
/** Frequency in Hz, begin and length in s: low and falling for refused, high and rising for done. */
const TUNES = {
  REFUSED: [[330, 0, 0.22], [220, 0.26, 0.5]],
  DONE: [[660, 0, 0.14], [880, 0.17, 0.14], [1320, 0.34, 0.26]],
};

let on = true;
/** @type {AudioContext|null} */
let audio = null;
/** @type {string|null} */
let lastDisplay = null;
let lastDecision = 0;

function stored() {
  try {
    return window.localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

function wake() {
  if (on && audio === null && 'AudioContext' in window) {
    audio = new AudioContext();
  }
  audio?.resume();
}

function play(tune) {
  if (!on || audio === null || audio.state !== 'running') {
    return;
  }
  for (const [frequency, begin, length] of tune) {
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    const start = audio.currentTime + begin;
    tone.type = 'square';
    tone.frequency.value = frequency;
    gain.gain.setValueAtTime(0.3, start);
    gain.gain.exponentialRampToValueAtTime(0.01, start + length);
    tone.connect(gain).connect(audio.destination);
    tone.start(start);
    tone.stop(start + length);
  }
}

function toggle() {
  on = !on;
  try {
    window.localStorage.setItem(STORED, on ? 'on' : 'off');
  } catch {
    /* The choice holds until the page is closed. */
  }
  wake();
  renderSound();
}

export function startSound() {
  on = stored() !== 'off';
  byId('sound').addEventListener('click', toggle);
  document.addEventListener('pointerdown', wake);
  document.addEventListener('keydown', wake);
}

export function renderSound() {
  setChildren(byId('sound'), on ? 'SPEAKER' : 'SPEAKER_OFF', () => [symbol(on ? 'SPEAKER' : 'SPEAKER_OFF')]);
  setAttribute(byId('sound'), 'aria-label', panel(on ? 'SOUND_ON' : 'SOUND_OFF'));
  setAttribute(byId('sound'), 'aria-pressed', String(on));
}

/** Sounds at a change, never for what was there when the page opened.
 * @param {import('/state.js').State} state */
export function soundState(state) {
  const fresh = lastDisplay !== null;
  const changed = state.display !== lastDisplay;
  const decided = state.decision.count !== lastDecision;
  if (fresh && state.display === 'REFUSED' && (changed || decided)) {
    play(TUNES.REFUSED);
  }
  if (fresh && state.display === 'DONE' && changed) {
    play(TUNES.DONE);
  }
  lastDisplay = state.display;
  lastDecision = state.decision.count;
}
