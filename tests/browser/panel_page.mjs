/* Pages of the operator's panel: opened on the real stream or on recorded states, looked at, and touched as an operator does.
 * Not: what any page must be like (browser.mjs), nor the tests (panel_*.mjs). Relies on: point.mjs for the address. */
import { newPage, words } from './browser.mjs';
import { check, until } from './harness.mjs';
import { address } from './point.mjs';
import { BOARD } from './states.mjs';

/** @typedef {import('playwright-core').Page} Page */

/** Before the page's own scripts: counts tones, and keeps when states were heard and what the page looked like since. */
function plant() {
  window.tones = 0;
  window.heardAt = 0;
  window.looks = [];
  const begin = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function count(...when) {
    window.tones += 1;
    return begin.apply(this, when);
  };
  const Real = window.EventSource;
  window.EventSource = class Heard extends Real {
    constructor(url) {
      super(url);
      this.addEventListener('state', () => { window.heardAt = performance.now(); });
    }
  };
  new MutationObserver(() => window.looks.push({
    at: performance.now(), display: document.body?.dataset.display ?? null, link: document.documentElement.dataset.link,
  })).observe(document, { subtree: true, attributes: true, attributeFilter: ['data-display', 'data-link'] });
}

/** In place of the stream: tells the page the same state again and again, as the link does, until it is told another. */
function plantRecorded() {
  const sources = new Set();
  let events = [];
  window.EventSource = class Recorded extends EventTarget {
    constructor() {
      super();
      sources.add(this);
      window.setTimeout(beat, 0);
    }

    close() {
      sources.delete(this);
    }
  };
  function beat() {
    for (const source of sources) {
      events.forEach(([name, data]) => source.dispatchEvent(new MessageEvent(name, { data })));
    }
  }
  window.tell = (next) => {
    events = next;
    beat();
  };
  window.setInterval(beat, 500);
}

function setLanguage(language) {
  if (window.localStorage.getItem('fillgate.language') === null) {
    window.localStorage.setItem('fillgate.language', language);
  }
}

/** A page on the real stream. @param {import('playwright-core').Browser} browser
 * @param {{size?: object, language?: string, base?: string, reducedMotion?: string, touch?: boolean, context?: object}} [options] */
export async function open(browser, options = {}) {
  const page = await newPage(browser, { base: address(), ...options });
  await page.addInitScript(plant);
  await page.addInitScript(setLanguage, options.language ?? 'en');
  await page.goto(options.base ?? address());
  return page;
}

/** A page whose stream is recorded states; all else is the link's. @param {import('playwright-core').Browser} browser */
export async function openRecorded(browser, options = {}) {
  const page = await newPage(browser, { base: address(), ...options });
  await page.addInitScript(plantRecorded);
  await page.addInitScript(plant);
  await page.addInitScript(setLanguage, options.language ?? 'en');
  await page.goto(address());
  await until('the page loaded its texts', () => page.evaluate(() => document.title !== 'fillgate'));
  return page;
}

/** Tells a recorded page a state, and the board before it; returns when it shows. @param {Page} page */
export async function tell(page, state, board = BOARD) {
  const events = [['board', JSON.stringify(board)], ['state', JSON.stringify(state)]];
  await page.evaluate((next) => window.tell(next), events);
  await until(`the page shows ${state.display}`, () => page.evaluate(() => document.body.dataset.display !== undefined));
}

/** The banner's own word for what it shows, or null when it is covered. @param {Page} page */
export function look(page) {
  return page.evaluate(() => document.body.dataset.display ?? null);
}

/** Every one of the pages looks like this. @param {Page|Page[]} pages @param {string|null} name */
export async function untilLook(pages, name) {
  for (const page of [pages].flat()) {
    await until(`the page looks ${name}`, async () => {
      const now = await look(page);
      check(now === name, `it looks ${now}`);
      return true;
    });
  }
}

/** @param {Page} page @param {string} selector @param {string|RegExp} expected */
export function untilWords(page, selector, expected) {
  return until(`${selector} says ${expected}`, async () => {
    const said = await words(page, selector);
    check(typeof expected === 'string' ? said.includes(expected) : expected.test(said), `it says "${said}"`);
    return true;
  });
}

/** @param {Page} page @param {string} selector @param {boolean} [shown] */
export function untilShown(page, selector, shown = true) {
  return until(`${selector} is ${shown ? 'shown' : 'hidden'}`, async () => (await page.locator(selector).isVisible()) === shown);
}

/** The catalogue's texts in the page's language now, as the link hands them out. @param {Page} page */
export function textsOf(page) {
  return page.evaluate(async () => {
    const tables = await (await fetch('/texts')).json();
    return tables[document.documentElement.lang === 'en' ? 'en' : 'zh'];
  });
}

/** A refusal for this reason stands in the banner, with what to do, in the page's language. @param {Page|Page[]} pages @param {string} reason */
export async function untilRefused(pages, reason) {
  for (const page of [pages].flat()) {
    const texts = await textsOf(page);
    await untilWords(page, '#banner-reason', texts.reason[reason]);
    await untilWords(page, '#banner-do', texts.advice[reason]);
    await untilWords(page, '#banner-word', texts.panel.DISPLAY_REFUSED);
  }
}

/** Signs in with a PIN on the page's own keys. @param {Page} page @param {string} who @param {string} pin */
export async function signIn(page, who, pin) {
  if (await page.locator('#pin-form').isHidden()) {
    await page.locator('#sign-in-names button', { hasText: who }).click();
  }
  for (const digit of pin) {
    await page.locator('#pin-keys button', { hasText: new RegExp(`^${digit}$`) }).click();
  }
  await page.locator('#pin-ok').click();
}

/** Taps every item that is not confirmed yet, and waits until states say that it is. @param {Page} page */
export async function confirmChecks(page) {
  const items = page.locator('#check-items button');
  for (let index = 0; index < await items.count(); index++) {
    const item = items.nth(index);
    await item.click();
    await until('the item is confirmed', async () => (await page.locator('#checks').isHidden()) || (await item.getAttribute('aria-pressed')) === 'true');
  }
}

/** Switches the page to the other language. @param {Page} page */
export async function switchLanguage(page) {
  const before = await page.evaluate(() => document.documentElement.lang);
  await page.locator('#language').click();
  await until('the language changed', async () => (await page.evaluate(() => document.documentElement.lang)) !== before);
}
