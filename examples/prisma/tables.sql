-- A small course platform, filled by the server itself. Run again, it starts from scratch.
DROP SCHEMA IF EXISTS pgweir_prisma CASCADE;
CREATE SCHEMA pgweir_prisma;
SET search_path = pgweir_prisma;

CREATE TABLE users (
  id int PRIMARY KEY,
  email text NOT NULL UNIQUE,
  name text NOT NULL,
  role text NOT NULL,
  visits int NOT NULL DEFAULT 0
);
CREATE TABLE courses (
  id int PRIMARY KEY,
  title text NOT NULL,
  teacher_id int NOT NULL REFERENCES users
);
CREATE TABLE modules (
  id int PRIMARY KEY,
  title text NOT NULL,
  course_id int NOT NULL REFERENCES courses
);
CREATE TABLE lessons (
  id int PRIMARY KEY,
  title text NOT NULL,
  module_id int NOT NULL REFERENCES modules
);
CREATE TABLE enrollments (
  user_id int NOT NULL REFERENCES users,
  course_id int NOT NULL REFERENCES courses,
  progress int NOT NULL,
  PRIMARY KEY (user_id, course_id)
);
CREATE TABLE term_configs (
  user_id int NOT NULL REFERENCES users,
  term int NOT NULL,
  version int NOT NULL,
  note text NOT NULL,
  PRIMARY KEY (user_id, term)
);
CREATE INDEX ON modules (course_id);
CREATE INDEX ON lessons (module_id);
CREATE INDEX ON enrollments (course_id);

-- 200 students, 10 teachers; 200 courses of 3 modules of 4 lessons; student u is enrolled in courses u and u % 200 + 1.
INSERT INTO users
  SELECT i, 'user' || i || '@example.org', 'User ' || i, CASE WHEN i > 200 THEN 'teacher' ELSE 'student' END
  FROM generate_series(1, 210) i;
INSERT INTO courses SELECT i, 'Course ' || i, 201 + i % 10 FROM generate_series(1, 200) i;
INSERT INTO modules SELECT c * 10 + m, 'Module ' || c || '.' || m, c
  FROM generate_series(1, 200) c, generate_series(1, 3) m;
INSERT INTO lessons SELECT id * 10 + l, 'Lesson ' || id || '.' || l, id FROM modules, generate_series(1, 4) l;
INSERT INTO enrollments SELECT u, u, u % 101 FROM generate_series(1, 200) u;
INSERT INTO enrollments SELECT u, u % 200 + 1, 50 FROM generate_series(1, 200) u;
ANALYZE users, courses, modules, lessons, enrollments;
