/* The attendant's items before and after a fill: one tap each, and "not in order", which asks which item. What is confirmed shows only
 * when a state says so. Not: which items there are (station rules). */
import { byId, element, setAttribute, setChildren, setText, setVisible } from '/dom.js';
import { press } from '/press.js';
import { itemWords, panel } from '/texts.js';

let asking = false;

function askWhich(wanted) {
  asking = wanted;
  setVisible(byId('check-which'), asking);
  setVisible(byId('check-failed'), !asking);
  byId(asking ? 'check-failed-no' : 'check-failed').focus();
}

export function startChecks() {
  byId('check-failed').addEventListener('click', () => askWhich(true));
  byId('check-failed-no').addEventListener('click', () => askWhich(false));
}

/** Which item is not in order: the second tap names it and is its confirmation. @param {number} bit */
function makeFailing(bit) {
  const button = element('button', 'danger');
  button.type = 'button';
  button.dataset.bit = String(bit);
  button.addEventListener('click', async () => {
    await press(button, 'check', { checks: bit, failed: true });
    asking = false;
  });
  return element('li', '', button);
}

function makeItem(bit) {
  const button = element('button', 'check', element('span', 'box'), element('span', 'what'), element('span', 'tell'));
  button.type = 'button';
  button.dataset.bit = String(bit);
  button.addEventListener('click', () => {
    if (button.getAttribute('aria-pressed') !== 'true') {
      press(button, 'check', { checks: bit, failed: false });
    }
  });
  return element('li', '', button);
}

/** @param {Element} button @param {string} item @param {boolean} done @param {boolean} allowed */
function renderItem(button, item, done, allowed) {
  const [box, what, tell] = button.children;
  setAttribute(button, 'aria-pressed', String(done));
  setAttribute(button, 'aria-disabled', allowed ? null : 'true');
  setText(box, done ? '✓' : '');
  setText(what, itemWords(item));
  setText(tell, panel(done ? 'CHECK_DONE' : 'CHECK_CONFIRM'));
}

/** @param {import('/state.js').State} state */
export function renderChecks(state) {
  const pre = state.display === 'PRE_CHECK';
  const post = state.display === 'POST_CHECK';
  const items = pre ? state.checks.pre : state.checks.post;
  const wanted = pre ? state.checks.pre_wanted : state.checks.post_wanted;
  const done = pre ? state.checks.pre_done : state.checks.post_done;
  const bits = items.map((item, index) => 1 << index).filter((bit) => (wanted & bit) !== 0);
  const shown = (pre || post) && bits.length > 0;
  setVisible(byId('checks'), shown);
  if (!shown) {
    asking = false;
  } else {
    setText(byId('checks-title'), panel(pre ? 'SECTION_PRE_CHECK' : 'SECTION_POST_CHECK'));
    setChildren(byId('check-items'), `${state.display} ${bits.join(' ')}`, () => bits.map(makeItem));
    setChildren(byId('check-failing'), `${state.display} ${bits.join(' ')}`, () => bits.map(makeFailing));
    byId('check-failing').querySelectorAll('button').forEach((button) => {
      setText(button, itemWords(items[Math.log2(Number(button.dataset.bit))]));
    });
    byId('check-items').querySelectorAll('button').forEach((button) => {
      const bit = Number(button.dataset.bit);
      renderItem(button, items[Math.log2(bit)], (done & bit) !== 0, state.operator !== null);
    });
  }
  setVisible(byId('check-which'), asking);
  setVisible(byId('check-failed'), !asking);
}
