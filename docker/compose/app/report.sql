-- A dashboard's aggregates, which take their time.
\set course random(1, 200)
\set pause random(500, 1500)
SELECT course_id, count(*), avg(progress), pg_sleep(0.05) FROM enrollments WHERE course_id = :course GROUP BY 1 /*route='/report'*/;
\sleep :pause ms
