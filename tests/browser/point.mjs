/* The real filling point beneath the page: the simulator, fillgated and fillgate-link, driven by tools/point.sh in a directory of
 * its own. Not: the page (browser.mjs). */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { until } from './harness.mjs';

const run = promisify(execFile);
const build = process.env.BUILD;
const directory = process.env.DIR;

/** @param {...string} what a command of tools/point.sh */
export async function point(...what) {
  const { stdout } = await run('tools/point.sh', what, { timeout: 120000 });
  return stdout;
}

/** @param {string} command of the simulator */
export async function sim(command) {
  await run(`${build}/fillgate-sim`, ['--dir', directory, 'send', command], { timeout: 30000 });
}

/** @param {...string} what a command of fillgate, as root at the board */
export async function fillgate(...what) {
  const { stdout } = await run(`${build}/fillgate`, [...what, '--socket', `${directory}/control.sock`], { timeout: 30000 });
  return stdout;
}

export async function status() {
  return JSON.parse(await fillgate('point', 'status', '--json'));
}

/** @param {string} phase */
export function untilPhase(phase) {
  return until(`phase ${phase}`, async () => (await status()).phase === phase);
}

/** @param {string} file a list in the point's directory */
export function importList(file) {
  return fillgate('list', 'import', `${directory}/${file}`);
}

/** A technician at the board signs somebody in. @param {string} id @param {string} end */
export function signInByHand(id, end) {
  return fillgate('point', 'sign-in', id, '--certificate-end', end);
}

/** Address of the panel, with its slash at the end. */
export function address() {
  return readFileSync(`${directory}/panel.url`, 'utf8').trim();
}

/** A tag into the field, when the point is ready to read one. @param {string} tags */
export async function present(tags) {
  await sim(`present ${tags}`);
}

export async function remove() {
  await sim('remove');
}
