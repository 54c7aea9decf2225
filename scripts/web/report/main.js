// The page of cs-report: rows in, and what is looked at; every number is one of a row, or a sum of rows and says so.
import { fill, h, label, plain, value } from './dom.js';
import { duration, fromInput, setLocal, span, toInput } from './numbers.js';
import { decode } from './rows.js';
import { follow } from './live.js';
import { change, comparisons, earlier, onChange, presets, recall, settle, state } from './state.js';
import { bandsOf, cards, figuresView, funnelView, gridView, incidentsView, listView, mainChart, story } from './views.js';

const VALUES_MAX = 200; // of a member, to be chosen from

const given = JSON.parse(document.getElementById('data').textContent);
const page = document.getElementById('page');
let data = decode(given);
let views = [];
let shape = '';

// --- the head of the page ---

const range = h('div', { class: 'range' });
const title = h('h1', null, plain(given.title));
const live = h('span', { class: 'live', role: 'status' });
live.hidden = true;
const buttons = presets.map(([name, , text]) => h('button', { type: 'button', onclick: () => change({ preset: name }) }, text));
const from = h('input', { type: 'datetime-local', 'aria-label': 'from', step: '60', onchange: () => typed() });
const to = h('input', { type: 'datetime-local', 'aria-label': 'to', step: '60', onchange: () => typed() });
const compare = h('select', { id: 'compare', onchange: () => change({ compare: compare.value }) }, comparisons.map(([name, text]) => h('option', { value: name }, text)));
const why = h('span', { class: 'quiet' });
const filters = h('span', { class: 'filters' });
const zone = h('button', { type: 'button', class: 'quiet', title: 'times in UTC or as this device has them', onclick: () => change({ local: !state.local }) });
const theme = h('button', { type: 'button', class: 'quiet', title: 'light or dark', onclick: () => change({ theme: isDark() ? 'light' : 'dark' }) });
const help = h('dialog', { 'aria-label': 'keys' }, h('h2', null, 'Keys'), h('dl', null,
  [['1 – 6', 'hour, 6 h, 24 h, 7 d, 30 d, all'], ['← →', 'the range before, the range after'], ['c', 'compare with something else'], ['x', 'no filter'], ['d', 'light or dark'], ['u', 'UTC or local time'], ['/', 'search'], ['?', 'this']].map(([key, text]) => [h('dt', null, h('kbd', null, key)), h('dd', null, text)])),
h('form', { method: 'dialog' }, h('button', null, 'close')));
const keys = h('button', { type: 'button', class: 'quiet', title: 'keys', onclick: () => help.showModal() }, '?');

function typed() {
  const [begin, end] = [fromInput(from.value), fromInput(to.value)];
  if (begin !== null && end !== null && begin < end) change({ preset: null, from: begin, to: end });
}

function isDark() {
  return state.theme ? state.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

const body = h('div', { class: 'body' });
page.append(
  h('header', null, h('div', { class: 'top' }, title, live, h('span', { class: 'right' }, zone, theme, keys)),
    range,
    h('div', { class: 'controls' }, h('div', { class: 'tabs', role: 'group', 'aria-label': 'range' }, buttons), h('span', { class: 'dates' }, from, ' – ', to),
      h('label', null, 'compare with ', compare), filters, why)),
  body,
  h('footer', null, h('p', null, 'Every number here is a number of a row, or a sum of rows, which then says so. Rates of a range are of such sums, never means of rates. Made by cs-report.')),
  help);

// --- what can be filtered by: members of the groups of panels, with few values ---

function dimensionsOf() {
  const found = new Map();
  for (const grid of data.grids) {
    grid.by.forEach((member, place) => {
      const values = found.get(member) || new Map();
      for (const group of grid.groups) if (values.size <= VALUES_MAX) values.set(JSON.stringify(group[place]), group[place]);
      found.set(member, values);
    });
  }
  const main = data.grids.filter((grid) => ['funnel', 'sales', 'visits', 'conversion', 'carts'].includes(grid.kind)).flatMap((grid) => grid.by);
  const usable = [...found].filter(([member, values]) => values.size > 1 && values.size <= VALUES_MAX && (!main.length || main.includes(member)));
  return new Map(usable.slice(0, 4));
}

function drawFilters(dimensions) {
  for (const member of Object.keys(state.filter)) if (!dimensions.get(member)?.has(state.filter[member])) delete state.filter[member];
  fill(filters, [...dimensions].map(([member, values]) => {
    const select = h('select', { onchange: () => {
      const filter = { ...state.filter };
      if (select.value === '*') delete filter[member];
      else filter[member] = select.value;
      change({ filter });
    } }, h('option', { value: '*' }, 'all'), [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, of]) => h('option', { value: key }, plain(of))));
    select.value = member in state.filter ? state.filter[member] : '*';
    return h('label', { class: member in state.filter ? 'on' : '' }, `${label(member)} `, select);
  }));
}

function drawHead(before) {
  document.title = `${plain(data.title ?? given.title)}`;
  buttons.forEach((button, i) => {
    button.setAttribute('aria-pressed', String(state.preset === presets[i][0]));
    button.disabled = presets[i][1] !== Infinity && presets[i][1] > 2 * (data.end - data.begin);
  });
  from.value = toInput(state.from);
  to.value = toInput(state.to);
  compare.value = state.compare;
  zone.textContent = state.local ? 'local time' : 'UTC';
  theme.textContent = isDark() ? '☀' : '☾';
  theme.setAttribute('aria-label', isDark() ? 'light' : 'dark');
  fill(why, !before && state.compare !== 'none' ? 'The rows do not reach back so far.' : '');
  fill(range, h('strong', null, span(state.from, state.to)), before ? [' compared with ', span(before.from, before.to)] : '',
    Object.entries(state.filter).map(([member, of]) => [' · only ', value(JSON.parse(of)), ' ', h('button', { type: 'button', class: 'quiet', 'aria-label': `no filter by ${label(member)}`, onclick: () => {
      const filter = { ...state.filter };
      delete filter[member];
      change({ filter });
    } }, '×')]));
}

// --- the parts ---

// Only what can be seen is drawn at once; the rest when it comes into view.
const watcher = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    const part = views.find((view) => view.element === entry.target);
    if (!part) continue;
    part.seen = entry.isIntersecting;
    if (part.seen && part.stale) drawPart(part);
  }
}, { rootMargin: '300px' });

let view = null;

function drawPart(part) {
  part.stale = false;
  part.draw(view);
}

function makeParts() {
  const wanted = JSON.stringify([data.grids.map((grid) => [grid.kind, grid.by, grid.measures.map((m) => m.name)]), data.lists.map((list) => [list.kind, list.columns]), data.figures.length > 0]);
  if (wanted === shape) return;
  shape = wanted;
  watcher.disconnect();
  const at = data.grids.findIndex((grid) => grid.kind === 'funnel');
  views = [story(), cards(), ...(at >= 0 ? [funnelView(at)] : []), mainChart(),
    ...(data.lists.some((list) => ['incident', 'alert'].includes(list.kind)) ? [incidentsView()] : []),
    ...data.grids.map((_, i) => i).filter((i) => i !== at).map(gridView),
    ...data.lists.map((list, i) => [list, i]).filter(([list]) => !['incident', 'alert'].includes(list.kind)).map(([, i]) => listView(i)),
    ...(data.figures.length ? [figuresView()] : [])];
  fill(body, views.map((part) => part.element));
  if (!views.some((part) => part.element.classList.contains('card') && part.element.id !== 'over-time')) body.append(h('p', { class: 'empty' }, given.live ? 'No rows yet.' : 'No rows.'));
  views.forEach((part) => watcher.observe(part.element));
}

function draw() {
  setLocal(state.local);
  if (state.theme) document.documentElement.dataset.theme = state.theme;
  makeParts();
  page.classList.toggle('waiting', !Number.isFinite(data.begin));
  if (!Number.isFinite(data.begin)) {
    for (const part of views) if (part.element.id === 'records') part.draw({ data });
    return;
  }
  settle(data);
  const dimensions = dimensionsOf();
  drawFilters(dimensions);
  const before = earlier(data);
  view = { data, range: { from: state.from, to: state.to }, before, dimensions };
  view.bands = bandsOf(data, view.range, state.filter);
  drawHead(before);
  for (const part of views) {
    part.stale = true;
    if (part.seen !== false) drawPart(part);
  }
}

function drawAll() {
  views.filter((part) => part.stale).forEach(drawPart);
}

// Many changes at once, as a live page and a wheel bring them, are one.
let asked = false;
onChange(() => {
  if (asked) return;
  asked = true;
  requestAnimationFrame(() => {
    asked = false;
    draw();
  });
});

addEventListener('beforeprint', drawAll);
addEventListener('resize', () => change({}));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => change({}));
addEventListener('hashchange', () => {
  recall();
  change({});
});

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea, dialog')) return;
  const move = (way) => {
    const length = state.to - state.from;
    change({ preset: null, from: state.from + way * length, to: state.to + way * length });
  };
  const does = {
    ArrowLeft: () => move(-1),
    ArrowRight: () => move(1),
    c: () => change({ compare: comparisons[(comparisons.findIndex(([name]) => name === state.compare) + 1) % comparisons.length][0] }),
    x: () => change({ filter: {} }),
    d: () => theme.click(),
    u: () => zone.click(),
    '/': () => page.querySelector('input[type=search]:not([hidden])')?.focus(),
    '?': () => help.showModal(),
  }[event.key] || (presets[event.key - 1] && (() => change({ preset: presets[event.key - 1][0] })));
  if (!does) return;
  event.preventDefault();
  does();
});

recall();
draw();

if (given.live) {
  live.hidden = false;
  live.textContent = 'waiting for rows';
  follow(given.script, given.live, (rows) => {
    data = decode(rows);
    change({});
  }, (age, old) => {
    page.classList.toggle('old', old === true);
    live.classList.toggle('old', old !== false);
    live.textContent = age === null ? 'waiting for rows' : old ? `nothing new for ${duration(Math.floor(age / 1000) * 1000)}` : `live · ${Math.round(age / 1000)} s ago`;
  });
}
