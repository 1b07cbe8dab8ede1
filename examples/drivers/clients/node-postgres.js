// node-postgres as most applications use it: a Pool, and a client checked out for each transaction. The pool has no
// 'error' listener on purpose: without one, a socket that breaks while it idles ends the process.
import pg from 'pg';

export function open({ url, max, client }) {
  const pool = new pg.Pool({ connectionString: url, max });
  return {
    ...statements(pool, client),
    async transaction(work) {
      const connection = await pool.connect();
      let broken;
      try {
        await connection.query('BEGIN');
        const result = await work(statements(connection, client));
        await connection.query('COMMIT');
        return result;
      } catch (error) {
        await connection.query('ROLLBACK').catch((second) => (broken = second));
        throw error;
      } finally {
        connection.release(broken);
      }
    },
    notify: (channel, payload) => pool.query('SELECT pg_notify($1, $2)', [channel, payload]),
    /** On a connection of its own, as applications do it. Gives the function that ends it. */
    async listen(channel, heard) {
      const connection = new pg.Client({ connectionString: url });
      await connection.connect();
      connection.on('notification', (message) => heard(message.payload));
      await connection.query(`LISTEN ${channel}`);
      return () => connection.end();
    },
    close: () => pool.end(),
  };
}

function statements(queryable, client) {
  return {
    read: async () => (await queryable.query('SELECT id FROM pgweir_writes WHERE id = $1', [0])).rows[0].id,
    write: (id) => queryable.query('INSERT INTO pgweir_writes VALUES ($1, $2)', [id, client]),
    sleep: (seconds) => queryable.query('SELECT pg_sleep($1)', [seconds]),
  };
}
