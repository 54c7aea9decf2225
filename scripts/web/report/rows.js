// The rows as they came, and sums of them. Nothing is ever estimated: a sum is of rows whose windows begin in a range,
// a rate is of two such sums, and what cannot be added up is shown only where one row says it.
import { percent } from './numbers.js';

// A panel of windows: columns of numbers, rows in order of time.
function windows(raw) {
  const count = raw.start.length;
  const start = new Float64Array(count);
  const first = new Uint32Array(count + 1);
  for (let i = 0, at = 0; i < count; i++) {
    start[i] = at += raw.start[i];
    first[i + 1] = first[i] + raw.rows[i];
  }
  const length = Array.isArray(raw.length) ? raw.length : null;
  const measures = raw.measures.map((measure) => ({
    ...measure,
    // null becomes NaN, which no sum takes in.
    value: Float64Array.from(measure.value, (value) => (value === null ? NaN : value)),
  }));
  const rates = (raw.rates || '').split(' ').filter(Boolean).map((text) => {
    const [name, of] = text.split('=');
    const [part, whole] = of.split('/').map((name) => measures.findIndex((measure) => measure.name === name));
    return { name, part, whole };
  }).filter(({ part, whole }) => part >= 0 && whole >= 0);
  const lead = Math.max(0, measures.findIndex((measure) => measure.name === raw.lead));
  return {
    ...raw, start, first, measures, rates, lead,
    group: Uint32Array.from(raw.group),
    shortest: length ? Math.min(...length) : raw.length,
    lengthOf: (i) => (length ? length[i] : raw.length),
    end: count ? start[count - 1] + (length ? length[count - 1] : raw.length) : 0,
    begin: count ? start[0] : 0,
  };
}

const timeOf = (text) => (typeof text === 'string' ? Date.parse(text) : Number(text));

// A panel of rows one by one.
function list(raw) {
  return { ...raw, at: raw.rows.map((row) => timeOf(row[raw.time])) };
}

export function decode(data) {
  const panels = data.panels.map((raw) => (raw.start ? windows(raw) : raw.columns ? list(raw) : raw));
  const grids = panels.filter((panel) => panel.start && panel.start.length);
  return {
    title: data.title, lines: data.lines, unused: data.unused, panels,
    grids,
    lists: panels.filter((panel) => panel.columns && panel.rows.length),
    figures: panels.find((panel) => panel.figures)?.figures || [],
    begin: Math.min(...grids.map((grid) => grid.begin), ...panels.filter((p) => p.at).flatMap((p) => (p.at.length ? [p.at[p.at.length - 1]] : []))),
    end: Math.max(...grids.map((grid) => grid.end), ...panels.filter((p) => p.at).flatMap((p) => (p.at.length ? [p.at[0] + 1] : []))),
  };
}

// The first window that begins at or after that time.
export function firstAt(grid, ms) {
  let low = 0;
  let high = grid.start.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (grid.start[middle] < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Which groups are wanted: a byte each. filter: member -> value, as JSON.
export function mask(grid, filter) {
  const wanted = new Uint8Array(grid.groups.length).fill(1);
  grid.by.forEach((member, place) => {
    if (!(member in filter)) return;
    grid.groups.forEach((group, i) => {
      if (JSON.stringify(group[place]) !== filter[member]) wanted[i] = 0;
    });
  });
  return wanted;
}

// The sums of each measure over the rows of a range; rows says how many they are.
export function total(grid, from, to, wanted) {
  const begin = grid.first[firstAt(grid, from)];
  const end = grid.first[firstAt(grid, to)];
  let rows = 0;
  for (let i = begin; i < end; i++) rows += wanted[grid.group[i]];
  const sum = grid.measures.map((measure) => (measure.adds ? sumOf(grid, measure.value, begin, end, wanted) : rows === 1 ? only(grid, measure.value, begin, end, wanted) : NaN));
  return { sum, rows };
}

function sumOf(grid, value, begin, end, wanted) {
  let sum = 0;
  for (let i = begin; i < end; i++) if (wanted[grid.group[i]] && value[i] === value[i]) sum += value[i];
  return sum;
}

function only(grid, value, begin, end, wanted) {
  for (let i = begin; i < end; i++) if (wanted[grid.group[i]]) return value[i];
  return NaN;
}

// The same for each value of a key, which number(group) gives; of those without a row, nothing.
export function totals(grid, from, to, wanted, number, count) {
  const begin = grid.first[firstAt(grid, from)];
  const end = grid.first[firstAt(grid, to)];
  const rows = new Uint32Array(count);
  const key = Uint32Array.from(grid.groups, (_, i) => number(i));
  for (let i = begin; i < end; i++) if (wanted[grid.group[i]]) rows[key[grid.group[i]]]++;
  const sum = grid.measures.map((measure) => {
    const sums = new Float64Array(count);
    const { value } = measure;
    for (let i = begin; i < end; i++) {
      const group = grid.group[i];
      if (!wanted[group] || value[i] !== value[i]) continue;
      sums[key[group]] = measure.adds ? sums[key[group]] + value[i] : rows[key[group]] === 1 ? value[i] : NaN;
    }
    if (!measure.adds) for (let k = 0; k < count; k++) if (rows[k] !== 1) sums[k] = NaN;
    return sums;
  });
  return { sum, rows };
}

// A measure over time: the sums of bins of that length, from one on; bins that no window begins in are NaN.
export function series(grid, measure, from, to, bin, wanted) {
  const count = Math.max(0, Math.ceil((to - from) / bin));
  const sums = new Float64Array(count).fill(NaN);
  const { value, adds } = grid.measures[measure];
  for (let w = firstAt(grid, from); w < grid.start.length && grid.start[w] < to; w++) {
    const at = Math.floor((grid.start[w] - from) / bin);
    let rows = 0;
    let sum = 0;
    for (let i = grid.first[w]; i < grid.first[w + 1]; i++) {
      if (!wanted[grid.group[i]] || value[i] !== value[i]) continue;
      sum += value[i];
      rows++;
    }
    // A window whose rows are of other groups only is one of nothing.
    if (adds) sums[at] = (Number.isNaN(sums[at]) ? 0 : sums[at]) + sum;
    else sums[at] = rows === 1 && Number.isNaN(sums[at]) ? sum : NaN;
  }
  return sums;
}

export function rate(sums, { part, whole }) {
  return percent(sums[part], sums[whole]);
}
