/* Forms: fields with labels, and a submit that shows that it works and what was refused. Nothing is sent by the browser itself (the
 * content policy forbids it). Relies on: dom.js, parts.js. */
import { h, fill } from '/js/dom.js';
import { notice, words } from '/js/parts.js';
import { t } from '/js/texts.js';

let made = 0;

/** A field with its label. Options: for a choice, [value, text]. Else an input with these attributes.
 * @param {string} name @param {string} label
 * @param {{value?: string, options?: [string, string][], area?: boolean, hint?: string, class?: string, [attribute: string]: any}} [more] */
export function field(name, label, more = {}) {
  const { value = '', options, area, hint, class: className, ...attributes } = more;
  made += 1;
  const id = `field-${made}`;
  const hintId = hint ? `${id}-hint` : null;
  let control;
  if (options) {
    control = h('select', { id, name, 'aria-describedby': hintId, ...attributes },
      options.map(([option, words]) => h('option', { value: option, selected: option === value }, words)));
  } else if (area) {
    control = h('textarea', { id, name, rows: '3', 'aria-describedby': hintId, ...attributes }, value);
  } else {
    control = h('input', { id, name, type: 'text', value, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': hintId, ...attributes });
  }
  return h('div', { class: `field ${className ?? ''}` }, h('label', { for: id }, label), control,
    hint ? h('small', { id: hintId }, hint) : null);
}

/** @param {string} name @param {string} label @param {boolean} [checked] */
export function tick(name, label, checked = false) {
  made += 1;
  const id = `field-${made}`;
  return h('div', { class: 'field tick' }, h('input', { id, name, type: 'checkbox', value: 'yes', checked }), h('label', { for: id }, label));
}

/** Values by name; empty ones are left out. @param {HTMLFormElement} node @returns {Record<string, string>} */
export function values(node) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [name, value] of new FormData(node)) {
    if (typeof value === 'string' && value !== '') {
      found[name] = value;
    }
  }
  return found;
}

/** A form; submit gets the values and may throw a refusal, which is shown below. What it returns is shown, too.
 * @param {{label: string, fields: any, submit: (values: Record<string, string>, form: HTMLFormElement) => any, class?: string,
 *          tone?: string, more?: any, name?: string}} options */
export function form({ label, fields, submit, class: className, tone, more, name }) {
  const said = h('div', { class: 'said', 'aria-live': 'polite' });
  const button = h('button', { type: 'submit', class: tone ?? 'main' }, label);
  const node = /** @type {HTMLFormElement} */ (h('form', { class: `form ${className ?? ''}`, novalidate: false, 'aria-label': name ?? label },
    h('div', { class: 'fields' }, fields), h('div', { class: 'form-end' }, button, more), said));
  node.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.getAttribute('aria-busy') === 'true') {
      return;
    }
    button.setAttribute('aria-busy', 'true');
    fill(said);
    try {
      const result = await submit(values(node), node);
      fill(said, result instanceof Node || Array.isArray(result) ? result : null);
    } catch (error) {
      fill(said, notice('bad', words(error)));
    } finally {
      button.removeAttribute('aria-busy');
    }
  });
  return node;
}

/** A form behind a line that opens it. @param {string} title @param {...any} content */
export function disclosure(title, ...content) {
  return h('details', { class: 'disclosure' }, h('summary', null, title), h('div', { class: 'inside' }, content));
}

/** A choice with "any" first. @param {[string, string][]} options @returns {[string, string][]} */
export function any(options) {
  return [['', t('ANY')], ...options];
}
