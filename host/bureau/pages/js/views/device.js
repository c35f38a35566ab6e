/* What the bureau knows of devices: contact, clock, list, entries not sent, gaps, gas that no fill accounts for. */
import * as format from '/js/format.js';
import { h } from '/js/dom.js';
import { badge, facts, since, table, thing } from '/js/parts.js';
import { t, word } from '/js/texts.js';

/** @param {any} device */
function clock(device) {
  return [`${format.number(device.clock_offset_ms / 1000, 1)} s `, h('span', { class: 'soft' }, word('QUALITY', device.clock_quality))];
}

function list(device) {
  return device.list_version > 0
    ? [`${device.list_id} ${t('VERSION_N', device.list_version)} `, h('span', { class: 'soft' }, t('LIST_AGE', format.age(Date.now() - device.list_issued_ms)))] : '';
}

function unsent(device) {
  return device.unsent > 0
    ? [format.number(device.unsent), ' ', h('span', { class: 'soft' }, t('OLDEST_SINCE', format.moment(device.oldest_unsent_ms)))] : '0';
}

function gap(device) {
  return device.gap_since_ms > 0 ? [badge('bad', t('GAP_YES')), ' ', since(device.gap_since_ms)] : badge('ok', t('GAP_NONE'));
}

function gas(device) {
  return device.unaccounted_g > 0 ? badge('bad', format.kilograms(device.unaccounted_g)) : badge('ok', format.kilograms(0));
}

/** @param {any} device */
function name(device) {
  return [device.device, ' ', h('span', { class: 'soft' }, word('DEVICE', device.role)), device.suspended ? [' ', badge('bad', t('SUSPENDED'))] : null];
}

/** @param {any[]} devices @param {{label: string, cell: (row: any) => any}[]} [more] */
export function deviceTable(devices, more = []) {
  return table({ caption: t('DEVICES_CAPTION'), rows: devices, empty: t('DEVICES_NONE'), columns: [
    { label: t('DEVICE'), cell: name },
    { label: t('CONTACT'), cell: (device) => since(device.contact_ms), class: 'wide' },
    { label: t('LIST'), cell: list },
    { label: t('CLOCK_OFFSET'), cell: clock },
    { label: t('UNSENT'), cell: unsent },
    { label: t('GAPS'), cell: gap },
    { label: t('UNACCOUNTED'), cell: gas },
    ...more,
  ] });
}

/** @param {any} device */
export function deviceFacts(device) {
  return facts([
    [t('DEVICE'), name(device)], [t('STATION'), thing('station', device.station)], [t('CONTACT'), since(device.contact_ms)], [t('CLOCK_OFFSET'), clock(device)],
    [t('LIST'), list(device)], [t('UNSENT'), unsent(device)], [t('HELD'), t('HELD_OF', format.number(device.held_sequence), format.number(device.last_sequence))],
    [t('GAPS'), gap(device)], [t('UNACCOUNTED'), gas(device)], [t('DISK_FREE'), device.disk_free_bytes > 0 ? format.bytes(device.disk_free_bytes) : ''], [t('VERSION'), device.version],
  ]);
}
