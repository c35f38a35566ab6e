/* The page: texts, the stream of states, and every view over the newest state. The page decides nothing; what it shows comes only from
 * states, and none of it is shown when they stop coming. */
import { renderBanner } from '/banner.js';
import { renderChecks, startChecks } from '/checks.js';
import { renderControls, startControls } from '/controls.js';
import { renderCylinder } from '/cylinder.js';
import { byId, setAttribute, setText, setVisible } from '/dom.js';
import { renderFill } from '/fill.js';
import { clock, zone } from '/format.js';
import { renderManual, startManual } from '/manual.js';
import { renderOperator, startOperator } from '/operator.js';
import { renderPairing, startPairing } from '/pairing.js';
import { settle } from '/press.js';
import { renderSignIn, startSignIn } from '/signin.js';
import { renderSound, soundState, startSound } from '/sound.js';
import { openStream } from '/stream.js';
import { renderSystem } from '/system.js';
import { applyTexts, chooseLanguage, loadTexts, panel, switchLanguage } from '/texts.js';
import { renderBoard } from '/today.js';

const TEXTS_AGAIN_MS = 1000;

/** @type {import('/state.js').State|null} */
let state = null;
/** @type {import('/state.js').Board|null} */
let board = null;
/** @type {import('/stream.js').LinkState} */
let link = 'connecting';
let detail = '';

/** Covers everything unless states come in now. */
function renderCover() {
  const live = link === 'live' && state !== null;
  setAttribute(document.documentElement, 'data-link', live || link === 'unpaired' ? link : link === 'live' ? 'connecting' : link);
  setVisible(byId('cover'), !live && link !== 'unpaired');
  setVisible(byId('cover-connecting'), link === 'connecting');
  setVisible(byId('cover-lost'), link === 'lost');
  setVisible(byId('cover-gone'), link === 'gone');
  setText(byId('cover-detail'), link === 'gone' ? detail : '');
  setVisible(byId('page'), live);
  if (!live) {
    setVisible(byId('actions'), false);
  }
  setVisible(byId('top-state'), live);
  setVisible(byId('top-time'), live);
  setVisible(byId('pairing'), link === 'unpaired');
  return live;
}

/** The state in small beside the time: it stays in sight when the page is scrolled. */
function renderTop() {
  setText(byId('top-state'), panel(`DISPLAY_${document.body.dataset.display}`));
  setText(byId('top-clock'), clock(state.now_ms, state.utc_offset_s));
  setText(byId('top-zone'), zone(state.utc_offset_s));
}

function render() {
  renderSound();
  renderPairing();
  if (!renderCover()) {
    delete document.body.dataset.display;
    return;
  }
  renderBanner(state);
  renderTop();
  renderSignIn(state, board);
  renderChecks(state);
  renderFill(state);
  renderCylinder(state);
  renderManual(state, board);
  renderOperator(state);
  renderBoard(state, board);
  renderSystem(state);
  renderControls(state);
}

function takeState(next) {
  state = next;
  settle();
  soundState(next);
  if (link === 'live') {
    render();
  }
}

function takeBoard(next) {
  board = next;
  render();
}

/** What was known is forgotten with the connection: it comes anew with the next one. */
function takeLink(next, words) {
  link = next;
  detail = words;
  if (next !== 'live') {
    state = null;
    board = next === 'gone' ? board : null;
  }
  render();
}

async function start() {
  chooseLanguage();
  startSound();
  startControls();
  startChecks();
  startSignIn();
  startOperator();
  startManual();
  byId('language').addEventListener('click', () => {
    switchLanguage();
    applyTexts();
    render();
  });
  for (;;) {
    try {
      await loadTexts();
      break;
    } catch {
      await new Promise((resolve) => { window.setTimeout(resolve, TEXTS_AGAIN_MS); });
    }
  }
  applyTexts();
  const stream = openStream({ onState: takeState, onBoard: takeBoard, onLink: takeLink });
  startPairing(stream.again);
  render();
}

start();
