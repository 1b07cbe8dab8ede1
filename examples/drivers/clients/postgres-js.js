import postgres from 'postgres';

export function open({ url, max, client }) {
  const sql = postgres(url, { max, onnotice: () => {} });
  return {
    ...statements(sql, client),
    transaction: (work) => sql.begin((transaction) => work(statements(transaction, client))),
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
