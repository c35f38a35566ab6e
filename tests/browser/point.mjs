/* The real filling point beneath the page: the simulator, fillgated and fillgate-link, driven by tools/point.sh in a directory of
 * its own. Not: the page (panel_page.mjs). */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { check, until } from './harness.mjs';

const run = promisify(execFile);
export const build = process.env.BUILD;
export const directory = process.env.DIR;

/** @param {...string} what a command of tools/point.sh */
export async function point(...what) {
  const { stdout } = await run('tools/point.sh', what, { timeout: 120000 });
  return stdout;
}

/** Another program. @param {string} program @param {string[]} what @param {object} [options] */
export async function execute(program, what, options = {}) {
  const { stdout } = await run(program, what, { timeout: 30000, ...options });
  return stdout;
}

/** @param {string} command of the simulator */
export async function sim(command) {
  await execute(`${build}/fillgate-sim`, ['--dir', directory, 'send', command]);
}

/** @param {...string} what a command of fillgate, as root at the board */
export function fillgate(...what) {
  return execute(`${build}/fillgate`, [...what, '--socket', `${directory}/control.sock`]);
}

export async function status() {
  return JSON.parse(await fillgate('point', 'status', '--json'));
}

/** @param {string} phase */
export function untilPhase(phase) {
  return until(`phase ${phase}`, async () => {
    const now = (await status()).phase;
    check(now === phase, `it is ${now}`);
    return true;
  });
}

/** @param {string} file a list in the point's directory */
export function importList(file) {
  return fillgate('list', 'import', `${directory}/${file}`);
}

/** A technician at the board signs somebody in. @param {string} id @param {string} end */
export function signInByHand(id, end = '2030-01-01') {
  return fillgate('point', 'sign-in', id, '--certificate-end', end);
}

/** The journal's entries, newest last. */
export async function journal() {
  const text = await execute(`${build}/fillgate`, ['journal', 'show', '--journal', `${directory}/journal.db`, '--json']);
  return text.trim().split('\n').map((line) => JSON.parse(line));
}

/** Address of the panel, with its slash at the end. */
export function address() {
  return readFileSync(`${directory}/panel.url`, 'utf8').trim();
}

/** Process of the link. */
export function linkPid() {
  return Number(readFileSync(`${directory}/link.pid`, 'utf8'));
}

/** Takes the tag away, and waits until the controller knows. */
export async function remove() {
  await sim('remove');
  await until('the tag is gone', async () => !(await status()).tag_present);
}

/** Nozzle on the cylinder, then its tag into the field. @param {string} name */
export async function connect(name) {
  await sim('disconnect');
  await sim(`connect ${name}`);
  await sim(`present ${name}`);
}
