/* Sign-in, in place of the view that the address means. The second factor's field comes when the server asks for it. */
import { h } from '/js/dom.js';
import { field, form } from '/js/form.js';
import { head, link, notice } from '/js/parts.js';
import { sessionNow, signIn } from '/js/session.js';
import { t } from '/js/texts.js';

/** @param {{done: () => void, ended: boolean}} options */
export async function show({ done, ended }) {
  const totp = field('totp', t('TOTP'), { inputmode: 'numeric', pattern: '[0-9]{6}', maxlength: '6', autocomplete: 'one-time-code', hint: t('TOTP_HINT') });
  totp.hidden = true;
  const node = form({
    label: t('SIGN_IN'), class: 'narrow card',
    fields: [
      field('user', t('USER'), { required: true, maxlength: '31', autocomplete: 'username', autocapitalize: 'none' }),
      field('password', t('PASSWORD'), { required: true, type: 'password', maxlength: '256', autocomplete: 'current-password' }),
      totp,
    ],
    submit: async (values) => {
      try {
        await signIn(values);
      } catch (error) {
        if (error.error === 'TOTP_NEEDED' && totp.hidden) {
          totp.hidden = false;
          totp.querySelector('input')?.focus();
          return notice('plain', t('TOTP_NEEDED_NOW'));
        }
        throw error;
      }
      done();
      return null;
    },
  });
  return h('div', { id: 'sign-in' }, head(t('SIGN_IN'), t('SIGN_IN_LEAD')), ended ? notice('warn', t('SESSION_ENDED')) : null, node,
    sessionNow().public_lookup ? h('p', { class: 'soft' }, link('/public', t('PUBLIC'))) : null);
}
