/* The overview: figures of a range of days, each with its definition, its table, and a chart of that table. */
import { ask, address, path } from '/js/api.js';
import { draw } from '/js/chart.js';
import { h } from '/js/dom.js';
import { field, form } from '/js/form.js';
import * as format from '/js/format.js';
import { badge, card, figures, head, link, notice, since, table, thing } from '/js/parts.js';
import { go, pick, to } from '/js/router.js';
import { t, text, word } from '/js/texts.js';

const RATES = ['CYLINDERS_REGISTERED', 'INSPECTIONS_IN_DATE', 'OPERATORS_CERTIFIED', 'HAZARDS_CLOSED'];

/** A card: words that define it, chart, table. @param {{title: string, definition: string, chart?: any, body: any, open?: boolean}} what */
function pictured({ title, definition, chart, body, open }) {
  const place = chart ? h('div', { class: `chart ${chart.across ? 'across' : ''} rows-${Math.min(12, chart.categories.length)}`, 'aria-hidden': 'true' }) : null;
  if (place) {
    draw(place, chart);
  }
  return card(title, h('p', { class: 'definition' }, definition), place,
    place ? h('details', { class: 'disclosure', open: open === true }, h('summary', null, t('AS_TABLE')), h('div', { class: 'inside' }, body)) : body);
}

function days(overview) {
  return pictured({
    title: t('DAYS'), definition: t('DAYS_DEFINITION'),
    chart: { categories: overview.days.map((day) => day.day.slice(5)), unit: t('UNIT_TIMES'),
      series: [{ name: t('FILLS'), values: overview.days.map((day) => day.fills) }, { name: t('REFUSALS'), values: overview.days.map((day) => day.refusals) }] },
    body: table({ caption: t('DAYS'), hideCaption: true, rows: overview.days, columns: [
      { label: t('DAY'), cell: (day) => day.day, class: 'time' },
      { label: t('FILLS'), cell: (day) => format.number(day.fills), class: 'number' },
      { label: t('REFUSALS'), cell: (day) => format.number(day.refusals), class: 'number' },
      { label: t('FILLED'), cell: (day) => format.kilograms(day.quantity_g, 1), class: 'number' },
    ] }),
  });
}

function amounts(overview) {
  return pictured({
    title: t('AMOUNTS'), definition: t('AMOUNTS_DEFINITION'),
    chart: { categories: overview.days.map((day) => day.day.slice(5)), unit: 'kg',
      series: [{ name: t('FILLED'), values: overview.days.map((day) => day.quantity_g / 1000) }] },
    body: table({ caption: t('AMOUNTS'), hideCaption: true, rows: overview.days, columns: [
      { label: t('DAY'), cell: (day) => day.day, class: 'time' },
      { label: t('FILLED'), cell: (day) => format.kilograms(day.quantity_g, 1), class: 'number' },
    ] }),
  });
}

function refusals(overview) {
  const counts = overview.refusals;
  return pictured({
    title: t('REFUSALS_BY_REASON'), definition: t('REFUSALS_DEFINITION'),
    chart: counts.length > 0 ? { across: true, categories: counts.slice(0, 12).map((one) => text('reason', one.name)), unit: t('UNIT_TIMES'),
      series: [{ name: t('REFUSALS'), values: counts.slice(0, 12).map((one) => one.count) }] } : null,
    body: table({ caption: t('REFUSALS_BY_REASON'), hideCaption: true, rows: counts, columns: [
      { label: t('REASON'), cell: (one) => link(to(['history'], { outcome: 'REFUSED', reason: one.name }), text('reason', one.name)), class: 'wide' },
      { label: t('REFUSALS'), cell: (one) => format.number(one.count), class: 'number' },
    ] }),
  });
}

function rates(overview) {
  const districts = [...new Set(overview.rates.map((rate) => rate.district))].sort();
  const rateOf = (name, district) => overview.rates.find((rate) => rate.name === name && rate.district === district);
  const cellOf = (name) => (district) => {
    const rate = rateOf(name, district);
    return rate ? [format.percent(rate.numerator, rate.denominator), ' ', h('span', { class: 'soft' }, `${format.number(rate.numerator)} / ${format.number(rate.denominator)}`)] : '';
  };
  const placeName = (district) => (district === '' ? t('CITY') : district);
  return pictured({
    title: t('RATES'), definition: t('RATES_DEFINITION'),
    chart: { categories: districts.map(placeName), unit: '%', maximum: 100, series: RATES.map((name) => ({ name: word('RATE', name),
      values: districts.map((district) => { const rate = rateOf(name, district); return rate && rate.denominator > 0 ? (100 * rate.numerator) / rate.denominator : null; }) })) },
    open: true,
    body: [
      table({ caption: t('RATES'), hideCaption: true, rows: districts, columns: [
        { label: t('DISTRICT'), cell: placeName },
        ...RATES.map((name) => ({ label: word('RATE', name), cell: cellOf(name), class: 'number' })),
      ] }),
      h('dl', { class: 'definitions' }, RATES.map((name) => h('div', null, h('dt', null, word('RATE', name)), h('dd', null, t(`DEFINITION_${name}`))))),
    ],
  });
}

function openAlarms(overview) {
  const counts = overview.open_alarms;
  return pictured({
    title: t('ALARMS_OPEN'), definition: t('ALARMS_OPEN_DEFINITION'),
    chart: counts.length > 0 ? { across: true, categories: counts.map((one) => text('alarm', one.name)), unit: t('UNIT_TIMES'),
      series: [{ name: t('ALARMS_OPEN'), values: counts.map((one) => one.count) }] } : null,
    body: table({ caption: t('ALARMS_OPEN'), hideCaption: true, rows: counts, empty: t('ALARMS_NONE'), columns: [
      { label: t('ALARM'), cell: (one) => link(to(['alarms'], { kind: one.name }), text('alarm', one.name)), class: 'wide' },
      { label: t('COUNT'), cell: (one) => format.number(one.count), class: 'number' },
    ] }),
  });
}

export function stationTable(stations, caption, empty) {
  return table({ caption, hideCaption: true, rows: stations, empty, columns: [
    { label: t('STATION'), cell: (one) => thing('station', one.station) },
    { label: t('NAME'), cell: (one) => one.name, class: 'wide' },
    { label: t('OWNER'), cell: (one) => one.owner },
    { label: t('AREA'), cell: (one) => one.area },
    { label: t('CONTACT'), cell: (one) => [since(one.contact_ms), ' ', one.silent ? badge('bad', t('SILENT')) : badge('ok', t('IN_TOUCH'))], class: 'wide' },
    { label: t('ALARMS_OPEN'), cell: (one) => (one.open_alarms > 0
      ? link(to(['alarms'], { station: one.station }), format.number(one.open_alarms)) : '0'), class: 'number' },
    { label: t('POINTS'), cell: (one) => format.number(one.points), class: 'number' },
  ] });
}

function rangeForm(overview) {
  return form({
    label: t('SHOW'), class: 'inline', name: t('RANGE'),
    fields: [
      field('from_day', t('FROM_DAY'), { type: 'date', value: overview.from_day, required: true }),
      field('until_day', t('UNTIL_DAY'), { type: 'date', value: overview.until_day, required: true }),
    ],
    submit: (values) => { go(to(['overview'], values)); },
  });
}

export async function show({ query, signal }) {
  const overview = await ask(address(path('overview'), pick(query, ['from_day', 'until_day'])), signal);
  const silent = overview.stations.filter((one) => one.silent).length;
  const alarms = overview.open_alarms.reduce((sum, one) => sum + one.count, 0);
  return h('div', { class: 'overview' },
    head(t('OVERVIEW'), t('OVERVIEW_LEAD', overview.from_day, overview.until_day)),
    rangeForm(overview),
    overview.altered > 0
      ? notice('bad', h('strong', null, t('ALTERED_SOME', format.number(overview.altered))), ' ', link(to(['verify']), t('ALTERED_WHICH'))) : null,
    figures([
      [t('FILLS'), format.number(overview.fills)],
      [t('REFUSALS'), format.number(overview.refused)],
      [t('FILLED'), format.kilograms(overview.quantity_g, 1)],
      [t('ALARMS_OPEN'), link(to(['alarms']), format.number(alarms)), alarms > 0 ? badge('warn', t('TO_DO')) : badge('ok', t('NONE_OPEN'))],
      [t('STATIONS_SILENT'), link(to(['stations']), format.number(silent)), silent > 0 ? badge('bad', t('SILENT')) : badge('ok', t('IN_TOUCH'))],
      [t('ALTERED'), link(to(['verify']), format.number(overview.altered)), overview.altered > 0 ? badge('bad', t('ALTERED_YES')) : badge('ok', t('ALTERED_NONE'))],
    ]),
    h('div', { class: 'two' }, days(overview), amounts(overview), refusals(overview), openAlarms(overview)),
    rates(overview),
    card(t('STATIONS_BY_CONTACT'), h('p', { class: 'definition' }, t('STATIONS_DEFINITION')), stationTable(overview.stations, t('STATIONS_BY_CONTACT'))));
}
