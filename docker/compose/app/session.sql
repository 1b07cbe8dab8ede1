-- What a JWT callback asks on every request.
\set user random(1, 1000)
\set pause random(200, 600)
SELECT id, email, role FROM users WHERE id = :user /*route='/api/session'*/;
\sleep :pause ms
