/* What a simulated point cannot be brought to, or not soon enough: every reason of the catalogue and every look, told by recorded states
 * through the page's own parser. Each look is measured at both sizes in both languages. Not: that the link tells such states. */
import { checkAccess, checkLayout, checkPolicy, closePage, PHONE, TABLET, words } from './browser.mjs';
import { check, test, until } from './harness.mjs';
import { look, openRecorded, switchLanguage, tell, textsOf, untilLook, untilRefused, untilWords } from './panel_page.mjs';
import { refusedFor, STATES } from './states.mjs';

/** A name where words should stand: the catalogue has no text for it. */
const RAW_NAME = /\b[A-Z]{2,}(_[A-Z0-9]+)+\b|\{\d\}|undefined|NaN|null/;

/** @param {import('playwright-core').Page} page */
async function checkWords(page, where) {
  const text = await page.evaluate(() => document.body.innerText);
  const raw = RAW_NAME.exec(text);
  check(raw === null, `${where}: the page says ${raw?.[0]}`);
}

/** While anything runs, stop lies in sight and nothing over it. @param {import('playwright-core').Page} page */
async function checkStop(page, state, where) {
  if (state.phase === 'IDLE') {
    check(await page.locator('#stop').isHidden(), `${where}: stop is shown when nothing runs`);
    return;
  }
  const top = await page.evaluate(() => {
    const box = document.getElementById('stop').getBoundingClientRect();
    return document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2)?.id;
  });
  check(top === 'stop', `${where}: stop is out of reach, ${top} lies there`);
}

async function checkLooks(page, place) {
  for (const [name, state] of Object.entries(STATES)) {
    await tell(page, state);
    const where = `${name}, ${place}`;
    await checkLayout(page, where);
    await checkStop(page, state, where);
    await checkWords(page, where);
  }
  await checkPolicy(page);
}

async function checkEveryReason(page) {
  const texts = await textsOf(page);
  const reasons = Object.keys(texts.reason).filter((name) => name !== 'NONE');
  check(reasons.length >= 35, `the catalogue has ${reasons.length} reasons`);
  for (const reason of reasons) {
    await tell(page, refusedFor([reason]));
    await untilRefused(page, reason);
    await checkLayout(page, reason);
  }
}

async function sounds(browser) {
  const page = await openRecorded(browser);
  const tones = () => page.evaluate(() => window.tones);
  await tell(page, STATES.ready);
  await page.locator('#banner-word').click();
  await tell(page, STATES.refused);
  await until('a sound for refused', async () => (await tones()) === 2);
  await tell(page, STATES.ready);
  await tell(page, STATES.done);
  await until('a sound for done', async () => (await tones()) === 5);
  await page.locator('#sound').click();
  await tell(page, STATES.ready);
  await tell(page, STATES.refused);
  check((await tones()) === 5, 'it sounds though it is switched off');
  await page.reload();
  await until('it remembers', async () => (await page.locator('#sound').getAttribute('aria-pressed')) === 'false');
  await closePage(page);
}

async function motion(browser) {
  for (const [reducedMotion, expected] of [['reduce', 0], ['no-preference', 1]]) {
    const page = await openRecorded(browser, { reducedMotion });
    await tell(page, STATES.filling);
    const running = await page.evaluate(() => document.getAnimations().length);
    check(running === expected, `${running} animations with ${reducedMotion}`);
    await closePage(page);
  }
}

/** A state that is not whole, or a display that this page does not know, is never shown as something else. */
async function strange(browser) {
  const page = await openRecorded(browser);
  await tell(page, { ...STATES.ready, display: 'HOVERING' });
  await untilLook(page, 'UNKNOWN');
  await page.evaluate(() => { console.warn = () => {}; });
  const { checks, ...without } = STATES.filling;
  check(checks !== undefined, 'the state had none');
  await page.evaluate((data) => window.tell([['state', data]]), JSON.stringify(without));
  await until('states that cannot be read count as none', async () => (await look(page)) === null);
  check(await page.locator('#cover-lost').isVisible(), 'the cover does not show');
  await closePage(page);
}

async function gone(browser) {
  const page = await openRecorded(browser);
  await tell(page, STATES.filling);
  await page.evaluate(() => window.tell([['gone', '{"text":"no answer within 1000 ms"}']]));
  await untilLook(page, null);
  check(await page.locator('#cover-gone').isVisible(), 'the cover does not show');
  check(await page.locator('#page').isHidden(), 'the old state shows beneath the cover');
  await checkAccess(page, 'gone');
  await closePage(page);
}

async function warnings(browser) {
  const page = await openRecorded(browser);
  for (const [name, level] of [['certificate-30', '1'], ['certificate-15', '2'], ['certificate-7', '3']]) {
    await tell(page, STATES[name]);
    const found = await page.locator('#certificate').getAttribute('class');
    check(found.includes(`warning-${level}`), `${name}: ${found}`);
  }
  for (const [days, level] of [[31, null], [30, 1], [15, 2], [7, 3], [0, 3], [-1, 3]]) {
    await tell(page, { ...STATES.ready, link: { ...STATES.ready.link, certificate_end: STATES.ready.today + days } });
    const found = await page.locator('#system-values dd').evaluateAll((values) => values.map((value) => value.className));
    check(level === null ? !found.some((name) => name.includes('warning-')) : found.some((name) => name.includes(`warning-${level}`)),
      `${days} days before the point's certificate ends: ${found}`);
  }
  const left = (days) => ({ ...STATES['pre-check'], cylinder: { ...STATES['pre-check'].cylinder, inspection_due: STATES.ready.today + days } });
  for (const [days, level] of [[31, null], [30, 1], [16, 1], [15, 2], [8, 2], [7, 3], [0, 3], [-1, 3]]) {
    await tell(page, left(days));
    const shown = await page.locator('#inspection').isVisible();
    const found = await page.locator('#inspection').getAttribute('class');
    check(level === null ? !shown : shown && found.includes(`warning-${level}`), `${days} days before the inspection: ${shown} ${found}`);
  }
  await closePage(page);
}

async function badReadings(browser) {
  const page = await openRecorded(browser);
  const { panel } = await textsOf(page);
  await tell(page, STATES['filling-bad-reading']);
  const said = await words(page, '#fill-values');
  check(said.includes(panel.READING_TIME_OUT) && said.includes(panel.READING_RANGE) && !said.includes('0.00 kg/min'), said);
  await closePage(page);
}

/** @param {import('playwright-core').Browser} browser */
export async function testRecorded(browser) {
  for (const [place, size, language] of [['phone, English', PHONE, 'en'], ['phone, Chinese', PHONE, 'zh'],
    ['tablet, English', TABLET, 'en'], ['tablet, Chinese', TABLET, 'zh']]) {
    await test(`every look fits: no sideways scroll, targets of 48 px, stop in reach, no word missing (${place})`, async () => {
      const page = await openRecorded(browser, { size, language });
      await checkLooks(page, place);
      await closePage(page);
    });
  }
  await test('every reason of the catalogue is told with what to do, in both languages', async () => {
    const page = await openRecorded(browser);
    await checkEveryReason(page);
    await switchLanguage(page);
    await checkEveryReason(page);
    await page.reload();
    await until('the language is remembered', async () => (await page.evaluate(() => document.documentElement.lang)) === 'zh-CN');
    await closePage(page);
  });
  for (const [place, size, language] of [['phone, English', PHONE, 'en'], ['tablet, Chinese', TABLET, 'zh']]) {
    await test(`axe-core finds no violation in any look (${place})`, async () => {
      const page = await openRecorded(browser, { size, language });
      for (const [name, state] of Object.entries(STATES)) {
        await tell(page, state);
        await checkAccess(page, name);
      }
      await closePage(page);
    });
  }
  await test('warnings 30, 15 and 7 days ahead: inspection, operator\'s and point\'s certificate', () => warnings(browser));
  await test('a reading that is not good is said to be so, its value not shown', () => badReadings(browser));
  await test('refused and done sound; the sound can be switched off for good', () => sounds(browser));
  await test('reduced motion: nothing moves', () => motion(browser));
  await test('an unknown display and half a state are not taken for anything', () => strange(browser));
  await test('a controller that does not answer covers the page', () => gone(browser));
  await test('the sign-in that is blocked says how long', async () => {
    const page = await openRecorded(browser);
    await tell(page, STATES['sign-in-blocked']);
    await untilWords(page, '#sign-in-blocked', '47');
    await closePage(page);
  });
}
