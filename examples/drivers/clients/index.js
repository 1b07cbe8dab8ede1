import * as drizzle from './drizzle.js';
import * as nodePostgres from './node-postgres.js';
import * as postgresJs from './postgres-js.js';
import { prisma } from './prisma.js';

/** Name to a promise of { open }. open({ url, max, client, patient }) gives read, write, sleep, transaction, close; some listen, notify. */
export const CLIENTS = {
  'prisma-6.19': () => prisma('6.19'),
  'prisma-7.8': () => prisma('7.8'),
  'prisma-7.10': () => prisma('7.10'),
  drizzle: async () => drizzle,
  'postgres.js': async () => postgresJs,
  'node-postgres': async () => nodePostgres,
};
