// Libraries wrap what the server said, each in its own way.

/** The SQLSTATE somewhere inside an error; null if there is none. */
export function sqlStateOf(error, depth = 0) {
  if (error === null || typeof error !== 'object' || depth > 5) return null;
  for (const key of ['originalCode', 'code', 'cause', 'meta', 'driverAdapterError']) {
    const value = error[key];
    if (typeof value === 'string' && /^[0-9A-Z]{5}$/.test(value) && !/^P[1-6]/.test(value)) return value;
    const inside = sqlStateOf(value, depth + 1);
    if (inside) return inside;
  }
  return null;
}

/** For people: the library's code and the server's. */
export function label(error) {
  const state = sqlStateOf(error);
  const own = typeof error?.code === 'string' && error.code !== state ? error.code : null;
  return [own, state].filter(Boolean).join('/') || `${error?.name}: ${String(error?.message).split('\n').at(-1)}`;
}
