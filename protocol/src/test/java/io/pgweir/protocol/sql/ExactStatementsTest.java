package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The doubtful rows are what PostgreSQL 15 answered; the rest follow its manual. */
class ExactStatementsTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "begin",
                "BEGIN",
                "Begin;",
                " \n;begin ; -- x\n;/* y */",
                "begin work",
                "begin transaction",
                "start transaction",
                "start/**/transaction",
                "begin isolation level serializable",
                "begin isolation level read committed",
                "begin isolation level read uncommitted",
                "begin isolation level repeatable read",
                "begin read only",
                "begin read write",
                "begin deferrable",
                "begin not deferrable",
                "begin work isolation level serializable, not deferrable",
                "begin transaction isolation level serializable read only deferrable",
                "start transaction read only , isolation level read committed;",
                "begin read only read write",
                "begin--x\nread/*y*/only",
            })
    void plainBeginsAreDeferrable(String text) {
        Sql sql = Sql.of(text);
        assertThat(SqlScanner.isDeferrableBegin(sql.buf(), sql.from(), sql.to()))
                .isTrue();
        assertThat(sql.kind()).isEqualTo(StatementKind.BEGIN);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ";",
                "begi",
                "begins",
                "\"begin\"",
                "begin x",
                "begin;select 1",
                "begin;begin",
                "begin /* no end",
                "begin; /* no end",
                "begin work transaction",
                "begin transaction work",
                "begin atomic",
                "begin read",
                "begin only",
                "begin read only,",
                "begin ,read only",
                "begin read only,,read write",
                "begin read only, x",
                "begin not",
                "begin not read only",
                "begin isolation",
                "begin isolation level",
                "begin isolation level read",
                "begin isolation level repeatable",
                "begin isolation level snapshot",
                "begin isolation serializable",
                "begin 'read only'",
                "begin read \"only\"",
                "begin read only$1",
                "begin(",
                "begin\0",
                "begin;\0",
                "start",
                "start work",
                "start transaction work",
                "start transaction, read only",
                "start transaction snapshot 'x'",
                "begin e'x'",
                "(begin)",
                "commit",
                "set transaction read only",
            })
    void anythingElseIsForwarded(String text) {
        Sql sql = Sql.of(text);
        assertThat(SqlScanner.isDeferrableBegin(sql.buf(), sql.from(), sql.to()))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '`',
            value = {
                "set transaction read only                          > true",
                "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;      > true",
                "set transaction read write, not deferrable         > true",
                "set transaction                                    > false",
                "set transaction snapshot 'x'                       > false",
                "set transaction read only; select 1                > false",
                "set session characteristics as transaction read only > false",
                "set local transaction read only                    > false",
                "set transaction_read_only = on                     > false",
                "set transaction = 1                                > false",
                "set                                                > false",
                "transaction read only                              > false",
            })
    void onlySetTransactionWithModesIsDeferrable(String text, boolean expected) {
        Sql sql = Sql.of(text);
        assertThat(SqlScanner.isDeferrableSetTransaction(sql.buf(), sql.from(), sql.to()))
                .isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '`',
            value = {
                "commit                      > true  > false",
                "COMMIT WORK;                > true  > false",
                "end                         > true  > false",
                "end transaction;;           > true  > false",
                "/*x*/ commit -- y           > true  > false",
                "commit and chain            > false > false",
                "commit and no chain         > false > false",
                "commit prepared 'x'         > false > false",
                "commit; commit              > false > false",
                "commit work transaction     > false > false",
                "commits                     > false > false",
                "rollback                    > false > true",
                "ABORT                       > false > true",
                "rollback transaction        > false > true",
                "abort work;                 > false > true",
                "rollback to a               > false > false",
                "rollback to savepoint a     > false > false",
                "rollback work to a          > false > false",
                "rollback prepared 'x'       > false > false",
                "rollback and chain          > false > false",
                "rollback; select 1          > false > false",
                "rollback /*                 > false > false",
                "``                          > false > false",
            })
    void plainEndsOfATransactionAreTold(String text, boolean commit, boolean rollback) {
        Sql sql = Sql.of(text);
        assertThat(SqlScanner.isPlainCommit(sql.buf(), sql.from(), sql.to())).isEqualTo(commit);
        assertThat(SqlScanner.isPlainRollback(sql.buf(), sql.from(), sql.to())).isEqualTo(rollback);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            quoteCharacter = '`',
            nullValues = "null",
            value = {
                "deallocate a              > a",
                "DEALLOCATE A;             > a",
                "deallocate prepare Ab_1$  > ab_1$",
                "deallocate \"A b\"        > A b",
                "deallocate \"a\"\"b\"     > a\"b",
                "deallocate \"all\"        > all",
                "deallocate prepare        > prepare",
                "deallocate prepare;       > prepare",
                "deallocate prepare prepare > prepare",
                "deallocate prepare--x     > prepare",
                "deallocate É              > É",
                "deallocate                > null",
                "deallocate;               > null",
                "deallocate \"\"           > null",
                "deallocate \"a            > null",
                "deallocate \"a\"\"        > null",
                "deallocate \"a\0\"        > null",
                "deallocate 'a'            > null",
                "deallocate e'a'           > null",
                "deallocate U&\"a\"        > null",
                "deallocate 1              > null",
                "deallocate a b            > null",
                "deallocate a.b            > null",
                "deallocate a, b           > null",
                "deallocate a; select 1    > null",
                "deallocate a /*           > null",
                "deallocates a             > null",
                "discard all               > null",
            })
    void deallocateNamesItsTarget(String text, @Nullable String target) {
        assertThat(deallocateTarget(text)).isEqualTo(target);
    }

    @Test
    void deallocateAllIsToldApartFromAnyName() {
        assertThat(deallocateTarget("deallocate all")).isEqualTo(SqlScanner.ALL);
        assertThat(deallocateTarget("DEALLOCATE PREPARE All;")).isEqualTo(SqlScanner.ALL);
        assertThat(deallocateTarget("deallocate \"ALL\"")).isEqualTo("ALL").isNotEqualTo(SqlScanner.ALL);
        assertThat(deallocateTarget("deallocate all a")).isNull();
    }

    @Test
    void namesAreCutWherePostgresCutsThem() {
        String longest = "a".repeat(63);
        assertThat(deallocateTarget("deallocate " + longest)).isEqualTo(longest);
        assertThat(deallocateTarget("deallocate " + longest + "bc")).isEqualTo(longest);
        assertThat(deallocateTarget("deallocate \"" + "a".repeat(62) + "ü\"")).isEqualTo("a".repeat(62));
        assertThat(deallocateTarget("deallocate \"" + "a".repeat(61) + "üb\"")).isEqualTo("a".repeat(61) + "ü");
    }

    @Test
    void namesThatAreNotUtf8AreNotRead() {
        Sql sql = Sql.of("deallocate \u00e9".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(SqlScanner.deallocateTarget(sql.buf(), sql.from(), sql.to())).isNull();
    }

    private static @Nullable String deallocateTarget(String text) {
        Sql sql = Sql.of(text);
        return SqlScanner.deallocateTarget(sql.buf(), sql.from(), sql.to());
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '>',
            nullValues = "null",
            value = {
                "discard all            > ALL",
                "DISCARD ALL;           > ALL",
                "discard plans          > PLANS",
                "discard sequences      > SEQUENCES",
                "discard temp           > TEMP",
                "discard temporary;     > TEMP",
                "discard                > null",
                "discard all plans      > null",
                "discard \"all\"        > null",
                "discard all; select 1  > null",
                "discard all /*         > null",
                "discards all           > null",
            })
    void discardNamesItsTarget(String text, @Nullable DiscardTarget target) {
        Sql sql = Sql.of(text);
        assertThat(SqlScanner.discardTarget(sql.buf(), sql.from(), sql.to())).isEqualTo(target);
        assertThat(SqlScanner.isDiscardAll(sql.buf(), sql.from(), sql.to())).isEqualTo(target == DiscardTarget.ALL);
    }
}
