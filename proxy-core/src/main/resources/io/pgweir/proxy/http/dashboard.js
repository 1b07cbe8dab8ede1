// Asks /api every two seconds and shows the answers. Names come from clients, so text is only ever set as text.

import { Chart, roundUp } from './charts.js';

const PERIOD = 2000;
const PATIENCE = 5000;
/** Statements change slowly and are many. */
const STATEMENTS_EVERY = 5;
/** As many pools are shown in the order of their names; of more, those in trouble. */
const FEW_POOLS = 12;
const FEW_ROWS = 12;
const FEW_INCIDENTS = 3;
const HERE = location.origin + location.pathname.replace(/[^/]*$/, '');

const STATES = {
  active: 'running',
  idle_in_transaction: 'idle in transaction',
  slow_client: 'slow client',
  held: 'idle in session',
  resetting: 'being cleaned up',
  connecting: 'connecting',
};
/** A pause between two statements is nothing; from a second on they are. */
const WANTS_ATTENTION = new Set(['idle_in_transaction', 'slow_client']);
const LONG_PAUSE = 1;

const byId = (id) => document.getElementById(id);
const expanded = new Set();
let chosen = null;
let lastAnswer = null;
let lost = false;
let rounds = 0;
let timer = 0;
let asking = false;
let latest = null;

// ---- words

const whole = new Intl.NumberFormat('en-US');

function plural(count, one, many = `${one}s`) {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

function duration(seconds) {
  if (seconds === null || seconds === undefined) {
    return '–';
  }
  if (seconds === 0) {
    return '0';
  }
  if (seconds < 0.0095) {
    return seconds < 0.001 ? '<1 ms' : `${(seconds * 1000).toFixed(1)} ms`;
  }
  if (seconds < 0.9995) {
    return `${Math.round(seconds * 1000)} ms`;
  }
  if (seconds < 9.95) {
    return `${seconds.toFixed(1)} s`;
  }
  if (seconds < 119.5) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

const percent = (part) => `${Math.round(part * 100)} %`;
const clock = (date) => date.toLocaleTimeString([], { hour12: false });
const sum = (list) => list.reduce((total, one) => total + one, 0);

// ---- the document

function text(element, value) {
  if (element.textContent !== value) {
    element.textContent = value;
  }
}

function make(name, kind, content) {
  const made = document.createElement(name);
  if (kind) {
    made.className = kind;
  }
  if (content !== undefined) {
    made.textContent = content;
  }
  return made;
}

/** Makes the children of an element those of a list, and keeps the ones that are there: focus and selection stay. */
function sync(parent, items, keyOf, create, fill) {
  const known = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  const used = new Map();
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const times = used.get(key) ?? 0;
    used.set(key, times + 1);
    const unique = times ? `${key} #${times}` : key;
    let element = known.get(unique);
    if (element) {
      known.delete(unique);
    } else {
      element = create(item);
      element.dataset.key = unique;
    }
    if (element === place) {
      place = place.nextElementSibling;
    } else {
      parent.insertBefore(element, place);
    }
    fill(element, item);
  }
  for (const gone of known.values()) {
    gone.remove();
  }
}

/**
 * A table in an element. Each column has a title, a kind (classes of its cells) and show(cell, item); roles are set because the
 * narrow layout would take them away.
 */
class Table {
  constructor(host, labelledBy, columns, keyOf) {
    this.columns = columns;
    this.keyOf = keyOf;
    this.table = make('table');
    this.table.setAttribute('role', 'table');
    this.table.setAttribute('aria-labelledby', labelledBy);
    const head = make('thead');
    head.setAttribute('role', 'rowgroup');
    const row = make('tr');
    row.setAttribute('role', 'row');
    for (const column of columns) {
      const cell = make('th', column.kind === 'num' ? 'num' : '', column.title);
      cell.scope = 'col';
      cell.setAttribute('role', 'columnheader');
      row.append(cell);
    }
    head.append(row);
    this.body = make('tbody');
    this.body.setAttribute('role', 'rowgroup');
    this.table.append(head, this.body);
    host.append(this.table);
  }

  show(items) {
    this.table.hidden = items.length === 0;
    sync(this.body, items, this.keyOf, () => this.row(), (row, item) => this.fill(row, item));
  }

  row() {
    const row = make('tr');
    row.setAttribute('role', 'row');
    for (const column of this.columns) {
      const cell = make('td', column.kind ?? '');
      cell.setAttribute('role', 'cell');
      cell.dataset.label = column.title;
      cell.dataset.field = column.field;
      row.append(cell);
    }
    return row;
  }

  fill(row, item) {
    this.columns.forEach((column, i) => column.show(row.children[i], item));
  }
}

/** A cell of one text, which may want attention. */
function plain(cell, value, alert = false) {
  text(cell, value);
  cell.classList.toggle('alert', alert);
}

/** A cell of a text and a smaller one below it. */
function twoLines(cell, first, second) {
  if (!cell.firstElementChild) {
    const both = make('div');
    both.append(make('span'), make('span', 'sub'));
    cell.append(both);
  }
  const [upper, lower] = cell.firstElementChild.children;
  text(upper, first);
  text(lower, second);
  lower.hidden = second === '';
}

/** Shows the first few of a list, and a button for the rest. */
function few(id, items, count, what) {
  const button = byId(`${id}-more`);
  const all = expanded.has(id);
  button.hidden = items.length <= count;
  text(button, all ? 'Show fewer' : `Show all ${whole.format(items.length)} ${what}`);
  button.setAttribute('aria-expanded', String(all));
  return all ? items : items.slice(0, count);
}

// ---- pools

const miniatures = new WeakMap();

const pools = new Table(
  byId('pools-table'),
  'pools-title',
  [
    { title: 'Pool', field: 'pool', kind: 'name wide', show: poolName },
    { title: 'In use', field: 'used', kind: 'num', show: poolUse },
    {
      title: 'Idle in transaction',
      field: 'idle_in_transaction',
      kind: 'num',
      show: (cell, pool) => plain(cell, whole.format(pool.idle_in_transaction)),
    },
    {
      title: 'Waiting',
      field: 'waiting',
      kind: 'num',
      show: (cell, pool) => plain(cell, whole.format(pool.waiting), pool.waiting > 0),
    },
    {
      title: 'Longest wait',
      field: 'longest_wait',
      kind: 'num',
      show: (cell, pool) => plain(cell, pool.waiting > 0 ? duration(pool.longest_wait_seconds) : '–'),
    },
    {
      title: 'Timeouts',
      field: 'pool_timeouts',
      kind: 'num',
      show: (cell, pool) => plain(cell, whole.format(pool.pool_timeouts), sum(pool.timeline.timeouts) > 0),
    },
    {
      title: 'Breaker',
      field: 'breaker',
      kind: 'nowrap',
      show: (cell, pool) =>
        plain(
          cell,
          (pool.breaker === 'closed' ? 'closed' : pool.breaker.replace('_', '-')) + (pool.paused ? ', paused' : ''),
          pool.breaker !== 'closed' || pool.paused,
        ),
    },
    { title: 'Wait and timeouts, 10 min', field: 'timeline', kind: 'wide', show: poolMiniature },
  ],
  (pool) => pool.pool,
);

const busy = (pool) => Math.max(0, pool.open - pool.idle);

function poolName(cell, pool) {
  if (!cell.firstElementChild) {
    const button = make('button');
    button.type = 'button';
    button.addEventListener('click', () => {
      chosen = button.textContent;
      show();
      byId('timeline').scrollIntoView({ block: 'nearest' });
    });
    cell.append(button);
  }
  const button = cell.firstElementChild;
  text(button, pool.pool);
  button.title = 'Show the last ten minutes of this pool';
  button.setAttribute('aria-pressed', String(pool.pool === chosen));
}

function poolUse(cell, pool) {
  if (!cell.firstElementChild) {
    const bar = make('span', 'bar');
    bar.setAttribute('aria-hidden', 'true');
    bar.append(make('span'));
    cell.append(make('span'), bar);
  }
  text(cell.firstElementChild, `${whole.format(busy(pool))} of ${whole.format(pool.limit)}`);
  const bar = cell.lastElementChild;
  bar.classList.toggle('alert', pool.waiting > 0);
  bar.firstElementChild.style.width = percent(pool.usage).replace(' ', '');
}

function poolMiniature(cell, pool) {
  let chart = miniatures.get(cell);
  if (!chart) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('aria-hidden', 'true');
    cell.append(svg);
    chart = new Chart(svg, latest.pools.timeline.steps);
    miniatures.set(cell, chart);
  }
  const waits = pool.timeline.wait_p95_seconds;
  chart.draw({ line: waits, max: roundUp(Math.max(0.001, ...waits)), bars: pool.timeline.timeouts });
}

/** The higher, the more a pool wants to be looked at. */
function trouble(pool) {
  return (
    (pool.breaker === 'closed' ? 0 : 1e9) + pool.waiting * 1e3 + sum(pool.timeline.timeouts) * 10 + (pool.paused ? 5 : 0) + pool.usage
  );
}

function showPools(answer) {
  const all = answer.pools;
  const sorted = all.length > FEW_POOLS ? [...all].sort((a, b) => trouble(b) - trouble(a)) : all;
  const wanted = byId('pools-search').value.trim().toLowerCase();
  const found = sorted.filter((pool) => pool.pool.toLowerCase().includes(wanted));
  if (!all.some((pool) => pool.pool === chosen)) {
    chosen = all.length ? [...all].sort((a, b) => trouble(b) - trouble(a))[0].pool : null;
  }
  byId('pools-filter').hidden = all.length <= FEW_POOLS;
  byId('pools-empty').hidden = all.length > 0;
  text(byId('pools-note'), all.length > FEW_POOLS ? `${whole.format(all.length)}, those in trouble first` : '');
  pools.show(few('pools', found, FEW_POOLS, 'pools'));
}

function showFigures(answer) {
  const all = answer.pools;
  const used = sum(all.map(busy));
  const limit = sum(all.map((pool) => pool.limit));
  const waiting = sum(all.map((pool) => pool.waiting));
  const recent = sum(all.map((pool) => sum(pool.timeline.timeouts)));
  const total = sum(all.map((pool) => pool.pool_timeouts));
  figure('used', whole.format(used), `of ${whole.format(limit)} connections`, false);
  const longest = Math.max(0, ...all.map((pool) => pool.longest_wait_seconds));
  figure('waiting', whole.format(waiting), waiting ? `the first for ${duration(longest)}` : 'for a connection', waiting > 0);
  figure('timeouts', whole.format(recent), `in ten minutes; ${whole.format(total)} since the start`, recent > 0);
  const joining = answer.clients.logging_in;
  figure('clients', whole.format(answer.clients.logged_in), joining ? `and ${whole.format(joining)} logging in` : 'connected', false);
  document.title = waiting ? `${plural(waiting, 'client')} waiting – pgweir` : answer.ready ? 'pgweir' : 'not ready – pgweir';
}

function figure(id, value, note, alert) {
  text(byId(`figure-${id}`), value);
  byId(`figure-${id}`).classList.toggle('alert', alert);
  text(byId(`figure-${id}-note`), note);
}

function showReadiness(answer) {
  const words = answer.ready
    ? `Ready${answer.cause ? `, but ${answer.cause}` : `, up ${duration(answer.uptime_seconds)}`}`
    : `Not ready: ${answer.cause}`;
  text(byId('readiness'), words);
  byId('readiness').classList.toggle('alert', !answer.ready || answer.cause !== null);
  text(byId('version'), `pgweir ${answer.version}`);
}

// ---- the timeline

const charts = {};

function chartOf(name, steps) {
  if (!charts[name]) {
    const svg = byId(`${name}-chart`);
    const chart = new Chart(svg, steps);
    svg.addEventListener('pointermove', (event) => readAt(chart.stepAt(event)));
    svg.addEventListener('pointerleave', () => readAt(null));
    charts[name] = chart;
  }
  return charts[name];
}

/** What the charts say of one step, or, if it is null, of the present. */
function readAt(step) {
  const pool = latest?.pools.pools.find((one) => one.pool === chosen);
  if (!pool) {
    return;
  }
  const line = pool.timeline;
  for (const chart of Object.values(charts)) {
    chart.mark(step);
  }
  const at = (values, unit) => (step === null ? unit(values.at(-1)) : `${moment(step, line.usage.length)}  ${unit(values[step])}`);
  text(byId('usage-now'), step === null ? percent(pool.usage) : at(line.usage, percent));
  text(byId('waiting-now'), step === null ? whole.format(pool.waiting) : at(line.waiting, whole.format));
  const timeouts = step === null ? 0 : line.timeouts[step];
  text(
    byId('wait-now'),
    (line.usage.length ? at(line.wait_p95_seconds, duration) : '–') + (timeouts ? `, ${plural(timeouts, 'timeout')}` : ''),
  );
}

function moment(step, count) {
  const scale = latest.pools.timeline;
  const ago = scale.newest_age_seconds + (count - 1 - step) * scale.step_seconds;
  return clock(new Date(latest.at.getTime() - ago * 1000));
}

function showTimeline(answer) {
  const pool = answer.pools.find((one) => one.pool === chosen);
  byId('timeline').hidden = !pool;
  if (!pool) {
    return;
  }
  const { steps } = answer.timeline;
  const { usage, waiting, timeouts, wait_p95_seconds: waits } = pool.timeline;
  text(byId('timeline-pool'), answer.pools.length > 1 ? `of ${pool.pool}` : pool.pool);
  chartOf('usage', steps).draw({ line: usage, max: 1, filled: true });
  const mostWaiting = roundUp(Math.max(1, ...waiting));
  chartOf('waiting', steps).draw({ line: waiting, max: mostWaiting, filled: true });
  const longest = Math.max(0, ...waits);
  const top = roundUp(Math.max(0.001, longest));
  chartOf('wait', steps).draw({ line: waits, max: top, bars: timeouts });
  text(byId('usage-note'), `of ${plural(pool.limit, 'connection')}`);
  text(byId('waiting-max'), whole.format(mostWaiting));
  text(byId('wait-max'), duration(top));
  text(byId('wait-note'), plural(sum(timeouts), 'timeout'));
  byId('wait-note').classList.toggle('alert', sum(timeouts) > 0);
  byId('usage-chart').setAttribute('aria-label', `At most ${percent(Math.max(0, ...usage))} in use, now ${percent(pool.usage)}`);
  byId('waiting-chart').setAttribute('aria-label', `At most ${Math.max(0, ...waiting)} waiting, now ${pool.waiting}`);
  byId('wait-chart').setAttribute(
    'aria-label',
    `The longest wait at the 95th percentile was ${duration(longest)}; ${plural(sum(timeouts), 'timeout')}`,
  );
  if (!document.querySelector('figure svg:hover')) {
    readAt(null);
  }
}

// ---- advice and incidents

function showAdvice(answer) {
  const items = answer.advice;
  byId('advice').hidden = items.length === 0;
  sync(
    byId('advice-list'),
    items,
    (item) => `${item.pool} ${item.cause}`,
    () => {
      const entry = make('li');
      const head = make('p');
      head.append(make('strong'), document.createTextNode(' '), make('span', 'muted'));
      entry.append(head, make('p', 'muted'));
      return entry;
    },
    (entry, item) => {
      const [head, evidence] = entry.children;
      text(head.children[0], item.advice);
      text(head.children[1], item.pool);
      const ago = item.seen_seconds_ago >= 1 ? ` (${duration(item.seen_seconds_ago)} ago)` : '';
      text(evidence, item.evidence + ago);
    },
  );
}

function showIncidents(answer) {
  const items = few('incidents', answer.incidents, FEW_INCIDENTS, 'incidents');
  byId('incidents-empty').hidden = items.length > 0;
  text(byId('incidents-note'), answer.total > 0 ? `${plural(answer.total, 'incident')}: one for each cause and ten seconds` : '');
  sync(
    byId('incidents-list'),
    items,
    (item) => `${item.pool} ${item.id}`,
    () => {
      const entry = make('li');
      const when = make('div', 'when');
      when.append(make('time'), make('span'));
      const what = make('div');
      what.append(make('h3'), make('p', 'diagnosis'), make('p', 'hint'));
      entry.append(when, what);
      return entry;
    },
    (entry, item) => {
      const [time, ago] = entry.children[0].children;
      const [title, diagnosis, hint] = entry.children[1].children;
      time.dateTime = item.begun;
      text(time, clock(new Date(item.begun)));
      text(ago, ` ${duration(item.age_seconds)} ago`);
      text(title, `${item.pool}: ${plural(item.affected, 'request')} failed`);
      text(diagnosis, item.diagnosis);
      text(hint, item.hint);
    },
  );
}

// ---- holders, statements, clients

const holders = new Table(
  byId('holders-table'),
  'holders-title',
  [
    {
      title: 'Held for',
      field: 'held',
      kind: 'num',
      show: (cell, held) => plain(cell, duration(held.held_seconds)),
    },
    {
      title: 'State',
      field: 'state',
      kind: 'state',
      show: (cell, held) => {
        twoLines(cell, STATES[held.state] ?? held.state, `for ${duration(held.state_seconds)}`);
        cell.classList.toggle('alert', WANTS_ATTENTION.has(held.state) && held.state_seconds >= LONG_PAUSE);
      },
    },
    {
      title: 'Who',
      field: 'who',
      kind: 'wide',
      show: (cell, held) => {
        const application = held.application === held.label ? '' : held.application;
        twoLines(cell, held.label, [application, held.client].filter((part) => part && part !== held.label).join(', '));
      },
    },
    {
      title: 'Last statement, without values',
      field: 'fingerprint',
      kind: 'sql',
      show: (cell, held) => {
        twoLines(cell, held.fingerprint, held.kept_for ? `kept for ${held.kept_for}` : '');
        cell.title = held.id;
      },
    },
    { title: 'Pool', field: 'pool', show: (cell, held) => twoLines(cell, held.pool, `pid ${held.backend_pid}`) },
  ],
  (held) => `${held.server} ${held.backend_pid}`,
);

function showHolders(answer) {
  byId('holders-empty').hidden = answer.total > 0;
  const cut = answer.total > answer.holders.length ? `, the ${answer.holders.length} longest here` : ', longest first';
  text(byId('holders-note'), answer.total ? plural(answer.total, 'connection') + cut : '');
  holders.show(few('holders', answer.holders, FEW_ROWS, 'holders'));
}

const statements = new Table(
  byId('statements-table'),
  'statements-title',
  [
    {
      title: 'Statement, without values',
      field: 'fingerprint',
      kind: 'sql',
      show: (cell, one) => {
        twoLines(cell, one.fingerprint, [one.label, one.pool].filter(Boolean).join(', '));
        cell.title = one.id;
      },
    },
    { title: 'Share', field: 'share', kind: 'num', show: (cell, one) => plain(cell, percent(one.share)) },
    { title: 'Calls', field: 'calls', kind: 'num', show: (cell, one) => plain(cell, whole.format(one.calls)) },
    { title: 'Mean', field: 'mean', kind: 'num', show: (cell, one) => plain(cell, duration(one.mean_seconds)) },
    { title: '95 % below', field: 'p95', kind: 'num', show: (cell, one) => plain(cell, duration(one.p95_seconds)) },
    { title: 'Waited', field: 'wait', kind: 'num', show: (cell, one) => plain(cell, duration(one.wait_seconds)) },
    {
      title: 'Idle in transaction',
      field: 'idle_in_transaction',
      kind: 'num',
      show: (cell, one) => plain(cell, duration(one.idle_in_transaction_seconds)),
    },
    {
      title: 'Errors',
      field: 'errors',
      kind: 'num',
      show: (cell, one) => {
        const errors = Object.entries(one.errors ?? {});
        plain(cell, whole.format(sum(errors.map(([, count]) => count))), errors.length > 0);
        cell.title = errors.map(([sqlClass, count]) => `class ${sqlClass}: ${count}`).join(', ');
      },
    },
  ],
  (one) => `${one.pool} ${one.label} ${one.id}`,
);

function showStatements(answer) {
  byId('statements').hidden = answer === null;
  if (answer) {
    byId('statements-empty').hidden = answer.statements.length > 0;
    const since = new Date(answer.since);
    text(byId('statements-note'), Number.isNaN(since.getTime()) ? '' : `since ${since.toLocaleString([], { hour12: false })}`);
    const sorted = [...answer.statements].sort((a, b) => b.total_seconds - a.total_seconds);
    statements.show(few('statements', sorted, FEW_ROWS, 'statements'));
  }
}

const count = (field, alert = false) => (cell, one) => plain(cell, whole.format(one[field]), alert && one[field] > 0);
const clients = new Table(
  byId('clients-table'),
  'clients-title',
  [
    { title: 'Application', field: 'application', kind: 'name wide', show: (cell, one) => plain(cell, one.application || '(no name)') },
    { title: 'Clients', field: 'clients', kind: 'num', show: count('clients') },
    { title: 'Active', field: 'active', kind: 'num', show: count('active') },
    { title: 'Waiting', field: 'waiting', kind: 'num', show: count('waiting', true) },
    { title: 'Idle in transaction', field: 'idle_in_transaction', kind: 'num', show: count('idle_in_transaction') },
    { title: 'Idle', field: 'idle', kind: 'num', show: count('idle') },
  ],
  (one) => one.application,
);

function showClients(answer) {
  byId('clients-empty').hidden = answer.total > 0;
  const { others } = answer;
  text(
    byId('clients-note'),
    others.applications ? `and ${plural(others.clients, 'client')} of ${plural(others.applications, 'other application')}` : '',
  );
  clients.show(few('clients', answer.applications, FEW_ROWS, 'applications'));
}

// ---- asking

/** The answer; null if there is no such page in this build. */
async function ask(name) {
  const answer = await fetch(`${HERE}api/${name}`, { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE) });
  if (answer.status === 404) {
    return null;
  }
  if (!answer.ok) {
    throw new Error((await answer.text()).split('\n')[0] || `HTTP status ${answer.status}`);
  }
  return answer.json();
}

function show() {
  if (!latest) {
    return;
  }
  showReadiness(latest.pools);
  showFigures(latest.pools);
  showPools(latest.pools);
  showTimeline(latest.pools);
  if (latest.advice) showAdvice(latest.advice);
  if (latest.incidents) showIncidents(latest.incidents);
  if (latest.holders) showHolders(latest.holders);
  if (latest.clients) showClients(latest.clients);
  if (latest.statements !== undefined) showStatements(latest.statements);
}

async function poll() {
  if (asking) {
    return;
  }
  asking = true;
  clearTimeout(timer);
  const names = ['pools', 'holders', 'incidents', 'clients', 'advice'];
  if (rounds % STATEMENTS_EVERY === 0 && !(latest && latest.statements === null)) {
    names.push('statements');
  }
  rounds++;
  const answers = await Promise.allSettled(names.map(ask));
  asking = false;
  if (answers[0].status === 'fulfilled') {
    // A part that did not come stays as it was; the one that all depends on is the first.
    latest = { ...latest, at: new Date() };
    names.forEach((name, i) => {
      if (answers[i].status === 'fulfilled') {
        latest[name] = answers[i].value;
      }
    });
    reached();
    show();
  } else {
    lose(answers[0].reason);
  }
  if (!document.hidden) {
    timer = setTimeout(poll, PERIOD);
  }
}

function reached() {
  lost = false;
  lastAnswer = latest.at;
  document.body.classList.remove('lost');
  byId('contact').classList.remove('alert');
  text(byId('contact'), 'Live');
  text(byId('updated'), clock(lastAnswer));
}

function lose(reason) {
  if (!lost) {
    lost = true;
    document.body.classList.add('lost');
    document.title = 'lost contact – pgweir';
    byId('contact').classList.add('alert');
    text(byId('contact'), lastAnswer ? `Lost contact since ${clock(lastAnswer)}` : 'No contact yet');
  }
  // What fetch says of a connection that fails is of no use to people.
  text(byId('updated'), reason instanceof TypeError || reason?.name === 'TimeoutError' ? 'trying again' : String(reason.message));
}

document.addEventListener('visibilitychange', () => {
  clearTimeout(timer);
  if (!document.hidden) {
    poll();
  }
});
byId('pools-search').addEventListener('input', show);
for (const id of ['pools', 'incidents', 'holders', 'statements', 'clients']) {
  byId(`${id}-more`).addEventListener('click', () => {
    if (!expanded.delete(id)) {
      expanded.add(id);
    }
    show();
  });
}
poll();
