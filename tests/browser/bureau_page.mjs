/* The bureau's pages in a browser: signing in as a role, going to addresses, recorded answers in place of the server's, and what every page
 * must be like. Not: the browser itself (browser.mjs), what is tested (bureau.mjs). */
import { answerTo, NOBODY, SESSION } from './bureau_answers.mjs';
import { checkAccess, checkPolicy, newPage } from './browser.mjs';
import { check, until } from './harness.mjs';

export const base = process.env.ADDRESS ?? '';
export const PASSWORD = 'look-at-everything';
export const USERS = { auditor: 'auditor', registrar: 'registrar', supervisor: 'supervisor', administrator: 'keeper' };

/** @param {import('playwright-core').Browser} browser @param {{size?: {width: number, height: number}, language?: string, context?: object}} [options] */
export async function open(browser, options = {}) {
  const page = await newPage(browser, { base, size: options.size ?? { width: 1280, height: 900 }, context: { timezoneId: 'Asia/Shanghai', ...options.context } });
  await page.addInitScript((language) => {
    if (window.localStorage.getItem('fillgate.language') === null) {
      window.localStorage.setItem('fillgate.language', language);
    }
  }, options.language ?? 'en');
  return page;
}

/** Waits until the view of the address stands. @param {import('playwright-core').Page} page */
export async function settled(page) {
  await page.waitForFunction(() => {
    const main = document.getElementById('main');
    return main !== null && !main.hasAttribute('aria-busy') && main.querySelector('h1:not([lang])') !== null;
  });
}

/** Goes there within the page, as a link does. @param {import('playwright-core').Page} page @param {string} hash */
export async function visit(page, hash) {
  await page.evaluate((to) => {
    document.getElementById('main')?.setAttribute('aria-busy', 'true');
    if (window.location.hash === to) {
      window.dispatchEvent(new HashChangeEvent('hashchange'));
    }
    window.location.hash = to;
  }, hash);
  await settled(page);
}

/** Types user and password. @param {import('playwright-core').Page} page @param {string} user @param {string} [password] */
export async function signIn(page, user, password = PASSWORD) {
  await page.locator('#sign-in input[name=user]').fill(user);
  await page.locator('#sign-in input[name=password]').fill(password);
  await page.locator('#sign-in button[type=submit]').click();
}

/** A page of somebody who has signed in. @param {import('playwright-core').Browser} browser @param {keyof typeof USERS} role @param {any} [options] */
export async function openAs(browser, role, options = {}) {
  const page = await open(browser, options);
  await page.goto(`${base}${options.hash ?? '#/account'}`);
  await page.locator('#sign-in').waitFor();
  await signIn(page, USERS[role]);
  await until(`${role} is signed in`, async () => (await page.locator('#sign-in').count()) === 0);
  await settled(page);
  return page;
}

/** From now on the API's questions get recorded answers, changed by alter. @param {import('playwright-core').Page} page
 * @param {{role?: string, nobody?: boolean, alter?: (answer: any) => any}} [options] */
export async function record(page, { role = 'auditor', nobody, alter = (answer) => answer } = {}) {
  await page.route((url) => url.pathname.startsWith('/api/v1/') && url.pathname !== '/api/v1/texts', async (route) => {
    const path = new URL(route.request().url()).pathname.slice('/api/v1/'.length);
    if (path === 'session') {
      await route.fulfill({ json: nobody ? NOBODY : { ...SESSION, role } });
      return;
    }
    const answer = answerTo(route.request().method(), path, route.request().postDataJSON());
    await (answer === undefined ? route.fulfill({ status: 404, json: { error: 'NOT_FOUND', text_en: 'Not found', text_zh: '未找到' } })
      : route.fulfill({ json: alter(answer) }));
  });
}

/** What is wrong with the layout: sideways scroll, text that is cut off or lies outside. Runs in the page. */
function faults() {
  const found = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) {
    found.push(`scrolls sideways: ${document.documentElement.scrollWidth} px of ${width}`);
  }
  for (const node of document.querySelectorAll('button, input:not([type=checkbox]), select, .button, summary, #menu a')) {
    const { height } = node.getBoundingClientRect();
    if (node.checkVisibility() && height < 36) {
      found.push(`low: ${node.id} ${node.textContent.slice(0, 40)}: ${height} px`);
    }
  }
  for (const node of document.querySelectorAll('h1, h2, h3, p, dd, dt, li, button, td, th, .badge, a, label')) {
    if (node.closest('.unseen, thead, #who') || !node.checkVisibility()) {
      continue;
    }
    const box = node.getBoundingClientRect();
    if (box.right > width + 1 || (node.scrollWidth > node.clientWidth + 1 && getComputedStyle(node).display !== 'inline')) {
      found.push(`cut: ${node.tagName}.${node.className} ${node.textContent.slice(0, 40)}`);
    }
  }
  return found.slice(0, 5);
}

/** @param {import('playwright-core').Page} page @param {string} where */
export async function checkWidths(page, where, widths = [360, 768, 1280, 1920]) {
  for (const width of widths) {
    await page.setViewportSize({ width, height: 900 });
    const wrong = await page.evaluate(faults);
    check(wrong.length === 0, `${where} at ${width}: ${wrong.join('; ')}`);
  }
}

/** No words of the catalogue missing: nothing that looks like a name of a text. @param {import('playwright-core').Page} page @param {string} where */
export async function checkWords(page, where) {
  const names = await page.evaluate(() => [...document.querySelectorAll('h1, h2, h3, label, th, dt, button, caption, summary, p')]
    .map((node) => node.textContent.trim()).filter((text) => /^[A-Z]+(_[A-Z]+)+$/.test(text) || /\{\d\}/.test(text)));
  check(names.length === 0, `${where}: texts that the catalogue does not have: ${names.join(', ')}`);
}

/** @param {import('playwright-core').Page} page @param {string} where */
export async function checkPage(page, where) {
  // A notice that leads somewhere is what the page has to say; one that does not is an error.
  const failed = await page.locator('#main > div > .notice.bad[role=alert]:not(:has(a))').allInnerTexts();
  check(failed.length === 0, `${where}: ${failed.join('; ')}`);
  await checkWords(page, where);
  await checkAccess(page, where);
  await checkPolicy(page);
}
