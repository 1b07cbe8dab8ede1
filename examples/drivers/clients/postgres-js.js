import postgres from 'postgres';

export function open({ url, max, client }) {
  const sql = postgres(url, { max, onnotice: () => {} });
  return {
    ...statements(sql, client),
    transaction: (work) => sql.begin((transaction) => work(statements(transaction, client))),
    notify: (channel, payload) => sql.notify(channel, payload),
    /** The library keeps one connection for all channels: each call here is another application. Gives its end. */
    async listen(channel, heard) {
      const own = postgres(url, { max: 1, onnotice: () => {} });
      await own.listen(channel, heard);
      return () => own.end({ timeout: 5 });
    },
    close: () => sql.end({ timeout: 5 }),
  };
}

function statements(sql, client) {
  return {
    read: async () => (await sql`SELECT id FROM pgweir_writes WHERE id = ${0}`)[0].id,
    write: (id) => sql`INSERT INTO pgweir_writes VALUES (${id}, ${client})`,
    sleep: (seconds) => sql`SELECT pg_sleep(${seconds})`,
  };
}
