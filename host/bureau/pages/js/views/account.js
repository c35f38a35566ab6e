/* The own account: who one is, until when the session lasts, password, second factor. */
import { h } from '/js/dom.js';
import { field, form } from '/js/form.js';
import { badge, card, facts, head, notice, when } from '/js/parts.js';
import { changePassword, sessionNow } from '/js/session.js';
import { t, word } from '/js/texts.js';
import { secondFactor } from '/js/views/totp.js';

function passwordForm(again) {
  return form({
    label: t('PASSWORD_CHANGE'), class: 'narrow',
    fields: [
      field('user', t('USER'), { value: sessionNow().user, autocomplete: 'username', readonly: true }),
      field('before', t('PASSWORD_OLD'), { required: true, type: 'password', maxlength: '256', autocomplete: 'current-password' }),
      field('after', t('PASSWORD_NEW'), { required: true, type: 'password', maxlength: '256', autocomplete: 'new-password', hint: t('PASSWORD_HINT') }),
      field('twice', t('PASSWORD_TWICE'), { required: true, type: 'password', maxlength: '256', autocomplete: 'new-password' }),
    ],
    submit: async ({ before, after, twice }, node) => {
      if (after !== twice) {
        return notice('bad', t('PASSWORD_DIFFERENT'));
      }
      const forced = sessionNow().must_change_password;
      await changePassword(before, after);
      node.reset();
      if (forced) {
        again();
      }
      return notice('ok', t('PASSWORD_CHANGED'));
    },
  });
}

export async function show({ again }) {
  const session = sessionNow();
  if (session.must_change_password) {
    return h('div', null, head(t('PASSWORD_FIRST'), t('PASSWORD_FIRST_LEAD')), h('section', { class: 'card' }, passwordForm(again)));
  }
  return h('div', null, head(t('ACCOUNT')),
    card(t('ACCOUNT_WHO'), facts([
      [t('USER'), session.user], [t('PERSON_NAME'), session.name], [t('ROLE'), word('ROLE', session.role)], [t('ROLE_MAY'), t(`ROLE_MAY_${session.role}`)],
      [t('SECOND_FACTOR'), session.totp ? badge('ok', t('ON')) : badge('warn', t('OFF'))],
      [t('SESSION_ENDS'), when(session.expires_ms)],
    ])),
    card(t('PASSWORD_CHANGE'), passwordForm(again)),
    card(t('SECOND_FACTOR'), secondFactor(again)));
}
