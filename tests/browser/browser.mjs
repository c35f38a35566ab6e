/* Debian's chromium with one page in it at a time, and what every page of ours must be like: no error on its console, no breach of the
 * content policy, no request to anywhere else, nothing that axe-core finds, no sideways scroll, touch targets of 48 px. Not: what is on
 * the page (panel_page.mjs), nor what is beneath it (point.mjs). */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { check, PATIENCE_MS } from './harness.mjs';

const require = createRequire(`${process.env.MODULES}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

export const PHONE = { width: 360, height: 640 };
export const TABLET = { width: 1280, height: 800 };

/** What pages did that they must not do. @type {string[]} */
export const misdeeds = [];
/** While a server is away on purpose the browser itself says so on the console, and so it does for every refusal. */
const EXPECTED = /ERR_(CONNECTION|INCOMPLETE|EMPTY|SOCKET|NETWORK|ABORTED|FAILED|TIMED_OUT)|the server responded with a status of (401|403|409|429|503)/;

/** @param {string[]} [more] arguments of chromium */
export function launch(more = []) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--mute-audio',
      '--disable-component-update', '--disable-sync', '--autoplay-policy=no-user-gesture-required', ...more],
    timeout: PATIENCE_MS,
  });
}

/** @param {import('playwright-core').Page} page @param {string} base */
function watch(page, base) {
  page.on('pageerror', (error) => misdeeds.push(`error: ${error}`));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !EXPECTED.test(message.text())) {
      misdeeds.push(`console: ${message.text()} ${message.location().url}`);
    }
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) {
      misdeeds.push(`request: ${request.url()}`);
    }
  });
}

/** Before the page's own scripts: collects breaches of the content policy. */
function collectBreaches() {
  window.breaches = [];
  document.addEventListener('securitypolicyviolation', (event) => window.breaches.push(`${event.violatedDirective} ${event.blockedURI}`));
}

/** A page in a browser of its own (its own cookies), not yet gone anywhere.
 * @param {import('playwright-core').Browser} browser
 * @param {{base: string, size?: {width: number, height: number}, reducedMotion?: 'reduce'|'no-preference', touch?: boolean,
 *          context?: object}} options base: where its requests may go; context: more of playwright's options */
export async function newPage(browser, options) {
  const context = await browser.newContext({
    viewport: options.size ?? PHONE, reducedMotion: options.reducedMotion ?? 'no-preference', hasTouch: options.touch ?? false,
    locale: 'en-GB', timezoneId: 'America/New_York', ...options.context,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  watch(page, options.base);
  await page.addInitScript(collectBreaches);
  return page;
}

/** Closes the page and its browser. @param {import('playwright-core').Page} page */
export async function closePage(page) {
  await page.context().close();
}

/** Visible text of an element; empty when it is hidden. @param {import('playwright-core').Page} page @param {string} selector */
export async function words(page, selector) {
  const node = page.locator(selector);
  return (await node.isVisible()) ? (await node.innerText()).trim() : '';
}

/** What is wrong with the layout: sideways scroll, touch targets below 48 px, text that is cut off. Runs in the page. */
function layoutFaults() {
  const found = [];
  if (document.documentElement.scrollWidth > window.innerWidth) {
    found.push(`scrolls sideways: ${document.documentElement.scrollWidth} px`);
  }
  for (const node of document.querySelectorAll('button, input, select, a[href], summary')) {
    const { width, height } = node.getBoundingClientRect();
    if (node.checkVisibility() && (width < 48 || height < 48)) {
      found.push(`#${node.id} ${node.textContent.slice(0, 40)}: ${width} x ${height} px`);
    }
  }
  for (const node of document.querySelectorAll('h1, h2, h3, p, dd, dt, li, button, span, time, td, th')) {
    if (node.checkVisibility() && node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== 'inline') {
      found.push(`cut: ${node.id || node.className || node.tagName} ${node.textContent.slice(0, 40)}`);
    }
  }
  return found;
}

/** @param {import('playwright-core').Page} page @param {string} [where] said with what is wrong */
export async function checkLayout(page, where = '') {
  const wrong = await page.evaluate(layoutFaults);
  check(wrong.length === 0, `${where}: ${wrong.join('; ')}`);
}

/** axe-core finds no violation. @param {import('playwright-core').Page} page @param {string} [where] */
export async function checkAccess(page, where = '') {
  if (!(await page.evaluate(() => 'axe' in window))) {
    await page.evaluate(axe);
  }
  const violations = await page.evaluate(async () => {
    const result = await window.axe.run(document, { resultTypes: ['violations'], elementRef: false });
    return result.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).slice(0, 4).join(', ')}`);
  });
  check(violations.length === 0, `${where}: ${violations.join('; ')}`);
}

/** No breach of the content policy since the page was loaded. @param {import('playwright-core').Page} page */
export async function checkPolicy(page) {
  const breaches = await page.evaluate(() => window.breaches);
  check(breaches.length === 0, breaches.join('; '));
}
