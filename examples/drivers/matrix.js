// Every client library through every scenario. Exit code 1 if one thing does not come out as it must.
//
//   DIRECT_URL    the database itself; the table pgweir_writes is dropped there and created
//   PGWEIR_PORT   the third of four ports from here on is for this run's own pgweir (default 6442)
//   CLIENTS       only these, separated by commas
//   SCENARIO      only this one
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { CLIENTS } from './clients/index.js';
import { configuration } from './pools.js';

const AT_A_TIME = 3; // processes; each mostly waits
const START = 120_000; // milliseconds for pgweir, which may have to be built

const directUrl = process.env.DIRECT_URL;
if (!directUrl) {
  console.error('drivers: set DIRECT_URL (the database itself), or use run.sh');
  process.exit(2);
}
const port = Number(process.env.PGWEIR_PORT ?? 6442) + 2;
const names = process.env.CLIENTS ? process.env.CLIENTS.split(',') : Object.keys(CLIENTS);

const began = performance.now();
await makeTable();
const directory = await mkdtemp(join(tmpdir(), 'pgweir-drivers-'));
let pgweir;
const results = [];
try {
  pgweir = await startPgweir();
  const waiting = [...names];
  const worker = async () => {
    while (waiting.length > 0) await runClient(waiting.shift());
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
} finally {
  if (pgweir && pgweir.exitCode === null) {
    pgweir.kill();
    await once(pgweir, 'exit');
  }
  await rm(directory, { recursive: true });
}
process.exitCode = report() ? 0 : 1;

async function makeTable() {
  const client = new pg.Client({ connectionString: directUrl });
  await client.connect();
  // No primary key: a write that is there twice must be seen.
  await client.query('DROP TABLE IF EXISTS pgweir_writes; CREATE TABLE pgweir_writes (id int NOT NULL, client text NOT NULL)');
  await client.query(`INSERT INTO pgweir_writes VALUES (0, 'nobody')`);
  await client.end();
}

async function startPgweir() {
  const file = join(directory, 'pgweir.yaml');
  await writeFile(file, configuration(names, directUrl, port), { mode: 0o600 });
  const launcher = fileURLToPath(new URL('../../pgweir', import.meta.url));
  const child = spawn(launcher, ['run', '--config', file], { stdio: ['ignore', 'inherit', 'inherit'] });
  const end = performance.now() + START;
  while (!(await answers())) {
    if (child.exitCode !== null) throw new Error(`pgweir ended with exit code ${child.exitCode}`);
    if (performance.now() > end) throw new Error('pgweir did not start');
    await pause(100);
  }
  return child;
}

async function answers() {
  try {
    return (await fetch(`http://127.0.0.1:${port + 1}/health/live`)).ok;
  } catch {
    return false;
  }
}

async function runClient(client) {
  const argument = JSON.stringify({ client, only: process.env.SCENARIO, directUrl, port });
  const child = fork(new URL('client.js', import.meta.url), [argument]);
  const scenarios = [];
  child.on('message', (result) => {
    scenarios.push(result);
    console.error(`drivers: ${client}, ${result.scenario}: ${verdict(result)}, ${result.seconds.toFixed(1)} s`);
  });
  const [code] = await once(child, 'exit');
  results.push(...scenarios);
  if (code !== 0 || scenarios.length === 0) {
    results.push({ client, scenario: '-', errors: [], slots: null, notes: [], misses: [`the process ended with exit code ${code}`] });
  }
}

function verdict(result) {
  return result.misses.length === 0 ? 'ok' : 'FAILED';
}

function report() {
  results.sort((a, b) => names.indexOf(a.client) - names.indexOf(b.client));
  console.log(`\n${'client'.padEnd(15)}${'scenario'.padEnd(21)}${'slots'.padEnd(7)}${'verdict'.padEnd(9)}errors that the application saw`);
  for (const result of results) {
    const seen = [...result.errors.map(([label, count]) => `${count} x ${label}`), ...result.notes].join(', ');
    console.log(
      result.client.padEnd(15) + result.scenario.padEnd(21) + String(result.slots ?? '-').padEnd(7) + verdict(result).padEnd(9) + seen,
    );
    for (const miss of result.misses) console.log(`    ${miss}`);
  }
  const failed = results.filter((result) => result.misses.length > 0).length;
  const seconds = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`drivers: ${failed === 0 ? 'ok' : 'FAILED'}, ${names.length} clients, ${results.length} trials, ${failed} failed, ${seconds} s`);
  return failed === 0;
}
