/* The public look-up: may a cylinder be filled, and when is its inspection due. A code can be given in the address (/public?code=...), so
 * that a marker on the cylinder may lead here. Nothing about persons. */
import { ask, address } from '/js/api.js';
import { byId, fill, h } from '/js/dom.js';
import { field, form } from '/js/form.js';
import { due, facts, head, notice, stateBadge, words } from '/js/parts.js';
import { chooseLanguage, languageNow, loadTexts, switchLanguage, t, text } from '/js/texts.js';

let code = '';

function answerNode(cylinder) {
  return h('section', { class: 'card answer' },
    cylinder.may_be_filled
      ? notice('ok', h('strong', null, t('PUBLIC_YES')))
      : notice('bad', h('strong', null, t('PUBLIC_NO')), cylinder.reason ? h('p', null, text('reason', cylinder.reason)) : null),
    facts([
      [t('CODE'), cylinder.code],
      [t('STATE'), stateBadge(cylinder.state)],
      [t('INSPECTION_DUE'), due(cylinder.inspection_due)],
      [t('END_OF_LIFE'), due(cylinder.end_of_life)],
    ]), h('p', { class: 'soft' }, t('PUBLIC_REMARK')));
}

async function answerTo(sought) {
  code = sought.trim().toUpperCase();
  window.history.replaceState(null, '', address('/public', { code }));
  return answerNode(await ask(`/public/cylinder/${encodeURIComponent(code)}`));
}

async function show() {
  byId('top').hidden = false;
  fill(byId('language'), t('LANGUAGE_OTHER'));
  byId('language').setAttribute('lang', languageNow() === 'en' ? 'zh-CN' : 'en');
  document.title = `${t('PUBLIC')} – fillgate`;
  let first = null;
  if (code !== '') {
    try {
      first = await answerTo(code);
    } catch (error) {
      first = notice('bad', words(error));
    }
  }
  const node = form({
    label: t('PUBLIC_ASK'), class: 'narrow', name: t('PUBLIC'),
    fields: field('code', t('CODE'), { value: code, required: true, maxlength: '32', pattern: '[0-9A-Za-z\\-]+', hint: t('CODE_HINT'), autofocus: true }),
    submit: (values) => answerTo(values.code),
  });
  fill(/** @type {Element} */ (node.querySelector('.said')), first);
  fill(byId('main'), h('div', { class: 'public-page' }, head(t('PUBLIC'), t('PUBLIC_LEAD')), node));
}

async function start() {
  chooseLanguage();
  code = new URLSearchParams(window.location.search).get('code') ?? '';
  try {
    await loadTexts();
  } catch (error) {
    byId('broken').hidden = false;
    console.error(error);
    return;
  }
  byId('language').addEventListener('click', () => {
    switchLanguage();
    show();
  });
  await show();
}

start();
