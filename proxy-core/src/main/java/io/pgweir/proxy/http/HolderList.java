package io.pgweir.proxy.http;

import io.pgweir.proxy.admin.Census;
import io.pgweir.proxy.insight.Holder;
import io.pgweir.proxy.session.ClientSnapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Who holds which backend, as JSON: longest first. */
final class HolderList {
    private static final int MOST = 200;

    private HolderList() {}

    private record Held(
            Census.Backend backend, Holder holder, @Nullable ClientSnapshot client) {}

    static String json(Census.People people) {
        long now = System.nanoTime();
        List<Held> all = new ArrayList<>();
        for (Census.Backend backend : people.backends()) {
            Holder holder = backend.holder();
            if (holder != null) {
                ClientSnapshot client =
                        people.clientsByBackend().get(backend.connection().toString());
                all.add(new Held(backend, holder, client));
            }
        }
        all.sort(Comparator.comparingLong((Held held) -> held.holder.begunAt() - now));
        JsonText json = new JsonText().open('{');
        json.name("total").value(all.size());
        json.name("holders").open('[');
        all.stream().limit(MOST).forEach(held -> add(json, held, now));
        return json.close(']').close('}') + "\n";
    }

    private static void add(JsonText json, Held held, long now) {
        Holder holder = held.holder;
        ClientSnapshot client = held.client;
        long fingerprint = holder.statement().fingerprint();
        json.open('{');
        json.name("pool").value(held.backend.pool().key().toString());
        json.name("backend_pid").value(holder.pid());
        json.name("server").value(held.backend.connection().host().toString());
        json.name("state").value(holder.state().key());
        json.name("state_seconds").value(Math.max(0, now - holder.since()) / 1e9);
        json.name("held_seconds").value(Math.max(0, now - holder.begunAt()) / 1e9);
        json.name("client").value(holder.client());
        json.name("client_id");
        if (client == null) {
            json.value((String) null);
        } else {
            json.value(client.number());
        }
        json.name("application").value(client == null ? "" : client.application());
        json.name("label").value(holder.label());
        json.name("kept_for").value(holder.kept());
        json.name("id").value(fingerprint == 0 ? "" : String.format(Locale.ROOT, "%016x", fingerprint));
        json.name("fingerprint").value(holder.statement().text());
        json.close('}');
    }
}
