// What the pages of a course platform ask of Prisma. Every function checks that what comes back is the caller's own.
import { randomUUID } from 'node:crypto';
import { Prisma } from '@prisma/client';

export const COURSES = 200;
export const TERMS = 12;

/** An answer that belongs to somebody else, or is not what was written. */
export class Mismatch extends Error {}

function check(condition, what) {
  if (!condition) throw new Mismatch(what);
}

/** The JWT callback that runs on every request. */
export async function jwtCallback(prisma, userId) {
  const user = await prisma.user.findUnique({ where: { id: userId } });
  check(user?.id === userId && user.email === `user${userId}@example.org`, `user ${userId} got ${user?.id}`);
  const again = await prisma.user.findUnique({
    where: { email: user.email },
    select: { id: true, role: true },
  });
  check(again?.id === userId && again.role === 'student', `e-mail of ${userId} led to ${again?.id}`);
}

/** A page with a nested include, four levels deep. */
export async function getCourses(prisma, userId) {
  const courses = await prisma.course.findMany({
    where: { enrollments: { some: { userId } } },
    orderBy: { id: 'asc' },
    include: {
      teacher: { select: { id: true, name: true } },
      enrollments: { where: { userId } },
      modules: { orderBy: { id: 'asc' }, include: { lessons: { orderBy: { id: 'asc' } } } },
    },
  });
  const expected = [userId, (userId % COURSES) + 1].sort((a, b) => a - b);
  check(String(courses.map((course) => course.id)) === String(expected), `courses of ${userId}`);
  for (const course of courses) {
    check(course.teacher.id === 201 + (course.id % 10), `teacher of course ${course.id}`);
    check(course.enrollments.length === 1 && course.enrollments[0].userId === userId, `enrollment of ${userId}`);
    check(course.modules.length === 3, `modules of course ${course.id}`);
    for (const module of course.modules) {
      check(module.courseId === course.id && module.lessons.length === 4, `module ${module.id}`);
      check(module.lessons.every((lesson) => lesson.moduleId === module.id), `lessons of module ${module.id}`);
    }
  }
}

/** A dashboard: aggregates side by side, each on a connection of its own. */
export async function getCourseAnalytics(prisma, userId) {
  const courseId = userId;
  const [enrolled, progress, lessons, byProgress, course] = await Promise.all([
    prisma.enrollment.count({ where: { courseId } }),
    prisma.enrollment.aggregate({ where: { courseId }, _min: { courseId: true }, _avg: { progress: true } }),
    prisma.lesson.count({ where: { module: { courseId } } }),
    prisma.enrollment.groupBy({ by: ['courseId'], where: { courseId }, _sum: { progress: true } }),
    prisma.course.findUniqueOrThrow({ where: { id: courseId }, select: { title: true } }),
  ]);
  check(enrolled === 2, `course ${courseId} counts ${enrolled}`);
  check(progress._min.courseId === courseId, `average of course ${progress._min.courseId} for ${courseId}`);
  check(progress._avg.progress === ((userId % 101) + 50) / 2, `average progress of course ${courseId}`);
  check(lessons === 12, `lessons of course ${courseId}`);
  check(byProgress.length === 1 && byProgress[0]._sum.progress === (userId % 101) + 50, `sum of course ${courseId}`);
  check(course.title === `Course ${courseId}`, `title of course ${courseId}`);
}

/** One large save: $transaction([...]). */
export async function saveTermConfigs(prisma, userId, version) {
  const note = randomUUID();
  const terms = Array.from({ length: TERMS }, (_, term) => term);
  const saved = await prisma.$transaction(
    terms.map((term) =>
      prisma.termConfig.upsert({
        where: { userId_term: { userId, term } },
        create: { userId, term, version, note },
        update: { version, note },
      }),
    ),
  );
  check(saved.every((row, term) => row.userId === userId && row.term === term && row.note === note), `saved ${userId}`);
  const read = await prisma.termConfig.findMany({ where: { userId } });
  check(read.length === TERMS, `${read.length} terms of ${userId}`);
  check(read.every((row) => row.version === version && row.note === note), `terms of ${userId} after save ${version}`);
}

/** An interactive transaction: all of it on one backend, and nothing of it when it fails. */
export async function visit(prisma, userId, version) {
  const backend = async (tx) => (await tx.$queryRaw`SELECT pg_backend_pid() AS pid`)[0].pid;
  await prisma.$transaction(async (tx) => {
    const pid = await backend(tx);
    const before = await tx.user.findUniqueOrThrow({ where: { id: userId } });
    check(before.visits === version - 1, `visits of ${userId} before: ${before.visits}`);
    await tx.user.update({ where: { id: userId }, data: { visits: { increment: 1 } } });
    const after = await tx.user.findUniqueOrThrow({ where: { id: userId } });
    check(after.visits === version, `visits of ${userId} inside: ${after.visits}`);
    check((await backend(tx)) === pid, `the transaction of ${userId} moved to another backend`);
  });

  const undo = new Error('undo');
  try {
    await prisma.$transaction(async (tx) => {
      await tx.user.update({ where: { id: userId }, data: { visits: -1 } });
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  }
  const { visits } = await prisma.user.findUniqueOrThrow({ where: { id: userId } });
  check(visits === version, `visits of ${userId} afterwards: ${visits}`);
}

/** A raw query, and an error in between that must hurt nobody. */
export async function rawAndError(prisma, userId) {
  const nonce = randomUUID();
  const rows = await prisma.$queryRaw`SELECT ${nonce}::text AS nonce, ${userId}::int AS id`;
  check(rows.length === 1 && rows[0].nonce === nonce && rows[0].id === userId, `raw query of ${userId}`);
  try {
    await prisma.enrollment.create({ data: { userId, courseId: userId, progress: 0 } });
    check(false, `a second enrollment of ${userId} was let in`);
  } catch (error) {
    const duplicate = error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002';
    if (!duplicate) throw error;
  }
}
