/* The screen of a tablet or phone that is not paired with the filling point yet. Not: the code itself (made at the controller). */
import { pair } from '/api.js';
import { byId, setText } from '/dom.js';
import { panel } from '/texts.js';

let said = '';

/** @param {() => void} paired called when the link took the code */
export function startPairing(paired) {
  byId('pair-form').addEventListener('submit', async (event) => {
    event.preventDefault();
    const result = await pair(byId('pair-code').value.trim());
    said = result === 'wrong' ? 'PAIR_WRONG' : result === 'many' ? 'PAIR_MANY' : '';
    byId('pair-code').value = '';
    renderPairing();
    if (result === 'paired') {
      paired();
    }
  });
}

export function renderPairing() {
  setText(byId('pair-said'), said === '' ? '' : panel(said));
}
