package io.pgweir.proxy.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.testkit.RealPostgres;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kind of state, made in every way: nobody but its owner sees it, and its owner sees what it would see on PostgreSQL,
 * exceptions apart that {@link StateKinds} names. An exception that has come to work fails as well.
 */
@Timeout(300)
class LeakMatrixTest {
    private static LeakMatrix matrix;

    @BeforeAll
    static void open() throws Exception {
        matrix = new LeakMatrix(RealPostgres.get());
    }

    @AfterAll
    static void close() throws Exception {
        matrix.close();
        assertThat(matrix.looks()).isPositive();
    }

    static List<StateKind> kinds() {
        List<StateKind> kinds = new ArrayList<>(StateKinds.settings());
        kinds.addAll(StateKinds.bound());
        return kinds;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("kinds")
    void isItsOwnersAndNobodyElses(StateKind kind) throws Exception {
        assertThat(String.join("\n", matrix.differences(kind))).isEmpty();
    }
}
