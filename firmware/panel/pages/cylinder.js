/* The cylinder or the vehicle that was presented last: what the list says of it, and when it must be inspected. Not: may it be filled
 * (banner.js). */
import { byId, setAttribute, setRows, setText, setVisible } from '/dom.js';
import { day, daysLeft, kilograms, megapascal } from '/format.js';
import { hasText, panel, proof } from '/texts.js';

/** Displays in which the decision is about what lies there now; in the others it is only the last one. */
const PRESENT_IN = ['REFUSED', 'PRE_CHECK', 'AUTHORISING', 'FILLING', 'SUSPENDED', 'CLOSING', 'POST_CHECK', 'DONE'];

/** @param {string} name a medium */
export function mediumWords(name) {
  return hasText(`MEDIUM_${name}`) ? panel(`MEDIUM_${name}`) : name;
}

/** A date that is near: in words, with a class of its own for each of the three strengths.
 * @param {HTMLElement} node @param {string} label @param {number} end @param {number} today @param {string} advice */
export function renderDue(node, label, end, today, advice) {
  const left = daysLeft(end, today);
  const shown = end > 0 && left.level > 0;
  setVisible(node, shown);
  if (shown) {
    setText(node, `${panel('NAMED', `${panel(label)} ${day(end)}`, left.words)}${panel('NEXT_SENTENCE', panel(advice))}`);
    setAttribute(node, 'class', `warning warning-${left.level}`);
  }
}

/** @param {import('/state.js').State} state @returns {[string, string, string?][]} */
function rowsOf(state) {
  const { cylinder, decision } = state;
  const rows = [[panel('CODE'), decision.code, 'code']];
  if (cylinder) {
    rows.push(
      [panel('MEDIUM'), mediumWords(cylinder.medium)],
      [panel('NOMINAL'), cylinder.nominal_kpa > 0 ? megapascal(cylinder.nominal_kpa) : ''],
      [panel('INSPECTION_DUE'), day(cylinder.inspection_due)],
      [panel('OTHER_CYLINDERS'), cylinder.others.join(', '), 'code'],
      [panel('MAXIMUM_FILL'), cylinder.maximum_fill_g > 0 ? kilograms(cylinder.maximum_fill_g, 1) : ''],
      [panel('CAPACITY'), cylinder.capacity_dl > 0 ? `${(cylinder.capacity_dl / 10).toFixed(1)} L` : ''],
      [panel('TARE'), cylinder.tare_g > 0 ? kilograms(cylinder.tare_g, 1) : ''],
      [panel('END_OF_LIFE'), day(cylinder.end_of_life)],
      [panel('OWNER'), cylinder.owner],
    );
  }
  const identity = `IDENTITY_${decision.identity}`;
  rows.push([panel('IDENTITY'), hasText(identity) && decision.identity !== 'NONE' ? panel(identity) : '']);
  rows.push([panel('SECOND_PERSON'), decision.second_person === '' ? '' : `${decision.second_person}${panel('COMMA', proof(decision.second_proof))}`]);
  return rows;
}

/** @param {import('/state.js').State} state */
export function renderCylinder(state) {
  const { cylinder, decision } = state;
  const present = PRESENT_IN.includes(state.display);
  const known = present && decision.code !== '';
  let note = known ? '' : panel('CYLINDER_NONE');
  if (known && !cylinder && state.display === 'REFUSED') {
    note = panel('CYLINDER_UNKNOWN');
  }
  setText(byId('cylinder-note'), note);
  setVisible(byId('cylinder-note'), note !== '');
  setText(byId('cylinder-plate'), known ? decision.plate : '');
  setVisible(byId('cylinder-plate'), known && decision.plate !== '');
  setRows(byId('cylinder-values'), known ? rowsOf(state) : []);
  renderDue(byId('inspection'), 'INSPECTION_DUE', known && cylinder ? cylinder.inspection_due : 0, state.today, 'TELL_DRIVER');
}
