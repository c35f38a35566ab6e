/* The running fill: how far, pressure, mass, temperature, flow, limit and remaining time. A reading that is not good is said to be so, its
 * old value never shown. Not: when the fill ends (fillgated). */
import { byId, setAttribute, setRows, setText, setVisible } from '/dom.js';
import { celsius, kilograms, megapascal, minutes } from '/format.js';
import { panel } from '/texts.js';

const SHOWN_IN = ['AUTHORISING', 'FILLING', 'SUSPENDED', 'CLOSING', 'POST_CHECK'];

/** @param {import('/state.js').State} state @param {string} name @param {(value: number) => string} format
 * @returns {[string, string]} text and class; empty when the point has no such device */
function reading(state, name, format) {
  const one = state.readings[name];
  if (!one) {
    return ['', ''];
  }
  return one.state === 'GOOD' ? [format(one.value), ''] : [`— ${panel(`READING_${one.state}`)}`, 'bad'];
}

/** @param {number} grams a minute */
function flow(grams) {
  return `${(grams / 1000).toFixed(2)} kg/min`;
}

/** @param {import('/state.js').State} state */
function renderProgress(state) {
  const percent = Math.min(100, Math.max(0, Math.trunc(state.fill.progress_permille / 10)));
  const bar = byId('progress');
  const remaining = state.display === 'FILLING' && state.fill.remaining_ms > 0
    ? panel('TIME_LEFT', minutes(state.fill.remaining_ms)) : '';
  setAttribute(bar, 'aria-label', panel('PROGRESS'));
  setAttribute(bar, 'aria-valuenow', String(percent));
  byId('progress-bar').style.setProperty('width', `${percent}%`);
  setText(byId('progress-words'), [`${percent} %`, remaining].filter((part) => part !== '').join(' · '));
}

/** @param {import('/state.js').State} state */
export function renderFill(state) {
  const shown = Boolean(state.fill) && SHOWN_IN.includes(state.display);
  setVisible(byId('fill'), shown);
  if (!shown) {
    return;
  }
  const mass = state.fill.programme === 'MASS';
  const target = state.fill.target > 0 ? (mass ? kilograms(state.fill.target) : megapascal(state.fill.target)) : '';
  const row = (label, name, format) => [panel(label), ...reading(state, name, format)];
  const pressure = row('PRESSURE', 'pressure_kpa', megapascal);
  renderProgress(state);
  setRows(byId('fill-values'), [
    mass ? row('SCALE', 'scale_g', kilograms) : pressure,
    [panel('LIMIT'), target],
    [panel('FILLED'), kilograms(state.fill.quantity_g)],
    row('TEMPERATURE', 'temperature_dc', celsius),
    row('FLOW', 'flow_g_min', flow),
    ...(mass ? [pressure] : []),
    [panel('VALVE'), panel(state.valve ? 'VALVE_OPEN' : 'VALVE_SHUT')],
  ]);
}
