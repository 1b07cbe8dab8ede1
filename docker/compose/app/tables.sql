-- A small course platform, filled by the server itself. What is there already stays.
SET client_min_messages = warning;
BEGIN;
SELECT pg_advisory_xact_lock(6432);
CREATE TABLE IF NOT EXISTS users (id int PRIMARY KEY, email text NOT NULL UNIQUE, role text NOT NULL);
CREATE TABLE IF NOT EXISTS courses (id int PRIMARY KEY, title text NOT NULL, teacher_id int NOT NULL REFERENCES users);
CREATE TABLE IF NOT EXISTS enrollments (
  user_id int NOT NULL REFERENCES users, course_id int NOT NULL REFERENCES courses, progress int NOT NULL,
  PRIMARY KEY (user_id, course_id));
CREATE TABLE IF NOT EXISTS term_configs (
  user_id int NOT NULL REFERENCES users, term int NOT NULL, version bigint NOT NULL, PRIMARY KEY (user_id, term));
CREATE INDEX IF NOT EXISTS enrollments_course ON enrollments (course_id);
INSERT INTO users SELECT i, 'user' || i || '@example.org', CASE WHEN i % 25 = 0 THEN 'teacher' ELSE 'student' END
  FROM generate_series(1, 1000) i ON CONFLICT DO NOTHING;
INSERT INTO courses SELECT i, 'Course ' || i, 25 * (1 + i % 40) FROM generate_series(1, 200) i ON CONFLICT DO NOTHING;
INSERT INTO enrollments SELECT u, 1 + (u * 7 + k * 13) % 200, (u + k) % 101
  FROM generate_series(1, 1000) u, generate_series(0, 3) k ON CONFLICT DO NOTHING;
COMMIT;
