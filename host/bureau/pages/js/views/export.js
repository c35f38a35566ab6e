/* Export of what a filter finds: the file is streamed into the browser's store, saved, and its signed summary shown and saved beside it. */
import { ask, address, checkAnswer, path } from '/js/api.js';
import { fill, h } from '/js/dom.js';
import * as format from '/js/format.js';
import { facts, notice, words } from '/js/parts.js';
import { t } from '/js/texts.js';

const PIECE_BYTES = 8 << 20;

/** Offers a file to be saved. @param {Blob} blob @param {string} name */
export function save(blob, name) {
  const url = URL.createObjectURL(blob);
  const anchor = h('a', { href: url, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

/** The whole body; pieces go into a blob as they come, which browsers keep on disk when it is large.
 * @param {Response} answer @param {(bytes: number) => void} told */
async function collect(answer, told) {
  let whole = new Blob();
  let pieces = [];
  let waiting = 0;
  let taken = 0;
  const reader = /** @type {ReadableStream<Uint8Array<ArrayBuffer>>} */ (answer.body).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return new Blob([whole, ...pieces]);
    }
    pieces.push(value);
    waiting += value.length;
    taken += value.length;
    if (waiting > PIECE_BYTES) {
      whole = new Blob([whole, ...pieces]);
      pieces = [];
      waiting = 0;
    }
    told(taken);
  }
}

/** @param {any} summary */
function summaryNode(summary, name) {
  const file = new Blob([JSON.stringify(summary, null, 1)], { type: 'application/json' });
  return [
    notice('ok', t('EXPORT_DONE', format.number(summary.records), format.bytes(summary.bytes))),
    facts([
      [t('EXPORT_ID'), h('code', null, summary.id)], [t('RECORDS'), format.number(summary.records)], [t('SIZE'), `${format.number(summary.bytes)} B`],
      ['SHA-256', h('code', null, summary.sha256)], [t('KEY'), h('code', null, summary.key_id)], [t('SIGNATURE'), h('code', null, summary.signature)],
    ]),
    h('h3', null, t('EXPORT_SIGNED')), h('pre', { tabindex: '0' }, summary.signed),
    h('p', null, h('button', { type: 'button', onclick: () => save(file, `${name}.summary.json`) }, t('EXPORT_SAVE_SUMMARY'))),
  ];
}

/** @param {Record<string, string>} filters */
export function exporter(filters) {
  const said = h('div', { class: 'said', 'aria-live': 'polite' });
  const buttons = ['csv', 'jsonl'].map((form) => h('button', { type: 'button', class: 'main', onclick: () => run(form) }, t(`EXPORT_${form}`)));
  async function run(form) {
    buttons.forEach((button) => { button.disabled = true; });
    try {
      const answer = await fetch(address(path('export', form), filters), { cache: 'no-store' });
      await checkAnswer(answer);
      const id = answer.headers.get('X-Fillgate-Export') ?? '';
      const progress = h('p', null, t('EXPORT_RUNS', format.bytes(0)));
      fill(said, progress);
      const blob = await collect(answer, (taken) => fill(progress, t('EXPORT_RUNS', format.bytes(taken))));
      const name = `fillgate-${id.slice(0, 8)}.${form}`;
      save(blob, name);
      fill(said, summaryNode(await ask(path('exports', id)), name));
    } catch (error) {
      fill(said, notice('bad', words(error)));
    } finally {
      buttons.forEach((button) => { button.disabled = false; });
    }
  }
  return h('div', null, h('div', { class: 'actions' }, buttons), said);
}
