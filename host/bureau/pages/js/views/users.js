/* Users, for administrators: new ones, roles, suspension, one-time passwords. */
import { ask, path, send } from '/js/api.js';
import { h } from '/js/dom.js';
import { disclosure, field, form } from '/js/form.js';
import { badge, card, head, notice, table, when } from '/js/parts.js';
import { sessionNow } from '/js/session.js';
import { t, word } from '/js/texts.js';

const ROLES = ['auditor', 'registrar', 'supervisor', 'administrator'];
/** @type {() => [string, string][]} */
const roleOptions = () => ROLES.map((role) => [role, word('ROLE', role)]);

/** The only time that the password is seen. @param {any} answer */
function oneTime(answer) {
  return notice('warn', h('strong', null, t('ONE_TIME', answer.user.user)), h('p', null, h('code', { class: 'password' }, answer.password)), h('p', null, t('ONE_TIME_HOW')));
}

function changeForms(user, again) {
  if (user.user === sessionNow().user) {
    return h('span', { class: 'soft' }, t('USER_OWN'));
  }
  const change = (body) => async ({ why }) => {
    await send('PATCH', path('users', user.user), { ...body, why });
    again();
  };
  const why = () => field('why', t('WHY'), { required: true, maxlength: '200' });
  return disclosure(t('CHANGE'),
    form({ label: t('ROLE_GIVE'), class: 'narrow', name: `${t('ROLE_GIVE')} ${user.user}`, fields: [field('role', t('ROLE'), { value: user.role, options: roleOptions() }), why()],
      submit: async ({ role, why: reason }) => { await send('PATCH', path('users', user.user), { role, why: reason }); again(); } }),
    form({ label: user.suspended ? t('USER_RESUME') : t('USER_SUSPEND'), class: 'narrow', tone: user.suspended ? 'main' : 'danger', name: `${user.suspended ? t('USER_RESUME') : t('USER_SUSPEND')} ${user.user}`, fields: why(), submit: change({ suspended: !user.suspended }) }),
    form({ label: t('ONE_TIME_NEW'), class: 'narrow', name: `${t('ONE_TIME_NEW')} ${user.user}`, fields: h('p', null, t('ONE_TIME_LEAD')), submit: async () => oneTime(await send('POST', path('users', user.user, 'password'))) }));
}

export async function show({ signal, again }) {
  const { users } = await ask(path('users'), signal);
  return h('div', null, head(t('USERS'), t('USERS_LEAD')),
    h('section', { class: 'card results' }, h('h2', null, t('USERS')), table({ caption: t('USERS'), hideCaption: true, rows: users, columns: [
      { label: t('USER'), cell: (user) => user.user },
      { label: t('PERSON_NAME'), cell: (user) => user.name, class: 'wide' },
      { label: t('ROLE'), cell: (user) => word('ROLE', user.role) },
      { label: t('STATE'), cell: (user) => (user.suspended ? badge('bad', t('SUSPENDED')) : user.must_change_password ? badge('warn', t('PASSWORD_ONE_TIME')) : badge('ok', t('ACTIVE'))) },
      { label: t('SECOND_FACTOR'), cell: (user) => (user.totp ? badge('ok', t('ON')) : badge('unknown', t('OFF'))) },
      { label: t('SIGNED_IN_LAST'), cell: (user) => when(user.signed_in_ms), class: 'time' },
      { label: t('CHANGE'), cell: (user) => changeForms(user, again), class: 'wide' },
    ] })),
    card(t('USER_NEW'), form({
      label: t('USER_MAKE'), class: 'filters',
      fields: [
        field('user', t('USER'), { required: true, maxlength: '31', pattern: '[A-Za-z0-9._\\-]+', hint: t('NAME_HINT') }),
        field('name', t('PERSON_NAME'), { required: true, maxlength: '63' }),
        field('role', t('ROLE'), { options: roleOptions() }),
      ],
      submit: async (values) => [oneTime(await send('POST', path('users'), values)), h('p', null, h('button', { type: 'button', onclick: again }, t('USERS_SHOW')))],
    })));
}
