-- My courses and who teaches them, a statement for each level, as an ORM asks.
\set user random(1, 1000)
\set pause random(200, 600)
SELECT course_id, progress FROM enrollments WHERE user_id = :user /*route='/courses'*/;
SELECT c.id, c.title, u.email FROM enrollments e JOIN courses c ON c.id = e.course_id JOIN users u ON u.id = c.teacher_id
  WHERE e.user_id = :user /*route='/courses'*/;
\sleep :pause ms
