'use strict';
// Reads the dashboard in a real browser, and compares what it shows with what the load has caused.

const assert = require('node:assert/strict');
const { Browser, findBrowser } = require('./browser');
const { Client } = require('./load');

const url = process.env.DATABASE_URL;
const page = `http://127.0.0.1:${Number(new URL(url).port) + 1}/`;
const NASTY = '</td><img src=x onerror=alert(1)>';
const LIMIT = 2;
const TIMEOUTS = 3;
const WAITING = 2;
const PHONE = 360;

const cell = (table, key, field) =>
  `document.querySelector('#${table}-table tr[data-key=${JSON.stringify(key)}] td[data-field="${field}"]')?.textContent`;
const text = (id) => `document.getElementById('${id}')?.textContent`; // the page may still be loading
const pause = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Every text of the page against what is behind it: WCAG 2's contrast, 4.5 for AA. Large figures count like the others. */
const CONTRASTS = `(() => {
  const luminance = ([r, g, b]) => {
    const part = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const rgb = (color) => color.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const paper = luminance(rgb(getComputedStyle(document.body).backgroundColor));
  const poor = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode()); ) {
    if (node.textContent.trim() && node.parentElement.checkVisibility() && node.parentElement.tagName !== 'NOSCRIPT') {
      const ink = luminance(rgb(getComputedStyle(node.parentElement).color));
      const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
      if (contrast < 4.5) poor.add(node.textContent.trim().slice(0, 30) + ' ' + contrast.toFixed(2));
    }
  }
  return { paper, poor: [...poor] };
})()`;

const WIDEST = `Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)`;

async function causeLoad(clients) {
  const start = (...args) => {
    const client = new Client(url, ...args);
    clients.push(client);
    return client;
  };
  const idler = await start('checkout').send("BEGIN; SELECT 'hel' || 'd', 4711;").says('held');
  // Its transaction would be ended after ten seconds without a statement.
  idler.beat = setInterval(() => idler.send('SELECT 1;'), 3000);
  await start(NASTY).send("SELECT 'runs'; SELECT pg_sleep(29);").says('runs');
  for (let i = 0; i < TIMEOUTS; i++) {
    const output = await start('impatient', '-c pgweir.pool_timeout=300ms').send('SELECT 1;').finish();
    assert.match(output, /53300: pool timeout/);
  }
  for (let i = 0; i < WAITING; i++) {
    start('web').send('SELECT 1;');
  }
}

async function figures(tab) {
  await tab.until(`${text('figure-waiting')} === '${WAITING}'`);
  await tab.until(`document.querySelectorAll('#clients-table tbody tr').length === 3`);
  // The timeline's newest step may be five seconds old; the count of its timeouts is what the figure shows.
  await tab.until(`${text('figure-timeouts')} === '${TIMEOUTS}'`, 12_000);
  const shown = await tab.value(`({
    used: ${cell('pools', 'demo/demo', 'used')},
    waiting: ${cell('pools', 'demo/demo', 'waiting')},
    idle: ${cell('pools', 'demo/demo', 'idle_in_transaction')},
    timeouts: ${cell('pools', 'demo/demo', 'pool_timeouts')},
    breaker: ${cell('pools', 'demo/demo', 'breaker')},
    usedNow: ${text('figure-used')} + ' ' + ${text('figure-used-note')},
    clients: ${text('figure-clients')},
    holders: [...document.querySelectorAll('#holders-table tbody tr')].map((row) => ({
      who: row.querySelector('[data-field=who] span').textContent,
      state: row.querySelector('[data-field=state] span').textContent,
      pool: row.querySelector('[data-field=pool] span').textContent,
    })).sort((a, b) => (a.who < b.who ? -1 : 1)),
    applications: Object.fromEntries([...document.querySelectorAll('#clients-table tbody tr')].map((row) =>
      [row.children[0].textContent, [...row.children].slice(1).map((one) => Number(one.textContent))])),
    incidents: [...document.querySelectorAll('#incidents-list h3')].map((title) => title.textContent),
    live: ${text('contact')},
  })`);
  assert.deepEqual(shown, {
    used: `${LIMIT} of ${LIMIT}`,
    waiting: String(WAITING),
    idle: '1',
    timeouts: String(TIMEOUTS),
    breaker: 'closed',
    usedNow: `${LIMIT} of ${LIMIT} connections`,
    clients: String(LIMIT + WAITING),
    holders: [
      { who: NASTY, state: 'running', pool: 'demo/demo' },
      { who: 'checkout', state: 'idle in transaction', pool: 'demo/demo' },
    ],
    // clients, active, waiting, idle in transaction, idle
    applications: { checkout: [1, 0, 0, 1, 0], [NASTY]: [1, 1, 0, 0, 0], web: [WAITING, 0, WAITING, 0, 0] },
    incidents: shown.incidents,
    live: 'Live',
  });
  const failed = shown.incidents.map((title) => Number(title.match(/^demo\/demo: (\d+) requests? failed$/)[1]));
  assert.equal(failed.reduce((a, b) => a + b, 0), TIMEOUTS);
  const diagnosis = await tab.value(`document.querySelector('#incidents-list .diagnosis').textContent`);
  assert.match(diagnosis, /checkout|onerror/);
  assert.equal(await tab.value('document.body.innerText.includes("4711")'), false, 'no value of a statement is shown');
  assert.equal(await tab.value('document.images.length'), 0, 'no name of a client is markup');
  assert.ok((await tab.value(`document.querySelector('#usage-chart .line').getAttribute('d')`)).length > 5);
}

async function looks(tab) {
  for (const scheme of ['light', 'dark']) {
    await tab.scheme(scheme);
    const { paper, poor } = await tab.value(CONTRASTS);
    assert.equal(paper > 0.5, scheme === 'light', `${scheme}: the paper's luminance is ${paper}`);
    assert.deepEqual(poor, [], `${scheme}: texts of too little contrast`);
  }
  await tab.size(PHONE, 740, true);
  assert.equal(await tab.value('innerWidth'), PHONE);
  assert.ok((await tab.value(WIDEST)) <= PHONE, `at ${PHONE} px the page is ${await tab.value(WIDEST)} px wide`);
  await tab.size(1280, 900);
  await tab.scheme('light');
}

async function structure(tab) {
  const found = await tab.value(`({
    levels: [...document.querySelectorAll('h1, h2, h3')].filter((h) => h.checkVisibility()).map((h) => Number(h.tagName[1])),
    tables: [...document.querySelectorAll('table')].every((t) => t.querySelector('thead th[scope=col]')
      && document.getElementById(t.getAttribute('aria-labelledby'))),
    nameless: [...document.querySelectorAll('button, svg[role=img]')].filter((e) => e.checkVisibility()
      && !(e.textContent.trim() || e.getAttribute('aria-label'))).length,
    language: document.documentElement.lang,
  })`);
  assert.equal(found.levels[0], 1);
  found.levels.forEach((level, i) => assert.ok(i === 0 || level <= found.levels[i - 1] + 1, 'no level of headings is left out'));
  assert.ok(found.tables, 'tables have headers and names');
  assert.equal(found.nameless, 0);
  assert.equal(found.language, 'en');
}

/** What no demo has: no pool at all, two hundred, and the statements of a build that counts them. */
async function extremes(tab) {
  const real = await (await fetch(`${page}api/pools`)).json();
  const [pool] = real.pools;
  await tab.pretend({ '/api/pools': JSON.stringify({ ...real, pools: [] }) });
  await tab.until(`document.getElementById('pools-empty').checkVisibility()`);
  assert.equal(await tab.value(text('figure-used')), '0');

  const many = Array.from({ length: 200 }, (_, i) => ({ ...pool, pool: `a_database_with_a_long_name_${i}/<b>user`, waiting: i }));
  const statement = {
    pool: 'demo/demo', label: 'web', id: 'f00d', fingerprint: 'select * from "A_Long_Table_Name" where id = $1', calls: 1234567,
    errors: { 23: 2 }, total_seconds: 9, mean_seconds: 0.004, p50_seconds: 0.002, p95_seconds: 0.02, p99_seconds: 0.3,
    wait_seconds: 1.5, rows: 1, bytes: 1, share: 0.5, idle_in_transaction_seconds: 0,
  };
  await tab.pretend({
    '/api/pools': JSON.stringify({ ...real, pools: many }),
    '/api/statements': JSON.stringify({ since: '2026-01-01T00:00:00Z', statements: [statement], other: null }),
  });
  await tab.send('Page.reload');
  await tab.until(`document.querySelectorAll('#pools-table tbody tr').length === 12`);
  assert.equal(
    await tab.value(`document.querySelector('#pools-table tbody tr').dataset.key`),
    'a_database_with_a_long_name_199/<b>user',
    'the one in most trouble is the first',
  );
  await tab.value(`document.getElementById('pools-more').click()`);
  assert.equal(await tab.value(`document.querySelectorAll('#pools-table tbody tr').length`), 200);
  assert.equal(await tab.value(cell('statements', 'demo/demo web f00d', 'calls')), '1,234,567');
  assert.equal(await tab.value(cell('statements', 'demo/demo web f00d', 'errors')), '2');
  await tab.size(PHONE, 740, true);
  assert.ok((await tab.value(WIDEST)) <= PHONE, `with 200 pools the page is ${await tab.value(WIDEST)} px wide`);
  await tab.size(1280, 900);
  await tab.pretend({});
}

/** A page that nobody sees does not ask; one whose pgweir does not answer says so, and comes back. */
async function contact(tab) {
  const hide = (hidden) =>
    tab.value(`Object.defineProperty(document, 'hidden', { configurable: true, value: ${hidden} });
      document.dispatchEvent(new Event('visibilitychange'))`);
  await hide(true);
  await pause(300); // what is under way ends
  const before = tab.requests.length;
  await pause(2500);
  assert.equal(tab.requests.length, before, 'a hidden page asks nothing');
  await hide(false);
  await pause(300);
  assert.ok(tab.requests.length > before, 'one that is seen again asks at once');
  const errors = tab.errors.length;
  await tab.offline(true);
  await tab.until(`/^Lost contact since \\d\\d:\\d\\d:\\d\\d$/.test(${text('contact')})`);
  assert.equal(await tab.value(`document.body.classList.contains('lost')`), true);
  await tab.offline(false);
  await tab.until(`${text('contact')} === 'Live'`);
  tab.errors.length = errors; // the browser writes each request that fails to its console
}

async function main() {
  const program = findBrowser();
  assert.ok(program, 'no Chromium');
  const clients = [];
  const browser = await Browser.start(program);
  try {
    await causeLoad(clients);
    const tab = await browser.open();
    await tab.size(1280, 900);
    await tab.goTo(page);
    await figures(tab);
    await looks(tab);
    await structure(tab);
    await contact(tab);
    await extremes(tab);
    // This build may not count statements; the page asks once, and the browser tells of the answer.
    const errors = tab.errors.filter((error) => !/404 .*\/api\/statements$/.test(error));
    assert.deepEqual(errors, [], 'errors in the console');
    const elsewhere = tab.requests.filter((request) => !request.startsWith(page));
    assert.deepEqual(elsewhere, [], 'requests to others');
    console.log(`dashboard: ok, ${tab.requests.length} requests, all to ${page}`);
  } finally {
    clients.forEach((client) => clearInterval(client.beat));
    await Promise.all(clients.map((client) => client.kill()));
    await browser.close();
  }
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
