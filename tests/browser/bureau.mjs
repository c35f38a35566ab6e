/* Tests of the bureau's pages. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { ENTRIES } from './bureau_answers.mjs';
import { base, checkPage, checkWidths, checkWords, open, openAs, record, settled, signIn, USERS, visit } from './bureau_page.mjs';
import { checkPolicy, closePage, launch, misdeeds, PHONE } from './browser.mjs';
import { check, finish, test, until } from './harness.mjs';

/** Every page, with who may see it. */
const ALL = ['auditor', 'registrar', 'supervisor', 'administrator'];
const PAGES = {
  '#/overview': ALL, '#/history': ALL, '#/history?outcome=REFUSED&order=oldest': ALL, '#/entry/ctl-1/3': ALL, '#/cylinders': ALL, '#/cylinder/HZ-CNG-900021': ALL, '#/vehicle/浙ED9021': ALL,
  '#/stations': ALL, '#/station/HZ-01': ALL, '#/point/point-1': ALL, '#/operator/op-wang': ALL, '#/alarms?open=false': ALL, '#/cases': ALL, '#/verify': ALL, '#/account': ALL,
  '#/samples': ['auditor', 'supervisor'], '#/trail': ['auditor', 'supervisor', 'administrator'], '#/users': ['administrator'],
  '#/registry': ['registrar'], '#/registry/cylinder/HZ-CNG-900021': ['registrar'], '#/registry/cylinder/HZ-NEW-1': ['registrar'], '#/registry/operator/op-wang': ['registrar'],
  '#/registry/vehicle/浙ED9021': ['registrar'], '#/registry/station/HZ-01': ['registrar'], '#/publish': ['supervisor'], '#/devices': ['administrator'],
};
const RECORDED = ['#/overview', '#/history', '#/entry/ctl-1/395', '#/entry/ctl-1/398', '#/cylinders', '#/cylinder/HZ-CNG-900021', '#/vehicle/x', '#/stations', '#/station/HZ-01', '#/point/point-1',
  '#/operator/op-wang', '#/alarms', '#/cases', '#/case/7', '#/verify', '#/samples', '#/trail', '#/publish', '#/account'];
/** With the role that sees them; recorded answers are the same for all. @type {[keyof typeof USERS, string[]][]} */
const RECORDED_AS = [['supervisor', RECORDED], ['registrar', ['#/registry', '#/registry/cylinder/HZ-CNG-900021', '#/registry/operator/op-wang']], ['administrator', ['#/users', '#/devices']]];
const HOSTILE = ['<script>window.hostile=1</script>', '<img src=x onerror="window.hostile=1">', '"\'><svg onload=window.hostile=1>', 'javascript:window.hostile=1', '\u202eright to left\u2066', '🧨𠮷'.repeat(8), 'W'.repeat(300), '</td></table>{0}&lt;b&gt;'];

await test('the recorded answers have exactly the fields that the server describes', async () => {
  const { schemas } = JSON.parse(readFileSync('host/bureau/api/openapi.json', 'utf8')).components;
  for (const entry of ENTRIES)
    check(Object.keys(entry).sort().join() === [...schemas.Entry.required].sort().join(), `entry ${entry.sequence} has other fields`);
});

const browser = await launch();

/** @param {string} sql */
function database(sql) {
  execFileSync('sqlite3', ['-cmd', '.timeout 10000', process.env.DATABASE ?? '', sql]);
}

/* ---- signing in ---- */

await test('a wrong password is refused in words; the right one brings the page that was asked for', async () => {
  const page = await open(browser);
  await page.goto(`${base}#/cylinder/HZ-CNG-900021`);
  await page.locator('#sign-in').waitFor();
  await checkPage(page, 'sign-in');
  await checkWidths(page, 'sign-in');
  await signIn(page, 'auditor', 'not this one');
  await until('it is refused', async () => (await page.locator('.notice.bad').innerText()).includes('wrong'));
  check((await page.locator('#menu a').count()) === 0, 'nobody signed in has a menu');
  await signIn(page, 'auditor');
  await until('the cylinder is shown', async () => (await page.locator('h1').innerText()) === 'Cylinder HZ-CNG-900021');
  await closePage(page);
});

await test('a one-time password must be changed before anything else is seen', async () => {
  const page = await open(browser);
  await page.goto(`${base}#/users`);
  await page.locator('#sign-in').waitFor();
  const once = readFileSync(`${process.env.CITY}/bureau/first-sign-in`, 'utf8').trim();
  await signIn(page, 'admin', once);
  await page.locator('input[name=after]').waitFor();
  check((await page.locator('#menu a').count()) === 0, 'there is a menu already');
  await checkPage(page, 'the first password');
  await page.locator('input[name=before]').fill(once);
  await page.locator('input[name=after]').fill('a sentence of my own');
  await page.locator('input[name=twice]').fill('a sentence of my won');
  await page.locator('#main form button[type=submit]').click();
  await until('different ones are told', async () => (await page.locator('.notice.bad').count()) === 1);
  await page.locator('input[name=twice]').fill('a sentence of my own');
  await page.locator('#main form button[type=submit]').click();
  await until('the users are shown', async () => (await page.locator('h1').innerText()) === 'Users');
  await closePage(page);
});

await test('when the session ends the sign-in comes, and then the same place again', async () => {
  const page = await openAs(browser, 'auditor', { hash: '#/history?outcome=REFUSED' });
  await page.context().clearCookies();
  await visit(page, '#/history?outcome=ENDED').catch(() => {});
  await page.locator('#sign-in .notice.warn').waitFor();
  check((await page.locator('table').count()) === 0, 'what was shown is still there');
  await signIn(page, 'auditor');
  await until('the search is back', async () => (await page.locator('select[name=outcome]').inputValue()) === 'ENDED');
  await page.locator('#who button').click();
  await page.locator('#sign-in').waitFor();
  await closePage(page);
});

/* ---- every page ---- */

for (const role of /** @type {(keyof typeof USERS)[]} */ (ALL)) {
  await test(`${role}: every page of this role, in both languages, axe-core finds nothing; no other page is offered`, async () => {
    const page = await openAs(browser, role);
    for (const language of ['en', 'zh']) {
      for (const [hash, roles] of Object.entries(PAGES)) {
        await visit(page, hash);
        if (roles.includes(role)) {
          await checkPage(page, `${role} ${language} ${hash}`);
        } else {
          check((await page.locator('.notice.bad').count()) === 1, `${hash} is not refused`);
        }
      }
      const offered = await page.locator('#menu a').evaluateAll((links) => links.map((link) => link.getAttribute('href')));
      for (const hash of offered) {
        await visit(page, hash);
        check((await page.locator('#main > div > .notice.bad[role=alert]').count()) === 0, `${role} is offered ${hash} and refused it`);
      }
      check((await page.locator('html').getAttribute('lang')) === (language === 'en' ? 'en' : 'zh-CN'), 'the language is not told');
      await page.locator('#language').click();
      await settled(page);
    }
    await closePage(page);
  });
}

await test('no page scrolls sideways or cuts text from 360 to 1920 pixels, in both languages', async () => {
  for (const language of ['en', 'zh']) {
    for (const [role, hashes] of RECORDED_AS) {
      const page = await open(browser, { language });
      await record(page, { role });
      await page.goto(`${base}#/account`);
      await settled(page);
      for (const hash of hashes) {
        await visit(page, hash);
        await checkWidths(page, `${language} ${hash}`);
        await checkWords(page, `${language} ${hash}`);
      }
      await checkPolicy(page);
      await closePage(page);
    }
  }
});

await test('a chart that has not shrunk yet does not make its page wider than the window', async () => {
  const page = await open(browser, { size: { width: 1920, height: 900 } });
  await page.addInitScript(() => { window.ResizeObserver = class { observe() {} unobserve() {} disconnect() {} }; });
  await record(page, { role: 'supervisor' });
  await page.goto(`${base}#/overview`);
  await settled(page);
  await page.locator('.chart canvas').first().waitFor();
  await checkWidths(page, 'overview', [1280, 768, 360]);
  await closePage(page);
});

await test('recorded pages of a large city: axe-core finds nothing, on a phone and on a desk', async () => {
  for (const [role, hashes] of RECORDED_AS) {
    const page = await open(browser);
    await record(page, { role });
    await page.goto(`${base}#/account`);
    await settled(page);
    for (const hash of hashes) {
      for (const size of [PHONE, { width: 1280, height: 900 }]) {
        await page.setViewportSize(size);
        await visit(page, hash);
        await checkPage(page, `${hash} at ${size.width}`);
      }
    }
    await closePage(page);
  }
});

/* ---- addresses ---- */

await test('a search stands in the address: shared, gone back to, gone forward to', async () => {
  const page = await openAs(browser, 'auditor', { hash: '#/history' });
  await page.locator('select[name=outcome]').selectOption('REFUSED');
  await page.locator('input[name=station]').fill('HZ-01');
  await page.locator('input[name=from]').fill('2020-01-01T00:00');
  await page.locator('.filters button[type=submit]').click();
  await until('the search is in the address', () => page.url().includes('outcome=REFUSED') && page.url().includes('from_ms=1577808000000'));
  await settled(page);
  const shared = page.url();
  await page.locator('td a.thing').first().click();
  await until('the cylinder is shown', async () => (await page.locator('h1').innerText()).startsWith('Cylinder'));
  await page.goBack();
  await until('back', async () => page.url() === shared && (await page.locator('select[name=outcome]').inputValue()) === 'REFUSED');
  await page.goForward();
  await until('forward', async () => (await page.locator('h1').innerText()).startsWith('Cylinder'));
  const other = await openAs(browser, 'supervisor', { hash: new URL(shared).hash });
  check((await other.locator('input[name=station]').inputValue()) === 'HZ-01', 'the shared search is another');
  check((await other.locator('input[name=from]').inputValue()) === '2020-01-01T00:00', 'the shared time is another');
  check((await other.locator('tbody tr').count()) > 0, 'the shared search finds nothing');
  await closePage(other);
  await closePage(page);
});

await test('pages follow by key, and back to the first', async () => {
  const page = await openAs(browser, 'auditor', { hash: '#/history?limit=20&order=oldest' });
  await visit(page, '#/history?limit=1&order=oldest');
  const first = await page.locator('tbody tr').first().innerText();
  await page.locator('a[rel=next]').click();
  await until('another entry', async () => (await page.locator('tbody tr').first().innerText()) !== first);
  check((await page.locator('th[aria-sort=ascending]').count()) === 1, 'the order is not told');
  await page.locator('a[rel=prev]').click();
  await until('the first again', async () => (await page.locator('tbody tr').first().innerText()) === first);
  await closePage(page);
});

await test('the quick search leads to a cylinder by its code and to a vehicle by its plate', async () => {
  const page = await openAs(browser, 'auditor');
  await page.locator('#quick-text').fill('hz-cng-900021');
  await page.locator('#quick-text').press('Enter');
  await until('the cylinder', async () => (await page.locator('h1').innerText()) === 'Cylinder HZ-CNG-900021');
  await page.locator('#quick-text').fill('浙ED9021');
  await page.locator('#quick-text').press('Enter');
  await until('the vehicle', async () => (await page.locator('h1').innerText()) === 'Vehicle 浙ED9021');
  await closePage(page);
});

/* ---- hostile text ---- */

/** Every text of an answer that a device, a file or a person could have brought, replaced. */
function hostile(answer, text) {
  if (Array.isArray(answer)) {
    return answer.map((one) => hostile(one, text));
  }
  if (answer !== null && typeof answer === 'object') {
    return Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, /^(state|verdict|role|kind|of|clock_quality|day|.*_day|next|inspection_due|end_of_life|made|certificate_end)$/.test(name) && typeof value === 'string' ? value : hostile(value, text)]));
  }
  return typeof answer === 'string' && answer !== '' ? text : answer;
}

await test('hostile text in every field stays text: nothing runs, nothing is loaded, nothing breaks out of the page', async () => {
  for (const [text, role, hashes] of HOSTILE.flatMap((one) => RECORDED_AS.map(([who, which]) => /** @type {const} */ ([one, who, which])))) {
    const page = await open(browser, { size: PHONE });
    let dialogs = 0;
    page.on('dialog', (dialog) => { dialogs += 1; dialog.dismiss(); });
    await record(page, { role, alter: (answer) => hostile(answer, text) });
    await page.goto(`${base}#/account`);
    await settled(page);
    for (const hash of hashes) {
      await visit(page, hash);
      const found = await page.evaluate((sought) => ({
        ran: window.hostile, elements: document.querySelectorAll('#main :is(script, img, svg, iframe, object, embed, b, style, link)').length,
        hrefs: [...document.querySelectorAll('#main a')].filter((link) => !/^(#\/|\/public)/.test(link.getAttribute('href') ?? '')).length,
        shown: document.querySelector('#main').textContent.includes(sought),
      }), text);
      check(found.ran === undefined && found.elements === 0 && found.hrefs === 0 && dialogs === 0, `${hash}: ${JSON.stringify(found)} for ${text}`);
      check(found.shown || ['#/account', '#/samples'].includes(hash) || hash.startsWith('#/registry'), `${hash} does not show ${text}`);
      await checkWidths(page, `${hash} with ${text.slice(0, 20)}`, [360, 1280]);
    }
    await checkPolicy(page);
    await closePage(page);
  }
});

await test('hostile text in the real registry is shown as it was typed', async () => {
  const page = await openAs(browser, 'auditor', { hash: '#/cylinder/HZ-CNG-900021' });
  const words = await page.locator('#main').innerText();
  check(words.includes('<script>hostile=1</script>') && words.includes('<img src=x onerror=window.hostile=1>'), 'it is not shown');
  await visit(page, '#/station/HZ-01');
  check((await page.locator('.lead').innerText()).includes('<img src=x'), 'the station is not named');
  for (const hash of ['#/cylinders', '#/stations', '#/overview']) {
    await visit(page, hash);
  }
  check((await page.evaluate(() => window.hostile)) === undefined, 'it ran');
  await closePage(page);
});

/* ---- proof ---- */

await test('TAMPER-SHOWS: an entry edited in the database is shown as altered on its page, and by a verification with which and since when', async () => {
  database("UPDATE journal_entry SET quantity_g = quantity_g + 5000 WHERE kind = 6 AND controller = 'ctl-1'");
  const page = await openAs(browser, 'auditor', { hash: '#/history?outcome=ENDED&controller=ctl-1' });
  await page.locator('tbody tr').first().locator('a[href^="#/entry/"]').click();
  await page.locator('.altered').waitFor();
  await checkPage({ __proto__: page, locator: (what) => page.locator(what === '#main > div > .notice.bad[role=alert]' ? '.no-such' : what) }, 'an altered entry');
  check((await page.locator('.proves .badge.bad').count()) >= 2, 'no check fails');
  await visit(page, '#/verify');
  await page.locator('#main form button[type=submit]').click();
  await until('the finding is told', async () => (await page.locator('.card.untrue a[href^="#/entry/ctl-1/"]').count()) > 0);
  await visit(page, '#/overview');
  check((await page.locator('.notice.bad').innerText()).includes('not what the controllers signed'), 'the overview does not tell');
  database("UPDATE journal_entry SET quantity_g = quantity_g - 5000 WHERE kind = 6 AND controller = 'ctl-1'");
  await closePage(page);
});

await test('the proof of an entry is downloaded, and holds on its own', async () => {
  const page = await openAs(browser, 'auditor', { hash: '#/entry/ctl-1/1' });
  check((await page.locator('.checks li').count()) === 4, 'not every check is shown');
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('.proof button').click()]);
  const bytes = readFileSync(await download.path());
  check(bytes.length > 100, 'the proof is empty');
  await closePage(page);
});

await test('an export is saved, with its signed summary', async () => {
  const page = await openAs(browser, 'auditor', { hash: '#/history?controller=ctl-1' });
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export as CSV' }).click()]);
  const lines = readFileSync(await download.path(), 'utf8').trim().split('\n');
  check(lines.length > 3 && lines[0].includes('controller'), `not an export: ${lines[0]}`);
  await until('the summary', async () => (await page.locator('.said pre').innerText()).length > 20);
  await closePage(page);
});

await test('a sample can be drawn again with its seed', async () => {
  const page = await openAs(browser, 'auditor', { hash: '#/samples' });
  const draw = async () => {
    await page.locator('input[name=count]').fill('5');
    await page.locator('#main form button[type=submit]').click();
    await page.locator('.sample tbody tr').first().waitFor();
    return page.locator('.sample tbody').innerText();
  };
  const first = await draw();
  await page.locator('.sample a.button').click();
  await until('the seed stands in the form', async () => (await page.locator('input[name=seed]').inputValue()).length > 0);
  await settled(page);
  check((await draw()) === first, 'the same seed drew another sample');
  await closePage(page);
});

/* ---- roles ---- */

await test('what a role may not do is not offered', async () => {
  const page = await openAs(browser, 'registrar', { hash: '#/history' });
  check((await page.getByRole('button', { name: 'Export as CSV' }).count()) === 0, 'a registrar is offered an export');
  await visit(page, '#/verify');
  check((await page.locator('#main form').count()) === 0, 'a registrar is offered a verification');
  await visit(page, '#/cases');
  check((await page.getByRole('button', { name: 'Open the case' }).count()) === 0, 'a registrar is offered a case');
  await closePage(page);
});

await test('a case: opened, assigned, ordered, printed, answered; closed only by somebody else', async () => {
  const page = await openAs(browser, 'supervisor', { hash: '#/cases' });
  await page.locator('.filters input[name=station]').fill('HZ-01');
  await page.locator('textarea[name=words]').fill('The hose is worn <b>through</b>');
  await page.locator('input[name=why]').fill('inspection 12');
  await page.getByRole('button', { name: 'Open the case' }).click();
  await until('the case', async () => /^Case \d+$/.test(await page.locator('h1').innerText()));
  const step = async (name, fields) => {
    await page.locator('summary', { hasText: name }).click();
    const form = page.locator('details[open] form');
    for (const [field, value] of Object.entries(fields)) {
      await form.locator(`[name=${field}]`).fill(value);
    }
    const before = await page.locator('.steps li').count();
    await form.locator('button[type=submit]').click();
    await until(`${name} is done`, async () => (await page.locator('.steps li').count()) > before);
  };
  await step('assign', { party: 'supervisor', why: 'his district' });
  await step('order rectification', { party: 'HZGAS', words: 'Replace the hose.\nSend a photograph.', why: 'worn' });
  await page.emulateMedia({ media: 'print' });
  check(await page.locator('.order-sheet').isVisible() && !(await page.locator('#menu').isVisible()), 'the order is not printable');
  await page.emulateMedia({ media: 'screen' });
  await step('record the answer', { party: 'Wang', words: 'Replaced.', why: 'letter 3' });
  check((await page.locator('summary', { hasText: 'close' }).count()) === 0, 'who investigated is offered to close');
  await checkPage(page, 'a case');
  const hash = new URL(page.url()).hash;
  const other = await open(browser);
  await other.goto(`${base}${hash}`);
  await other.locator('#sign-in').waitFor();
  await signIn(other, 'second');
  await other.locator('summary', { hasText: 'close' }).click();
  await other.locator('details[open] input[name=why]').fill('seen on the spot');
  await other.locator('details[open] button[type=submit]').click();
  await until('it is closed', async () => (await other.locator('.facts').first().innerText()).includes('closed'));
  await closePage(other);
  await closePage(page);
});

await test('a registrar changes a record on what was seen; who comes second is told, and keeps nothing', async () => {
  const page = await openAs(browser, 'registrar', { hash: '#/registry' });
  await page.locator('form [name=key]').first().fill('hz-cng-900022');
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  const form = (on) => on.locator('form.filters');
  await form(page).locator('[name=owner]').waitFor();
  const second = await openAs(browser, 'registrar', { hash: '#/registry/cylinder/HZ-CNG-900022' });
  const keep = async (on, owner) => {
    await form(on).locator('[name=owner]').fill(owner);
    await form(on).locator('[name=why]').fill('sold <b>');
    await form(on).locator('button[type=submit]').click();
    await form(on).locator('.said .notice').waitFor();
    return form(on).locator('.said').innerText();
  };
  check((await keep(page, 'Sun & Co <i>')).includes('saved'), 'it is not kept');
  check((await keep(second, 'Wu')).includes('somebody else'), 'who comes second is not told');
  await visit(page, '#/cylinder/HZ-CNG-900022');
  check((await page.locator('#main').innerText()).includes('Sun & Co <i>'), 'the page of the cylinder does not show it');
  await visit(page, '#/registry/cylinder/HZ-CNG-900022');
  await form(page).locator('[name=why]').fill('nothing');
  await form(page).locator('button[type=submit]').click();
  await until('nothing was changed', async () => (await form(page).locator('.said').innerText()).includes('Nothing was changed'));
  await closePage(second);
  await closePage(page);
});

await test('a file is tried, its faults are told by line and column, and then it is imported', async () => {
  const page = await openAs(browser, 'registrar', { hash: '#/registry' });
  const form = page.locator('form', { has: page.locator('input[type=file]') });
  const give = async (text, dry) => {
    await form.locator('input[type=file]').setInputFiles({ name: 'new.csv', mimeType: 'text/csv', buffer: Buffer.from(text) });
    await form.locator('[name=why]').fill('new cylinders');
    await form.locator('[name=dry_run]').setChecked(dry);
    await form.locator('button[type=submit]').click();
    await until('an answer', async () => (await form.locator('button[type=submit]').getAttribute('aria-busy')) === null);
    await form.locator('.said .notice').waitFor();
    return form.locator('.said').innerText();
  };
  const faulty = await give('code,state,medium\nHZ-IMP-1,in_service,cng\nHZ-IMP-2,<b>blue</b>,cng\n', true);
  check(faulty.includes('1 errors') && faulty.includes('<b>blue</b>') && faulty.includes('3'), `the fault is not told: ${faulty}`);
  const good = 'code,state,medium\nHZ-IMP-1,in_service,cng\nHZ-IMP-2,lost,cng\n';
  check((await give(good, true)).includes('nothing saved'), 'it is not tried');
  check((await give(good, false)).includes('Imported: 2 lines'), 'it is not imported');
  await visit(page, '#/cylinder/HZ-IMP-2');
  check((await page.locator('#main').innerText()).includes('lost'), 'the cylinder is not there');
  await closePage(page);
});

await test("an operator's PIN is set and cleared, and stands nowhere", async () => {
  const page = await openAs(browser, 'registrar', { hash: '#/registry/operator/op-li' });
  const form = page.locator('form', { has: page.locator('input[name=pin]') });
  await form.locator('[name=pin]').fill('975310864201');
  await form.locator('[name=why]').fill('forgotten');
  await form.locator('button[type=submit]').click();
  await page.getByRole('button', { name: 'Clear the PIN' }).waitFor();
  check(!(await page.content()).includes('975310864201'), 'the PIN is shown');
  await closePage(page);
});

await test('a supervisor publishes what was changed, and the list has its next version', async () => {
  const page = await openAs(browser, 'supervisor', { hash: '#/publish' });
  const publishNow = async () => { // the machine of a test need not have a synchronised clock
    await page.locator('tbody [name=insist]').first().check();
    await page.locator('tbody button[type=submit]').first().click();
  };
  const before = Number(await page.locator('tbody tr td').nth(1).innerText());
  await publishNow();
  await page.locator('tbody .said .notice').waitFor();
  check((await page.locator('tbody .said').innerText()).includes('has been published'), await page.locator('tbody .said').innerText());
  await page.getByRole('button', { name: 'Refresh the lists' }).click();
  await until('the next version', async () => Number(await page.locator('tbody tr td').nth(1).innerText()) === before + 1);
  await publishNow();
  await until('nothing has changed', async () => (await page.locator('tbody .said').innerText()).includes('Nothing has changed'));
  await closePage(page);
});

await test('an administrator suspends a device, lets it in again, and makes a code that is shown once', async () => {
  const page = await openAs(browser, 'administrator', { hash: '#/devices' });
  const row = page.locator('tbody tr', { hasText: 'ctl-2' });
  for (const [why, state] of [['lost', 'suspended'], ['found', 'active']]) {
    await row.locator('summary').click();
    await row.locator('[name=why]').fill(why);
    await row.locator('button[type=submit]').click();
    await until(state, async () => (await row.innerText()).includes(state) && (await row.locator('details[open]').count()) === 0);
  }
  await page.locator('form.filters [name=device]').fill('ctl-9');
  await page.locator('form.filters [name=station]').fill('HZ-01');
  await page.locator('form.filters button[type=submit]').click();
  await page.locator('code.password').waitFor();
  const code = await page.locator('code.password').innerText();
  check(/^[0-9A-Z]{5}(-[0-9A-Z]{5}){3}$/.test(code), `no code: ${code}`);
  await page.reload();
  await settled(page);
  check(!(await page.content()).includes(code), 'the code is still shown');
  await closePage(page);
});

await test('an administrator makes a user, whose password is shown once', async () => {
  const page = await openAs(browser, 'administrator', { hash: '#/users' });
  await page.locator('.filters input[name=user]').fill('newcomer');
  await page.locator('.filters input[name=name]').fill('<i>New</i> 新人');
  await page.locator('.filters button[type=submit]').click();
  await page.locator('code.password').waitFor();
  check((await page.locator('code.password').innerText()).length > 10, 'no password');
  await page.getByRole('button', { name: 'Refresh the users' }).click();
  await until('the user is listed', async () => (await page.locator('tbody').innerText()).includes('<i>New</i> 新人'));
  check((await page.locator('code.password').count()) === 0, 'the password is still shown');
  await visit(page, '#/trail');
  check((await page.locator('tbody').innerText()).includes('newcomer'), 'the trail does not tell');
  await closePage(page);
});

/* ---- by keyboard, small, on paper ---- */

await test('everything is reached by keyboard, and the focus is seen', async () => {
  const page = await openAs(browser, 'auditor', { hash: '#/history' });
  await page.reload();
  await settled(page);
  await page.keyboard.press('Tab');
  check((await page.evaluate(() => document.activeElement?.id)) === 'skip', 'the first is not the way to the content');
  await page.keyboard.press('Enter');
  check((await page.evaluate(() => document.activeElement?.id)) === 'main', 'it does not lead there');
  for (let i = 0; i < 12; i++) {
    await page.keyboard.press('Tab');
    const seen = await page.evaluate(() => {
      const node = /** @type {HTMLElement} */ (document.activeElement);
      const box = node.getBoundingClientRect();
      return getComputedStyle(node).outlineStyle !== 'none' && parseFloat(getComputedStyle(node).outlineWidth) >= 2 && box.bottom > 0 && box.top < window.innerHeight;
    });
    check(seen, `focus ${i} is not seen`);
  }
  await page.setViewportSize(PHONE);
  check(!(await page.locator('#menu').isVisible()), 'the menu is in the way');
  await page.locator('#menu-button').press('Enter');
  check(await page.locator('#menu').isVisible(), 'the menu does not open');
  await checkPage(page, 'the open menu');
  await page.keyboard.press('Escape');
  check(!(await page.locator('#menu').isVisible()) && (await page.evaluate(() => document.activeElement?.id)) === 'menu-button', 'the menu does not close');
  await closePage(page);
});

await test('the public look-up needs no sign-in, says yes and no and nothing about persons, and can be scanned into', async () => {
  const page = await open(browser, { size: PHONE });
  await page.goto(`${base}public?code=HZ-CNG-900021`);
  await page.locator('.answer .notice.ok').waitFor();
  await checkPage(page, 'public');
  await checkWidths(page, 'public');
  await page.locator('input[name=code]').fill('hz-cng-900001');
  await page.locator('button[type=submit]').click();
  await page.locator('.answer .notice.bad').waitFor();
  const words = await page.locator('#main').innerText();
  check(!/浙|HZGAS|op-wang/.test(words), 'it tells of persons');
  await page.locator('#language').click();
  await until('Chinese', async () => (await page.locator('h1').innerText()).includes('公众查询'));
  await closePage(page);
});

await test('the overview weighs less than 600 kB compressed, and its tables stand without the charts', async () => {
  const page = await open(browser);
  await record(page);
  let weight = 0;
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('Network.enable');
  devtools.on('Network.loadingFinished', (event) => { weight += event.encodedDataLength; });
  await page.addInitScript(() => {
    new PerformanceObserver((list) => { window.paint = list.getEntries().at(-1)?.startTime; }).observe({ type: 'largest-contentful-paint', buffered: true });
  });
  await page.goto(`${base}#/overview`);
  await settled(page);
  await page.locator('.chart canvas').first().waitFor();
  await until('the charts are drawn', async () => (await page.locator('.chart canvas').count()) === 5);
  await until('the paint is told', () => page.evaluate(() => window.paint > 0));
  console.log(`       overview: ${Math.round(weight / 1000)} kB, largest contentful paint ${Math.round(await page.evaluate(() => window.paint))} ms`);
  check(weight > 0 && weight < 600000, `${weight} bytes`);
  await page.route('**/lib/**', (route) => route.abort());
  await page.reload();
  await settled(page);
  await until('no chart is missed', async () => (await page.locator('.chart:visible').count()) === 0);
  await page.locator('details:not([open]) summary').first().click();
  check((await page.locator('details[open] tbody tr').count()) > 20, 'the table is not there');
  await closePage(page);
});

await test('pages never do what they must not: no error, no warning, no request to elsewhere', async () => {
  const unexpected = misdeeds.filter((one) => !/\/lib\/echarts|404.*\/registry\/cylinder\/HZ-NEW-1/.test(one));
  check(unexpected.length === 0, unexpected.join('; '));
});

await browser.close();
process.exit(finish());
