// Each part of the page: an element, and a draw function that fills it for what is looked at.
import { fill, h, label, plain, svg, value } from './dom.js';
import { binOf, drawChart, makeChart, sparkline } from './chart.js';
import { change as relative, count, duration, moment, percent, share, span } from './numbers.js';
import { mask, rate, series, total, totals } from './rows.js';
import { change, state } from './state.js';
import { delta, incidents, points, steps, storyOf } from './story.js';
import { makeTable } from './table.js';

const zoom = (from, to) => change({ preset: null, from, to });

function panelCard(id, title, ...children) {
  const heading = h('h2', { id: `h-${id}` }, title);
  return h('section', { class: 'card', 'aria-labelledby': `h-${id}`, id }, heading, ...children);
}

// --- what happened ---

export function story() {
  const list = h('ul', { class: 'story' });
  return {
    element: list,
    draw(view) {
      const items = storyOf(view.data, view.range, view.before);
      fill(list, items);
      list.hidden = !items.length;
    },
  };
}

// --- the figures in front ---

function card(name, text, change, before, line, title) {
  return h('div', { class: 'figure', title }, h('div', { class: 'name' }, name), h('div', { class: 'big' }, text), h('div', { class: 'under' }, change, before ? h('span', { class: 'quiet' }, before) : null), line);
}

// A rate over time: of the sums of each bin.
function rateLine({ range }, grid, whole, part, wanted) {
  const bin = binOf(grid.shortest, (range.to - range.from) * 8);
  const [below, above] = [whole, part].map((i) => series(grid, i, range.from, range.to, bin, wanted));
  return Array.from(below, (count, i) => percent(above[i], count) ?? NaN);
}

export function cards() {
  const element = h('div', { class: 'figures' });
  const measureCard = (view, grid, i, good = true, name = null) => {
    const wanted = mask(grid, state.filter);
    const measure = grid.measures[i];
    const now = total(grid, view.range.from, view.range.to, wanted);
    const then = view.before && total(grid, view.before.from, view.before.to, wanted);
    const bin = binOf(grid.shortest, (view.range.to - view.range.from) * 8);
    const line = Array.from(series(grid, i, view.range.from, view.range.to, bin, wanted));
    return card(name ?? label(measure.name), now.rows ? count(now.sum[i], measure.places) : '–', then ? delta(now.sum[i], then.sum[i], good) : null,
      then ? `before ${count(then.sum[i], measure.places)}` : null, sparkline(line, svg), `sum of ${count(now.rows)} rows`);
  };
  return {
    element,
    draw(view) {
      const { data } = view;
      const found = [];
      const funnel = data.grids.find((grid) => grid.kind === 'funnel');
      if (funnel) {
        const all = steps(funnel);
        const [first, last] = [all[0], all[all.length - 1]];
        found.push(measureCard(view, funnel, first.i), measureCard(view, funnel, last.i));
        const wanted = mask(funnel, state.filter);
        const now = total(funnel, view.range.from, view.range.to, wanted).sum;
        const then = view.before && total(funnel, view.before.from, view.before.to, wanted).sum;
        const nowRate = percent(now[last.i], now[first.i]);
        const thenRate = then ? percent(then[last.i], then[first.i]) : null;
        found.push(card('conversion', nowRate === null ? '–' : `${nowRate} %`, points(nowRate, thenRate), thenRate === null ? null : `before ${thenRate} %`, sparkline(rateLine(view, funnel, first.i, last.i, wanted), svg),
          `${label(last.name)} of ${label(first.name)}, both summed`));
      }
      const money = data.grids.find((grid) => grid.kind === 'sales') || data.grids.find((grid) => grid.kind === 'revenue');
      if (money) found.push(measureCard(view, money, money.lead));
      const carts = data.grids.find((grid) => grid.kind === 'carts');
      if (carts) {
        const worth = carts.measures.findIndex((measure) => measure.name === 'cart_value');
        found.push(measureCard(view, carts, worth >= 0 ? worth : carts.lead, false));
      }
      for (const grid of data.grids) {
        if (found.length >= 5) break;
        if (grid.kind === 'visits') ['visits', 'pages', 'bounces'].forEach((name) => {
          const i = grid.measures.findIndex((measure) => measure.name === name);
          if (i >= 0 && found.length < 5) found.push(measureCard(view, grid, i, name !== 'bounces'));
        });
        if (['status', 'not-found'].includes(grid.kind) && !funnel) found.push(measureCard(view, grid, grid.lead, grid.kind === 'status', grid.kind === 'status' ? 'requests' : 'not found'));
      }
      fill(element, found);
      element.hidden = !found.length;
    },
  };
}

// --- the funnel ---

export function funnelView(index) {
  const bars = h('ol', { class: 'funnel' });
  const caption = h('p', { class: 'note' });
  const table = makeTable([], { title: 'The funnel by group', sort: 1 });
  const pick = h('select', { 'aria-label': 'by', onchange: () => element.draw() });
  let last;
  const card = panelCard(`panel-${index}`, 'Funnel', h('div', { class: 'two' }, h('div', null, bars, caption), h('div', null, h('label', { class: 'pick' }, 'by ', pick), table.element)));
  const element = {
    element: card,
    draw(view = last) {
      last = view;
      const grid = view.data.grids[index];
      const wanted = mask(grid, state.filter);
      const now = total(grid, view.range.from, view.range.to, wanted);
      const then = view.before ? total(grid, view.before.from, view.before.to, wanted) : null;
      const all = steps(grid);
      const top = Math.max(1, ...all.map((step) => now.sum[step.i]));
      fill(bars, all.map((step, k) => {
        const from = k ? all[k - 1] : null;
        const way = from ? percent(now.sum[step.i], now.sum[from.i]) : null;
        const old = from && then ? percent(then.sum[step.i], then.sum[from.i]) : null;
        const worse = way !== null && old !== null && relative(way, old) < -15 && then.sum[step.i] >= 20;
        const marker = then && then.sum[all[0].i] ? Math.min(100, (then.sum[step.i] / then.sum[all[0].i]) * (now.sum[all[0].i] / top) * 100) : null;
        return h('li', { class: worse ? 'worse' : '' },
          h('div', { class: 'step' }, h('span', null, label(step.name)), h('b', null, count(now.sum[step.i], step.places)), then ? delta(now.sum[step.i], then.sum[step.i]) : null),
          h('div', { class: 'track' },
            h('div', { class: 'bar', style: { width: `${(now.sum[step.i] / top) * 100}%` } }),
            marker === null ? null : h('div', { class: 'was', title: 'the share of the first step in the range compared with', style: { left: `${marker}%` } })),
          h('div', { class: 'under quiet' }, from ? [`${share(now.sum[step.i], now.sum[from.i])} of ${label(from.name)}`, old !== null ? [' ', points(way, old)] : null, k > 1 ? ` · ${share(now.sum[step.i], now.sum[all[0].i])} of all` : null] : ' '));
      }));
      fill(caption, `Sums of ${count(now.rows)} rows of ${duration(grid.shortest)}: a session that is in two windows counts in both.`, then ? ' The mark on a bar is the share of the first step before.' : null);
      fillPick(pick, grid.by);
      pick.parentElement.hidden = grid.by.length < 2;
      if (grid.by.length) table.update(...groupRows(view, grid, wanted, grid.by.includes(pick.value) ? [pick.value] : grid.by, [all[0].i, all[all.length - 1].i],
        [{ name: 'conversion', part: all[all.length - 1].i, whole: all[0].i }]));
      table.element.hidden = !grid.by.length;
    },
  };
  return element;
}

function fillPick(pick, by) {
  const names = [...by, ...(by.length > 1 ? [''] : [])];
  if (pick.dataset.names === names.join()) return;
  pick.dataset.names = names.join();
  fill(pick, names.map((name) => h('option', { value: name }, name ? label(name) : 'each of these')));
}

// --- tables of groups ---

// A value of a group, which filters by it where that is possible.
function groupCell(view, member, of) {
  const text = value(of);
  if (!view.dimensions.has(member)) return text;
  return h('button', { type: 'button', class: 'link', title: `only ${label(member)} ${plain(of)}`, onclick: () => change({ filter: { ...state.filter, [member]: JSON.stringify(of) } }) }, text);
}

// Rows and columns of a table of sums by these members: measures by number, and rates of them.
function groupRows(view, grid, wanted, by, measures, rates) {
  const places = by.map((member) => grid.by.indexOf(member));
  const keys = new Map();
  const number = grid.groups.map((group) => {
    const key = JSON.stringify(places.map((place) => group[place]));
    if (!keys.has(key)) keys.set(key, keys.size);
    return keys.get(key);
  });
  const of = [...keys.keys()].map((key) => JSON.parse(key));
  const sample = new Map(number.map((key, group) => [key, group]));
  const sums = ({ from, to }) => totals(grid, from, to, wanted, (i) => number[i], keys.size);
  const now = sums(view.range);
  const then = view.before ? sums(view.before) : null;
  const rows = [];
  for (let k = 0; k < of.length; k++) {
    if (!now.rows[k]) continue;
    const at = (of) => grid.measures.map((_, m) => of.sum[m][k]);
    rows.push({ of: of[k], now: at(now), then: then && then.rows[k] ? at(then) : null, detail: grid.detail && places.length === grid.by.length ? grid.detail[sample.get(k)] : null });
  }
  const lead = measures.includes(grid.lead) ? grid.lead : measures[0];
  const high = Math.max(1, ...rows.map((row) => row.now[lead] || 0));
  const columns = by.map((member, i) => ({
    name: label(member), head: i === 0, text: (row) => groupCell(view, member, row.of[i]), sort: (row) => (typeof row.of[i] === 'number' ? row.of[i] : plain(row.of[i])), find: (row) => plain(row.of[i]),
  }));
  for (const m of measures) {
    const measure = grid.measures[m];
    columns.push({
      name: label(measure.name), number: true, sort: (row) => row.now[m],
      text: (row) => h('span', { class: m === lead ? 'cell' : '', style: m === lead ? { '--part': `${Math.max(0, (row.now[m] / high) * 100) || 0}%` } : null }, count(row.now[m], measure.places), m === lead && then ? [' ', row.then ? delta(row.now[m], row.then[m]) : h('span', { class: 'delta' }, 'new')] : null),
    });
  }
  for (const one of rates) {
    columns.push({
      name: label(one.name), number: true, sort: (row) => rate(row.now, one),
      text: (row) => [share(row.now[one.part], row.now[one.whole]), row.then ? [' ', points(rate(row.now, one), rate(row.then, one), !/^(bounce|exit)_/.test(one.name))] : null],
    });
  }
  if (rows.some((row) => row.detail)) grid.details.forEach((name, i) => columns.push({ name: label(name), sort: (row) => plain(row.detail?.[i]), find: (row) => plain(row.detail?.[i]), text: (row) => (row.detail ? detail(row.detail[i]) : '') }));
  return [rows, columns];
}

// A list of a row, as a few words.
function detail(of) {
  if (!Array.isArray(of)) return value(of);
  return h('span', { class: 'few' }, of.slice(0, 3).map((one, i) => [i ? ', ' : '', value(one && typeof one === 'object' ? one.value ?? one : one)]), of.length > 3 ? ' …' : '');
}

// --- a panel of windows ---

function titleOf(grid) {
  if (grid.title) return grid.title;
  const measures = grid.measures.map((measure) => label(measure.name)).slice(0, 3).join(', ');
  return `${measures || 'rows'}${grid.by.length ? ` by ${grid.by.map(label).join(', ')}` : ''}`;
}

export function gridView(index) {
  const pick = h('select', { 'aria-label': 'what the chart shows', onchange: () => element.draw() });
  const chart = makeChart(180, zoom);
  const notes = h('p', { class: 'note' });
  let last;
  let table;
  let overTime;
  const more = h('details', { class: 'numbers', ontoggle: () => element.draw() }, h('summary', null, 'the chart as numbers'));
  const body = h('div');
  const title = h('span');
  const card = panelCard(`panel-${index}`, title, h('label', { class: 'pick' }, 'over time: ', pick), chart.element, notes, more, body);
  const element = {
    element: card,
    draw(view = last) {
      last = view;
      const grid = view.data.grids[index];
      const wanted = mask(grid, state.filter);
      fill(title, titleOf(grid));
      if (!pick.options.length) {
        fill(pick, grid.measures.map((measure, i) => h('option', { value: i }, label(measure.name))));
        pick.value = grid.lead;
      }
      const measure = grid.measures[pick.value];
      pick.parentElement.hidden = chart.element.hidden = more.hidden = !measure;
      if (measure) drawSeries(view, chart, grid, Number(pick.value), wanted, more, () => (overTime ||= appended(more, makeTable([], { title: `${titleOf(grid)}, over time`, sort: 0, down: false }))));
      noteGrid(notes, view, grid, measure, wanted);
      if (grid.by.length) {
        table ||= appended(body, makeTable([], { title: `${titleOf(grid)}: sums by group`, sort: grid.by.length + grid.lead }));
        table.update(...groupRows(view, grid, wanted, grid.by, grid.measures.map((_, i) => i), grid.rates));
      }
    },
  };
  return element;
}

function appended(to, table) {
  to.append(table.element);
  return table;
}

function drawSeries(view, chart, grid, m, wanted, more, tableOf) {
  const { from, to } = view.range;
  const measure = grid.measures[m];
  const bin = binOf(grid.shortest, to - from);
  const begin = Math.floor(from / bin) * bin;
  const now = series(grid, m, begin, to, bin, wanted);
  // The first bin may begin before the range: rows before it are not in it.
  if (begin < from) now[0] = series(grid, m, from, begin + bin, bin, wanted)[0];
  const before = view.before ? series(grid, m, begin - view.before.shift, to - view.before.shift, bin, wanted) : null;
  drawChart(chart, { from: begin, bin, now, before, places: measure.places, name: measure.name, bands: view.bands });
  if (!more.open) return;
  const rows = Array.from(now, (value, i) => ({ at: begin + i * bin, now: value, then: before ? before[i] : null }));
  tableOf().update(rows, [
    { name: 'from', head: true, sort: (row) => row.at, text: (row) => moment(row.at), find: (row) => moment(row.at) },
    { name: label(measure.name), number: true, sort: (row) => row.now, text: (row) => count(row.now, measure.places) },
    ...(before ? [{ name: 'before', number: true, sort: (row) => row.then, text: (row) => count(row.then, measure.places) }] : []),
  ]);
}

function noteGrid(notes, view, grid, measure, wanted) {
  const { from, to } = view.range;
  const { rows } = total(grid, from, to, wanted);
  const bin = binOf(grid.shortest, to - from);
  const said = [];
  if (!rows) said.push(`No window of ${duration(grid.shortest)} begins in this range.`);
  else said.push(`Sums of ${count(rows)} rows of ${duration(grid.shortest)}${bin > grid.shortest ? `, in the chart of ${duration(bin)} each` : ''}.`);
  const other = Object.keys(state.filter).filter((member) => !grid.by.includes(member));
  if (other.length) said.push(`Not split by ${other.map(label).join(', ')}: shows all.`);
  if (measure && !measure.adds) said.push(`${label(measure.name)} cannot be added up: shown where there is one row.`);
  if (grid.thinned) said.push(`Thinned: rows were added up to windows of ${duration(grid.thinned)}.`);
  if (grid.groups_left_out) said.push(`The smallest ${count(grid.groups_left_out)} groups are left out.`);
  if (grid.let_go) said.push(`${count(grid.let_go)} rows of older windows are left out.`);
  fill(notes, said.join(' '));
}

// --- the large chart ---

export function mainChart() {
  const chart = makeChart(260, zoom);
  const tabs = h('div', { class: 'tabs', role: 'group', 'aria-label': 'what the chart shows' });
  const note = h('p', { class: 'note' });
  const more = h('details', { class: 'numbers', ontoggle: () => element.draw() }, h('summary', null, 'the chart as numbers'));
  let table;
  let last;
  let picked = null;
  const card = panelCard('over-time', 'Over time', tabs, chart.element, note, more);
  const element = {
    element: card,
    draw(view = last) {
      last = view;
      const choices = [];
      for (const grid of view.data.grids) {
        if (grid.kind === 'funnel') steps(grid).forEach((step) => choices.push([grid, step.i]));
        if (['sales', 'revenue', 'carts', 'visits', 'status'].includes(grid.kind) && !choices.some(([other, i]) => other.measures[i].name === grid.measures[grid.lead]?.name)) choices.push([grid, grid.lead]);
      }
      if (!choices.length && view.data.grids.length) choices.push([view.data.grids[0], view.data.grids[0].lead]);
      const names = choices.map(([grid, i]) => grid.measures[i]?.name);
      card.hidden = !choices.length || names[0] === undefined;
      if (card.hidden) return;
      if (!names.includes(picked)) picked = names.includes('purchases') ? 'purchases' : names[0];
      fill(tabs, names.map((name) => h('button', { type: 'button', 'aria-pressed': String(name === picked), onclick: () => { picked = name; element.draw(); } }, label(name))));
      const [grid, m] = choices[names.indexOf(picked)];
      const wanted = mask(grid, state.filter);
      drawSeries(view, chart, grid, m, wanted, more, () => (table ||= appended(more, makeTable([], { title: 'Over time', sort: 0, down: false }))));
      const bin = binOf(grid.shortest, view.range.to - view.range.from);
      fill(note, `${label(grid.measures[m].name)}, ${bin > grid.shortest ? `rows of ${duration(grid.shortest)} summed over ${duration(bin)}` : `rows of ${duration(grid.shortest)}`}`,
        view.before ? `; dashed: ${span(view.before.from, view.before.to)}` : '', view.bands.length ? '; shaded: incidents' : '', h('span', { class: 'how' }, '. Drag over the chart to look closer.'));
    },
  };
  return element;
}

// --- rows one by one ---

export function listView(index) {
  const title = h('span');
  const note = h('p', { class: 'note' });
  let table;
  const card = panelCard(`list-${index}`, title, note);
  return {
    element: card,
    draw(view) {
      const list = view.data.lists[index];
      fill(title, list.title);
      const rows = list.rows.filter((_, i) => list.at[i] >= view.range.from && list.at[i] < view.range.to);
      table ||= appended(card, makeTable([], { title: list.title, sort: list.time, down: true }));
      const cell = (name, of) => (of === null ? h('span', { class: 'quiet' }, '–') : typeof of === 'string' && /^\d{4}-\d\d-\d\dT.*Z$/.test(of) && !Number.isNaN(Date.parse(of)) ? h('time', { datetime: of, title: of }, moment(Date.parse(of))) : typeof of === 'number' ? String(of) : Array.isArray(of) ? detail(of) : value(of));
      table.update(rows, list.columns.map((name, i) => ({
        name: label(name), head: i === 0, number: list.rows.some((row) => typeof row[i] === 'number'), sort: (row) => (typeof row[i] === 'number' ? row[i] : plain(row[i])), find: (row) => plain(row[i]), text: (row) => cell(name, row[i]),
      })));
      fill(note, `${count(rows.length)} rows in this range${list.let_go ? `; of ${count(list.taken)} rows, the newest ${count(list.rows.length)} are in the page` : ''}${list.replaced ? `; ${count(list.replaced)} earlier states of the same are not shown` : ''}.`);
    },
  };
}

// --- what became of the records ---

export function figuresView() {
  const card = panelCard('records', 'What became of the records', h('p', { class: 'note' }, 'Counters of the whole run, whatever range is looked at.'));
  const table = appended(card, makeTable([], { title: 'What became of the records', sort: 1 }));
  return {
    element: card,
    draw(view) {
      const names = ['read', 'used', 'rejected', 'late', 'duplicate', 'filtered', 'produced', 'rows'];
      const reasons = (row) => Object.entries(row.rejected_by || {}).map(([reason, n]) => `${reason} ${n}`).join(', ');
      table.update(view.data.figures, [
        { name: 'tool', head: true, sort: (row) => plain(row.tool), find: (row) => plain(row.tool), text: (row) => value(row.tool) },
        ...names.map((name) => ({ name, number: true, sort: (row) => row[name], text: (row) => (Number.isFinite(row[name]) ? count(row[name]) : '–') })),
        { name: 'rejected as', sort: reasons, find: reasons, text: (row) => value(reasons(row) || '–') },
        { name: 'event time', sort: (row) => plain(row.event_time), text: (row) => (Number.isNaN(Date.parse(row.event_time)) ? '–' : moment(Date.parse(row.event_time))) },
      ]);
    },
  };
}

// Incidents as spans of time, those that overlap made one: [from, to, whether something sank].
export function bandsOf(data, range, filter) {
  const bands = [];
  for (const down of [true, false]) {
    const found = incidents(data, range.from, range.to, filter).filter((one) => (one.peak < 0) === down).sort((a, b) => a.begin - b.begin);
    let last = null;
    for (const { begin, end } of found) {
      if (last && begin <= last[1]) last[1] = Math.max(last[1], end);
      else bands.push(last = [begin, end, down]);
    }
  }
  return bands;
}

// --- incidents, of whatever they are ---

export function incidentsView() {
  const note = h('p', { class: 'note' });
  const card = panelCard('incidents', 'Incidents', note);
  const table = appended(card, makeTable([], { title: 'Incidents', sort: 2 }));
  const of = (one) => one.group.map(([, name]) => plain(name)).join(', ');
  return {
    element: card,
    draw(view) {
      const rows = incidents(view.data, view.range.from, view.range.to, state.filter);
      table.update(rows, [
        { name: 'what', head: true, sort: (one) => one.measure, find: (one) => one.measure, text: (one) => label(one.measure) },
        { name: 'of', sort: of, find: of, text: (one) => one.group.map(([name, is], i) => [i ? ', ' : '', h('span', { title: name }, value(is))]) },
        { name: 'from', number: true, sort: (one) => one.begin, text: (one) => moment(one.begin) },
        { name: 'to', number: true, sort: (one) => (one.open ? Infinity : one.end), text: (one) => (one.open ? h('strong', null, 'still so') : moment(one.end)) },
        { name: 'at most', number: true, sort: (one) => one.peak, text: (one) => h('span', { class: `delta ${one.peak < 0 ? 'down' : ''}` }, `${one.peak > 0 ? '+' : '−'}${Math.abs(one.peak)} %`) },
        { name: 'last value', number: true, sort: (one) => one.number, text: (one) => String(one.number ?? '–') },
        { name: 'usual then', number: true, sort: (one) => one.usual, text: (one) => String(one.usual ?? '–') },
      ]);
      const lists = view.data.lists.filter((list) => ['incident', 'alert'].includes(list.kind));
      const more = lists.reduce((sum, list) => sum + list.let_go, 0);
      fill(note, `${count(rows.length)} in this range${more ? `; ${count(more)} older ones are not in the page` : ''}.`);
    },
  };
}
