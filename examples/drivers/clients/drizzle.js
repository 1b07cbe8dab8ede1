// Drizzle on node-postgres, which loses a slot of its pool for ever whenever BEGIN fails.
import { eq, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';
import pg from 'pg';

const writes = pgTable('pgweir_writes', { id: integer(), client: text() });

export function open({ url, max, client }) {
  const pool = new pg.Pool({ connectionString: url, max });
  const database = drizzle(pool);
  return {
    ...statements(database, client),
    transaction: (work) => database.transaction((transaction) => work(statements(transaction, client))),
    close: () => pool.end(),
  };
}

function statements(database, client) {
  return {
    read: async () => (await database.select().from(writes).where(eq(writes.id, 0)))[0].id,
    write: (id) => database.insert(writes).values({ id, client }),
    sleep: (seconds) => database.execute(sql`SELECT pg_sleep(${seconds})`),
  };
}
