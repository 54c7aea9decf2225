// Puts script and styles into the page, and their hashes into its policy: node assemble.mjs HTML JS CSS UPLOT
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const [html, js, css, uplot] = process.argv.slice(2);
const read = (path) => readFileSync(path, 'utf8');
const { version } = JSON.parse(read(`${uplot}/package.json`));
const script = `/*! uPlot ${version}, https://github.com/leeoniya/uPlot\n${read(`${uplot}/LICENSE`).trim()}\n*/\n${read(js).trim()}`;
const style = read(css).trim();
const hash = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

if (/<\/script|<!--/i.test(script) || /<\/style/i.test(style)) throw new Error('what ends an element stands in it');
const parts = { script, style, 'script-hash': hash(script), 'style-hash': hash(style) };
process.stdout.write(read(html).replace(/@(script|style|script-hash|style-hash)@/g, (_, name) => parts[name]));
