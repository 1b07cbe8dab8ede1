package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StatementKindTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '`',
            value = {
                "``                                             > EMPTY",
                "` \t\r\n\f\013`                                > EMPTY",
                "; ;;                                           > EMPTY",
                "-- select                                      > EMPTY",
                "/* select */                                   > EMPTY",
                "/* a /* b */ select */ ;                       > EMPTY",
                "select 1                                       > SELECT",
                "SeLeCt 1                                       > SELECT",
                "select                                         > SELECT",
                "select*from t                                  > SELECT",
                "select'x'                                      > SELECT",
                "select$1                                       > OTHER",
                "select1                                        > OTHER",
                "selec                                          > OTHER",
                "\"select\" 1                                   > OTHER",
                "'select'                                       > OTHER",
                "$$select$$                                     > OTHER",
                "1                                              > OTHER",
                "é                                              > OTHER",
                ";;/*x*/ select 1                               > SELECT",
                "`--x\nselect 1` > SELECT",
                "/* a /* b */ c */select 1                      > SELECT",
                "/*/*/select 1*/*/insert into t                 > INSERT",
                "/* no end select 1                             > OTHER",
                "(select 1) union (select 2)                    > SELECT",
                "((/*x*/values(1)))                             > VALUES",
                "(with a as (select 1) table a)                 > WITH",
                "(table t)                                      > TABLE",
                "(insert into t values (1))                     > OTHER",
                "(                                              > OTHER",
                "values (1)                                     > VALUES",
                "with a as (insert into t) select 1             > WITH",
                "table t                                        > TABLE",
                "show all                                       > SHOW",
                "insert into t values (1)                       > INSERT",
                "update t set a=1                               > UPDATE",
                "delete from t                                  > DELETE",
                "merge into t                                   > MERGE",
                "begin                                          > BEGIN",
                "begin isolation level serializable             > BEGIN",
                "start transaction                              > BEGIN",
                "`start /* x */ -- y\n TRANSACTION read only` > BEGIN",
                "start                                          > OTHER",
                "start transactions                             > OTHER",
                "commit                                         > COMMIT",
                "commit and chain                               > COMMIT",
                "end                                            > COMMIT",
                "commit prepared 'x'                            > COMMIT_PREPARED",
                "rollback                                       > ROLLBACK",
                "abort                                          > ROLLBACK",
                "rollback and chain                             > ROLLBACK",
                "rollback to a                                  > ROLLBACK_TO",
                "rollback work to savepoint a                   > ROLLBACK_TO",
                "rollback transaction to a                      > ROLLBACK_TO",
                "rollback prepared 'x'                          > ROLLBACK_PREPARED",
                "savepoint a                                    > SAVEPOINT",
                "release a                                      > RELEASE",
                "prepare transaction 'x'                        > PREPARE_TRANSACTION",
                "prepare transaction as select 1                > PREPARE",
                "prepare transaction(int) as select 1           > PREPARE",
                "prepare a as select 1                          > PREPARE",
                "set a = 1                                      > SET",
                "set session a = 1                              > SET",
                "set session characteristics as transaction read only > SET",
                "set constraints all deferred                   > SET",
                "set local a = 1                                > SET_LOCAL",
                "set local = 1                                  > SET",
                "set local.a = 1                                > SET",
                "set localx = 1                                 > SET",
                "set transaction read only                      > SET_TRANSACTION",
                "set local transaction read only                > SET_TRANSACTION",
                "set session transaction read only              > SET_TRANSACTION",
                "set transaction.a to 1                         > SET",
                "set transaction_isolation to 'serializable'    > SET",
                "reset all                                      > RESET",
                "deallocate all                                 > DEALLOCATE",
                "discard all                                    > DISCARD",
                "execute a                                      > EXECUTE",
                "declare c cursor for select 1                  > DECLARE",
                "fetch c                                        > FETCH",
                "close c                                        > CLOSE",
                "listen a                                       > LISTEN",
                "unlisten *                                     > UNLISTEN",
                "notify a                                       > NOTIFY",
                "copy t from stdin                              > COPY",
                "create table t()                               > CREATE",
                "create unlogged table t()                      > CREATE",
                "create temp table t()                          > CREATE_TEMP",
                "create TEMPORARY table t()                     > CREATE_TEMP",
                "create local temp table t()                    > CREATE_TEMP",
                "create global temporary table t()              > CREATE_TEMP",
                "create or replace temp view v as select 1      > CREATE_TEMP",
                "create or replace view temp as select 1        > CREATE",
                "create or                                      > CREATE",
                "create table temp()                            > CREATE",
                "drop table t                                   > DROP",
                "alter table t                                  > ALTER",
                "truncate t                                     > TRUNCATE",
                "vacuum                                         > VACUUM",
                "analyze                                        > ANALYZE",
                "analyse                                        > ANALYZE",
                "explain select 1                               > EXPLAIN",
                "call p()                                       > CALL",
                "do $$begin end$$                               > DO",
                "load 'x'                                       > LOAD",
                "lock t                                         > LOCK",
                "grant a to b                                   > OTHER",
            })
    void theFirstKeywordsTellTheKind(String sql, StatementKind kind) {
        assertThat(Sql.of(sql).kind()).isEqualTo(kind);
    }

    @Test
    void everyKeywordIsFoundInAnyCaseAndNothingElseIs() {
        for (Keyword keyword : Keyword.values()) {
            for (String text : Arrays.asList(
                    keyword.name(),
                    keyword.name().toLowerCase(Locale.ROOT),
                    keyword.name().charAt(0) + keyword.name().substring(1).toLowerCase(Locale.ROOT))) {
                assertThat(at(text)).isEqualTo(keyword);
            }
            assertThat(at(keyword.name() + "_")).isNull();
            assertThat(at(keyword.name().replace(keyword.name().charAt(1), '0')))
                    .isNull();
            assertThat(at((char) (keyword.name().charAt(0) ^ 0x40)
                            + keyword.name().substring(1)))
                    .isNull();
        }
        assertThat(at("")).isNull();
        assertThat(at("abcdefghijklmnopqrstuvwxyz")).isNull();
    }

    private static @Nullable Keyword at(String text) {
        Sql sql = Sql.of(text);
        return Keyword.at(sql.buf(), sql.from(), sql.to());
    }
}
