package io.pgweir.proxy.backend;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.protocol.sql.StatementKind;
import org.junit.jupiter.api.Test;

class BackendStatementsTest {
    private final BackendStatements statements = new BackendStatements(2);
    private final PreparedStatement a = statement(1);
    private final PreparedStatement b = statement(2);
    private final PreparedStatement c = statement(3);

    private void prepared(PreparedStatement statement) {
        statements.preparing(statement, 0).completed();
    }

    @Test
    void nothingIsEvictedWhileThereIsRoom() {
        assertThat(statements.toEvictFor(a)).isNull();
        prepared(a);
        assertThat(statements.toEvictFor(b)).isNull();
        prepared(b);
        assertThat(statements.size()).isEqualTo(2);
        assertThat(statements.toEvictFor(a)).as("already there").isNull();
    }

    @Test
    void theOneNotUsedForLongestGoesFirst() {
        prepared(a);
        prepared(b);
        assertThat(statements.use(a, 1)).isTrue();
        assertThat(statements.toEvictFor(c)).isSameAs(b);
        statements.evicting(b, 1).completed();
        prepared(c);
        assertThat(statements.use(a, 1)).isTrue();
        assertThat(statements.use(b, 1)).isFalse();
        assertThat(statements.use(c, 1)).isTrue();
        assertThat(statements.toEvictFor(b)).isSameAs(a);
    }

    @Test
    void aStatementCountsInItsOwnUnitAtOnceAndInLaterOnesWhenItsReplyHasCome() {
        BackendStatements.Preparation preparation = statements.preparing(a, 7);
        assertThat(preparation.closesFirst()).isFalse();
        assertThat(statements.use(a, 7)).isTrue();
        assertThat(statements.use(a, 8)).isFalse();
        preparation.completed();
        assertThat(statements.use(a, 8)).isTrue();
    }

    @Test
    void oneWhoseOutcomeIsOpenIsClosedAndPreparedAgainWhateverComesOfIt() {
        BackendStatements.Preparation skipped = statements.preparing(a, 7);
        BackendStatements.Preparation again = statements.preparing(a, 8);
        assertThat(again.closesFirst()).isTrue();
        skipped.takenBack();
        assertThat(statements.use(a, 8)).isTrue();
        again.closing().completed();
        again.completed();
        assertThat(statements.use(a, 9)).isTrue();
        assertThat(statements.size()).isEqualTo(1);
    }

    @Test
    void onceOneIsConfirmedAStreamOfUnitsDoesNotPrepareItAgainAndAgain() {
        BackendStatements.Preparation first = statements.preparing(a, 1);
        BackendStatements.Preparation second = statements.preparing(a, 2);
        first.completed();
        assertThat(statements.use(a, 3)).isTrue();
        second.closing().completed();
        assertThat(statements.use(a, 4)).isTrue();
        second.completed();
        assertThat(statements.use(a, 5)).isTrue();
    }

    @Test
    void aParseThatFailsBehindItsCloseLeavesNothing() {
        prepared(a);
        statements.markStale(a);
        BackendStatements.Preparation failing = statements.preparing(a, 1);
        assertThat(failing.closesFirst()).isTrue();
        failing.closing().completed();
        failing.takenBack();
        assertThat(statements.use(a, 2)).isFalse();
        assertThat(statements.preparing(a, 2).closesFirst()).isFalse();
    }

    @Test
    void anEvictionThatWasSkippedIsTakenBack() {
        prepared(a);
        StatementChange eviction = statements.evicting(a, 1);
        assertThat(statements.use(a, 1)).isFalse();
        assertThat(statements.use(a, 2)).isFalse();
        eviction.takenBack();
        assertThat(statements.use(a, 2)).isTrue();
        assertThat(statements.size()).isEqualTo(1);
    }

    @Test
    void oneThatIsPreparedAgainBehindAnOpenEvictionIsNotReliedUponByLaterUnits() {
        prepared(a);
        StatementChange eviction = statements.evicting(a, 1);
        BackendStatements.Preparation again = statements.preparing(a, 2);
        assertThat(again.closesFirst()).isTrue();
        assertThat(statements.use(a, 2)).isTrue();
        assertThat(statements.use(a, 3))
                .as("unit 1 may succeed and unit 2 fail")
                .isFalse();
        eviction.completed();
        again.takenBack();
        assertThat(statements.use(a, 3)).isFalse();
        assertThat(statements.preparing(a, 3).closesFirst()).isFalse();
    }

    @Test
    void aStaleStatementIsClosedBeforeItIsPreparedAgain() {
        prepared(a);
        statements.markStale(a);
        assertThat(statements.use(a, 1)).isFalse();
        assertThat(statements.size()).isZero();
        BackendStatements.Preparation skipped = statements.preparing(a, 1);
        assertThat(skipped.closesFirst()).isTrue();
        skipped.takenBack();
        assertThat(statements.use(a, 2)).as("still stale").isFalse();
        BackendStatements.Preparation again = statements.preparing(a, 2);
        assertThat(again.closesFirst()).isTrue();
        again.closing().completed();
        again.completed();
        assertThat(statements.use(a, 3)).isTrue();
    }

    @Test
    void whatIsNotPreparedCannotBecomeStale() {
        statements.markStale(a);
        assertThat(statements.preparing(a, 1).closesFirst()).isFalse();
    }

    @Test
    void whatPostgresDoesNotHaveAnyMoreIsForgotten() {
        prepared(a);
        statements.remove(a);
        assertThat(statements.use(a, 1)).isFalse();
        assertThat(statements.size()).isZero();
    }

    @Test
    void discardingForgetsStaleStatementsToo() {
        prepared(a);
        prepared(b);
        statements.markStale(a);
        statements.clear();
        assertThat(statements.size()).isZero();
        assertThat(statements.use(b, 1)).isFalse();
        assertThat(statements.preparing(a, 1).closesFirst()).isFalse();
    }

    @Test
    void discardingLeavesWhatHasBeenSentSince() {
        BackendStatements.Preparation later = statements.preparing(a, 2);
        statements.clear();
        later.completed();
        assertThat(statements.use(a, 3)).isTrue();
    }

    private static PreparedStatement statement(int number) {
        return new PreparedStatement(
                new byte[] {(byte) number, 0, 0, 0}, number, StatementKind.SELECT, 0, SessionSettings.NONE);
    }
}
