package io.pgweir.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.protocol.sql.StatementKind;
import org.junit.jupiter.api.Test;

class BackendStatementsTest {
    private final BackendStatements statements = new BackendStatements(2);
    private final PreparedStatement a = statement(1);
    private final PreparedStatement b = statement(2);
    private final PreparedStatement c = statement(3);

    @Test
    void nothingIsEvictedWhileThereIsRoom() {
        assertThat(statements.evictForOneMore()).isNull();
        statements.add(a);
        assertThat(statements.evictForOneMore()).isNull();
        statements.add(b);
        assertThat(statements.size()).isEqualTo(2);
    }

    @Test
    void theOneNotUsedForLongestGoesFirst() {
        statements.add(a);
        statements.add(b);
        assertThat(statements.use(a)).isTrue();
        assertThat(statements.evictForOneMore()).isSameAs(b);
        statements.add(c);
        assertThat(statements.use(a)).isTrue();
        assertThat(statements.use(b)).isFalse();
        assertThat(statements.use(c)).isTrue();
        assertThat(statements.evictForOneMore()).isSameAs(a);
    }

    @Test
    void askingForAStatementThatIsNotPreparedDoesNotPrepareIt() {
        assertThat(statements.use(a)).isFalse();
        assertThat(statements.size()).isZero();
    }

    @Test
    void aStaleStatementIsClosedOnceBeforeItIsPreparedAgain() {
        statements.add(a);
        statements.markStale(a);
        assertThat(statements.use(a)).isFalse();
        assertThat(statements.takeStale(a)).isTrue();
        assertThat(statements.takeStale(a)).isFalse();
        statements.markStaleAgain(a);
        assertThat(statements.takeStale(a)).isTrue();
    }

    @Test
    void whatIsNotPreparedCannotBecomeStale() {
        statements.markStale(a);
        assertThat(statements.takeStale(a)).isFalse();
    }

    @Test
    void discardingForgetsStaleStatementsToo() {
        statements.add(a);
        statements.add(b);
        statements.markStale(a);
        statements.clear();
        assertThat(statements.size()).isZero();
        assertThat(statements.takeStale(a)).isFalse();
        assertThat(statements.use(b)).isFalse();
    }

    private static PreparedStatement statement(int number) {
        return new PreparedStatement(new byte[] {(byte) number, 0, 0, 0}, number, StatementKind.SELECT);
    }
}
