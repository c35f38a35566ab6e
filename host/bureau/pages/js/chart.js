/* Charts by Apache ECharts, served by the bureau itself and loaded when the first chart is wanted. A chart is only a picture of the table
 * that stands beside it: without it nothing is missing, so a failure to load it is not told. Bars have patterns besides colours. */
import { languageTag } from '/js/texts.js';

const SOURCE = '/lib/echarts.common.min.js';
const COLOURS = ['#0b5a7a', '#c25a00', '#4c7a2a', '#7a3d8f'];
const LABEL = '#33414e';

/** @type {Promise<any>|null} */
let loading = null;
/** @type {any[]} */
let shown = [];

function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = SOURCE;
    script.onload = () => resolve(Reflect.get(window, 'echarts'));
    script.onerror = () => reject(new Error(SOURCE));
    document.head.append(script);
  });
  return loading;
}

/** @typedef {{name: string, values: (number|null)[]}} Series */

/** @param {{categories: string[], series: Series[], unit: string, across?: boolean, stacked?: boolean, maximum?: number}} what */
function optionOf({ categories, series, unit, across, stacked, maximum }) {
  const numbers = new Intl.NumberFormat(languageTag(), { maximumFractionDigits: 1 });
  const names = { type: 'category', data: categories, inverse: across === true, axisTick: { show: false },
    axisLine: { lineStyle: { color: '#8795a1' } }, axisLabel: { color: LABEL, fontSize: 12, hideOverlap: !across, width: across ? 190 : undefined, overflow: across ? 'break' : undefined, interval: across ? 0 : 'auto' } };
  const amounts = { type: 'value', max: maximum, axisLabel: { color: LABEL, fontSize: 12, hideOverlap: true, formatter: (value) => numbers.format(value) + (unit === '%' ? ' %' : '') },
    splitLine: { lineStyle: { color: '#dfe5ea' } }, name: across ? '' : unit, nameTextStyle: { color: LABEL, align: 'left' } };
  return {
    animation: false,
    color: COLOURS,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    aria: { enabled: true, label: { enabled: false }, decal: { show: series.length > 1 } },
    grid: { left: 8, right: 24, top: series.length > 1 ? 60 : 34, bottom: 6, containLabel: true },
    legend: series.length > 1 ? { top: 0, left: 0, itemGap: 18, textStyle: { color: LABEL, fontSize: 13 } } : undefined,
    tooltip: { trigger: 'axis', renderMode: 'richText', axisPointer: { type: 'shadow' }, confine: true,
      valueFormatter: (value) => (value === null || value === undefined ? '–' : `${numbers.format(value)} ${unit}`) },
    xAxis: across ? amounts : names,
    yAxis: across ? names : amounts,
    series: series.map((one) => ({ type: 'bar', name: one.name, data: one.values, stack: stacked ? 'all' : undefined, barMaxWidth: 28, barMinHeight: 1,
      label: across ? { show: true, position: 'right', color: LABEL, formatter: ({ value }) => (value === null ? '' : numbers.format(value) + (unit === '%' ? ' %' : '')) } : undefined })),
  };
}

/** Draws into a figure once it stands in the page; the figure hides itself when it cannot.
 * @param {HTMLElement} place @param {any} what */
export async function draw(place, what) {
  try {
    const echarts = await load();
    await new Promise((resolve) => { requestAnimationFrame(resolve); });
    if (!place.isConnected) {
      return;
    }
    const chart = echarts.init(place, null, { renderer: 'canvas' });
    chart.setOption(optionOf(what));
    shown = shown.filter((one) => one.place.isConnected || one.chart.dispose());
    const resize = new ResizeObserver(() => chart.resize());
    resize.observe(place);
    shown.push({ place, chart });
  } catch {
    place.hidden = true;
  }
}
