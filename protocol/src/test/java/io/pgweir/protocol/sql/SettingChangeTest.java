package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.protocol.sql.SettingChange.Kind;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The doubtful rows are what PostgreSQL 15 answered; the rest follow its manual. */
class SettingChangeTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '`',
            value = {
                "set work_mem = '1MB'                       > SET       > work_mem",
                "SET Work_Mem TO 100;                       > SET       > work_mem",
                "set \"Work_Mem\"=100                       > SET       > work_mem",
                "set session work_mem = 1                   > SET       > work_mem",
                "set local work_mem to default              > SET_LOCAL > work_mem",
                "set work_mem from current                  > SET       > work_mem",
                "set a.b = 'x'                              > SET       > a.b",
                "set a . \"B\" . c to 1, 2, 'x;y'           > SET       > a.b.c",
                "set search_path = a, \"$user\"             > SET       > search_path",
                "set x = $$a;b$$                            > SET       > x",
                "set x = -1                                 > SET       > x",
                "set x = e'\\';'                            > SET       > x",
                "set time zone 'UTC'                        > SET       > timezone",
                "set local time zone local                  > SET_LOCAL > timezone",
                "set session time zone interval '1' hour    > SET       > timezone",
                "set time = 1                               > SET       > time",
                "set time.zone = 1                          > SET       > time.zone",
                "set names 'utf8'                           > SET       > client_encoding",
                "set names                                  > SET       > client_encoding",
                "set local names                            > SET_LOCAL > client_encoding",
                "set names = 1                              > SET       > names",
                "set role admin                             > SET       > role",
                "set role none                              > SET       > role",
                "set role to admin                          > SET       > role",
                "set role from current                      > SET       > role",
                "set local role admin                       > SET_LOCAL > role",
                "set schema 'a'                             > SET       > search_path",
                "set xml option document                    > SET       > xmloption",
                "set xml = 1                                > SET       > xml",
                "set session authorization joe              > SET       > session_authorization",
                "set session session authorization joe      > SET       > session_authorization",
                "set local session authorization default    > SET_LOCAL > session_authorization",
                "set session = 1                            > SET       > session",
                "set session to 1                           > SET       > session",
                "set local = 1                              > SET       > local",
                "set local.x = 1                            > SET       > local.x",
                "set session.x = 1                          > SET       > session.x",
                "set transaction read only                  > OTHER     > transaction",
                "set local transaction read only            > OTHER     > transaction",
                "set session transaction read only          > OTHER     > transaction",
                "set transaction snapshot 'x'               > OTHER     > transaction",
                "set transaction = 1                        > SET       > transaction",
                "set session characteristics as transaction read only > OTHER > session characteristics",
                "set constraints all deferred               > OTHER     > constraints",
                "reset work_mem                             > RESET     > work_mem",
                "RESET A.B;                                 > RESET     > a.b",
                "reset time zone                            > RESET     > timezone",
                "reset role                                 > RESET     > role",
                "reset session authorization                > RESET     > session_authorization",
                "reset transaction isolation level          > RESET     > transaction_isolation",
                "reset all                                  > RESET_ALL > all",
                "reset \"all\"                              > RESET     > all",
                "reset time                                 > RESET     > time",
                " ; /* x */ set a = 1; -- y                 > SET       > a",
            })
    void theParameterIsRead(String text, Kind kind, String name) {
        assertThat(change(text, true)).isEqualTo(new SettingChange(kind, name));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "set",
                "set;",
                "set work_mem",
                "set work_mem =",
                "set work_mem = ;",
                "set work_mem to",
                "set work_mem 1",
                "set work_mem from",
                "set work_mem from current 1",
                "set = 1",
                "set . = 1",
                "set a. = 1",
                "set .a = 1",
                "set 'a' = 1",
                "set 1 = 1",
                "set \"\" = 1",
                "set \"a = 1",
                "set U&\"a\" = 1",
                "set time zone",
                "set role",
                "set schema",
                "set xml option",
                "set session authorization",
                "set session characteristics",
                "set session characteristics as transaction",
                "set transaction",
                "set transaction snapshot",
                "set transaction x",
                "set constraints",
                "set local constraints all deferred",
                "set a = 1; select 1",
                "set a = 1; set b = 2",
                "set a = 1; /*",
                "set a = '\\'; select ';'",
                "reset",
                "reset all x",
                "reset a b",
                "reset a.",
                "reset time x",
                "reset transaction isolation",
                "reset a; reset b",
                "select set_config('a', 'b', false)",
                "update a set b = 1",
                "\"set\" a = 1",
                "sets a = 1",
            })
    void whatIsNotExactlyThatIsNotRead(String text) {
        assertThat(change(text, true)).isNull();
    }

    @Test
    void backslashesDecideWhereTheStatementEnds() {
        assertThat(change("set a = '\\'; select 1;'", false)).isEqualTo(new SettingChange(Kind.SET, "a"));
        assertThat(change("set a = '\\'; select 1;'", true)).isNull();
    }

    @Test
    void namesOfAnyDepthAreRead() {
        String name = "a.".repeat(100_000) + "b";
        assertThat(change("reset " + name, true)).isEqualTo(new SettingChange(Kind.RESET, name));
    }

    private static @Nullable SettingChange change(String text, boolean standardStrings) {
        Sql sql = Sql.of(text);
        SettingChange change = SqlScanner.settingChange(sql.buf(), sql.from(), sql.to(), standardStrings);
        if (standardStrings) {
            assertThat(SqlScanner.settingChange(sql.buf(), sql.from(), sql.to()))
                    .isEqualTo(change);
        }
        return change;
    }
}
