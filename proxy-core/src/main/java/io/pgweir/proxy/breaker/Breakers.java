package io.pgweir.proxy.breaker;

import io.pgweir.proxy.settings.BreakerSettings;
import io.pgweir.proxy.settings.HostChoice;
import io.pgweir.proxy.settings.HostPort;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;

/** The breakers of all servers, one for each address. Thread-safe. */
public final class Breakers {
    /** Changed with the lock of this object. */
    private volatile BreakerSettings settings;

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

    /** Other values count from now on, for all of them. */
    public void settings(BreakerSettings other) {
        synchronized (this) {
            settings = other;
            all.values().forEach(breaker -> breaker.settings(other));
        }
    }

    /** Forgets those that nobody uses any more. */
    public void retain(Set<HostPort> used) {
        all.keySet().retainAll(used);
        roles.retain(used);
        log.retain(used);
    }

    /** What is to become of the servers of one database: others, in the order of its URL, or chosen otherwise. */
    public void change(Servers servers, List<HostPort> addresses, HostChoice choice) {
        servers.change(addresses.stream().distinct().map(this::of).toList(), choice, settings);
    }

    /** What the servers are. */
    public SeenRoles roles() {
        return roles;
    }

    /** That of one address, used yet or not. */
    public Breaker of(HostPort address) {
        Breaker known = all.get(address);
        return known == null ? make(address) : known;
    }

    private synchronized Breaker make(HostPort address) {
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
