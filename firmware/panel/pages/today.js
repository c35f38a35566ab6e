/* What happened at this point: today's sums, and the last attempts, newest first. Not: the journal itself, which the bureau keeps. */
import { byId, element, setChildren, setRows, setVisible } from '/dom.js';
import { kilograms, moment } from '/format.js';
import { languageNow, panel, proof, text } from '/texts.js';

/** Symbols beside the words, so that outcomes are told apart without colour. */
const MARKS = { REFUSED: '✕', AUTHORISED: '▶', ENDED: '✓' };

/** @param {any} today */
function renderToday(today) {
  setRows(byId('today-values'), [
    [panel('TODAY_FILLS'), String(today.fills)],
    [panel('TODAY_QUANTITY'), kilograms(today.quantity_g, 1)],
    [panel('TODAY_REFUSALS'), String(today.refusals)],
  ]);
  setChildren(byId('today-reasons'), `${languageNow()} ${JSON.stringify(today.reasons)}`, () =>
    today.reasons.map(({ reason, count }) => element('li', '', `${count} × ${text('reason', reason)}`)));
  setVisible(byId('today-reasons'), today.reasons.length > 0);
}

/** Both of a typed code, each with how he was proven. @param {any} attempt */
function persons(attempt) {
  if (attempt.second_person === '') {
    return attempt.operator;
  }
  return `${panel('WITH_PROOF', attempt.operator, proof(attempt.operator_proof))} + ${panel('WITH_PROOF', attempt.second_person, proof(attempt.second_proof))}`;
}

/** @param {any} attempt @param {import('/state.js').State} state */
function makeAttempt(attempt, state) {
  const end = attempt.outcome === 'ENDED' && attempt.stop ? text('stop', attempt.stop) : '';
  const why = attempt.outcome === 'REFUSED' && attempt.reason ? text('reason', attempt.reason) : end;
  const quantity = attempt.outcome === 'ENDED' ? kilograms(attempt.quantity_g) : '';
  const outcome = element('strong', `outcome outcome-${attempt.outcome}`,
    `${MARKS[attempt.outcome] ?? '?'} ${panel(`OUTCOME_${attempt.outcome}`)}`);
  const who = [attempt.plate, attempt.code].filter((part) => part !== '').join(' · ') || panel('ATTEMPT_NO_CODE');
  const time = element('time', '', moment(attempt.at_ms, state.utc_offset_s, state.now_ms));
  return element('li', '', time, outcome, element('span', 'who', who),
    element('span', 'why', [quantity, why, persons(attempt)].filter((part) => part !== '').join(' · ')));
}

/** @param {import('/state.js').State} state @param {import('/state.js').Board|null} board */
export function renderBoard(state, board) {
  setVisible(byId('today'), board !== null);
  setVisible(byId('attempts'), board !== null);
  if (board === null) {
    return;
  }
  renderToday(board.today);
  setVisible(byId('attempts-none'), board.attempts.length === 0);
  setChildren(byId('attempt-rows'), `${languageNow()} ${state.today} ${state.utc_offset_s} ${JSON.stringify(board.attempts)}`, () =>
    board.attempts.map((attempt) => makeAttempt(attempt, state)));
}
