// Looks at pg_stat_activity, past the proxy, from a thread of its own: the workload keeps the main thread too busy.
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import pg from 'pg';

const INTERVAL = 10; // milliseconds
const COUNT = `
  SELECT count(*)::int AS backends FROM pg_stat_activity
  WHERE datname = current_database() AND usename = current_user
    AND backend_type = 'client backend' AND pid <> pg_backend_pid()`;

export class Sampler {
  #worker;
  #failed;

  /** Connects to the database itself and starts to look. */
  static async start(url) {
    const sampler = new Sampler();
    sampler.#worker = new Worker(fileURLToPath(import.meta.url), { workerData: url });
    sampler.#failed = new Promise((_, reject) => sampler.#worker.once('error', reject));
    await sampler.#message();
    return sampler;
  }

  /** Stops, and gives how often it looked and the most backends that it saw: { samples, most }. */
  async stop() {
    this.#worker.postMessage('stop');
    return this.#message();
  }

  #message() {
    return Promise.race([new Promise((resolve) => this.#worker.once('message', resolve)), this.#failed]);
  }
}

async function look(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  let running = true;
  parentPort.once('message', () => (running = false));
  parentPort.postMessage('started');
  const seen = { samples: 0, most: 0 };
  while (running) {
    const { rows } = await client.query(COUNT);
    seen.most = Math.max(seen.most, rows[0].backends);
    seen.samples++;
    await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  }
  await client.end();
  parentPort.postMessage(seen);
}

if (!isMainThread) {
  await look(workerData);
}
