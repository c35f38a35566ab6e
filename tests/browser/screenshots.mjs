/* Pictures of the panel, one of each look, for docs/panel: recorded states, so that they are the same every time. Not: a test. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';

import { closePage, launch, PHONE, TABLET } from './browser.mjs';
import { openRecorded, tell } from './panel_page.mjs';
import { refusedFor, STATES } from './states.mjs';

const FOLDER = 'docs/panel';
/** Looks of which the large screen shows something else than the small one. */
const ON_TABLET = ['ready', 'refused', 'pre-check', 'filling', 'post-check', 'sign-in', 'fault'];

/** @param {import('playwright-core').Page} page */
async function take(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: `${FOLDER}/${name}.png`, animations: 'disabled', caret: 'hide' });
}

async function looks(browser, language, place, size, names) {
  const page = await openRecorded(browser, { size, language, reducedMotion: 'reduce' });
  for (const name of names) {
    await tell(page, STATES[name] ?? refusedFor([name]));
    await page.evaluate(() => window.scrollTo(0, 0));
    await take(page, `${name}-${place}-${language}`);
  }
  await closePage(page);
}

/** What no state tells: the covers, the keys of the PIN, a browser that is not paired. */
async function others(browser, language) {
  const page = await openRecorded(browser, { size: PHONE, language, reducedMotion: 'reduce' });
  await tell(page, STATES['sign-in']);
  await page.locator('#sign-in-names button').first().click();
  await page.evaluate(() => document.getElementById('pin-form').scrollIntoView({ block: 'end' }));
  await take(page, `pin-phone-${language}`);
  await page.evaluate(() => window.tell([['gone', '{"text":"no answer within 1000 ms"}']]));
  await take(page, `gone-phone-${language}`);
  await page.evaluate(() => window.tell([]));
  await page.waitForFunction(() => document.documentElement.dataset.link === 'lost');
  await take(page, `lost-phone-${language}`);
  await page.route('**/session', (route) => route.fulfill({ json: { token: '0', paired: false, sequence: 0, https: true } }));
  await page.reload();
  await page.waitForFunction(() => document.documentElement.dataset.link === 'unpaired');
  await take(page, `pairing-phone-${language}`);
  await closePage(page);
}

mkdirSync(FOLDER, { recursive: true });
readdirSync(FOLDER).filter((name) => name.endsWith('.png')).forEach((name) => rmSync(`${FOLDER}/${name}`));
const browser = await launch(['--font-render-hinting=none']);
for (const language of ['en', 'zh']) {
  await looks(browser, language, 'phone', PHONE, Object.keys(STATES));
  await looks(browser, language, 'tablet', TABLET, ON_TABLET);
  await others(browser, language);
}
await browser.close();
const files = readdirSync(FOLDER).filter((name) => name.endsWith('.png'));
console.log(`${files.length} pictures in ${FOLDER}`);
