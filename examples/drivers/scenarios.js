// What every client library goes through. Each function makes things fail, then lets Trial look at what is left.
import { setTimeout as pause } from 'node:timers/promises';
import { MAX } from './pools.js';
import { together } from './trial.js';

const IN_TRANSACTION = `state = 'idle in transaction'`;
const SLEEPING = `state = 'active' AND query LIKE '%pg_sleep%'`;
const MANY = 200; // failures of a kind
const LONG = 60; // seconds
const ANY = null; // SQLSTATE

const each = (work) => Promise.all(Array.from({ length: MAX }, (_, i) => work(i)));

/** Somebody else holds every backend, from before this client connects: reads and the first statements of transactions fail. */
async function poolTimeouts(trial) {
  const app = trial.open();
  if (trial.client === 'postgres.js') {
    // It connects before: see failedTypes.
    const warm = await trial.hold(MAX);
    await warm();
    await each(() => trial.works('a transaction', () => app.transaction((tx) => trial.reads(tx))));
  }
  const release = await trial.hold(MAX);
  await together(MANY, async (i) => {
    if (i % 2 === 0) {
      await trial.fails('53300', 'a read', () => app.read());
    } else if (i % 4 === 1 || !app.batch) {
      await trial.fails('53300', 'a transaction', () => app.transaction((tx) => tx.write(trial.doomedId())));
    } else {
      await trial.fails('53300', 'a batch', () => app.batch([trial.doomedId(), trial.doomedId()]));
    }
  });
  await release();
  await trial.recovers(app);
}

async function statementTimeouts(trial) {
  const app = trial.open();
  await together(MANY, async (i) => {
    if (i % 2 === 0) {
      await trial.fails('57014', 'a statement', () => app.sleep(LONG));
    } else {
      await trial.fails('57014', 'a statement in a transaction', () =>
        app.transaction(async (tx) => {
          if (i % 4 === 1) await tx.write(trial.doomedId()); // else the statement that sleeps is the first one
          await tx.sleep(LONG);
        }),
      );
    }
  });
  await trial.recovers(app);
}

/** Backends are terminated at every point of their work; MAX at a time, MANY in all. */
async function kills(trial) {
  const app = trial.open();
  let killed = 0;
  const kill = async (condition) => {
    const pids = await trial.untilBackends(MAX, condition);
    await trial.killAndUntilNoticed(pids);
    killed += pids.length;
  };

  for (let round = 0; killed < MANY; round++) {
    const kind = round % 5;
    if (kind === 0) {
      const running = each(() => trial.fails('08006', 'a statement', () => app.sleep(LONG)));
      await kill(SLEEPING);
      await running;
    } else if (kind === 1) {
      const running = each(() =>
        trial.fails('08006', 'a statement in a transaction', () =>
          app.transaction(async (tx) => {
            await tx.write(trial.doomedId());
            await tx.sleep(LONG);
          }),
        ),
      );
      await kill(SLEEPING);
      await running;
    } else if (kind === 2 || kind === 3) {
      await interrupted(trial, app, '08006', () => kill(IN_TRANSACTION), kind === 2);
    } else {
      await each(() => trial.works('a transaction', () => app.transaction((tx) => tx.sleep(0.05))));
      const idle = await trial.backends(`state = 'idle'`);
      await trial.killAndUntilNoticed(idle);
      killed += idle.length;
      await each(() => trial.works('a read on a new backend', () => trial.reads(app)));
    }
  }
  trial.notes.push(`${killed} backends killed`);
  await trial.recovers(app);
}

/**
 * MAX transactions write, wait while `event` happens to them, and go on with a statement or with COMMIT. Not with COMMIT
 * for Prisma 6.19, which then loses the slot wherever it is connected to: see failedCommit.
 */
async function interrupted(trial, app, state, event, goesOn) {
  goesOn ||= trial.client === 'prisma-6.19' && state !== ANY;
  let happened;
  const after = new Promise((resolve) => (happened = resolve));
  const running = each(() =>
    trial.fails(state, goesOn ? 'the next statement' : 'COMMIT', () =>
      app.transaction(async (tx) => {
        await tx.write(trial.doomedId());
        await after;
        if (goesOn) await tx.read();
      }),
    ),
  );
  await event();
  happened();
  await running;
}

async function transactionTimeouts(trial) {
  const app = trial.open();
  for (let round = 0; round < 2; round++) {
    await each(() =>
      trial.fails('25P04', 'a long transaction', () =>
        app.transaction(async (tx) => {
          await tx.write(trial.doomedId());
          await tx.sleep(LONG);
        }),
      ),
    );
    for (const goesOn of [true, false]) {
      await interrupted(trial, app, '25P04', () => rolledBack(trial), goesOn);
    }
  }
  await trial.recovers(app);
}

async function idleTimeouts(trial) {
  const app = trial.open();
  for (let round = 0; round < 2; round++) {
    for (const goesOn of [true, false]) {
      await interrupted(trial, app, '25P03', () => rolledBack(trial), goesOn);
    }
  }
  await trial.recovers(app);
}

async function rolledBack(trial) {
  await trial.untilBackends(MAX, IN_TRANSACTION);
  await trial.untilBackends(0, IN_TRANSACTION);
}

/**
 * All backends are held for longer than Prisma waits for a transaction to begin (2 s), and for some longer than it lets one
 * last (5 s). Whatever fails then, a write that was acknowledged must be there. Each application has one slot, so that
 * the connection of a transaction that failed is surely used again.
 */
async function lateBegin(trial) {
  const release = await trial.hold(MAX);
  const apps = Array.from({ length: MAX }, () => trial.open({ max: 1, patient: false }));
  const tooLong = each((i) => i % 2 === 0 && trial.mayFail(() => trial.writeInTransaction(apps[i])));
  await pause(3_000);
  const inTime = each((i) => i % 2 === 1 && trial.works('a transaction', () => trial.writeInTransaction(apps[i])));
  await pause(2_500);
  await release();
  await Promise.all([tooLong, inTime]);
  await trial.recovers(...apps);
}

/** With BEGIN forwarded, and so late, Prisma 7.2 to 7.8 acknowledges writes that are gone: lateBegin can fail. */
async function forwardedBegin(trial) {
  trial.mustLose = true;
  const release = await trial.hold(1);
  const app = trial.open({ max: 1, patient: false });
  const late = trial.mayFail(() => trial.writeInTransaction(app));
  await pause(2_500);
  await release();
  await late;
  for (let i = 0; i < 5; i++) await trial.write(app);
}

/** The same without pgweir: BEGIN is late because Prisma's own pool was full. No proxy can help. */
async function ownPoolFull(trial) {
  trial.mustLose = true;
  const app = trial.open({ direct: true, max: 1, patient: false });
  const slow = trial.works('the transaction that has the slot', () => app.transaction((tx) => tx.sleep(2.5)));
  const late = trial.mayFail(() => trial.writeInTransaction(app));
  await Promise.all([slow, late]);
  for (let i = 0; i < 5; i++) await trial.write(app);
}

/** Twice as many connections listen as there are backends: each gets what is sent, once and in order, and holds none. */
async function listens(trial) {
  const app = trial.open();
  const channel = trial.client.replace(/\W/g, '_');
  const heard = Array.from({ length: 2 * MAX }, () => []);
  const ends = await Promise.all(heard.map((mine) => app.listen(channel, (payload) => mine.push(payload))));
  const sent = Array.from({ length: 20 }, (_, i) => String(i));
  for (const payload of sent) await app.notify(channel, payload);
  await trial.until('every notification', () => heard.every((mine) => mine.length >= sent.length));
  await trial.recovers(app);
  const wrong = heard.filter((mine) => mine.join() !== sent.join());
  if (wrong.length > 0) trial.miss(`${wrong.length} of ${heard.length} heard something else, e.g. ${wrong[0]}`);
  trial.notes.push(`${heard.length} connections heard ${sent.length} notifications`);
  await Promise.all(ends.map((end) => end()));
}

export const SCENARIOS = {
  'pool-timeout': poolTimeouts,
  'statement-timeout': statementTimeouts,
  kills,
  'transaction-timeout': transactionTimeouts,
  'idle-timeout': idleTimeouts,
  'late-begin': lateBegin,
};

/** What only some libraries have. */
export const OWN = {
  'postgres.js': { listen: listens },
  'node-postgres': { listen: listens },
};

/** Without pgweir: Prisma 6.19 keeps the slot of a transaction for ever whose COMMIT fails. */
async function failedCommit(trial) {
  const app = trial.open({ direct: true });
  await interrupted(trial, app, ANY, async () => trial.kill(await trial.untilBackends(MAX, IN_TRANSACTION)), false);
  await trial.lacksSlots(app);
}

/**
 * Without pgweir: postgres.js asks for the array types when it has connected, and when that fails nobody catches the error. The
 * settings make the query slow enough to be cancelled.
 */
async function failedTypes(trial) {
  trial.mustCrash = true;
  const slow = { statement_timeout: '1', enable_hashjoin: 'off', enable_mergejoin: 'off', enable_material: 'off' };
  const app = trial.open({ direct: true, parameters: slow });
  await trial.mayFail(() => app.read());
  await pause(100); // what nobody handles is reported a moment later
}

/** What libraries get wrong without our help, to prove that it is seen, and whose fault it is. */
export const CONTROLS = {
  'prisma-6.19': { 'failed-commit': failedCommit },
  'prisma-7.8': { 'forwarded-begin': forwardedBegin, 'own-pool-full': ownPoolFull },
  'postgres.js': { 'failed-types': failedTypes },
};
