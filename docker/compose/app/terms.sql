-- All terms of a user in one transaction.
\set user random(1, 1000)
\set pause random(200, 600)
BEGIN;
INSERT INTO term_configs SELECT :user, term, 1 FROM generate_series(1, 6) term
  ON CONFLICT (user_id, term) DO UPDATE SET version = term_configs.version + 1 /*route='/api/terms'*/;
SELECT count(*), max(version) FROM term_configs WHERE user_id = :user /*route='/api/terms'*/;
COMMIT;
\sleep :pause ms
