/* Devices, for administrators: who joined, suspension at once, one-time codes for new ones. Not: what devices report of themselves
 * (device.js, on the pages of stations and points). */
import { address, ask, path, send } from '/js/api.js';
import { h } from '/js/dom.js';
import { disclosure, field, form } from '/js/form.js';
import * as format from '/js/format.js';
import { badge, card, head, notice, pager, since, table, thing, when } from '/js/parts.js';
import { pick, to } from '/js/router.js';
import { t, word } from '/js/texts.js';

const ID = { required: true, maxlength: '31', pattern: '[A-Za-z0-9._\\-]+' };

/** Lists that the last change should have published and could not: said once, above the table that shows the change. @type {any[]} */
let missed = [];

function missedSaid() {
  const lists = missed;
  missed = [];
  return lists.length > 0 ? notice('warn', lists.map((list) => h('p', null, t('DEVICE_LIST_NOT', list.id, list.why)))) : null;
}

/** @param {any} device @param {() => void} again */
function suspension(device, again) {
  const act = device.suspended ? 'resume' : 'suspend';
  return disclosure(t('CHANGE'), h('p', null, t(device.suspended ? 'DEVICE_RESUME_LEAD' : 'DEVICE_SUSPEND_LEAD')), form({
    label: t(device.suspended ? 'DEVICE_RESUME' : 'DEVICE_SUSPEND'), class: 'narrow', tone: device.suspended ? 'main' : 'danger', name: `${t('CHANGE')} ${device.device}`,
    fields: field('why', t('WHY'), { required: true, maxlength: '200' }),
    submit: async ({ why }) => {
      missed = (await send('POST', path('devices', device.device, act), { why })).lists.filter((/** @type {any} */ list) => !list.in_force);
      again();
    },
  }));
}

/** The only time that the code is seen. @param {any} answer */
function codeSaid(answer) {
  return notice('warn', h('strong', null, t('DEVICE_CODE_FOR', answer.device)), h('p', null, h('code', { class: 'password' }, answer.code)),
    h('p', null, t('DEVICE_CODE_UNTIL'), ' ', when(answer.expires_ms)), h('p', null, t('DEVICE_CODE_HOW')));
}

function codeCard() {
  return card(t('DEVICE_CODE'), h('p', { class: 'definition' }, t('DEVICE_CODE_LEAD')), form({
    label: t('DEVICE_CODE_MAKE'), class: 'filters',
    fields: [
      field('device', t('DEVICE'), { ...ID, hint: t('NAME_HINT') }),
      field('role', t('ROLE'), { options: ['controller', 'station'].map((role) => [role, word('DEVICE', role)]) }),
      field('station', t('STATION'), { ...ID, required: false, hint: t('DEVICE_STATION_HINT') }),
      field('names', t('DEVICE_NAMES'), { required: false, maxlength: '255', hint: t('DEVICE_NAMES_HINT') }),
      field('hours', t('DEVICE_CODE_HOURS'), { value: '24', inputmode: 'numeric', pattern: '[0-9]+', required: true, maxlength: '3' }),
    ],
    submit: async ({ hours, ...values }) => codeSaid(await send('POST', path('devices', 'codes'), { ...values, hours: Number(hours) })),
  }));
}

/** @param {any} device */
function states(device) {
  if (!device.suspended) {
    return badge('ok', t('ACTIVE'));
  }
  return [badge('bad', t('SUSPENDED')), device.points_go_on ? [' ', h('span', { title: t('DEVICE_POINTS_GO_ON_MEANS') }, badge('warn', t('DEVICE_POINTS_GO_ON')))] : null];
}

/** A device with the names by which others call it below. @param {any} device */
function named(device) {
  return [device.device, device.names ? h('div', { class: 'soft names', title: t('DEVICE_NAMES') }, device.names) : null];
}

export async function show({ query, signal, again }) {
  const asked = pick(query, ['after', 'limit']);
  const page = await ask(address(path('devices'), asked), signal);
  const { after, ...first } = asked;
  return h('div', null, head(t('DEVICES'), t('DEVICES_ALL_LEAD')), missedSaid(),
    h('section', { class: 'card results' }, h('h2', null, t('DEVICES')), table({
      caption: t('DEVICES'), hideCaption: true, rows: page.devices, empty: t('DEVICES_NONE'),
      columns: [
        { label: t('DEVICE'), cell: named, class: 'id' },
        { label: t('ROLE'), cell: (device) => word('DEVICE', device.role) },
        { label: t('STATION'), cell: (device) => thing('station', device.station), class: 'id' },
        { label: t('STATE'), cell: states },
        { label: t('CONTACT'), cell: (device) => since(device.contact_ms), class: 'time' },
        { label: t('DEVICE_CERTIFICATE_END'), cell: (device) => (device.certificate_end_ms > 0 ? format.moment(device.certificate_end_ms).slice(0, 10) : ''), class: 'due' },
        { label: t('VERSION'), cell: (device) => device.software },
        { label: t('CHANGE'), cell: (device) => suspension(device, again), class: 'wide' },
      ],
    }), pager(page.next ? to(['devices'], { ...asked, after: page.next }) : '', after ? to(['devices'], first) : '')),
    codeCard());
}
