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
        if (!queue.add(from, request(name))) {
            refused.add(name + " at once");
        }
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
        assertThat(refused).containsExactly("a" + most + " at once");
        for (int i = 0; i < StrangerQueue.MOST_OF_NETWORK; i++) {
            add(OTHER, "b" + i);
        }
        assertThat(refused).hasSize(1);
        queue.ended(null);
        add(ONE, "a again");
        assertThat(refused).hasSize(1);
    }

    @Test
    void whereThereIsNoRoomTheNetworkThatTakesMostMakesSome() {
        add(ONE, "a", StrangerQueue.MOST_UNDER_WAY + StrangerQueue.MOST_OF_NETWORK);
        add(OTHER, "b", StrangerQueue.MOST_OF_NETWORK);
        StrangerQueue.Request shared = request("shared");
        assertThat(queue.add(new Network(3), shared)).isTrue();
        int last = StrangerQueue.MOST_UNDER_WAY + StrangerQueue.MOST_OF_NETWORK - 1;
        assertThat(refused).containsExactly("a" + last + " " + Meaning.NOT_ASKED);
        assertThat(queue.add(new Network(4), shared)).isTrue();
        assertThat(refused).last().isEqualTo("b" + (StrangerQueue.MOST_OF_NETWORK - 1) + " " + Meaning.NOT_ASKED);
        add(new Network(3), "c", StrangerQueue.MOST_OF_NETWORK);
        assertThat(refused.stream().filter(name -> name.startsWith("c")))
                .as("a third each")
                .hasSizeBetween(160, 170)
                .allMatch(name -> name.endsWith("at once"));
        queue.ended(null);
        queue.ended(null);
        queue.ended(null);
        queue.ended(null);
        assertThat(begun).contains("shared");
    }

    @Test
    void whoIsRefusedHasNotEndedWhatAnotherMayYetAsk() {
        StrangerQueue.Request wanted = request("wanted");
        add(ONE, "a", StrangerQueue.MOST_UNDER_WAY + StrangerQueue.MOST_OF_NETWORK);
        assertThat(queue.add(ONE, wanted)).isFalse();
        assertThat(queue.isNowhere(wanted)).isTrue();
        assertThat(queue.add(OTHER, wanted)).isTrue();
        assertThat(queue.isNowhere(wanted)).isFalse();
        assertThat(refused).isEmpty();
        queue.ended(null);
        queue.ended(null);
        assertThat(begun).contains("wanted");
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
