// Three versions of Prisma, each with its own packages; all with adapter-pg, whose pool is node-postgres's.

/** For 6.19, 7.8 or 7.10. */
export async function prisma(version) {
  const { PrismaClient, PrismaPg } = await import(`../prisma-${version}/client.js`);
  return { open: (options) => open(PrismaClient, PrismaPg, options) };
}

function open(PrismaClient, PrismaPg, { url, max, client, patient }) {
  const prisma = new PrismaClient({
    adapter: new PrismaPg({ connectionString: url, max }),
    // Prisma's own clocks (2 s for a connection, 5 s for a transaction) are left alone where they are the subject.
    ...(patient && { transactionOptions: { maxWait: 20_000, timeout: 30_000 } }),
  });
  return {
    ...statements(prisma, client),
    transaction: (work) => prisma.$transaction((transaction) => work(statements(transaction, client))),
    /** One write per id, as $transaction([...]). */
    batch: (ids) => prisma.$transaction(ids.map((id) => prisma.write.create({ data: { id, client } }))),
    close: () => prisma.$disconnect(),
  };
}

function statements(prisma, client) {
  return {
    read: async () => (await prisma.write.findFirst({ where: { id: 0 } })).id,
    write: (id) => prisma.write.create({ data: { id, client } }),
    sleep: (seconds) => prisma.$queryRaw`SELECT count(*) FROM pg_sleep(${seconds})`,
  };
}
