package io.pgweir.proxy.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.pgweir.proxy.auth.LookupFailed.Meaning;
import io.pgweir.proxy.net.Network;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StrangerQueueTest {
    private static final Network ONE = new Network(1);
    private static final Network OTHER = new Network(2);

    private final StrangerQueue queue = new StrangerQueue();
    private final List<String> begun = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();

    private StrangerQueue.Request request(String name) {
        return new StrangerQueue.Request() {
            @Override
            void begin() {
                begun.add(name);
            }

            @Override
            void refuse(LookupFailed why) {
                refused.add(name + " " + why.meaning());
            }
        };
    }

    private void add(Network from, String name) {
        queue.add(from, request(name));
    }

    private void add(Network from, String name, int count) {
        for (int i = 0; i < count; i++) {
            add(from, name + i);
        }
    }

    @Test
    void whatAnotherNetworkAsksForAsWellHasTheFirstTurnOfBothAndOnlyOne() {
        StrangerQueue.Request wanted = request("wanted");
        add(ONE, "a", 5);
        queue.add(ONE, wanted);
        queue.add(ONE, wanted);
        queue.add(OTHER, wanted);
        queue.ended(null);
        queue.ended(null);
        assertThat(begun).containsExactly("a0", "a1", "a2", "wanted");
        queue.add(OTHER, wanted); // is under way
        for (int i = 0; i < 4; i++) {
            queue.ended(null);
        }
        assertThat(begun).containsExactly("a0", "a1", "a2", "wanted", "a3", "a4");
        queue.add(OTHER, wanted);
        add(ONE, "b", StrangerQueue.MOST_UNDER_WAY + StrangerQueue.MOST_OF_NETWORK);
        add(OTHER, "c", StrangerQueue.MOST_OF_NETWORK);
        assertThat(refused).as("all places are free again").isEmpty();
    }

    @Test
    void whatWaitsElsewhereIsNotRefusedAndIsToldOfAnOutageOnce() {
        StrangerQueue.Request wanted = request("wanted");
        add(ONE, "a", StrangerQueue.MOST_UNDER_WAY);
        queue.add(ONE, wanted);
        add(OTHER, "b", StrangerQueue.MOST_OF_NETWORK);
        queue.add(OTHER, wanted);
        queue.add(new Network(3), wanted);
        assertThat(refused).isEmpty();
        queue.ended(new LookupFailed(Meaning.AWAY, "away", "away"));
        assertThat(refused).hasSize(StrangerQueue.MOST_OF_NETWORK + 1).containsOnlyOnce("wanted " + Meaning.AWAY);
    }

    @Test
    void networksTakeTurnsAndWhoComesFromOneIsServedInOrder() {
        for (int i = 0; i < 6; i++) {
            add(ONE, "a" + i);
        }
        add(OTHER, "b0");
        add(OTHER, "b1");
        assertThat(begun).containsExactly("a0", "a1");
        for (int i = 0; i < 6; i++) {
            queue.ended(null);
        }
        assertThat(begun).containsExactly("a0", "a1", "a2", "b0", "a3", "b1", "a4", "a5");
        assertThat(refused).isEmpty();
    }

    @Test
    void oneNetworkTakesHalfOfTheQueueAndAllTogetherTheWhole() {
        int most = StrangerQueue.MOST_UNDER_WAY + StrangerQueue.MOST_OF_NETWORK;
        for (int i = 0; i < most + 1; i++) {
            add(ONE, "a" + i);
        }
        assertThat(refused).containsExactly("a" + most + " " + Meaning.NOT_ASKED);
        for (int i = 0; i < StrangerQueue.MOST_OF_NETWORK; i++) {
            add(OTHER, "b" + i);
        }
        assertThat(refused).hasSize(1);
        add(new Network(3), "c");
        assertThat(refused).last().isEqualTo("c " + Meaning.NOT_ASKED);
        queue.ended(null);
        add(new Network(3), "c again");
        assertThat(refused).hasSize(2);
    }

    @Test
    void whoeverWaitsIsToldOfAnOutageAndThePlacesAreFree() {
        add(ONE, "a");
        add(ONE, "b");
        add(ONE, "c");
        add(OTHER, "d");
        queue.ended(new LookupFailed(Meaning.AWAY, "away", "away"));
        assertThat(refused).containsExactly("c " + Meaning.AWAY, "d " + Meaning.AWAY);
        queue.ended(null);
        for (int i = 0; i < StrangerQueue.MOST_UNDER_WAY + StrangerQueue.MOST_OF_NETWORK; i++) {
            add(OTHER, "e" + i);
        }
        assertThat(refused).hasSize(2);
        assertThat(begun).containsExactly("a", "b", "e0", "e1");
    }
}
