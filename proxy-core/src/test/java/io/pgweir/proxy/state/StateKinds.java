package io.pgweir.proxy.state;

import java.util.List;

/** Every kind of session state that PostgreSQL has, as far as we know. */
final class StateKinds {
    private static final String WHO = "SELECT current_user, session_user; SHOW role; SHOW is_superuser";
    private static final String ZONE = "SHOW TimeZone; SELECT timestamptz '2024-07-01 12:00Z'";
    private static final String LOCKS =
            "SELECT classid, objid, mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() ORDER BY 1, 2, 3";

    private StateKinds() {}

    /** Those that are settings. */
    static List<StateKind> settings() {
        return List.of(
                StateKind.named("a setting that PostgreSQL reports (`DateStyle`)")
                        .set("DateStyle", "German, DMY")
                        .shownBy("SHOW DateStyle; SELECT date '2024-02-03'"),
                StateKind.named("`application_name`")
                        .set("application_name", "the owner's")
                        .shownBy("SHOW application_name"),
                StateKind.named("`IntervalStyle`")
                        .set("IntervalStyle", "iso_8601")
                        .shownBy("SHOW IntervalStyle; SELECT interval '1 day 2 hours'"),
                StateKind.named("`SET NAMES`")
                        .setAs("SET NAMES 'LATIN1'", "client_encoding", "LATIN1")
                        .shownBy("SHOW client_encoding; SELECT length('\u00e9')"),
                StateKind.named("`standard_conforming_strings`")
                        .set("standard_conforming_strings", "off")
                        .shownBy("SHOW standard_conforming_strings"),
                StateKind.named("`SET TIME ZONE` by name")
                        .setAs("SET TIME ZONE 'Europe/Berlin'", "TimeZone", "Europe/Berlin")
                        .shownBy(ZONE),
                StateKind.named("`SET TIME ZONE INTERVAL`")
                        .by("SET TIME ZONE INTERVAL '-08:30' HOUR TO MINUTE")
                        .shownBy(ZONE),
                StateKind.named("`SET TIME ZONE` by number")
                        .by("SET TIME ZONE 5.5")
                        .shownBy(ZONE),
                StateKind.named("`SET TIME ZONE LOCAL`")
                        .by("SET TIME ZONE 'Asia/Tokyo'", "SET TIME ZONE LOCAL")
                        .handled(Handling.NOTHING_LEFT)
                        .shownBy(ZONE),
                StateKind.named("a setting that PostgreSQL does not report (`work_mem`)")
                        .set("work_mem", "7MB")
                        .unreported()
                        .shownBy("SHOW work_mem"),
                StateKind.named("`statement_timeout`, `lock_timeout`")
                        .set("statement_timeout", "77s")
                        .set("lock_timeout", "78s")
                        .unreported()
                        .shownBy("SHOW statement_timeout; SHOW lock_timeout"),
                StateKind.named("`extra_float_digits`")
                        .set("extra_float_digits", "-2")
                        .unreported()
                        .shownBy("SHOW extra_float_digits; SELECT 1/3::float8"),
                StateKind.named("`bytea_output`")
                        .set("bytea_output", "escape")
                        .unreported()
                        .shownBy("SHOW bytea_output; SELECT '\\x01ff'::bytea"),
                StateKind.named("a planner setting (`enable_seqscan`)")
                        .set("enable_seqscan", "off")
                        .unreported()
                        .shownBy("SHOW enable_seqscan"),
                StateKind.named("a setting of the client's own (`app.tenant`)")
                        .set("app.tenant", "o'ne \"two\" \\three")
                        .but(Handling.LOST, Way.FUNCTION, Way.CHECKED_FUNCTION, Way.PROCEDURE, Way.DO)
                        .because("code may set names that its text does not show")
                        .shownBy("SELECT nullif(current_setting('app.tenant', true), '')"),
                StateKind.named("a value of 10 kB")
                        .set("app.long", "0123456789".repeat(1000))
                        .but(Handling.LOST, Way.FUNCTION, Way.CHECKED_FUNCTION, Way.PROCEDURE, Way.DO)
                        .because("code may set names that its text does not show")
                        .shownBy("SELECT length(nullif(current_setting('app.long', true), ''))"),
                StateKind.named("`search_path`")
                        .setAs(
                                "SET search_path = \"odd schema\", \"$user\", public",
                                "search_path",
                                "\"odd schema\", \"$user\", public")
                        .unreported()
                        .shownBy("SHOW search_path; SELECT current_schemas(false); SELECT v FROM whoami"),
                StateKind.named("`SET SESSION CHARACTERISTICS`")
                        .by("SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL SERIALIZABLE, READ ONLY")
                        .shownBy("SHOW default_transaction_isolation; SHOW default_transaction_read_only"),
                StateKind.named("`default_transaction_read_only`")
                        .set("default_transaction_read_only", "on")
                        .shownBy("SHOW default_transaction_read_only"),
                StateKind.named("`session_replication_role`")
                        .set("session_replication_role", "replica")
                        .unreported()
                        .shownBy("SHOW session_replication_role"),
                StateKind.named("`SET ROLE`")
                        .setAs("SET ROLE state_one", "role", "state_one")
                        .shownBy(WHO),
                StateKind.named("`SET SESSION AUTHORIZATION`")
                        .setAs("SET SESSION AUTHORIZATION state_one", "session_authorization", "state_one")
                        .shownBy(WHO),
                StateKind.named("`SET SESSION AUTHORIZATION`, then `SET ROLE`")
                        .by("SET SESSION AUTHORIZATION state_one", "SET ROLE state_two")
                        .unreported()
                        .shownBy(WHO),
                StateKind.named("`RESET` of what was set")
                        .by("SET work_mem = '7MB'", "SET DateStyle = 'German'", "RESET work_mem", "RESET DateStyle")
                        .handled(Handling.NOTHING_LEFT)
                        .shownBy("SHOW work_mem; SHOW DateStyle"),
                StateKind.named("`SET LOCAL`")
                        .by("SET LOCAL work_mem = '7MB'")
                        .handled(Handling.NOTHING_LEFT)
                        .shownBy("SHOW work_mem"));
    }

    /** Those that live in the backend and cannot be moved to another. */
    static List<StateKind> bound() {
        return List.of(
                StateKind.named("`CREATE TEMP TABLE`")
                        .by("CREATE TEMP TABLE state_t (v text)", "INSERT INTO state_t VALUES ('mine')")
                        .shownBy("SELECT v FROM state_t")
                        .pinned(),
                StateKind.named("`CREATE TEMP TABLE AS`")
                        .by("CREATE TEMP TABLE state_t AS SELECT 'mine'::text AS v")
                        .shownBy("SELECT v FROM state_t")
                        .pinned(),
                StateKind.named("`CREATE TEMP TABLE ... ON COMMIT DROP`")
                        .by("CREATE TEMP TABLE state_t (v text) ON COMMIT DROP")
                        .shownBy("SELECT v FROM state_t")
                        .handled(Handling.NOTHING_LEFT),
                StateKind.named("`SELECT INTO TEMP`")
                        .by("SELECT 'mine'::text AS v INTO TEMP state_t")
                        .shownBy("SELECT v FROM state_t")
                        .pinned(),
                StateKind.named("a table in `pg_temp`")
                        .by("CREATE TABLE pg_temp.state_t (v text)", "INSERT INTO state_t VALUES ('mine')")
                        .shownBy("SELECT v FROM state_t")
                        .pinned(),
                StateKind.named("a temporary table that hides a permanent one")
                        .by("CREATE TEMP TABLE whoami AS SELECT 'mine'::text AS v")
                        .shownBy("SELECT v FROM whoami")
                        .pinned(),
                StateKind.named("`CREATE TEMP VIEW`")
                        .by("CREATE TEMP VIEW state_v AS SELECT 'mine'::text AS v")
                        .shownBy("SELECT v FROM state_v")
                        .pinned(),
                StateKind.named("`CREATE TEMP SEQUENCE`")
                        .by("CREATE TEMP SEQUENCE state_s START 42")
                        .shownBy("SELECT last_value FROM state_s")
                        .pinned(),
                StateKind.named("a function in `pg_temp`")
                        .by("CREATE FUNCTION pg_temp.state_f() RETURNS text LANGUAGE sql AS 'SELECT ''mine''::text'")
                        .shownBy(
                                "SELECT count(*) FROM pg_proc WHERE proname = 'state_f' AND pronamespace = pg_my_temp_schema()")
                        .pinned(),
                StateKind.named("SQL `PREPARE`")
                        .by("PREPARE state_p AS SELECT 'mine'::text AS v")
                        .shownBy("EXECUTE state_p")
                        .pinned(),
                StateKind.named("a named statement of the protocol")
                        .byMessages(Exchange.of(Sent.parse("state_m", "SELECT 'mine'::text AS v"), Sent.sync()))
                        .shownBy(Sent.bind("", "state_m"), Sent.execute("", 0)),
                StateKind.named("the unnamed statement of the protocol")
                        .byMessages(
                                Exchange.of(Sent.parse("", "SELECT pg_backend_pid(), 'mine'::text AS v"), Sent.sync()))
                        .shownBy(Exchange.of(Sent.bind("", ""), Sent.execute("", 0), Sent.sync())),
                StateKind.named("a session advisory lock")
                        .by("SELECT pg_advisory_lock(4711)")
                        .shownBy(LOCKS)
                        .pinned(),
                StateKind.named("a shared session advisory lock")
                        .by("SELECT pg_try_advisory_lock_shared(4, 711)")
                        .shownBy(LOCKS)
                        .pinned(),
                StateKind.named("a transaction's advisory lock")
                        .by("SELECT pg_advisory_xact_lock(4711)")
                        .shownBy(LOCKS)
                        .handled(Handling.NOTHING_LEFT),
                StateKind.named("a cursor `WITH HOLD`")
                        .by("DECLARE state_c SCROLL CURSOR WITH HOLD FOR SELECT 'mine'::text AS v")
                        .shownBy("FETCH ABSOLUTE 1 FROM state_c")
                        .pinned(),
                StateKind.named("a cursor of a transaction")
                        .by("DECLARE state_c SCROLL CURSOR FOR SELECT 'mine'::text AS v")
                        .shownBy("FETCH ABSOLUTE 1 FROM state_c")
                        .handled(Handling.NOTHING_LEFT),
                StateKind.named("`currval`, `lastval` after `nextval`")
                        .by("SELECT nextval('state_seq')")
                        .shownBy("SELECT lastval(), currval('state_seq')")
                        .handled(Handling.LOST)
                        .because("PostgreSQL answers that it is not yet defined; `sequence_state: keep` keeps it"),
                StateKind.named("`currval`, `lastval` after an `INSERT` that used a sequence")
                        .by("INSERT INTO state_serial (v) VALUES ('x')")
                        .shownBy("SELECT lastval(), currval('state_serial_id_seq')")
                        .handled(Handling.LOST)
                        .because("PostgreSQL answers that it is not yet defined; `sequence_state: keep` keeps it"),
                StateKind.named("`currval`, `lastval` of a client that has asked for one before")
                        .by("SELECT nextval('state_seq'), currval('state_seq')")
                        .shownBy("SELECT lastval(), currval('state_seq')")
                        .pinned()
                        .but(
                                Handling.LOST,
                                Way.FUNCTION,
                                Way.CHECKED_FUNCTION,
                                Way.PROCEDURE,
                                Way.DO,
                                Way.BEHIND_DISCARD_ALL)
                        .because("that code has asked is not known, and `DISCARD ALL` forgets it"),
                StateKind.named("`LOAD`")
                        .by("LOAD 'auto_explain'")
                        .shownBy("SHOW auto_explain.log_min_duration")
                        .pinned()
                        .but(Handling.EXPOSED, Way.FUNCTION, Way.CHECKED_FUNCTION, Way.PROCEDURE, Way.DO)
                        .afterDiscardAll(Handling.LOST));
    }
}
