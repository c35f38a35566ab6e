/* Runs tests one after the other and prints them as the other suites do: "  ok   name", and at the end "N passed, N failed".
 * Waits are patient: a busy machine is not a broken page. Not: what is tested. */

/** Longest wait for anything to happen; only a failure takes so long. */
export const PATIENCE_MS = 45000;
const TEST_MAX_MS = 240000;

let passed = 0;
let failed = 0;
const only = process.env.ONLY ?? '';

/** @param {number} ms */
export function sleep(ms) {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}

/** @param {unknown} condition @param {string} message */
export function check(condition, message) {
  if (!condition) {
    throw new Error(message);
  }
}

/** Asks again and again until the answer is true; the last answer or error is what is told when it never is.
 * @param {string} what @param {() => Promise<unknown>|unknown} ask */
export async function until(what, ask, patience_ms = PATIENCE_MS) {
  const end = Date.now() + patience_ms;
  let last = '';
  while (Date.now() < end) {
    try {
      if (await ask()) {
        return;
      }
      last = 'not so';
    } catch (error) {
      last = String(error).split('\n')[0];
    }
    await sleep(50);
  }
  throw new Error(`${what}: not within ${patience_ms} ms (${last})`);
}

/** @param {string} name @param {() => Promise<void>} run */
export async function test(name, run) {
  if (only !== '' && !name.includes(only)) {
    return;
  }
  let timer;
  try {
    const late = new Promise((_, reject) => {
      timer = setTimeout(() => reject(new Error('the test took too long')), TEST_MAX_MS);
    });
    await Promise.race([run(), late]);
    passed += 1;
    console.log(`  ok   ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`  FAIL ${name}\n       ${String(error?.stack ?? error).split('\n').slice(0, 6).join('\n       ')}`);
  } finally {
    clearTimeout(timer);
  }
}

/** Prints the sum; the exit code tells whether all passed. */
export function finish() {
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 && passed > 0 ? 0 : 1;
}
