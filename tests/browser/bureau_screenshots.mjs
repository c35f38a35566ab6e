/* Pictures of the bureau's pages for docs/bureau: recorded answers of a large city, so that there is something to see. Not: a test. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';

import { base, open, record, settled, visit } from './bureau_page.mjs';
import { closePage, launch, PHONE } from './browser.mjs';

const FOLDER = 'docs/bureau';
const DESK = { width: 1280, height: 900 };
const LOOKS = {
  overview: '#/overview', history: '#/history', entry: '#/entry/ctl-1/398', 'entry-altered': '#/entry/ctl-1/395', cylinders: '#/cylinders', cylinder: '#/cylinder/HZ-CNG-900021', vehicle: '#/vehicle/浙ED9021',
  stations: '#/stations', station: '#/station/HZ-01', point: '#/point/point-1', operator: '#/operator/op-wang', alarms: '#/alarms', cases: '#/cases', case: '#/case/9', verify: '#/verify',
  samples: '#/samples', trail: '#/trail', users: '#/users', account: '#/account', publish: '#/publish',
  registry: '#/registry', 'registry-cylinder': '#/registry/cylinder/HZ-CNG-900021', devices: '#/devices',
};
/** Those that not every role sees. */
const ROLE_OF = { users: 'administrator', devices: 'administrator', registry: 'registrar', 'registry-cylinder': 'registrar' };
/** Those that are looked at on a phone too. */
const ON_PHONE = ['overview', 'history', 'entry-altered', 'cylinder', 'case'];

async function take(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(300);
  await page.screenshot({ path: `${FOLDER}/${name}.png`, fullPage: true, animations: 'disabled', caret: 'hide' });
}

async function looks(browser, language, place, size, names) {
  const page = await open(browser, { size, language, reducedMotion: 'reduce' });
  await page.goto(`${base}#/overview`);
  await page.locator('#sign-in').waitFor();
  if (place === 'desk') {
    await take(page, `sign-in-${place}-${language}`);
    await page.goto(`${base}public`);
    await settled(page);
    await take(page, `public-${place}-${language}`);
  }
  for (const role of ['supervisor', 'administrator', 'registrar']) {
    await record(page, { role });
    await page.goto(`${base}#/account`);
    await page.reload();
    await settled(page);
    for (const name of names.filter((one) => (ROLE_OF[one] ?? 'supervisor') === role)) {
      await visit(page, LOOKS[name]);
      await take(page, `${name}-${place}-${language}`);
    }
  }
  await closePage(page);
}

mkdirSync(FOLDER, { recursive: true });
readdirSync(FOLDER).filter((name) => name.endsWith('.png')).forEach((name) => rmSync(`${FOLDER}/${name}`));
const browser = await launch(['--font-render-hinting=none']);
for (const language of ['en', 'zh']) {
  await looks(browser, language, 'desk', DESK, Object.keys(LOOKS));
  await looks(browser, language, 'phone', PHONE, ON_PHONE);
}
await browser.close();
console.log(`${readdirSync(FOLDER).length} pictures in ${FOLDER}`);
