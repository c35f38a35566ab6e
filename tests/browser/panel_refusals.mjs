/* Refusals that the simulated point really gives, each seen on a phone in English and a tablet in Chinese at once. Not: reasons that it
 * cannot be brought to (panel_recorded.mjs tells every one). */
import { checkAccess, checkLayout, closePage, PHONE, TABLET } from './browser.mjs';
import { check, test } from './harness.mjs';
import { confirmChecks, open, textsOf, untilLook, untilRefused, untilShown, untilWords } from './panel_page.mjs';
import { connect, importList, point, remove, sim, signInByHand, status } from './point.mjs';

/** @returns {Promise<import('playwright-core').Page[]>} */
export async function openBoth(browser) {
  return [await open(browser, { size: PHONE, touch: true }), await open(browser, { size: TABLET, language: 'zh' })];
}

export async function closeAll(pages) {
  for (const page of pages) {
    await closePage(page);
  }
}

/** What lies in the field, and why it is refused. */
const TAGS = [
  ['overdue', 'INSPECTION_OVERDUE'], ['old', 'SERVICE_LIFE_OVER'], ['scrapped', 'SCRAPPED'], ['lost', 'LOST'], ['suspended', 'SUSPENDED'],
  ['fresh', 'FIRST_FILL_NOT_PURGED'], ['weak', 'PRESSURE_CLASS'], ['gasbottle', 'WRONG_MEDIUM'], ['twin', 'OTHER_CYLINDER_FAILS'],
  ['unlisted', 'NOT_LISTED'], ['blank', 'TAG_FORMAT'], ['forged', 'TAG_SIGNATURE'], ['replaced', 'UID_MISMATCH'], ['good overdue', 'TWO_TAGS'],
];
/** A list that moves the rules, what lies in the field then, and why it is refused. */
const LISTS = [
  ['list-2.fgl', 'good', 'TOO_OFTEN'], ['list-3.fgl', 'thirteenth', 'STATION_LICENCE_EXPIRED'], ['list-4.fgl', 'thirteenth', 'POINT_BLOCKED'],
  ['list-5.fgl', 'foreign', 'NOT_OWN_CYLINDER'],
];

async function refusedFor(pages, tags, reason) {
  await sim(`present ${tags}`);
  await untilRefused(pages, reason);
  await remove();
}

/** Two fills in a row in which no gas flows, since the nozzle is on no cylinder. */
async function lockOut(pages) {
  const [phone] = pages;
  await sim('disconnect');
  for (const name of ['eleventh', 'twelfth']) {
    await sim(`present ${name}`);
    await untilLook(phone, 'PRE_CHECK');
    await confirmChecks(phone);
    await phone.locator('#start').click();
    await untilLook(phone, 'POST_CHECK');
    await confirmChecks(phone);
    await untilLook(phone, name === 'eleventh' ? 'ENDED' : 'LOCKED');
    await remove();
  }
  await refusedFor(pages, 'thirteenth', 'POINT_LOCKED_OUT');
  await untilLook(pages, 'LOCKED');
  await checkLayout(phone, 'locked');
  await phone.locator('#clear').click();
  await untilLook(pages, 'READY');
}

/** A code is typed on the phone; both pages then ask for the second operator, with the time that he has. */
async function typeCode(pages, code) {
  const [phone] = pages;
  await untilShown(phone, '#manual-open');
  await phone.locator('#manual-open').click();
  await phone.locator('#manual-code').fill(code);
  await phone.locator('#manual .go').click();
  for (const page of pages) {
    await untilShown(page, '#second');
    await untilWords(page, '#second-code', new RegExp(code.toUpperCase()));
    await untilWords(page, '#second-left', /0:[0-5]\d/);
    check(await page.locator('#manual-open').isHidden(), 'another code could be typed');
  }
  await checkLayout(phone, 'second operator');
  await checkAccess(phone, 'second operator');
}

async function giveUp(pages) {
  const [phone, tablet] = pages;
  await typeCode(pages, 'hz-cng-900032');
  await tablet.locator('#second-cancel').click();
  await untilRefused(pages, 'SECOND_PERSON_MISSING');
  check(await phone.locator('#second').isHidden(), 'it is still asked for');
}

async function prove(pages) {
  const [phone] = pages;
  const { panel } = await textsOf(phone);
  const [name, pin] = (await status()).operator === 'op-li' ? ['op-wang', '246810'] : ['op-li', '135790'];
  await typeCode(pages, 'hz-cng-900032');
  await phone.locator('#second-who').selectOption(name);
  await phone.locator('#second-pin').fill('999999');
  await phone.locator('#second-send').click();
  await untilWords(phone, '#second-said', panel.SIGN_IN_PIN_WRONG);
  check((await phone.locator('#second-pin').inputValue()) === '', 'the PIN is left in its field');
  await phone.waitForTimeout(1500);
  await phone.locator('#second-pin').fill(pin);
  await phone.locator('#second-send').click();
  await untilLook(pages, 'PRE_CHECK');
  for (const page of pages) {
    const texts = await textsOf(page);
    await untilWords(page, '#cylinder-values', new RegExp(name + texts.panel.COMMA.replace('{0}', texts.panel.PERSON_PROOF_PIN)));
  }
  await phone.locator('#stop').click();
  await untilLook(pages, 'READY');
}

/** @param {import('playwright-core').Browser} browser */
export async function testNoList(browser) {
  await test('no controller yet: the page says so, and comes to life by itself; no list is a fault, and refused', async () => {
    const pages = await openBoth(browser);
    await untilShown(pages[0], '#cover-gone');
    await point('start');
    await untilLook(pages, 'FAULT');
    for (const page of pages) {
      const texts = await textsOf(page);
      await untilWords(page, '#banner-reason', texts.reason.LIST_MISSING);
    }
    await signInByHand('op-wang');
    await refusedFor(pages, 'good', 'LIST_MISSING');
    await closeAll(pages);
  });
}

/** @param {import('playwright-core').Browser} browser */
export async function testTags(browser) {
  const pages = await openBoth(browser);
  await untilLook(pages, 'READY');
  for (const [tags, reason] of TAGS) {
    await test(`refused on both pages: ${reason}`, () => refusedFor(pages, tags, reason));
  }
  await test('refused on both pages: PRE_CHECK_FAILED, after a second tap that names the item', async () => {
    const [phone] = pages;
    await connect('thirteenth');
    await untilLook(pages, 'PRE_CHECK');
    await phone.locator('#check-failed').click();
    await phone.locator('#check-failing button').first().click();
    await untilRefused(pages, 'PRE_CHECK_FAILED');
    await remove();
  });
  await test('no code can be typed where the station rules do not allow it', async () => {
    await untilLook(pages, 'READY');
    for (const page of pages) {
      check(await page.locator('#manual-open').isHidden(), 'the button is shown');
    }
  });
  await test('refused on both pages: EMERGENCY_STOP, which is a fault without a tag too', async () => {
    await sim('estop on');
    await untilLook(pages, 'FAULT');
    await refusedFor(pages, 'thirteenth', 'EMERGENCY_STOP');
    await sim('estop off');
    await untilLook(pages, 'READY');
  });
  await test('refused on both pages: DEVICE_FAULT, and the page names the device', async () => {
    await sim('fault bus silent on');
    await untilLook(pages, 'FAULT');
    const { panel } = await textsOf(pages[1]);
    await untilWords(pages[1], '#devices', panel.DEVICE_METER);
    await untilWords(pages[1], '#devices', panel.DEVICE_DOWN);
    await refusedFor(pages, 'thirteenth', 'DEVICE_FAULT');
    await sim('fault bus silent off');
    await untilLook(pages, 'READY');
  });
  await closeAll(pages);
}

/** @param {import('playwright-core').Browser} browser */
export async function testRules(browser) {
  const pages = await openBoth(browser);
  await test('refused on both pages: TOO_SOON', () => refusedFor(pages, 'good', 'TOO_SOON'));
  await test('refused on both pages: POINT_LOCKED_OUT after two zero fills; cleared by a tap', () => lockOut(pages));
  for (const [list, tags, reason] of LISTS) {
    await test(`refused on both pages: ${reason}`, async () => {
      await importList(list);
      await refusedFor(pages, tags, reason);
    });
  }
  await test('refused on both pages: LIST_NOT_AUTHENTIC, and a new list mends it', async () => {
    await point('tamper-list');
    await refusedFor(pages, 'scrapped', 'LIST_NOT_AUTHENTIC');
    await importList('list-6.fgl');
    await refusedFor(pages, 'scrapped', 'SCRAPPED');
  });
  await test('a typed code waits for a second operator, and is refused when it is given up: SECOND_PERSON_MISSING', () => giveUp(pages));
  await test('a second operator proves himself by PIN: wrong is told, his own is taken, and both pages name him', () => prove(pages));
  await test('refused on both pages: LIST_EXPIRED, the moment it expires', async () => {
    await point('list-expiring', '10'); // it must have been imported before that
    await importList('list-7.fgl');
    await untilLook(pages, 'FAULT');
    await refusedFor(pages, 'thirteenth', 'LIST_EXPIRED');
  });
  await test('refused on both pages: CLOCK_NOT_TRUSTED', async () => {
    await importList('list-8.fgl');
    if ((await status()).clock_quality === 'S') {
      return; // the list is the bureau's fault then: it is used, and nothing is refused
    }
    await refusedFor(pages, 'thirteenth', 'CLOCK_NOT_TRUSTED');
  });
  await closeAll(pages);
}
