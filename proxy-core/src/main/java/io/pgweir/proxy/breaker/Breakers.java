package io.pgweir.proxy.breaker;

import io.pgweir.proxy.settings.BreakerSettings;
import io.pgweir.proxy.settings.HostChoice;
import io.pgweir.proxy.settings.HostPort;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** The breakers of all servers, one for each address. Thread-safe. */
public final class Breakers {
    private final BreakerSettings settings;
    private final BreakerLog log = new BreakerLog(System::nanoTime);
    private final Map<HostPort, Breaker> all = new ConcurrentHashMap<>();
    private final SeenRoles roles = new SeenRoles();

    public Breakers(BreakerSettings settings) {
        this.settings = settings;
    }

    /** The addresses of one database, in the order of its URL. */
    public Servers servers(List<HostPort> addresses, HostChoice choice) {
        return new Servers(
                addresses.stream().distinct().map(this::of).toList(),
                choice,
                settings,
                roles,
                System::nanoTime,
                () -> ThreadLocalRandom.current().nextDouble());
    }

    /** What the servers are. */
    public SeenRoles roles() {
        return roles;
    }

    /** That of one address, used yet or not. */
    public Breaker of(HostPort address) {
        return all.computeIfAbsent(address, server -> {
            Breaker breaker = new Breaker(
                    server,
                    settings,
                    System::nanoTime,
                    () -> ThreadLocalRandom.current().nextDouble());
            breaker.listen(log);
            return breaker;
        });
    }

    /** By address. */
    public Collection<Breaker> all() {
        Map<String, Breaker> sorted = new TreeMap<>();
        all.forEach((address, breaker) -> sorted.put(address.toString(), breaker));
        return sorted.values();
    }
}
