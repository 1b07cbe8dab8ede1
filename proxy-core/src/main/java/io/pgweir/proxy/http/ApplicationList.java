package io.pgweir.proxy.http;

import io.pgweir.proxy.admin.Census;
import io.pgweir.proxy.insight.HoldState;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.session.ClientSnapshot;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** How many clients each application has and what they do, as JSON: the largest first. */
final class ApplicationList {
    /** Applications name themselves; what is beyond this is summed up. */
    private static final int MOST = 100;

    private ApplicationList() {}

    /** What a client does; each does one of these. */
    private enum Doing {
        ACTIVE,
        WAITING,
        IDLE_IN_TRANSACTION,
        IDLE
    }

    private static final class Tally {
        private final int[] counts = new int[Doing.values().length];

        int of(Doing doing) {
            return counts[doing.ordinal()];
        }

        int all() {
            int all = 0;
            for (int count : counts) {
                all += count;
            }
            return all;
        }

        void add(Tally other) {
            for (int i = 0; i < counts.length; i++) {
                counts[i] += other.counts[i];
            }
        }
    }

    static String json(Census.People people) {
        Set<String> idleBackends = new HashSet<>();
        for (Census.Backend backend : people.backends()) {
            Holder holder = backend.holder();
            if (holder != null && holder.state() == HoldState.IDLE_IN_TRANSACTION) {
                idleBackends.add(backend.connection().toString());
            }
        }
        Map<String, Tally> tallies = new HashMap<>();
        for (ClientSnapshot client : people.clients()) {
            Tally tally = tallies.computeIfAbsent(client.application(), name -> new Tally());
            tally.counts[doing(client, idleBackends).ordinal()]++;
        }
        return json(people.clients().size(), tallies);
    }

    private static Doing doing(ClientSnapshot client, Set<String> idleBackends) {
        return switch (client.state()) {
            case "waiting" -> Doing.WAITING;
            case "active" -> idleBackends.contains(client.backend()) ? Doing.IDLE_IN_TRANSACTION : Doing.ACTIVE;
            // A BEGIN that has not reached a server yet holds nothing.
            default -> Doing.IDLE;
        };
    }

    private static String json(int clients, Map<String, Tally> tallies) {
        List<Map.Entry<String, Tally>> largest = tallies.entrySet().stream()
                .sorted(Comparator.comparingInt((Map.Entry<String, Tally> one) ->
                                -one.getValue().all())
                        .thenComparing(Map.Entry::getKey))
                .toList();
        JsonText json = new JsonText().open('{');
        json.name("total").value(clients);
        json.name("applications").open('[');
        Tally others = new Tally();
        for (int i = 0; i < largest.size(); i++) {
            Tally tally = largest.get(i).getValue();
            if (i < MOST) {
                json.open('{').name("application").value(largest.get(i).getKey());
                add(json, tally);
                json.close('}');
            } else {
                others.add(tally);
            }
        }
        json.close(']').name("others").open('{');
        json.name("applications").value(Math.max(0, largest.size() - MOST));
        add(json, others);
        return json.close('}').close('}') + "\n";
    }

    private static void add(JsonText json, Tally tally) {
        json.name("clients").value(tally.all());
        json.name("active").value(tally.of(Doing.ACTIVE));
        json.name("waiting").value(tally.of(Doing.WAITING));
        json.name("idle_in_transaction").value(tally.of(Doing.IDLE_IN_TRANSACTION));
        json.name("idle").value(tally.of(Doing.IDLE));
    }
}
