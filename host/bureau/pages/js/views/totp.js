/* The second factor of the own account: switched on with a secret that the authenticator takes, and a code that proves it did. */
import { path, send } from '/js/api.js';
import { h } from '/js/dom.js';
import { field, form } from '/js/form.js';
import { facts, notice } from '/js/parts.js';
import { loadSession, sessionNow } from '/js/session.js';
import { t } from '/js/texts.js';

const password = () => field('password', t('PASSWORD'), { required: true, type: 'password', maxlength: '256', autocomplete: 'current-password' });

function confirmForm(secret, again) {
  return h('div', { class: 'stack' }, notice('warn', t('TOTP_SECRET_HOW')),
    facts([[t('TOTP_SECRET'), h('code', { class: 'password' }, (secret.secret.match(/.{1,4}/g) ?? []).join(' '))], [t('TOTP_URI'), h('code', null, secret.uri)]]),
    form({
      label: t('TOTP_CONFIRM'), class: 'narrow',
      fields: field('code', t('TOTP'), { required: true, inputmode: 'numeric', pattern: '[0-9]{6}', maxlength: '6', autocomplete: 'one-time-code', hint: t('TOTP_HINT') }),
      submit: async (values) => {
        await send('POST', path('session', 'totp', 'confirm'), values);
        await loadSession();
        again();
      },
    }));
}

/** @param {() => void} again */
export function secondFactor(again) {
  if (sessionNow().totp) {
    return [h('p', null, t('TOTP_IS_ON')), form({
      label: t('TOTP_REMOVE'), class: 'narrow', tone: 'danger', fields: password(),
      submit: async (values) => {
        await send('POST', path('session', 'totp', 'remove'), values);
        await loadSession();
        again();
      },
    })];
  }
  return [h('p', null, t('TOTP_IS_OFF')), form({
    label: t('TOTP_BEGIN'), class: 'narrow', fields: password(),
    submit: async (values) => confirmForm(await send('POST', path('session', 'totp'), values), again),
  })];
}
