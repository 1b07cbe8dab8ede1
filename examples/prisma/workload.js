// 200 users at once, each with its own answers to check. Exit code 1 at the first wrong answer, error or backend too many.
//
//   DATABASE_URL   through pgweir
//   DIRECT_URL     the database itself, same database and user: makes the tables, counts the backends
//   BACKEND_LIMIT  most backends that may ever be seen (default 5; 0 = do not check)
//   ROUNDS         requests of each kind per user (default 3)
import { readFile } from 'node:fs/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@prisma/client';
import pg from 'pg';
import * as requests from './requests.js';
import { Sampler } from './sampler.js';

const USERS = 200;
const INSTANCES = 4; // of the application, each with a Prisma client and its own pool of connections
const CONNECTIONS = 50; // per instance
const { DATABASE_URL, DIRECT_URL, BACKEND_LIMIT = '5', ROUNDS = '3' } = process.env;

if (!DATABASE_URL || !DIRECT_URL) {
  console.error('prisma: set DATABASE_URL (through pgweir) and DIRECT_URL (the database itself), or use run.sh');
  process.exit(2);
}

const KINDS = ['jwtCallback', 'getCourses', 'getCourseAnalytics', 'saveTermConfigs', 'visit', 'rawAndError'];
const took = new Map(KINDS.map((kind) => [kind, []]));
const failures = { mismatches: 0, errors: 0 };

await makeTables();
const apps = Array.from(
  { length: INSTANCES },
  () =>
    new PrismaClient({
      adapter: new PrismaPg(
        { connectionString: DATABASE_URL, max: CONNECTIONS, application_name: 'pgweir-prisma' },
        { schema: 'pgweir_prisma' },
      ),
      // 200 users on one machine need more patience than the two seconds that Prisma has for a BEGIN.
      transactionOptions: { maxWait: 20_000, timeout: 30_000 },
    }),
);
const sampler = await Sampler.start(DIRECT_URL);
const start = performance.now();
await Promise.all(Array.from({ length: USERS }, (_, i) => user(apps[i % INSTANCES], i + 1)));
const seconds = (performance.now() - start) / 1000;
const seen = await sampler.stop();
await Promise.all(apps.map((app) => app.$disconnect()));
process.exitCode = report(seconds, seen) ? 0 : 1;

async function makeTables() {
  const client = new pg.Client({ connectionString: DIRECT_URL });
  await client.connect();
  await client.query(await readFile(new URL('tables.sql', import.meta.url), 'utf8'));
  await client.end();
}

/** All requests of one user, in an order that differs from its neighbours'. */
async function user(prisma, userId) {
  for (let round = 1; round <= Number(ROUNDS); round++) {
    for (let i = 0; i < KINDS.length; i++) {
      await request(KINDS[(i + userId) % KINDS.length], prisma, userId, round);
    }
  }
}

async function request(kind, prisma, userId, round) {
  const begin = performance.now();
  try {
    await requests[kind](prisma, userId, round);
  } catch (error) {
    const mismatch = error instanceof requests.Mismatch;
    const count = mismatch ? ++failures.mismatches : ++failures.errors;
    if (count <= 10) console.error(`  ${kind} of user ${userId}: ${mismatch ? 'MISMATCH ' : ''}${error.message}`);
  }
  took.get(kind).push(performance.now() - begin);
}

function report(seconds, seen) {
  const all = [...took.values()].flat();
  console.log(`${'request'.padEnd(20)}${'count'.padStart(7)}${'p50 ms'.padStart(9)}${'p95 ms'.padStart(9)}${'max ms'.padStart(9)}`);
  for (const [kind, times] of [...took, ['all', all]]) {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))].toFixed(0).padStart(9);
    console.log(`${kind.padEnd(20)}${String(times.length).padStart(7)}${at(0.5)}${at(0.95)}${at(1)}`);
  }
  const limit = Number(BACKEND_LIMIT);
  const within = limit === 0 || (seen.samples > 0 && seen.most >= 1 && seen.most <= limit);
  const ok = within && failures.mismatches === 0 && failures.errors === 0;
  console.log(
    `prisma: ${ok ? 'ok' : 'FAILED'}, ${all.length} requests of ${USERS} concurrent users on ` +
      `${INSTANCES * CONNECTIONS} connections in ${seconds.toFixed(1)} s, ${failures.mismatches} mismatches, ` +
      `${failures.errors} errors, at most ${seen.most} backends ` +
      `(limit ${limit === 0 ? 'none' : limit}, ${seen.samples} samples)`,
  );
  return ok;
}
