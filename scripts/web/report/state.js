// What is looked at: range, comparison, filter. It stands in the address, so it can be sent to somebody.
import { DAY, HOUR } from './numbers.js';

export const presets = [
  ['1h', HOUR, 'hour'], ['6h', 6 * HOUR, '6 h'], ['24h', DAY, '24 h'], ['7d', 7 * DAY, '7 d'], ['30d', 30 * DAY, '30 d'], ['all', Infinity, 'all'],
];
export const comparisons = [['before', 'the period before'], ['day', 'a day earlier'], ['week', 'a week earlier'], ['none', 'nothing']];

export const state = { preset: null, from: 0, to: 0, compare: 'before', filter: {}, theme: '', local: false };
let listeners = [];

export function onChange(listener) {
  listeners.push(listener);
}

export function change(more) {
  Object.assign(state, more);
  remember();
  listeners.forEach((listener) => listener());
}

// A preset ends where the rows end.
export function settle(data) {
  if (!state.preset && !state.from) {
    const all = data.end - data.begin;
    state.preset = all >= 14 * DAY ? '7d' : all >= 2 * DAY ? '24h' : 'all';
  }
  const preset = presets.find(([name]) => name === state.preset);
  if (!preset) return;
  state.to = data.end;
  state.from = preset[1] === Infinity ? data.begin : Math.max(data.begin, data.end - preset[1]);
}

// The range compared with; null: there is none, or the rows do not reach back so far.
export function earlier(data) {
  const shift = { before: state.to - state.from, day: DAY, week: 7 * DAY }[state.compare];
  if (!shift || state.from - shift < data.begin || state.from - shift >= data.end) return null;
  return { from: state.from - shift, to: state.to - shift, shift };
}

function remember() {
  const { preset, from, to, compare, filter, theme, local } = state;
  const said = { ...(preset ? { preset } : { from, to }), compare, filter, theme, local };
  history.replaceState(null, '', `#${encodeURIComponent(JSON.stringify(said))}`);
}

// An address may say anything.
export function recall() {
  let said;
  try {
    said = JSON.parse(decodeURIComponent(location.hash.slice(1)));
  } catch {
    return;
  }
  if (said === null || typeof said !== 'object') return;
  if (presets.some(([name]) => name === said.preset)) state.preset = said.preset;
  if (Number.isFinite(said.from) && Number.isFinite(said.to) && said.from < said.to) Object.assign(state, { preset: null, from: said.from, to: said.to });
  if (comparisons.some(([name]) => name === said.compare)) state.compare = said.compare;
  if (said.filter && typeof said.filter === 'object') {
    state.filter = Object.fromEntries(Object.entries(said.filter).filter(([, value]) => typeof value === 'string'));
  }
  if (['light', 'dark'].includes(said.theme)) state.theme = said.theme;
  state.local = said.local === true;
}
