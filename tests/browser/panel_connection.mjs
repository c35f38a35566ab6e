/* Lost connections: the page is covered in time, comes back by itself, and never shows an old state as present; and a tablet beyond
 * loopback, paired over HTTPS. Not: what a flood does to the link (tests/e2e/panel.sh). */
import { rmSync, writeFileSync } from 'node:fs';

import { checkAccess, checkLayout, checkPolicy, closePage, PHONE } from './browser.mjs';
import { check, test, until } from './harness.mjs';
import { look, open, textsOf, untilLook, untilShown, untilWords } from './panel_page.mjs';
import { startFill, untilGas } from './panel_fills.mjs';
import { address, build, directory, execute, fillgate, linkPid, point, remove, sim, untilPhase } from './point.mjs';
import { closeAll, openBoth } from './panel_refusals.mjs';

/** The promise is 3 s; the page looks every 250 ms, and a busy machine is late. */
const COVER_MAX_MS = 4000;

async function checkCovered(page) {
  await untilLook(page, null);
  await untilShown(page, '#cover-lost');
  check(await page.locator('#page').isHidden() && await page.locator('#actions').isHidden(), 'the old state shows beneath the cover');
  const size = await page.locator('#cover-lost h1').first().evaluate((node) => Number.parseFloat(getComputedStyle(node).fontSize));
  check(size >= 26, `${size} px are no large letters`);
  const late = await page.evaluate(() => window.looks.findLast((one) => one.link === 'lost').at - window.heardAt);
  check(late <= COVER_MAX_MS, `covered ${late} ms after the last state`);
}

/** Nothing was shown after the cover but this. */
async function checkNeverOld(page, old) {
  const shown = await page.evaluate(() => {
    const lost = window.looks.findLastIndex((one) => one.link === 'lost');
    return window.looks.slice(lost).map((one) => one.display);
  });
  check(!shown.includes(old), `the page showed ${old} again: ${shown}`);
}

async function silent(pages) {
  await startFill(pages, 'fourth');
  await sim('speed 3');
  await untilGas(pages[0]);
  process.kill(linkPid(), 'SIGSTOP');
  try {
    for (const page of pages) {
      await checkCovered(page);
      await checkAccess(page, 'lost');
    }
    await fillgate('point', 'stop');
    await untilPhase('POST_CHECK');
  } finally {
    process.kill(linkPid(), 'SIGCONT');
  }
  await untilLook(pages, 'POST_CHECK');
  for (const page of pages) {
    await checkNeverOld(page, 'FILLING');
  }
  await fillgate('point', 'check');
  await remove();
}

async function killed(pages) {
  await startFill(pages, 'fifth');
  await sim('speed 3');
  await untilGas(pages[0]);
  process.kill(linkPid(), 'SIGKILL');
  for (const page of pages) {
    await checkCovered(page);
  }
  await fillgate('point', 'stop');
  await untilPhase('POST_CHECK');
  await fillgate('point', 'check');
  await remove();
  await sim('speed 25');
  await point('panel');
  await until('the pages are back', async () => (await look(pages[0])) !== null && (await look(pages[1])) !== null);
  for (const page of pages) {
    await checkNeverOld(page, 'FILLING');
    await untilLook(page, 'READY');
  }
  /* The new link knows no old session: the page gets a new one by itself. */
  await pages[0].locator('#sign-out').click();
  await untilLook(pages, 'SIGN_IN');
  await fillgate('point', 'sign-in', 'op-wang', '--certificate-end', '2030-01-01');
}

/** @param {import('playwright-core').Browser} browser */
export async function testConnection(browser) {
  const pages = await openBoth(browser);
  await test('a link that falls silent: covered in time, back by itself, never the old state', () => silent(pages));
  await test('a link that is killed: covered in time, back by itself with a new session, never the old state', () => killed(pages));
  await closeAll(pages);
}

async function listenBeyond() {
  await point('panel-stop');
  await execute('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${directory}/panel.key`,
    '-out', `${directory}/panel.pem`, '-days', '30', '-subj', '/CN=panel.example', '-addext', 'subjectAltName=DNS:panel.example']);
  await execute('chmod', ['600', `${directory}/panel.key`]);
  writeFileSync(`${directory}/panel.ini`, 'certificate = panel.pem\nkey = panel.key\nnames = panel.example\n');
  rmSync(`${directory}/panel-link.ini`);
  process.env.PANEL = '0.0.0.0:0';
  await point('panel');
  return `https://panel.example:${new URL(address()).port}/`;
}

async function pairing(browser) {
  const base = await listenBeyond();
  const page = await open(browser, { base, size: PHONE, context: { ignoreHTTPSErrors: true } });
  const { panel } = await textsOf(page);
  await untilShown(page, '#pair-form');
  check(await page.locator('#page').isHidden(), 'who is not paired sees a state');
  await checkLayout(page, 'pairing');
  await checkAccess(page, 'pairing');
  await page.locator('#pair-code').fill('00000000');
  await page.locator('#pair-form button').click();
  await untilWords(page, '#pair-said', panel.PAIR_WRONG);
  const made = JSON.parse(await execute(`${build}/fillgate`, ['panel', 'pair', '--config', `${directory}/panel-link.ini`, '--json']));
  await page.locator('#pair-code').fill(made.code);
  await page.locator('#pair-form button').click();
  await until('the page shows the point', async () => (await look(page)) !== null);
  await page.reload();
  await until('it is paired for good', async () => (await look(page)) !== null);
  await checkPolicy(page);
  await closePage(page);
}

/** @param {import('playwright-core').Browser} browser */
export async function testPairing(browser) {
  await test('beyond loopback, over HTTPS: a browser is paired with a code, once and for good', () => pairing(browser));
}
