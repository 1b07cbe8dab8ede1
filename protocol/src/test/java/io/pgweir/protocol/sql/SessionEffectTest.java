package io.pgweir.protocol.sql;

import static io.pgweir.protocol.sql.SessionEffect.ADVISORY_LOCK;
import static io.pgweir.protocol.sql.SessionEffect.CODE;
import static io.pgweir.protocol.sql.SessionEffect.COMPUTED_SETTING;
import static io.pgweir.protocol.sql.SessionEffect.CUSTOM_SETTING;
import static io.pgweir.protocol.sql.SessionEffect.FUNCTION;
import static io.pgweir.protocol.sql.SessionEffect.HOLDABLE_CURSOR;
import static io.pgweir.protocol.sql.SessionEffect.LIBRARY;
import static io.pgweir.protocol.sql.SessionEffect.LISTEN;
import static io.pgweir.protocol.sql.SessionEffect.PERHAPS_TEMPORARY;
import static io.pgweir.protocol.sql.SessionEffect.PLAIN_SETTING;
import static io.pgweir.protocol.sql.SessionEffect.PREPARED_STATEMENT;
import static io.pgweir.protocol.sql.SessionEffect.REMOVAL;
import static io.pgweir.protocol.sql.SessionEffect.RESET;
import static io.pgweir.protocol.sql.SessionEffect.SEQUENCE_ADVANCE;
import static io.pgweir.protocol.sql.SessionEffect.SEQUENCE_READ;
import static io.pgweir.protocol.sql.SessionEffect.SETTING;
import static io.pgweir.protocol.sql.SessionEffect.TEMPORARY_OBJECT;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SessionEffectTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "select 1",
                "SELECT abalance FROM pgbench_accounts WHERE aid = 12;",
                "select count(*), coalesce(max(x), 0) from t where a in (1, 2) and now() > $1",
                "select 'pg_advisory_lock(1)', \"pg_advisory_lock\" from t",
                "select 1 -- ; select pg_advisory_lock(1)",
                "select /* ; create temp table a(b int) /* nested */ ; listen x */ 1",
                "select $$ ; listen x; select set_config('a.b', 'c', false) $$",
                "select $tag$ ; prepare x as select 1 $tag$, e'\\'; load x'",
                "select pg_advisory_xact_lock(1), pg_try_advisory_xact_lock(2)",
                "select set_config('app.user', 'x', true)",
                "select set_config('app.user', nullif($1, f.g), TRUE ) from f",
                "update t set a = 1, (b, c) = (2, 3) where d = any($1)",
                "with hold as (select 1) select * from hold",
                "select hold, temp, lastval, currval from t",
                "select t.currval from t",
                "fetch all from c",
                "prepare transaction 'x'",
                "set search_path = a",
                "set local work_mem = '1MB'",
                "begin; select 1; commit",
            })
    void harmless(String sql) {
        assertThat(effects(sql)).isEmpty();
    }

    @Test
    void settings() {
        assertThat(effects("select set_config('work_mem', '1MB', false)")).containsExactly(SETTING, PLAIN_SETTING);
        assertThat(effects("select set_config('work_mem', '1MB', true)")).containsExactly(PLAIN_SETTING);
        assertThat(effects("select set_config($1, $2, true)")).containsExactly(PLAIN_SETTING);
        assertThat(effects("select PG_CATALOG . SET_CONFIG /* x */ ( 'work_mem'::text, $1, $2 )"))
                .containsExactly(SETTING, PLAIN_SETTING);
        assertThat(effects("select \"set_config\"('app.x', $1, false)")).containsExactly(SETTING, CUSTOM_SETTING);
        assertThat(effects("select set_config($1, $2, false)"))
                .containsExactly(SETTING, COMPUTED_SETTING, PLAIN_SETTING);
        assertThat(effects("select set_config('app.' || $1, $2, false)")).contains(COMPUTED_SETTING);
        assertThat(effects("select set_config('a''b', $2, false)")).contains(COMPUTED_SETTING);
        assertThat(effects("select set_config('a', 'b', not true)")).contains(SETTING);
        assertThat(effects("select set_config('a', 'b', true and false)")).contains(SETTING);
        assertThat(effects("select set_config('a', 'b', is_local => true)")).contains(SETTING);
        assertThat(effects("select set_config('a', 'b', true), set_config('c', 'd', false)"))
                .containsExactly(SETTING, PLAIN_SETTING);
        assertThat(effects("select set_config('x', 'y'")).contains(SETTING);
        assertThat(effects("set app.tenant to 5")).containsExactly(CUSTOM_SETTING);
        assertThat(effects("reset app.tenant")).contains(CUSTOM_SETTING, RESET);
        assertThat(effects("reset all")).containsExactly(RESET, REMOVAL);
        assertThat(effects("set timezone to default")).containsExactly(RESET);
        assertThat(effects("set time zone local")).containsExactly(RESET);
        assertThat(effects("set names")).containsExactly(RESET);
    }

    @Test
    void namesOfCustomSettings() {
        String sql =
                "set \"App\".A to 1; select 1; reset b.c; select set_config('D.e', 'x', false), set_config('f', 'x', false)";
        Sql text = Sql.of(sql);
        assertThat(SqlScanner.customSettings(text.buf(), text.from(), text.to(), true))
                .isEqualTo(Set.of("app.a", "b.c", "d.e"));
    }

    @Test
    void temporaryObjects() {
        for (String sql : new String[] {
            "create temp table a (b int)",
            "CREATE TEMPORARY TABLE a AS SELECT 1",
            "create global temporary table a (b int)",
            "create local temp sequence s",
            "create or replace temp view v as select 1",
            "create temp recursive view v(n) as select 1",
            "create table pg_temp.a (b int)",
            "create function \"pg_temp\" . f() returns int language sql as 'select 1'",
            "select 1; ; create temp table a (b int)",
            "select 1 into temp a",
            "select * into temporary table a from b",
            "select * into local temp \"a\" from b",
            "select * into pg_temp.a from b",
            "with x as (select 1) select * into temp y from x",
        }) {
            assertThat(effects(sql)).as(sql).contains(TEMPORARY_OBJECT);
        }
        for (String sql : new String[] {
            "insert into temp values (1)",
            "insert into temp (a) values (1)",
            "select * into temp from b",
            "create table temp (a int)",
            "create table a as select 'pg_temp.x'",
            "select * from pg_temp.a",
            "drop table pg_temp.a",
        }) {
            assertThat(effects(sql)).as(sql).doesNotContain(TEMPORARY_OBJECT);
        }
        assertThat(effects("create table a (b int)")).containsExactly(PERHAPS_TEMPORARY);
    }

    @Test
    void statementsInExplain() {
        assertThat(effects("explain analyze create temp table a as select 1"))
                .contains(TEMPORARY_OBJECT, PERHAPS_TEMPORARY, CODE);
        assertThat(effects("EXPLAIN (ANALYZE, COSTS off) CREATE TABLE a AS SELECT 1"))
                .contains(PERHAPS_TEMPORARY, CODE);
        assertThat(effects("explain verbose declare c cursor for select 1")).contains(CODE);
        assertThat(effects("explain (analyze) select count(*) from t")).isEmpty();
        assertThat(effects("explain (analyze) select mine(1)")).contains(FUNCTION);
        assertThat(effects("vacuum (verbose) t")).isEmpty();
    }

    @Test
    void intoOfWhatSearchPathMayMakeTemporary() {
        for (String sql : new String[] {
            "select 1 as v into leak",
            "select 1 as v into table leak",
            "with x as (select 1) select * into leak from x",
            "select 1 as insert into leak",
            "select (1) merge into leak",
            "select t.insert into leak from t",
        }) {
            assertThat(effects(sql)).as(sql).contains(PERHAPS_TEMPORARY);
        }
        assertThat(effects("insert into leak values (1)")).doesNotContain(PERHAPS_TEMPORARY);
        assertThat(effects("with x as (insert into a values (1)) select 1")).doesNotContain(PERHAPS_TEMPORARY);
        assertThat(effects("merge into a using b on a.x = b.x when matched then delete"))
                .doesNotContain(PERHAPS_TEMPORARY);
    }

    @Test
    void locks() {
        for (String sql : new String[] {
            "select pg_advisory_lock(1)",
            "select 1 where pg_try_advisory_lock(1, 2)",
            "select pg_catalog.pg_advisory_lock_shared (1)",
            "select \"pg_try_advisory_lock_shared\"(1)",
            "select 1; select PG_ADVISORY_LOCK(1)",
            "with x as (select pg_advisory_lock(1)) select 1",
        }) {
            assertThat(effects(sql)).as(sql).containsExactly(ADVISORY_LOCK);
        }
        assertThat(effects("select pg_advisory_unlock(1), pg_advisory_unlock_all()"))
                .containsExactly(REMOVAL);
    }

    @Test
    void cursorsStatementsChannelsLibraries() {
        assertThat(effects("declare c cursor with hold for select 1")).containsExactly(HOLDABLE_CURSOR);
        assertThat(effects("declare c cursor /* x */ WITH\nHOLD for select 1")).containsExactly(HOLDABLE_CURSOR);
        assertThat(effects("declare c cursor without hold for select 1")).isEmpty();
        assertThat(effects("begin; declare c scroll cursor with hold for select 1; commit"))
                .containsExactly(HOLDABLE_CURSOR);
        assertThat(effects("prepare p as select 1")).containsExactly(PREPARED_STATEMENT);
        assertThat(effects("prepare transaction as select 1")).containsExactly(PREPARED_STATEMENT);
        assertThat(effects("select 1; listen x; unlisten y")).containsExactly(LISTEN, REMOVAL);
        assertThat(effects("load 'auto_explain'")).containsExactly(LIBRARY);
        assertThat(effects("close all; deallocate p; drop table x; discard temp"))
                .containsExactly(REMOVAL);
    }

    @Test
    void sequences() {
        assertThat(effects("select nextval('s')")).containsExactly(SEQUENCE_ADVANCE);
        assertThat(effects("insert into t values (1)")).containsExactly(SEQUENCE_ADVANCE);
        assertThat(effects("with x as (insert into t (a, b) values (1, 2) returning *) select * from x"))
                .containsExactly(SEQUENCE_ADVANCE);
        assertThat(effects("insert into a.t (a, b) values (1, 2)")).containsExactly(SEQUENCE_ADVANCE);
        assertThat(effects("copy t (a, b) from stdin")).contains(SEQUENCE_ADVANCE);
        assertThat(effects("select lastval()")).containsExactly(SEQUENCE_READ);
        assertThat(effects("insert into b values (currval('s'::regclass))"))
                .containsExactly(SEQUENCE_READ, SEQUENCE_ADVANCE);
    }

    @Test
    void codeOfTheUsers() {
        assertThat(effects("do $$ begin perform 1; end $$")).contains(CODE);
        assertThat(effects("call p(1)")).contains(CODE);
        assertThat(effects("execute p(1)")).contains(CODE);
        assertThat(effects("explain analyze execute p")).contains(CODE);
        assertThat(effects("create table x as execute p")).contains(CODE);
        assertThat(effects("select mine(1)")).contains(FUNCTION);
        assertThat(effects("select * from app.mine (1)")).contains(FUNCTION);
        assertThat(effects("select \"Mine\"(1)")).contains(FUNCTION);
        assertThat(effects("select 1 from t join mine(t.a) m on yours(t.b)")).contains(FUNCTION);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select ctx.set('work_mem', '9MB')",
                "select app.lower('x')",
                "select \"PG_CATALOG\".lower('x')",
                "select app . /* x */ count(*)",
                "select app.set_config('a', 'b', true)",
                "select app.nextval('s')",
                "select pg_catalog.lower(a), b.lower(c)",
                "select log('x'), age('x')",
                "select set('x'), sets('x')",
                "select \"lower\"(1)",
                "select \"LOWER\"(1)",
                "select \"SET_CONFIG\"('a', 'b', true)",
                "select u&\"lower\"(1)",
                "select u&\"set\\005fconfig\"('app.t', 'A', false)",
                "select distinct on (a) tmp() from t",
                "select (1) operator(pg_catalog.+) tmp()",
                "create table x as select tmp()",
                "create table x(a) as select tmp()",
                "create materialized view v as select tmp()",
                "create index i on t (a, tmp(b))",
                "alter table t alter x type int using tmp()",
                "alter table t add x int default tmp()",
            })
    void callsThatLookLikeSomethingElse(String sql) {
        assertThat(effects(sql)).contains(FUNCTION);
    }

    @Test
    void namesThatAreNoCalls() {
        assertThat(effects("select pg_catalog.lower(a), \"pg_catalog\".now()")).isEmpty();
        assertThat(effects("create function app.f(a int) returns int language sql as 'select 1'"))
                .containsExactly(PERHAPS_TEMPORARY);
        assertThat(effects("drop function f(int); alter procedure p(int) rename to q"))
                .containsExactly(REMOVAL);
        assertThat(effects("create table a (b varchar(10), c numeric(10, 2) primary key, check (b > 1))"))
                .containsExactly(PERHAPS_TEMPORARY);
    }

    @Test
    void settingsWhoseNamesCannotBeRead() {
        assertThat(effects("set u&\"app\".t = 'A'")).contains(SETTING, COMPUTED_SETTING);
        assertThat(effects("reset U&\"app\".t")).contains(SETTING, COMPUTED_SETTING);
        assertThat(effects("set session u&\"!0061pp\" uescape '!' . t = 'A'")).contains(SETTING, COMPUTED_SETTING);
        assertThat(effects("set app t")).contains(SETTING, CODE);
        byte[] latin1 = "set app.\u00e9 = 'A'".getBytes(StandardCharsets.ISO_8859_1);
        int mask = new SessionEffectReader().read(Unpooled.wrappedBuffer(latin1), 0, latin1.length, false, true);
        assertThat(COMPUTED_SETTING.in(mask)).isTrue();
    }

    @Test
    void textThatIsNotAllThere() {
        Sql text = Sql.of("select 1");
        int mask = new SessionEffectReader().read(text.buf(), text.from(), text.to(), true, true);
        assertThat(CODE.in(mask)).isTrue();
        assertThat(PERHAPS_TEMPORARY.in(mask)).isTrue();
    }

    @Test
    void stringsWithBackslashes() {
        Sql text = Sql.of("select 'it\\'s', set_config('app.t', 'A', false)");
        int mask = new SessionEffectReader().read(text.buf(), text.from(), text.to(), false, false);
        assertThat(CUSTOM_SETTING.in(mask)).isTrue();
        assertThat(SqlScanner.customSettings(text.buf(), text.from(), text.to(), false))
                .containsExactly("app.t");
    }

    private static Set<SessionEffect> effects(String sql) {
        Sql text = Sql.of(sql);
        int mask = new SessionEffectReader().read(text.buf(), text.from(), text.to(), false, true);
        Set<SessionEffect> all = EnumSet.noneOf(SessionEffect.class);
        for (SessionEffect effect : SessionEffect.values()) {
            if (effect.in(mask)) {
                all.add(effect);
            }
        }
        return all;
    }
}
