package io.pgweir.protocol.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A caret in a text marks where the first statement ends: just before it stands the semicolon. */
class StatementEndTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " -- x",
                "select 1",
                "select 1;^",
                "select 1;^ select 2",
                ";; select 1;^ select 2",
                "select ';';^",
                "select 'it''s ;';^ x",
                "select '\\';^ select ';'",
                "select 'a' 'b;';^",
                "select 'a'\n'b;';^",
                "select 'never closed ; x",
                "select ''';",
                "select E'\\';';^",
                "select e'\\\\';^ x'",
                "select E'\\'' ;^ ''",
                "select E'''\\';';^",
                "select E'a'\n'b\\';';^",
                "select E'a' -- c'\n  'b\\';';^",
                "select E'a' 'b\\';^'",
                "select E'a' /* x */\n 'b\\';^'",
                "select E'\\",
                "select E'\\';",
                "select fe'\\';^'",
                "select _e'\\';^'",
                "select e $$;$$;^",
                "select e \n'\\';^'",
                "select N'\\';^'",
                "select B'1;';^",
                "select X'\\';^'",
                "select U&'\\0041;';^ x",
                "select U&\"\\0041;\" from t;^",
                "select \"a;b\";^",
                "select \"a\"\";b\";^",
                "select \"a\\\";^\"",
                "select \"never closed ;",
                "select '\"';^ \"",
                "select \"'\";^ '",
                "select $$;$$;^",
                "select $a$;$b$;$$;$a$;^",
                "select $a$ $A$;$a$;^",
                "select $a1_é$;$a1_é$;^",
                "select $1;^ $1",
                "select $1$;^ $1$",
                "select $1a$;^ $1a$",
                "select $a;^ $a",
                "select $ a$;^ $ a$",
                "select $a$ never closed ;",
                "select $$ $ ;",
                "select $a$$a$;^",
                "select $a$$a;$a$;^",
                "select $$'$$;^ '",
                "select '$$;';^ $$",
                "select '$$' ;^ $$;$$",
                "select a$b$c;^ b$c",
                "select a$$;^ $$",
                "select \"a$b$\";^ $b$",
                "select é$$;^ $$",
                "select 1 -- ; '\n;^",
                "select 1 -- ; '\r;^",
                "select 1 -- ;",
                "select 1 - - 1;^",
                "select 1 /* ; */;^",
                "select 1 /* ' */;^ '",
                "select 1 /* \" $$ -- */;^",
                "select 1 /* /* ; */ ; */;^",
                "select 1 /*/;*/;^",
                "select 1 /**/;^",
                "select 1 /***/;^",
                "select 1 /*/**/*/;^",
                "select 1 /* /*/ */ ; */;^",
                "select 1 */;^ /* */",
                "select '/*';^ '*/'",
                "select '--';^",
                "select 1 /* never closed ; /* */ ;",
                "select 1 --/*\n;^ */",
                "select 1 +/*;*/ 2;^",
                "select 1 +--;\n 2;^",
                "create rule r as on insert to t do (select 1; select 2);^",
                "select (1;",
                "select 1);^",
                "select ')(';^",
                "begin atomic;^ end",
                "begin;^ select 1; end",
                "create table begin (atomic int);^ x",
                "create function f() returns int begin atomic select 1; select 2; end;^ select 3",
                "CREATE OR REPLACE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC insert into t values(1); END;^ x",
                "create function f() begin /* x */ atomic select case when a then 1 else 2 end; end;^ x",
                "create function f() begin atomic select case when a then case b when 1 then 2 end end; select 1; end;^",
                "create function f() begin atomic select 1 as end; select 2 as case; end;^ x",
                "create function f() begin atomic select t.end, t.case; select 2; end;^ x",
                "create function f() begin atomic select case when a then 1.end; select 2; end;^ x",
                "create function f() begin atomic select \"end\"; select 'end'; /* end */ end;^ x",
                "create function f() begin atomic select (case when a then 1 end); end;^ x",
                "create function f() begin atomic end;^ begin atomic; end",
                "create function f() begin atomic select 1; x",
                "create function begin(atomic int) returns int return 1;^ x",
                "create function f(begin atomic) returns int return 1;^ x",
                "create function begin begin atomic select 1; end;^",
                "create function f() returns int as $$begin; end$$ language plpgsql;^ x",
                "create function f() returns int as 'begin atomic' language sql;^ x",
                "create or function f() begin atomic select 1;^ end",
                "create aggregate f begin atomic select 1;^ end",
                "drop function f;^ begin atomic",
            })
    void aSemicolonEndsTheStatementOnlyWhereTheServerSaysSo(String marked) {
        assertEnd(marked, true);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "select '\\';';^",
                "select 'a\\\\';^'",
                "select 'a'\n'b\\';';^",
                "select 'a' 'b\\';';^",
                "select N'\\';';^",
                "select fe'\\';';^",
                "select X'\\';^'",
                "select b'\\'\n'\\';^'",
                "select \"\\\";^\"",
                "select $$\\$$;^",
                "select E'\\';';^",
            })
    void backslashesEscapeInPlainStringsWhenTheyAreNotStandard(String marked) {
        assertEnd(marked, false);
    }

    private static void assertEnd(String marked, boolean standardStrings) {
        int caret = marked.indexOf('^');
        String sql = marked.replace("^", "");
        int expected = caret < 0
                ? sql.getBytes(StandardCharsets.UTF_8).length
                : sql.substring(0, caret - 1).getBytes(StandardCharsets.UTF_8).length;
        assertThat(Sql.of(sql).end(standardStrings)).as(sql).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ";", "select 1", "select 1;", ";select 1; ; -- x", "select 1; /* /* ; */ */\n;"})
    void whatHoldsOneStatementIsSingle(String sql) {
        assertThat(Sql.of(sql).single()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"select 1; select 2", ";a;b", "a;/*x*/b", "a;--\nb", "a;\0", "a;)", "a; /* no end", "a;'"})
    void whatHoldsMoreIsNot(String sql) {
        assertThat(Sql.of(sql).single()).isFalse();
    }
}
