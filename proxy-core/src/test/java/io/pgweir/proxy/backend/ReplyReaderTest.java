package io.pgweir.proxy.backend;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.Backend;
import io.pgweir.proxy.testkit.Frontend;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ReplyReaderTest {
    private static final byte[] READY = Backend.readyForQuery('I');
    private static final byte[] ERROR = Backend.errorResponse("ERROR", "42601", "syntax error");
    private static final byte[] CLOSE_COMPLETE = Frontend.raw('3', new byte[0]);
    private static final byte[] COPY_IN = Frontend.raw('G', new byte[] {0, 0, 0});

    private final TestBackend backend = new TestBackend();
    private final BackendConnection connection = backend.connection;
    private final List<String> changes = new ArrayList<>();

    private StatementChange change(String name) {
        return new StatementChange() {
            @Override
            public void completed() {
                changes.add(name + " completed");
            }

            @Override
            public void takenBack() {
                changes.add(name + " taken back");
            }
        };
    }

    @AfterEach
    void nothingLeaks() {
        backend.close();
        assertThat(backend.reads()).allMatch(read -> read.refCnt() == 0);
    }

    @Test
    void everyReplyOfASimpleQueryGoesToTheClientAndOnlyReadyForQueryEndsIt() {
        connection.ledger().expectQuery();
        byte[] first = Frontend.join(
                Backend.rowDescription("a"),
                Backend.dataRow("1"),
                Backend.commandComplete("SELECT 1"),
                Backend.commandComplete("UPDATE 0"),
                Frontend.raw('I', new byte[0]));
        backend.serverSends(first);
        assertThat(connection.isSettled()).isFalse();
        backend.serverSends(Backend.readyForQuery('T'));
        assertThat(connection.isSettled()).isTrue();
        assertThat(connection.status()).isEqualTo((byte) 'T');
        assertThat(backend.clientGot()).isEqualTo(Frontend.join(first, Backend.readyForQuery('T')));
        assertThat(backend.events).containsExactly("SELECT 1", "UPDATE 0", "ready T");
    }

    @Test
    void aPreparationOfOursIsNotSeenByTheClient() {
        PreparedStatement statement = backend.statement("select 1");
        connection.statements().prepare(statement);
        connection.ledger().expectBind();
        connection.ledger().expectExecute();
        connection.ledger().expectSync();
        assertThat(new String(backend.serverGot(), UTF_8)).startsWith("P").contains("pgweir_1\0select 1\0");
        byte[] seen = Frontend.join(Backend.bindComplete(), Backend.commandComplete("SELECT 0"), READY);
        backend.serverSends(Frontend.join(Backend.parseComplete(), seen));
        assertThat(backend.clientGot()).isEqualTo(seen);
        connection.statements().prepare(statement);
        assertThat(backend.serverGot()).isEmpty();
        assertThat(connection.isSettled()).isTrue();
    }

    @Test
    void whatIsPreparedForAClientCountsAndWhatPgweirAsksItselfDoesNot() {
        connection.converse(error -> {}).execute(backend.statement("select 1")).sync();
        assertThat(backend.serverGot()).startsWith((byte) 'P');
        assertThat(connection.ledger().parses()).isZero();
        PreparedStatement statement = backend.statement("select 2");
        connection.statements().prepare(statement);
        connection.statements().prepare(statement);
        assertThat(connection.ledger().parses()).isEqualTo(1);
        connection.statements().prepareTwice(statement, () -> {});
        connection.statements().prepareForClient(backend.statement("select 3"), () -> {});
        connection.ledger().expectParse();
        connection.ledger().expectParse(() -> {});
        connection.ledger().expectSwallowedParse();
        assertThat(connection.ledger().parses()).isEqualTo(6);
    }

    @Test
    void aReplyOfOurOwnComesInItsTurn() {
        connection.ledger().expectParse(change("a"));
        connection.ledger().makeParseComplete(change("b"));
        connection.ledger().makeCloseComplete(null);
        connection.ledger().expectBind();
        connection.ledger().expectSync();
        assertThat(backend.clientGot()).isEmpty();
        backend.serverSends(Backend.parseComplete());
        assertThat(backend.clientGot())
                .isEqualTo(Frontend.join(Backend.parseComplete(), Backend.parseComplete(), CLOSE_COMPLETE));
        assertThat(changes).containsExactly("a completed", "b completed");
        backend.serverSends(Frontend.join(Backend.bindComplete(), READY));
        assertThat(connection.isSettled()).isTrue();
    }

    @Test
    void aReplyOfOurOwnNeverLandsInsideADescriptionThatIsCut() {
        byte[] description = Backend.rowDescription("a", "b", "c");
        connection.ledger().expectDescribe();
        connection.ledger().makeParseComplete(change("a"));
        connection.ledger().expectSync();
        backend.serverSends(Frontend.join(description, READY), 6, 20);
        assertThat(backend.clientGot()).isEqualTo(Frontend.join(description, Backend.parseComplete(), READY));
    }

    @Test
    void afterAnErrorEverythingUpToSyncIsNotOwedAnyMoreAndItsChangesAreTakenBackYoungestFirst() {
        connection.ledger().expectParse(change("a"));
        connection.ledger().expectParse(change("b"));
        connection.ledger().expectQuery();
        connection.ledger().makeParseComplete(change("c"));
        connection.ledger().expectSync();
        connection.ledger().expectQuery();
        backend.serverSends(Frontend.join(Backend.parseComplete(), ERROR, READY));
        assertThat(changes).containsExactly("a completed", "c taken back", "b taken back");
        assertThat(connection.ledger().unansweredUnits()).isEqualTo(1);
        backend.serverSends(Frontend.join(Backend.commandComplete("SET"), READY));
        assertThat(connection.isSettled()).isTrue();
        assertThat(backend.clientGot())
                .isEqualTo(Frontend.join(Backend.parseComplete(), ERROR, READY, Backend.commandComplete("SET"), READY));
    }

    @Test
    void afterAnErrorWhoseSyncIsNotSentYetTheBackendIsNotSettled() {
        connection.ledger().expectBind();
        backend.serverSends(ERROR);
        assertThat(connection.ledger().isSkippingToSync()).isTrue();
        connection.ledger().expectSync();
        assertThat(connection.ledger().isSkippingToSync()).isFalse();
        assertThat(connection.isSettled()).isFalse();
        backend.serverSends(READY);
        assertThat(connection.isSettled()).isTrue();
    }

    @Test
    void anErrorInAConversationOfOursIsOurs() {
        List<String> errors = new ArrayList<>();
        connection.sendInternalQuery(
                "ROLLBACK", error -> errors.add(String.valueOf(error == null ? null : error.code())));
        connection
                .converse(error -> errors.add(String.valueOf(error == null ? null : error.code())))
                .execute("select set_config($1, $2, false)", "a", "b")
                .sync();
        connection.ledger().expectQuery();
        backend.serverSends(Frontend.join(Backend.commandComplete("ROLLBACK"), READY, ERROR, READY));
        assertThat(errors).containsExactly("null", "42601");
        backend.serverSends(Frontend.join(Backend.commandComplete("SELECT 0"), READY));
        assertThat(backend.clientGot()).isEqualTo(Frontend.join(Backend.commandComplete("SELECT 0"), READY));
        assertThat(backend.events).doesNotContain("error 42601");
    }

    @Test
    void parametersAreRememberedAndNoticesAndNotificationsOutsideARequestAreDropped() {
        backend.serverSends(Frontend.join(
                Backend.parameterStatus("TimeZone", "UTC"),
                Backend.noticeResponse("WARNING", "01000", "reloaded"),
                Backend.notificationResponse(1, "c", "p")));
        assertThat(backend.clientGot()).isEmpty();
        assertThat(connection.parameters().get("TimeZone")).isEqualTo("UTC");
        assertThat(connection.isSettled()).isTrue();
        assertThat(connection.isClosed()).isFalse();
    }

    @Test
    void aReplyThatNothingAskedForClosesTheBackend() {
        backend.serverSends(Backend.dataRow("somebody else's"));
        assertThat(connection.isClosed()).isTrue();
        assertThat(backend.clientGot()).isEmpty();
        assertThat(backend.events).containsExactly("closed", "lost DESYNCHRONISED");
    }

    @Test
    void aReplyOfTheWrongKindClosesTheBackendAndTakesChangesBack() {
        connection.ledger().expectParse(change("a"));
        backend.serverSends(Backend.bindComplete());
        assertThat(connection.isClosed()).isTrue();
        assertThat(changes).containsExactly("a taken back");
        assertThat(backend.clientGot()).isEmpty();
    }

    /** Told in other words it is told. */
    @Test
    void anErrorThatTheClientIsToldOfOtherwiseIsPartOfTheAnswer() {
        backend.onError = ErrorAction.SUPPRESS;
        connection.ledger().expectQuery();
        assertThat(connection.isUnitAnswered()).isFalse();
        backend.serverSends(ERROR);
        assertThat(backend.clientGot()).isEmpty();
        assertThat(connection.isUnitAnswered()).isTrue();
        backend.serverSends(READY);
        assertThat(connection.isUnitAnswered()).isFalse();
    }

    @Test
    void theLastWordsOfAServerAreTheCauseAndNotAReply() {
        connection.ledger().expectQuery();
        backend.serverSends(Backend.errorResponse("FATAL", "57P01", "terminating connection"));
        assertThat(backend.clientGot()).isEmpty();
        connection.lost();
        assertThat(backend.events).containsExactly("closed", "lost LOST");
        assertThat(connection.brokeInsideReply()).isFalse();
    }

    @Test
    void aRowThatIsCutOffIsKnownToBe() {
        connection.ledger().expectQuery();
        byte[] row = Backend.dataRow("x".repeat(20_000));
        backend.serverSends(java.util.Arrays.copyOf(row, 3_000), 10, 200);
        assertThat(connection.isSettled()).isFalse();
        assertThat(backend.clientGot()).isEqualTo(java.util.Arrays.copyOf(row, 3_000));
        connection.lost();
        assertThat(connection.brokeInsideReply()).isTrue();
    }

    @Test
    void syncDuringCopyInIsNotAnswered() {
        connection.ledger().expectExecute();
        connection.ledger().expectSync();
        connection.ledger().expectSync();
        backend.serverSends(COPY_IN);
        assertThat(connection.ledger().isCopyingIn()).isTrue();
        connection.ledger().copyEnd();
        assertThat(connection.ledger().isCopyingIn()).isFalse();
        connection.ledger().expectSync();
        backend.serverSends(Frontend.join(Backend.commandComplete("COPY 1"), READY));
        assertThat(connection.isSettled()).isTrue();
        assertThat(connection.isAmbiguous()).isFalse();
        assertThat(backend.clientGot()).isEqualTo(Frontend.join(COPY_IN, Backend.commandComplete("COPY 1"), READY));
    }

    @Test
    void copyDoneSentAheadEndsTheCopy() {
        connection.ledger().expectQuery();
        connection.ledger().copyEnd();
        connection.ledger().expectQuery();
        backend.serverSends(COPY_IN);
        assertThat(connection.ledger().isCopyingIn()).isFalse();
        backend.serverSends(Frontend.join(Backend.commandComplete("COPY 0"), READY));
        assertThat(connection.ledger().unansweredUnits()).isEqualTo(1);
        backend.serverSends(Frontend.join(Backend.commandComplete("SELECT 0"), READY));
        assertThat(connection.isSettled()).isTrue();
    }

    @Test
    void discardAllMakesEveryStatementUnknown() {
        PreparedStatement statement = backend.statement("select 1");
        connection.statements().prepare(statement);
        connection.ledger().expectSync();
        backend.serverSends(Frontend.join(Backend.parseComplete(), READY));
        assertThat(connection.statements().has(statement)).isTrue();
        connection.ledger().expectQuery();
        backend.serverSends(Frontend.join(Backend.commandComplete("DISCARD ALL"), READY));
        assertThat(connection.statements().has(statement)).isFalse();
    }

    @Test
    void aLostBackendTakesBackWhatItHasNotAnswered() {
        connection.ledger().expectParse(change("a"));
        connection.ledger().makeParseComplete(change("b"));
        connection.lost();
        assertThat(changes).containsExactly("b taken back", "a taken back");
    }

    @Test
    void aTerminatedBackendForwardsNothingMore() {
        connection.ledger().expectQuery();
        connection.terminate(1_000);
        backend.serverSends(Frontend.join(Backend.dataRow("late"), Backend.commandComplete("SELECT 1"), READY));
        assertThat(backend.clientGot()).isEmpty();
        assertThat(connection.isClosed()).isTrue();
    }
}
