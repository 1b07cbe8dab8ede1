// What pgweir is told: for every client and scenario a database of its own, which is a pool of its own.

/** Slots of the pool that each client keeps for itself, and backends of each pool of pgweir's. */
export const MAX = 8;

export const LIMITS = {
  'pool-timeout': { pool_timeout: '200ms' },
  'statement-timeout': { statement_timeout: '500ms' },
  kills: {},
  'transaction-timeout': { transaction_timeout: '1s' },
  'idle-timeout': { idle_in_transaction_timeout: '1s' },
  'late-begin': {},
  listen: { listen_extra_connection: true },
  'forwarded-begin': { connection_limit: 1, begin: 'forward' },
};

const COMMON = {
  connection_limit: MAX,
  pool_timeout: '30s',
  statement_timeout: 'off',
  transaction_timeout: 'off',
  idle_in_transaction_timeout: 'off',
  backend_idle_timeout: '3s', // PostgreSQL's own limit must suffice for all that run at a time
};

/** As clients name it to pgweir. */
export function databaseOf(client, scenario) {
  return `${client}_${scenario}`;
}

/** The configuration file. JSON is YAML. */
export function configuration(clients, directUrl, port) {
  const databases = {};
  for (const client of clients) {
    for (const [scenario, limits] of Object.entries(LIMITS)) {
      databases[databaseOf(client, scenario)] = { url: directUrl, ...COMMON, ...limits };
    }
  }
  return JSON.stringify({
    listen: `127.0.0.1:${port}`,
    http: `127.0.0.1:${port + 1}`,
    log_level: 'warn',
    shutdown_timeout: '5s',
    databases,
  });
}
