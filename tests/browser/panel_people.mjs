/* Signing in by card and PIN, wrong PINs, certificates that end, and who is idle for too long. Not: what they may do then. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';

import { checkAccess, checkLayout, closePage, PHONE } from './browser.mjs';
import { check, test, until } from './harness.mjs';
import { look, open, signIn, textsOf, untilLook, untilRefused, untilShown, untilWords } from './panel_page.mjs';
import { directory, importList, journal, point, remove, sim, signInByHand, status } from './point.mjs';
import { closeAll, openBoth } from './panel_refusals.mjs';

const PIN_TRIES = 5;

async function wrongPins(phone) {
  const { panel } = await textsOf(phone);
  await signIn(phone, 'op-wang', '123');
  await untilWords(phone, '#pin-said', panel.SIGN_IN_PIN_SHORT);
  await phone.locator('#pin').fill('');
  /* A busy controller may answer a try without having looked at it; that one does not count. */
  let tries = 0;
  while (tries < 2 * PIN_TRIES && await phone.locator('#sign-in-blocked').isHidden()) {
    const answered = phone.waitForResponse((response) => response.request().method() === 'POST', { timeout: 45000 });
    await signIn(phone, 'op-wang', '999999');
    await answered;
    tries++;
    if (tries < PIN_TRIES) {
      await untilWords(phone, '#pin-said', panel.SIGN_IN_PIN_WRONG);
      check((await phone.locator('#pin').inputValue()) === '', 'the PIN is left in its field');
    } else {
      await phone.waitForTimeout(1500);
    }
  }
  check(tries >= PIN_TRIES, `blocked after ${tries} tries`);
  await untilShown(phone, '#sign-in-blocked');
  await phone.locator('#pin').fill('246810');
  await phone.locator('#pin').press('Enter');
  await checkAccess(phone, 'blocked');
  check((await status()).operator === '', 'the right PIN was taken while blocked');
}

/** @param {import('playwright-core').Browser} browser */
export async function testPeople(browser) {
  const pages = await openBoth(browser);
  const [phone, tablet] = pages;
  await test('signed out by a tap: both pages ask for somebody; a tag is refused: OPERATOR_NOT_SIGNED_IN', async () => {
    await importList('list-1.fgl');
    await untilLook(pages, 'READY');
    await phone.locator('#sign-out').click();
    await untilLook(pages, 'SIGN_IN');
    await checkLayout(phone, 'sign in');
    await sim('present good');
    await untilRefused(pages, 'OPERATOR_NOT_SIGNED_IN');
    await remove();
  });
  await test('a PIN signs in on its own keys, with a certificate that ends in 10 days: warned on both pages', async () => {
    await untilLook(pages, 'SIGN_IN');
    await phone.locator('#sign-in-names button', { hasText: 'op-li' }).click();
    await checkLayout(phone, 'PIN');
    await checkAccess(phone, 'PIN');
    await signIn(phone, 'op-li', '135790');
    await untilLook(pages, 'READY');
    for (const page of pages) {
      const { panel } = await textsOf(page);
      await untilWords(page, '#operator-id', 'op-li');
      await untilWords(page, '#certificate', panel.DUE_IN_DAYS.replace('{0}', '10'));
      check((await page.locator('#certificate').getAttribute('class')).includes('warning-2'), 'not the warning of 15 days');
    }
    check((await journal()).some((entry) => JSON.stringify(entry).includes('op-li')), 'the journal does not know');
  });
  await test('an expired certificate is said to be over, and refused: OPERATOR_CERTIFICATE_EXPIRED', async () => {
    await signInByHand('op-li', '2020-01-01');
    for (const page of pages) {
      await untilWords(page, '#certificate', (await textsOf(page)).panel.DUE_OVER);
    }
    await sim('present good');
    await untilRefused(pages, 'OPERATOR_CERTIFICATE_EXPIRED');
    await remove();
    await tablet.locator('#sign-out').click();
    await untilLook(pages, 'SIGN_IN');
  });
  await test('wrong PINs are told, counted and block the PIN for a while, even the right one', () => wrongPins(phone));
  await test('a card signs in all the same, on both pages', async () => {
    await sim('present card-wang');
    await untilWords(phone, '#operator-id', 'op-wang');
    await remove();
    await untilLook(pages, 'READY');
    await untilWords(tablet, '#operator-id', 'op-wang');
  });
  await closeAll(pages);
}

/** Ends the controller, moves one of its settings, and takes away these files of its.
 * @param {string} key @param {string} value @param {string[]} files */
async function endWith(key, value, files) {
  await point('stop');
  const file = `${directory}/point.ini`;
  writeFileSync(file, readFileSync(file, 'utf8').replace(new RegExp(`^${key} = .*`, 'm'), `${key} = ${value}`));
  files.forEach((name) => rmSync(`${directory}/${name}`, { force: true }));
}

/** @param {import('playwright-core').Browser} browser */
export async function testController(browser) {
  const store = (name) => ['', '-wal', '-shm'].map((more) => `${name}${more}`);
  const page = await open(browser, { size: PHONE });
  await test('the controller ends: the page is covered; it comes back by itself, and tells a journal that was rolled back', async () => {
    await until('some state', async () => (await look(page)) !== null);
    await endWith('operator_idle_max_ms', '6000', [...store('journal.db'), ...store('list.db')]);
    await untilShown(page, '#cover-gone');
    check(await page.locator('#page').isHidden(), 'the old state shows beneath the cover');
    await point('start');
    await importList('list-1.fgl');
    await untilLook(page, 'FAULT');
    await untilWords(page, '#banner-reason', (await textsOf(page)).reason.JOURNAL_NOT_WRITABLE);
    await sim('present good');
    await untilRefused(page, 'JOURNAL_NOT_WRITABLE');
    await remove();
  });
  await test('who is idle for too long is told ahead, and signed out', async () => {
    await endWith('operator_idle_max_ms', '6000', [...store('journal.db'), 'journal.db.anchor']);
    await point('start');
    await untilLook(page, 'SIGN_IN');
    await signIn(page, 'op-wang', '246810');
    await untilWords(page, '#idle-left', /\d:\d\d/);
    await untilLook(page, 'SIGN_IN');
  });
  await closePage(page);
}
