/* Whole fills by taps: from tag to done, suspended and resumed, stopped at once, and by keyboard alone; what one page does, the other
 * shows. Not: lost connections (panel_connection.mjs). */
import { checkAccess, checkLayout, checkPolicy, words } from './browser.mjs';
import { check, test, until } from './harness.mjs';
import { confirmChecks, textsOf, untilLook, untilShown, untilWords } from './panel_page.mjs';
import { connect, journal, remove, sim, status, untilPhase } from './point.mjs';
import { closeAll, openBoth } from './panel_refusals.mjs';

const SLOW = 'speed 3';
const FAST = `speed ${process.env.SPEED}`;

/** Gas has flowed: the fill is not one of nothing. @param {import('playwright-core').Page} page */
export function untilGas(page) {
  return until('gas flows', async () => (await status()).quantity_g > 60 && /[1-9]/.test(await words(page, '#progress-words')));
}

/** From the tag to gas, by taps on the phone. @param {import('playwright-core').Page[]} pages @param {string} cylinder */
export async function startFill(pages, cylinder) {
  await connect(cylinder);
  await untilLook(pages, 'PRE_CHECK');
  await confirmChecks(pages[0]);
  await pages[0].locator('#start').click();
  await untilLook(pages, 'FILLING');
}

/** The check after the fill by taps, and the cylinder away. */
async function endFill(pages, expected) {
  await untilLook(pages, 'POST_CHECK');
  await confirmChecks(pages[0]);
  await untilLook(pages, expected);
  await remove();
  await sim('disconnect');
}

async function wholeFill(pages) {
  const [phone, tablet] = pages;
  await connect('good');
  await untilLook(pages, 'PRE_CHECK');
  await untilWords(phone, '#cylinder-plate', '浙ED901');
  await untilWords(tablet, '#cylinder-values', 'HZ-CNG-900001');
  check(await phone.locator('#start').isDisabled(), 'start can be pressed before the items are confirmed');
  await untilWords(phone, '#hint', (await textsOf(phone)).panel.START_CHECKS_FIRST);
  await phone.locator('#check-items button').first().tap();
  await until('the other page shows the tap', async () =>
    (await tablet.locator('#check-items button').first().getAttribute('aria-pressed')) === 'true');
  await confirmChecks(phone);
  await checkLayout(phone, 'pre-check');
  await phone.locator('#start').tap();
  await untilLook(pages, 'FILLING');
  await sim(SLOW);
  await untilGas(phone);
  for (const page of pages) {
    const { panel } = await textsOf(page);
    const values = await words(page, '#fill-values');
    for (const name of ['PRESSURE', 'LIMIT', 'FILLED', 'TEMPERATURE', 'FLOW']) {
      check(values.includes(panel[name]), `${name} is missing: ${values}`);
    }
    check(/\d\.\d MPa/.test(values) && /\d\.\d\d kg\/min/.test(values) && /\d °C/.test(values), values);
    await checkLayout(page, 'filling');
    await checkAccess(page, 'filling');
  }
  await sim(FAST);
  await endFill(pages, 'DONE');
  await untilWords(tablet, '#today-values', /1/);
  await untilWords(phone, '#attempt-rows', 'HZ-CNG-900001');
  await checkPolicy(phone);
}

async function suspended(pages) {
  const [phone, tablet] = pages;
  await startFill(pages, 'second');
  await sim(SLOW);
  await untilGas(phone);
  await tablet.locator('#suspend').click();
  await untilLook(pages, 'SUSPENDED');
  await untilWords(phone, '#banner-do', (await textsOf(phone)).panel.DO_SUSPENDED_OPERATOR);
  await until('the valve is shut', async () => !(await status()).valve_commanded);
  await phone.locator('#resume').tap();
  await untilLook(pages, 'FILLING');
  await sim('remove');
  await untilLook(pages, 'SUSPENDED');
  await untilWords(phone, '#banner-do', (await textsOf(phone)).panel.DO_SUSPENDED_TAG);
  await untilWords(phone, '#countdown', /\d:\d\d/);
  await untilShown(phone, '#resume', false);
  await sim('present second');
  await untilLook(pages, 'FILLING');
}

async function stopped(pages) {
  const [phone, tablet] = pages;
  await untilGas(phone);
  const box = await tablet.locator('#stop').boundingBox();
  await tablet.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await tablet.mouse.down();
  /* The finger is still on the glass. */
  await untilLook(pages, 'POST_CHECK');
  await tablet.mouse.up();
  for (const page of pages) {
    await untilWords(page, '#banner-reason', (await textsOf(page)).stop.OPERATOR);
  }
  await sim(FAST);
  await endFill(pages, 'ENDED');
  check((await journal()).filter((entry) => entry.kind === 'ENDED').length === 2, 'the journal does not have two fills');
}

/** Tabs until the element has the focus. @param {import('playwright-core').Page} page @param {string} selector */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    if (await page.locator(selector).evaluate((node) => node === document.activeElement)) {
      return;
    }
  }
  throw new Error(`${selector} cannot be reached by keyboard`);
}

async function byKeyboard(pages) {
  const [, tablet] = pages;
  await connect('third');
  await untilLook(pages, 'PRE_CHECK');
  const items = await tablet.locator('#check-items button').count();
  for (let index = 0; index < items; index++) {
    const item = `#check-items li:nth-child(${index + 1}) button`;
    await tabTo(tablet, item);
    await tablet.keyboard.press('Space');
    await until('the item is confirmed', async () => (await tablet.locator(item).getAttribute('aria-pressed')) === 'true');
  }
  await tabTo(tablet, '#start');
  check(await tablet.evaluate(() => getComputedStyle(document.activeElement).outlineStyle) !== 'none', 'the focus cannot be seen');
  await tablet.keyboard.press('Enter');
  await untilLook(pages, 'FILLING');
  await untilGas(tablet);
  await sim(SLOW);
  await tabTo(tablet, '#stop');
  await tablet.keyboard.press('Enter');
  await untilPhase('POST_CHECK');
  await sim(FAST);
  await endFill(pages, 'ENDED');
}

/** @param {import('playwright-core').Browser} browser */
export async function testFills(browser) {
  const pages = await openBoth(browser);
  await test('a whole fill from tag to done by taps; two pages, phone and tablet, agree in every state', () => wholeFill(pages));
  await test('suspended and resumed by a tap; suspended when the tag goes, resumed when it is back', () => suspended(pages));
  await test('stop works while the finger is still on the glass', () => stopped(pages));
  await test('a fill by keyboard alone', () => byKeyboard(pages));
  await closeAll(pages);
}
