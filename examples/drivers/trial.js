// One client library in one scenario: what it did, what PostgreSQL says of it, and what did not come out as it must.
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { label, sqlStateOf } from './errors.js';
import { databaseOf, MAX } from './pools.js';

const PATIENCE = 15_000; // milliseconds until a condition is given up, on a slow machine
const CLOSED = 3_000; // milliseconds for a client to close, which some do not when slots are missing
const FREED = 1_000; // milliseconds in which nothing of a failed client may run any more

let lastId = 0;

export class Trial {
  errors = new Map(); // label to count
  #misses = new Map(); // what to how often
  /** For controls: an acknowledged write must be missing; an error must end up in nobody's hands. */
  mustLose = false;
  mustCrash = false;
  #crashes = 0;
  slots = null;
  notes = [];
  #acknowledged = new Set();
  #refused = new Set(); // writes that must not be there
  #closing = [];

  constructor(client, library, scenario, { directUrl, port }) {
    this.client = client;
    this.library = library;
    this.scenario = scenario;
    this.directUrl = directUrl;
    this.port = port;
  }

  async begin() {
    this.direct = new pg.Client({ connectionString: this.directUrl });
    await this.direct.connect();
  }

  miss(what) {
    this.#misses.set(what, (this.#misses.get(what) ?? 0) + 1);
  }

  /** An unhandled rejection or an uncaught exception, which would end a process. */
  crashed(event, error) {
    this.#crashes++;
    if (!this.mustCrash) this.miss(`${event}: ${label(error)}: ${error?.message ?? error}`);
  }

  // ---- the application

  /** A client with a pool of its own; through pgweir, unless the options say `direct`. */
  open({ direct = false, parameters = {}, ...options } = {}) {
    const url = direct ? new URL(this.directUrl) : this.#url(this.scenario);
    url.searchParams.set('application_name', this.#application);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    const app = this.library.open({ url: url.href, max: MAX, client: this.client, patient: true, ...options });
    this.#closing.push(() => app.close());
    return app;
  }

  /** Somebody else: as many open transactions that hold a backend each. Gives the function that ends them. */
  async hold(count, scenario = this.scenario) {
    const url = this.#url(scenario);
    url.searchParams.set('application_name', 'holder');
    const holders = Array.from({ length: count }, () => new pg.Client({ connectionString: url.href }));
    for (const holder of holders) {
      await holder.connect();
      // A backend that is to be opened first may take longer than the pool_timeout of the scenario.
      await this.until('somebody else to hold a backend', async () => {
        await holder.query('BEGIN');
        return holder.query('SELECT 1').then(
          () => true,
          () => holder.query('ROLLBACK').then(() => false),
        );
      });
    }
    return async () => {
      await Promise.all(holders.map((holder) => holder.query('COMMIT')));
      await Promise.all(holders.map((holder) => holder.end()));
    };
  }

  #url(scenario) {
    const url = new URL(this.directUrl);
    url.hostname = '127.0.0.1';
    url.port = this.port;
    url.pathname = `/${databaseOf(this.client, scenario)}`;
    return url;
  }

  // ---- what it does

  nextId() {
    return ++lastId;
  }

  /** A write whose acknowledgement counts. */
  async write(statements) {
    const id = this.nextId();
    await statements.write(id);
    this.#acknowledged.add(id);
  }

  /** A transaction of this one write; acknowledged when the transaction is. */
  async writeInTransaction(app) {
    const id = this.nextId();
    await app.transaction((tx) => tx.write(id));
    this.#acknowledged.add(id);
  }

  /** An id that is written in what must fail and be rolled back. */
  doomedId() {
    const id = this.nextId();
    this.#refused.add(id);
    return id;
  }

  /** The work must fail with this SQLSTATE; null: with any. */
  async fails(state, what, work) {
    try {
      await work();
    } catch (error) {
      this.count(error);
      if (state !== null && sqlStateOf(error) !== state) this.miss(`${what}: ${label(error)} instead of ${state}: ${error.message}`);
      return;
    }
    this.miss(`${what}: succeeded`);
  }

  /** The work may fail or not; its error is only counted. */
  async mayFail(work) {
    try {
      await work();
    } catch (error) {
      this.count(error);
    }
  }

  count(error) {
    const name = label(error);
    this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
  }

  /** The work must not fail. */
  async works(what, work) {
    try {
      await work();
    } catch (error) {
      this.miss(`${what}: ${label(error)}: ${error.message}`);
    }
  }

  // ---- what PostgreSQL says

  get #application() {
    return `${this.client}/${this.scenario}`;
  }

  /** Backends that this client's work is on, or was on last. */
  async backends(condition) {
    const { rows } = await this.direct.query(
      `SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND (${condition})`,
      [this.#application],
    );
    return rows.map((row) => row.pid);
  }

  /** Waits for this many such backends. */
  async untilBackends(count, condition) {
    let pids = [];
    await this.until(`${count} backends where ${condition}`, async () => {
      pids = await this.backends(condition);
      return pids.length === count;
    });
    return pids;
  }

  async kill(pids) {
    await this.direct.query('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid', [pids]);
    await this.until('the killed backends gone', async () => {
      const { rows } = await this.direct.query('SELECT count(*)::int FROM pg_stat_activity WHERE pid = ANY($1)', [pids]);
      return rows[0].count === 0;
    });
  }

  /** Kills, and waits until pgweir knows: it hands none of them out, and sends no COMMIT to one that is dead. */
  async killAndUntilNoticed(pids) {
    const before = await this.#openBackends();
    await this.kill(pids);
    await this.until('pgweir to see that its backends are gone', async () => (await this.#openBackends()) <= before - pids.length);
  }

  async #openBackends() {
    const health = await (await fetch(`http://127.0.0.1:${this.port + 1}/health`)).json();
    return health.pools.find((pool) => pool.pool.startsWith(`${databaseOf(this.client, this.scenario)}/`)).open;
  }

  async until(what, condition, patience = PATIENCE) {
    const end = performance.now() + patience;
    while (!(await condition())) {
      if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
      await pause(5);
    }
  }

  // ---- afterwards

  /** Nothing runs, every slot of the applications' own pools is there (MAX together), reads and writes work. */
  async recovers(...apps) {
    const left = performance.now() + FREED;
    let running;
    do running = await this.backends(`state <> 'idle'`);
    while (running.length > 0 && performance.now() < left);
    if (running.length > 0) this.miss(`${running.length} backends still busy ${FREED} ms afterwards`);

    const slots = Array.from({ length: MAX }, (_, i) => apps[i % apps.length]);
    this.slots = await this.#usable(slots);
    if (this.slots !== MAX) this.miss(`${this.slots} of ${MAX} slots left`);
    await this.works('a read afterwards', () => Promise.all(slots.map((app) => this.reads(app))));
    await this.works('a write afterwards', () => Promise.all(slots.map((app) => this.write(app))));
  }

  /** For a control: slots are missing. */
  async lacksSlots(app) {
    const slots = Array.from({ length: MAX }, () => app);
    this.slots = await this.#usable(slots, 3_000, () => {});
    if (this.slots === MAX) this.miss('no slot is lost, where some should be');
  }

  async reads(statements) {
    const id = await statements.read();
    if (id !== 0) throw new Error(`read ${id} instead of 0`);
  }

  /** One transaction for each slot, all open at one time: how many backends are in them. */
  async #usable(slots, patience = PATIENCE, miss = (what) => this.miss(what)) {
    let inside = 0;
    let seen;
    let leave;
    const together = new Promise((resolve) => (leave = resolve));
    const all = slots.map(async (app) => {
      const id = this.nextId();
      try {
        await app.transaction(async (tx) => {
          await this.reads(tx);
          inside++;
          await together;
          await tx.write(id);
        });
        this.#acknowledged.add(id);
      } catch (error) {
        miss(`a transaction afterwards: ${label(error)}: ${error.message}`);
      }
    });
    try {
      await this.until('all slots', async () => inside === slots.length, patience);
      seen = (await this.backends(`state = 'idle in transaction'`)).length;
    } catch {
      seen = inside;
    }
    leave();
    await Promise.race([Promise.all(all), pause(patience, null, { ref: false })]);
    return seen;
  }

  /** Every acknowledged write is there once, nothing that was rolled back is; before and after the clients have left. */
  async end() {
    if (this.mustCrash && this.#crashes === 0) this.miss('no unhandled error, where there should be one');
    if (this.mustCrash) this.notes.push(`${this.#crashes} unhandled`);
    await this.#compareWrites('');
    for (const close of this.#closing) {
      await Promise.race([close(), pause(CLOSED)]);
    }
    await this.#compareWrites(' once the client had left');
    await this.direct.end();
  }

  async #compareWrites(when) {
    const { rows } = await this.direct.query(
      'SELECT id, count(*)::int FROM pgweir_writes WHERE client = $1 GROUP BY id', [this.client]);
    const found = new Map(rows.map((row) => [row.id, row.count]));
    const lost = [...this.#acknowledged].filter((id) => !found.has(id)).length;
    const twice = [...found.values()].filter((count) => count > 1).length;
    const risen = [...this.#refused].filter((id) => found.has(id)).length;
    if (this.mustLose && lost === 0) this.miss('no acknowledged write is missing, where some should be');
    if (this.mustLose) this.notes.push(`${lost} acknowledged writes lost${when}`);
    else if (lost > 0) this.miss(`${lost} of ${this.#acknowledged.size} acknowledged writes missing${when}`);
    if (twice > 0) this.miss(`${twice} writes there twice${when}`);
    if (risen > 0) this.miss(`${risen} writes there that were rolled back${when}`);
  }

  result() {
    return {
      client: this.client,
      scenario: this.scenario,
      errors: [...this.errors],
      slots: this.slots,
      misses: [...this.#misses].map(([what, times]) => `${times} x ${what}`).slice(0, 10),
      notes: this.notes,
    };
  }
}

/** Runs the work this often, at most MAX at a time. */
export async function together(count, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: MAX }, worker));
}
