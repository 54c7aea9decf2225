// Lines over time, by uPlot: a measure now, and dashed in the range compared with.
import uPlot from 'uplot';
import { count, DAY, HOUR, isLocal, MINUTE, moment } from './numbers.js';
import { fill, h } from './dom.js';

const bins = [MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 28 * DAY];
const POINTS = 480;

// The shortest step that holds whole windows and gives no more points than can be seen apart.
export function binOf(window, range) {
  for (const bin of bins) if (bin >= window && bin % window === 0 && range / bin <= POINTS) return bin;
  return Math.max(window, Math.ceil(range / POINTS / window) * window);
}

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function ticks(places) {
  return (_, values) => values.map((value) => (value === null ? '' : Math.abs(value) >= 10000 * 10 ** places ? `${+(value / 10 ** places / 1000).toPrecision(3)}k` : String(+(value / 10 ** places).toPrecision(6))));
}

// The bands of incidents lie behind the lines.
function bandsPlugin(chart) {
  return {
    hooks: {
      drawClear: [(u) => {
        const { ctx, bbox } = u;
        ctx.save();
        for (const [from, to, down] of chart.bands) {
          ctx.fillStyle = css(down ? '--band' : '--band-up');
          const left = Math.max(bbox.left, u.valToPos(from / 1000, 'x', true));
          const right = Math.min(bbox.left + bbox.width, u.valToPos(to / 1000, 'x', true));
          if (right > left) ctx.fillRect(left, bbox.top, Math.max(2, right - left), bbox.height);
        }
        ctx.restore();
      }],
    },
  };
}

// chart = { element, height, zoom(from, to) }; draw() makes or updates it.
export function makeChart(height, zoom) {
  const element = h('div', { class: 'chart' });
  return { element, height, zoom, plot: null, bands: [], shape: '' };
}

export function drawChart(chart, { from, bin, now, before, places, bands, name }) {
  const width = chart.element.clientWidth || 600;
  const time = Float64Array.from(now, (_, i) => (from + i * bin) / 1000);
  const gaps = (values) => Array.from(values, (value) => (Number.isNaN(value) ? null : value));
  const data = [Array.from(time), gaps(now), before ? gaps(before) : time.length ? new Array(time.length).fill(null) : []];
  const shape = [places, isLocal(), document.documentElement.dataset.theme, matchMedia('(prefers-color-scheme: dark)').matches, name].join();
  chart.bands = bands || [];
  if (chart.plot && chart.shape === shape) {
    if (chart.plot.width !== width) chart.plot.setSize({ width, height: chart.height });
    chart.plot.setData(data);
    return;
  }
  if (chart.plot) chart.plot.destroy();
  chart.shape = shape;
  const axis = { stroke: css('--quiet'), grid: { stroke: css('--line'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' };
  const points = { show: (u, s) => u.data[s].length <= 60, size: 5, fill: css('--now') };
  const accent = css('--now');
  chart.plot = new uPlot({
    width, height: chart.height,
    tzDate: (seconds) => (isLocal() ? new Date(seconds * 1000) : uPlot.tzDate(new Date(seconds * 1000), 'Etc/UTC')),
    cursor: { y: false, drag: { x: true, y: false, setScale: false }, points: { size: 7 } },
    select: { show: true },
    legend: { show: false },
    padding: [10, 8, 0, 0],
    scales: { y: { range: (_, low, high) => [Math.min(0, low || 0), high > 0 ? high * 1.08 : 1] } },
    axes: [
      { ...axis, space: 70, values: [
        [86400, '{D} {MMM}', null, null, null, null, null, null, 1],
        [3600, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
        [60, '{HH}:{mm}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
        [1, '{HH}:{mm}:{ss}', '\n{D} {MMM}', null, '\n{D} {MMM}', null, null, null, 1],
      ] },
      { ...axis, size: 52, values: ticks(places), incrs: places ? undefined : [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12] },
    ],
    series: [
      {},
      { stroke: accent, width: 2, fill: css('--now-soft'), points },
      { stroke: css('--before'), width: 1.5, dash: [5, 4], points: { show: false } },
    ],
    hooks: {
      setSelect: [(u) => {
        if (u.select.width < 4) return;
        const at = (x) => Math.round(u.posToVal(x, 'x') * 1000);
        const low = at(u.select.left);
        const high = at(u.select.left + u.select.width);
        u.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
        chart.zoom(low, high);
      }],
      setCursor: [(u) => tell(chart, u)],
    },
    plugins: [bandsPlugin(chart)],
  }, data, chart.element);
  chart.tip = chart.element.appendChild(h('div', { class: 'tip' }));
  chart.tip.hidden = true;
  chart.places = places;
}

// What the cursor stands on.
function tell(chart, u) {
  const at = u.cursor.idx;
  if (!chart.tip) return;
  chart.tip.hidden = at === null || at === undefined || u.cursor.left < 0;
  if (chart.tip.hidden) return;
  const before = u.data[2][at];
  fill(chart.tip,
    h('b', null, u.data[1][at] === null ? 'no row' : count(u.data[1][at], chart.places)),
    before === null || before === undefined ? null : h('span', null, ` before ${count(before, chart.places)}`),
    h('br'), h('span', null, moment(u.data[0][at] * 1000)));
  const right = u.cursor.left > u.bbox.width / devicePixelRatio / 2;
  chart.tip.style.setProperty('left', right ? 'auto' : `${u.cursor.left + 66}px`);
  chart.tip.style.setProperty('right', right ? `${u.width - u.cursor.left - 40}px` : 'auto');
}

// A small line without axes.
export function sparkline(values, svg) {
  const known = values.filter((value) => !Number.isNaN(value));
  const high = Math.max(1e-9, ...known);
  const step = 100 / Math.max(1, values.length - 1);
  let path = '';
  let pen = 'M';
  values.forEach((value, i) => {
    if (Number.isNaN(value)) { pen = 'M'; return; }
    path += `${pen}${(i * step).toFixed(1)},${(23 - (value / high) * 22).toFixed(1)}`;
    pen = 'L';
  });
  return svg('svg', { class: 'spark', viewBox: '0 0 100 24', preserveAspectRatio: 'none', 'aria-hidden': 'true' }, svg('path', { d: path }));
}
