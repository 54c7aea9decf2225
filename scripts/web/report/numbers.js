// Numbers and times as they are shown.

const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

// Of a measure's units, which are 10^-places: exact as long as sums are below 2^53.
export function count(units, places = 0) {
  if (units === null || Number.isNaN(units)) return '–';
  const scaled = Math.abs(units);
  const unit = 10 ** places;
  const whole = Math.floor(scaled / unit);
  const text = String(whole).replace(/\B(?=(\d{3})+$)/g, ',');
  const rest = places ? `.${String(scaled % unit).padStart(places, '0')}` : '';
  return (units < 0 ? '−' : '') + text + rest;
}

// part / whole in percent as the tools round it: two decimals, half away from zero, exactly; null of nothing.
export function percent(part, whole) {
  if (!whole || part === null || Number.isNaN(part)) return null;
  const above = Math.abs(part) * 20000 + whole;
  const below = whole * 2;
  const hundredths = (above - (above % below)) / below;
  return (part < 0 ? -hundredths : hundredths) / 100;
}

export function share(part, whole) {
  const rate = percent(part, whole);
  return rate === null ? '–' : `${rate} %`;
}

// How much more or less than before: of counts in percent, of rates in points.
export function change(now, before) {
  if (now === null || before === null || Number.isNaN(now) || Number.isNaN(before)) return null;
  if (before === 0) return now === 0 ? 0 : null;
  return ((now - before) / before) * 100;
}

export function signed(number, digits = 0) {
  const text = Math.abs(number).toFixed(digits);
  return (Number(text) === 0 ? '±' : number < 0 ? '−' : '+') + text;
}

let local = false;
export const isLocal = () => local;
export function setLocal(on) {
  local = on;
}

const two = (number) => String(number).padStart(2, '0');
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function parts(ms) {
  const at = new Date(ms);
  return local
    ? [at.getFullYear(), at.getMonth(), at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()]
    : [at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate(), at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()];
}

export function time(ms) {
  const [, , , hour, minute, second] = parts(ms);
  return `${two(hour)}:${two(minute)}${second ? `:${two(second)}` : ''}`;
}

export function date(ms, year = false) {
  const [y, month, day] = parts(ms);
  return `${day} ${months[month]}${year ? ` ${y}` : ''}`;
}

export const moment = (ms) => `${date(ms)}, ${time(ms)}`;

// From one time to another, as short as can be.
export function span(from, to) {
  const whole = (ms) => time(ms) === '00:00';
  if (to - from >= DAY && whole(from) && whole(to)) {
    return to - from === DAY ? date(from, true) : `${date(from)} – ${date(to - 1, true)}`;
  }
  return date(from) === date(to - 1) ? `${date(from, true)}, ${time(from)} – ${time(to)}` : `${moment(from)} – ${moment(to)}`;
}

export function duration(ms) {
  for (const [unit, name] of [[DAY, 'd'], [HOUR, 'h'], [MINUTE, 'min']]) {
    if (ms >= unit && ms % unit === 0) return `${ms / unit} ${name}`;
  }
  if (ms >= DAY) return `${Math.floor(ms / DAY)} d ${Math.round((ms % DAY) / HOUR)} h`;
  if (ms >= HOUR) return `${Math.floor(ms / HOUR)} h ${Math.round((ms % HOUR) / MINUTE)} min`;
  return ms >= MINUTE ? `${Math.round(ms / MINUTE)} min` : `${Math.round(ms / SECOND)} s`;
}

// What an <input type=datetime-local> holds, and back.
export function toInput(ms) {
  const [y, month, day, hour, minute] = parts(ms);
  return `${String(y).padStart(4, '0')}-${two(month + 1)}-${two(day)}T${two(hour)}:${two(minute)}`;
}

export function fromInput(text) {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)/.exec(text);
  if (!found) return null;
  const [y, month, day, hour, minute] = found.slice(1).map(Number);
  return local ? new Date(y, month - 1, day, hour, minute).getTime() : Date.UTC(y, month - 1, day, hour, minute);
}
