/* A code typed by hand, for a damaged tag: a small form that stays shut until it is wanted. Whether the station allows it at all is
 * fillgated's decision, shown as any other refusal. */
import { byId, element, setAttribute, setChildren, setVisible } from '/dom.js';
import { press } from '/press.js';

let open = false;

function toggle() {
  open = !open;
  render();
  if (open) {
    byId('manual-code').focus();
  }
}

function render() {
  setVisible(byId('manual'), open);
  setAttribute(byId('manual-open'), 'aria-expanded', String(open));
}

async function submit(event) {
  event.preventDefault();
  const code = byId('manual-code').value.trim().toUpperCase();
  const outcome = await press(byId('manual').querySelector('.go'), 'manual',
    { code, second_person: byId('manual-second').value });
  if (outcome !== null && outcome.error !== 'NO_ANSWER') {
    byId('manual-code').value = '';
    open = false;
    render();
  }
}

export function startManual() {
  byId('manual-open').addEventListener('click', toggle);
  byId('manual').addEventListener('submit', submit);
}

/** @param {import('/state.js').State} state @param {import('/state.js').Board|null} board */
export function renderManual(state, board) {
  const possible = state.phase === 'IDLE' && state.operator !== null;
  const others = (board?.operators ?? []).map((operator) => operator.id).filter((id) => id !== state.operator?.id);
  open = open && possible;
  setChildren(byId('manual-second'), others.join('\n'), () => others.map((id) => element('option', '', id)));
  setVisible(byId('manual-open'), possible && others.length > 0);
  render();
}
