package io.pgweir.proxy.state;

import java.util.List;
import java.util.Random;

/** The statements that random programs are made of. Those that look give the same answer on any server of the same state. */
final class Vocabulary {
    private record Setting(String name, List<String> values) {}

    /** Values in quotes; now and then a wrong one. */
    private static final List<Setting> SETTINGS = List.of(
            setting("DateStyle", "German", "SQL, DMY", "ISO, MDY", "ISO, YMD", "nonsense"),
            setting("IntervalStyle", "iso_8601", "postgres", "sql_standard"),
            setting("TimeZone", "Europe/Berlin", "Asia/Tokyo", "UTC", "PST8PDT", "Nowhere/Else"),
            setting("application_name", "one", "two", "it''s three", ""),
            setting("extra_float_digits", "0", "-2", "3", "99"),
            setting("bytea_output", "escape", "hex"),
            setting("work_mem", "7MB", "64kB", "5000", "lots"),
            setting("statement_timeout", "70s", "80000", "0"),
            setting("lock_timeout", "75s", "0"),
            setting("enable_seqscan", "off", "on"),
            setting("search_path", "odd schema", "public", "pg_catalog", ""),
            setting("app.a", "one", "it''s \"two\"", "", "\\three"),
            setting("app.b", "1", "2"),
            setting("default_transaction_isolation", "serializable", "read committed", "repeatable read"),
            setting("default_transaction_read_only", "on", "off", "off"),
            setting("standard_conforming_strings", "off", "on"),
            setting("client_encoding", "LATIN1", "UTF8", "UTF8"),
            setting("client_min_messages", "warning", "notice", "error"),
            setting("session_replication_role", "replica", "origin"),
            setting("row_security", "off", "on"),
            setting("no_such_setting", "1"));

    private static final List<String> LOOKS = List.of(
            "SELECT name, setting FROM pg_settings WHERE source IN ('client', 'session') AND name !~ '^transaction_'"
                    + " ORDER BY name",
            "SELECT current_user, session_user, current_setting('role'), current_setting('is_superuser')",
            "SELECT current_schemas(false)",
            "SELECT v FROM whoami",
            "SELECT date '2024-02-03', interval '1 day 2 hours', timestamptz '2024-07-01 12:00Z'",
            "SELECT 1/3::float8, '\\x01ff'::bytea, length('\u00e9')",
            "SELECT nullif(current_setting('app.a', true), ''), nullif(current_setting('app.b', true), '')",
            "SHOW transaction_isolation",
            "SHOW transaction_read_only",
            "SELECT name, statement FROM pg_prepared_statements WHERE from_sql ORDER BY name",
            "SELECT name, statement, is_scrollable FROM pg_cursors WHERE is_holdable ORDER BY name",
            "SELECT objid %% 10, mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1, 2",
            "SELECT relname, relkind FROM pg_class WHERE relnamespace = pg_my_temp_schema() ORDER BY relname",
            "SELECT v FROM tmp_1",
            "SELECT count(*) FROM tmp_2",
            "SELECT * FROM tmp_view",
            "SELECT last_value FROM tmp_seq",
            "EXECUTE q1",
            "EXECUTE q2(3)",
            "FETCH NEXT FROM h1",
            "FETCH ABSOLUTE 2 FROM h1",
            "FETCH 2 FROM c1",
            "SELECT currval('c%c_seq')",
            "SELECT lastval()",
            "SELECT id, v FROM c%c_t ORDER BY id",
            "SELECT count(*) FROM c%c_serial",
            "VALUES (1), (2)",
            "SELECT $$literal$$ AS l");

    private static final List<String> ACTIONS = List.of(
            "SET ROLE state_one",
            "SET ROLE state_two",
            "RESET ROLE",
            "SET ROLE NONE",
            "SET SESSION AUTHORIZATION state_one",
            "RESET SESSION AUTHORIZATION",
            "SET SESSION AUTHORIZATION DEFAULT",
            "SET TIME ZONE 'America/New_York'",
            "SET TIME ZONE INTERVAL '+05:30' HOUR TO MINUTE",
            "SET TIME ZONE -7",
            "SET TIME ZONE LOCAL",
            "SET TIME ZONE DEFAULT",
            "SET NAMES 'LATIN1'",
            "SET NAMES DEFAULT",
            "SET NAMES 'UTF8'",
            "SET search_path = \"odd schema\", \"$user\", public",
            "SET search_path TO public, \"odd schema\"",
            "SET SCHEMA 'odd schema'",
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
            "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "SET CONSTRAINTS ALL DEFERRED",
            "RESET ALL",
            "DISCARD ALL",
            "DISCARD TEMP",
            "DISCARD PLANS",
            "DISCARD SEQUENCES",
            "CREATE TEMP TABLE tmp_1 (v text)",
            "CREATE TEMP TABLE IF NOT EXISTS tmp_1 (v text)",
            "INSERT INTO tmp_1 VALUES ('%p')",
            "CREATE TEMP TABLE tmp_2 ON COMMIT DELETE ROWS AS SELECT 1 AS a",
            "CREATE TEMPORARY TABLE tmp_2 (a int) ON COMMIT DROP",
            "CREATE TABLE pg_temp.tmp_1 AS SELECT 'p%p'::text AS v",
            "SELECT 'into %p'::text AS v INTO TEMP tmp_1",
            "CREATE TEMP TABLE whoami AS SELECT 'temporary %p'::text AS v",
            "CREATE TEMP VIEW tmp_view AS SELECT %p AS p",
            "CREATE OR REPLACE TEMP VIEW tmp_view AS SELECT %p AS p",
            "CREATE TEMP SEQUENCE tmp_seq START %p",
            "DROP TABLE tmp_1",
            "DROP TABLE IF EXISTS tmp_1, tmp_2",
            "DROP VIEW tmp_view",
            "DROP SEQUENCE IF EXISTS tmp_seq",
            "PREPARE q1 AS SELECT 'prepared by %p'::text",
            "PREPARE q2(int) AS SELECT $1 * %p",
            "DEALLOCATE ALL",
            "SELECT pg_advisory_lock(%p1)",
            "SELECT pg_advisory_lock_shared(%p2)",
            "SELECT pg_try_advisory_lock(%p1)",
            "SELECT pg_advisory_xact_lock(%p3)",
            "SELECT pg_advisory_unlock(%p1)",
            "SELECT pg_advisory_unlock_shared(%p2)",
            "SELECT pg_advisory_unlock_all()",
            "DECLARE h1 SCROLL CURSOR WITH HOLD FOR SELECT %p + i FROM generate_series(1, 5) i",
            "DECLARE c1 CURSOR FOR SELECT %p - i FROM generate_series(1, 5) i",
            "CLOSE h1",
            "CLOSE c1",
            "CLOSE ALL",
            "SELECT nextval('c%c_seq')",
            "SELECT setval('c%c_seq', 100)",
            "INSERT INTO c%c_serial (v) VALUES ('x') RETURNING id",
            "INSERT INTO c%c_t VALUES (1, 'one')",
            "INSERT INTO c%c_t SELECT coalesce(max(id), 0) + 1, 'more' FROM c%c_t",
            "UPDATE c%c_t SET v = v || '!'",
            "DELETE FROM c%c_t WHERE id %% 2 = 0",
            "SELECT 1/0",
            "SELECT nonsense",
            "SELEKT 1");

    private final Random random;
    private final int client;
    private final int program;

    /** Of a program; {@code client} names the tables it may use. */
    Vocabulary(Random random, int client, int program) {
        this.random = random;
        this.client = client;
        this.program = program;
    }

    /** A statement that only looks. */
    String look() {
        return filled(LOOKS.get(random.nextInt(LOOKS.size())));
    }

    /** A statement that may change something. */
    String change() {
        int dice = random.nextInt(100);
        if (dice < 45) {
            return setting();
        }
        String action = filled(ACTIONS.get(random.nextInt(ACTIONS.size())));
        return dice < 88 || action.startsWith("DEALLOCATE") ? action : hidden(action);
    }

    private String setting() {
        Setting setting = SETTINGS.get(random.nextInt(SETTINGS.size()));
        String name = setting.name();
        String value = setting.values().get(random.nextInt(setting.values().size()));
        String set = "SET " + name + " = '" + value + "'";
        return switch (random.nextInt(12)) {
            case 0 -> "SET SESSION " + name + " TO '" + value + "'";
            case 1 -> "SET LOCAL " + name + " = '" + value + "'";
            case 2 -> "SELECT set_config('" + name + "', '" + value + "', false)";
            case 3 -> "SELECT set_config('" + name + "', '" + value + "', true)";
            case 4 -> "RESET " + name;
            case 5 -> "SET " + name + " TO DEFAULT";
            case 6 -> name.startsWith("app.") ? set : hidden(set); // names in code are an exception
            case 7 -> "/* a comment */ set " + name + " to '" + value + "' -- and another";
            default -> set;
        };
    }

    /** Where the text of the statement does not tell what it does. */
    private String hidden(String sql) {
        return switch (random.nextInt(3)) {
            case 0 -> "DO $do$ BEGIN EXECUTE $run$" + sql + "$run$; END $do$";
            case 1 -> "CALL state_call($run$" + sql + "$run$)";
            default -> "SELECT state_run($run$" + sql + "$run$)";
        };
    }

    private String filled(String sql) {
        return sql.replace("%c", String.valueOf(client))
                .replace("%p", String.valueOf(program))
                .replace("%%", "%");
    }

    private static Setting setting(String name, String... values) {
        return new Setting(name, List.of(values));
    }
}
