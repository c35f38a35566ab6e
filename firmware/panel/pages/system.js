/* How the filling point itself is doing: list and its age, unsent entries, network, clock, devices and reader. */
import { byId, element, setChildren, setRows } from '/dom.js';
import { age, clock, day, daysLeft, moment, zone } from '/format.js';
import { deviceWords, languageNow, panel } from '/texts.js';
import { mediumWords } from '/cylinder.js';

/** Why something cannot be opened yet, in the controller's words. @param {string} cause */
function tryingWords(cause) {
  if (cause === '') {
    return '';
  }
  return panel('AND_ALSO', languageNow() === 'zh' ? panel('SYSTEM_TRYING_NOW') : panel('SYSTEM_TRYING', cause));
}

/** @param {import('/state.js').State} state @returns {[string, string|undefined]} words and class */
function clockWords(state) {
  const { quality, bureau_ahead_ms: ahead } = state.clock;
  const words = `${clock(state.now_ms, state.utc_offset_s)} ${zone(state.utc_offset_s)}, ${panel(`CLOCK_${quality}`)}`;
  return [ahead > 0 ? `${words}${panel('AND_ALSO', panel('CLOCK_BUREAU_AHEAD', age(ahead)))}` : words, quality === 'U' || ahead > 0 ? 'bad' : undefined];
}

/** @param {import('/state.js').State} state @returns {[string, string]} words and class */
function listWords(state) {
  const { list } = state;
  if (list.state !== 'IN_FORCE') {
    return [`${panel(`SYSTEM_LIST_${list.state}`)}${tryingWords(list.text)}`, 'bad'];
  }
  const words = panel('SYSTEM_LIST_AGE', list.version, age(list.age_ms));
  return list.warning ? [`${words}${panel('NEXT_SENTENCE', panel('SYSTEM_LIST_WARNING'))}`, 'bad'] : [words, ''];
}

/** @param {import('/state.js').State} state @returns {string} */
function unsentWords(state) {
  const { unsent, oldest_unsent_ms: oldest } = state.journal;
  return unsent > 0
    ? panel('SYSTEM_UNSENT_SINCE', unsent, moment(oldest, state.utc_offset_s, state.now_ms)) : panel('SYSTEM_UNSENT_NONE');
}

/** @param {import('/state.js').State} state @returns {[string, string]} words and class */
function networkWords(state) {
  const { connected, contact_ms: contact } = state.link;
  const last = contact > 0
    ? panel('NETWORK_LAST', moment(contact, state.utc_offset_s, state.now_ms)) : panel('NETWORK_NEVER');
  return [`${panel(connected ? 'NETWORK_UP' : 'NETWORK_DOWN')}${panel('COMMA', last)}`, connected ? '' : 'bad'];
}

/** Only when it is near: the link renews its certificate long before, a technician the panel's.
 * @param {import('/state.js').State} state @returns {[string, string, string][]} rows */
function certificateRows(state) {
  const end = state.link.certificate_end;
  const left = daysLeft(end, state.today);
  return end > 0 && left.level > 0
    ? [[panel('SYSTEM_CERTIFICATE'), `${panel('NAMED', day(end), left.words)}${panel('NEXT_SENTENCE', panel('TELL_TECHNICIAN'))}`, `bad warning-${left.level}`]] : [];
}

/** @param {{name: string, link: string, text: string}} device */
function makeDevice(device) {
  const up = device.link === 'UP';
  const words = element('span', up ? 'fine' : 'bad', `${up ? '✓' : '✕'} ${panel(`DEVICE_${device.link}`)}`);
  const detail = element('small', '', up || languageNow() === 'zh' ? '' : device.text);
  return element('li', '', element('span', '', deviceWords(device.name)), words, detail);
}

/** @param {import('/state.js').State} state */
export function renderSystem(state) {
  const devices = [{ name: 'reader', link: state.reader.up ? 'UP' : 'DOWN', text: state.reader.text }, ...state.devices];
  const key = devices.map((device) => `${device.name} ${device.link} ${device.link === 'UP' ? '' : device.text}`).join('\n');
  setRows(byId('system-values'), [
    [panel('SYSTEM_POINT'), `${state.point} · ${state.controller} · ${mediumWords(state.medium)}`],
    [panel('SYSTEM_LIST'), ...listWords(state)],
    [panel('SYSTEM_UNSENT'), unsentWords(state)],
    [panel('SYSTEM_JOURNAL'), `${panel(`JOURNAL_${state.journal.state}`)}${tryingWords(state.journal.text)}`, state.journal.state === 'OK' ? undefined : 'bad'],
    [panel('SYSTEM_NETWORK'), ...networkWords(state)],
    [panel('SYSTEM_CLOCK'), ...clockWords(state)],
    ...certificateRows(state),
  ]);
  setChildren(byId('devices'), `${languageNow()} ${key}`, () => devices.map(makeDevice));
}
