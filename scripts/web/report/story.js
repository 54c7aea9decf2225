// The first screen's sentences: what broke, for whom, since when. Said of rows, and of sums of rows.
import { h, label, value } from './dom.js';
import { change, count, moment, share, signed, time } from './numbers.js';
import { mask, total, totals } from './rows.js';
import { state } from './state.js';

// An incident's row by the names of its members.
function incident(list, row) {
  const of = Object.fromEntries(list.columns.map((name, i) => [name, row[i]]));
  const at = list.columns.indexOf('pct_deviation');
  const measure = list.columns[at - 2];
  const group = list.columns.slice(2, at - 2);
  const numbers = (text) => Date.parse(text);
  const begin = numbers(of.incident_start ?? of.window_start);
  return {
    of, measure, begin, number: of[measure], usual: row[at - 1], peak: Number(of.peak ?? of.pct_deviation),
    group: group.map((name) => [name, of[name]]), end: numbers(of.state === 'end' ? of.window_start : of.window_end),
    open: of.state !== undefined && of.state !== 'end', known: Number.isFinite(begin),
  };
}

// Incidents that touch the range: open ones first, what has sunk before what has risen, the whole before a group.
export function incidents(data, from, to, filter) {
  return data.lists.filter((list) => ['incident', 'alert'].includes(list.kind))
    .flatMap((list) => list.rows.map((row) => incident(list, row)))
    .filter((one) => one.known && one.begin < to && one.end > from)
    .filter((one) => one.group.every(([name, of]) => !(name in filter) || filter[name] === JSON.stringify(of)))
    .sort((a, b) => (b.open - a.open) || ((b.peak < 0) - (a.peak < 0)) || (a.group.length - b.group.length) || (Math.abs(b.peak) - Math.abs(a.peak)) || (a.begin - b.begin));
}

export function sentence(one) {
  const down = one.peak < 0;
  const much = Math.abs(one.peak) >= 1000 ? `${count(Math.round(one.peak / 100))} times the usual` : `${signed(one.peak, Math.abs(one.peak) < 10 ? 1 : 0)} %`;
  return h('li', { class: `incident ${down ? 'bad' : 'odd'} ${one.open ? 'open' : ''}` },
    h('span', { class: 'mark', 'aria-hidden': 'true' }, down ? '▼' : '▲'),
    h('div', null,
      h('strong', null, label(one.measure)), ' ', one.of.direction === 'new' ? 'are new' : `${much} at the ${down ? 'lowest' : 'highest'}`,
      one.group.map(([name, of]) => [' · ', h('span', { class: 'group', title: name }, value(of))]),
      h('div', { class: 'quiet' }, one.open ? ['since ', moment(one.begin), ', still so'] : [moment(one.begin), ' – ', time(one.end)],
        one.of.state === undefined ? ` · ${one.number} instead of ${one.usual}` : '')));
}

// The steps of a funnel: measures that are counted, without excluded and in_progress.
export function steps(funnel) {
  return funnel.measures.map((measure, i) => ({ ...measure, i })).filter((measure) => measure.adds && !['excluded', 'in_progress'].includes(measure.name));
}

// Where fewer go on than before: of each two steps, the shortfall at the rate of before, and whether that is more than
// chance makes (three standard deviations of a count). Only its order and its being there is used; the numbers shown are sums.
export function broken(funnel, range, before, wanted) {
  const now = total(funnel, range.from, range.to, wanted).sum;
  const then = total(funnel, before.from, before.to, wanted).sum;
  const all = steps(funnel);
  return all.slice(1).map((to, k) => {
    const from = all[k];
    const missing = then[from.i] ? (now[from.i] * then[to.i]) / then[from.i] - now[to.i] : 0;
    const odds = missing / Math.sqrt(missing + now[to.i] + 1);
    return { from, to, missing, odds, now: [now[to.i], now[from.i]], then: [then[to.i], then[from.i]] };
  }).filter((step) => step.missing > 0 && step.odds > 3 && step.missing > 0.05 * (step.missing + step.now[0])).sort((a, b) => b.missing - a.missing);
}

// For which value of which member that is worst: more than its part of those who came.
export function forWhom(funnel, step, range, before, wanted) {
  let worst = null;
  funnel.by.forEach((member, place) => {
    if (member in state.filter) return;
    const names = [...new Set(funnel.groups.map((group) => JSON.stringify(group[place])))];
    const number = (i) => names.indexOf(JSON.stringify(funnel.groups[i][place]));
    const now = totals(funnel, range.from, range.to, wanted, number, names.length).sum;
    const then = totals(funnel, before.from, before.to, wanted, number, names.length).sum;
    names.forEach((name, k) => {
      const [from, to] = [step.from.i, step.to.i];
      if (!then[from][k]) return;
      const missing = (now[from][k] * then[to][k]) / then[from][k] - now[to][k];
      const part = missing / step.missing;
      const people = now[from][k] / step.now[1];
      if (part > 1.5 * people && part > 0.3 && (!worst || part > worst.part)) {
        worst = { member, name: JSON.parse(name), part, now: [now[to][k], now[from][k]], then: [then[to][k], then[from][k]] };
      }
    });
  });
  return worst;
}

const rates = ({ now, then }) => [share(now[0], now[1]), ' now (', count(now[0]), ' of ', count(now[1]), '), ', share(then[0], then[1]), ' before (', count(then[0]), ' of ', count(then[1]), ')'];

export function storyOf(data, range, before) {
  const items = [];
  const funnel = data.grids.find((grid) => grid.kind === 'funnel');
  if (funnel && before) {
    const wanted = mask(funnel, state.filter);
    const steps = broken(funnel, range, before, wanted);
    for (const step of steps.slice(0, 2)) {
      const who = forWhom(funnel, step, range, before, wanted);
      items.push(h('li', { class: 'incident bad' }, h('span', { class: 'mark', 'aria-hidden': 'true' }, '▼'), h('div', null,
        'From ', h('strong', null, label(step.from.name)), ' to ', h('strong', null, label(step.to.name)), ' fewer go on: ', ...rates(step),
        who ? h('div', { class: 'quiet' }, 'above all ', h('span', { class: 'group', title: who.member }, value(who.name)), ': ', ...rates(who)) : null)));
    }
    if (!steps.length) {
      const all = total(funnel, range.from, range.to, wanted);
      if (all.rows) items.push(h('li', { class: 'incident good' }, h('span', { class: 'mark', 'aria-hidden': 'true' }, '✓'), h('div', null, 'No step of the funnel is worse than in the range compared with.')));
    }
  }
  const found = incidents(data, range.from, range.to, state.filter);
  const hidden = found.length - 5;
  items.push(...found.slice(0, 5).map(sentence));
  if (hidden > 0) items.push(h('li', { class: 'quiet more' }, `and ${hidden} more, below`));
  if (!found.length && data.panels.some((panel) => ['incident', 'alert'].includes(panel.kind))) {
    items.push(h('li', { class: 'incident good' }, h('span', { class: 'mark', 'aria-hidden': 'true' }, '✓'), h('div', null, 'No incident in this range.')));
  }
  return items;
}

// How much more or less than before, as an element: good says whether more is better.
export function delta(now, before, good = true) {
  const much = change(now, before);
  if (much === null || before === undefined) return null;
  const flat = Math.abs(much) < 0.5;
  return h('span', { class: `delta ${flat ? '' : much > 0 === good ? 'up' : 'down'}` }, flat ? '±0 %' : Math.abs(much) > 999 ? '> +999 %' : `${signed(much)} %`);
}

// Of two rates, in points; good says whether more is better.
export function points(now, before, good = true) {
  if (now === null || before === null) return null;
  const much = now - before;
  const flat = Math.abs(much) < 0.05;
  return h('span', { class: `delta ${flat ? '' : much > 0 === good ? 'up' : 'down'}` }, flat ? '±0' : `${signed(much, Math.abs(much) < 1 ? 2 : 1)} pts`);
}

