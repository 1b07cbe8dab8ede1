package io.pgweir.proxy.auth;

import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.protocol.sql.Printable;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.backend.StatementRegistry;
import io.pgweir.proxy.breaker.Breakers;
import io.pgweir.proxy.breaker.Servers;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.net.Network;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.PoolKey;
import io.pgweir.proxy.settings.AuthQuerySettings;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.HostChoice;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.settings.PoolSettings;
import io.pgweir.proxy.settings.Secret;
import io.pgweir.proxy.settings.ServerTls;
import io.pgweir.proxy.settings.StoredPassword;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks one database for passwords, over a connection of its own that no client has any influence on: neither on its settings nor on the
 * text of what is asked. Thread-safe.
 */
final class AuthQuery {
    private static final Logger LOG = LoggerFactory.getLogger(AuthQuery.class);

    /** Of the log: an outage is no reason to fill it. */
    private static final long TELL_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Look-ups, of which there is one for each name. */
    private static final int MOST_AT_A_TIME = VerifierCache.MOST_KNOWN + StrangerQueue.MOST_UNDER_WAY;

    /** For one who comes in by an earlier answer if the database does not give another. */
    private static final long SHORT_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    /**
     * @param place what answers depend on
     * @param pool those of the connection
     * @param patience for an answer
     */
    record Rules(
            String database,
            Place place,
            @Nullable Secret password,
            Duration ttl,
            PoolSettings pool,
            Duration patience) {

        /** @param loginTimeout what clients have for their logins; who waits for an answer must be told before that */
        static Rules of(DatabaseConfig database, AuthQuerySettings asked, Duration loginTimeout) {
            PoolSettings one = database.pool().ofOneBackend(MOST_AT_A_TIME); // queue_limit is for clients' statements
            Place place = new Place(
                    database.hosts(), one.hosts(), database.tls(), asked.database(), asked.user(), asked.query());
            Duration most = loginTimeout.multipliedBy(3).dividedBy(4);
            Duration patience = one.connectTimeout().compareTo(most) < 0 ? one.connectTimeout() : most;
            return new Rules(database.name(), place, asked.password(), asked.ttl(), one, patience);
        }

        PoolKey key() {
            return new PoolKey(database, place.user);
        }

        BackendTarget target(BackendCredentials credentials) {
            return new BackendTarget(
                    place.hosts,
                    place.database,
                    place.user,
                    credentials,
                    startup(),
                    pool.connectTimeout(),
                    1,
                    place.choice.target(),
                    place.tls);
        }

        /** Everything that may change what the query means. The server ends it as well if it takes too long. */
        private Map<String, String> startup() {
            return Map.of(
                    "application_name", "pgweir auth_query",
                    "client_encoding", "UTF8",
                    "search_path", "",
                    "standard_conforming_strings", "on",
                    "statement_timeout", String.valueOf(pool.connectTimeout().toMillis()));
        }
    }

    /** Where, by whom and what is asked. */
    record Place(List<HostPort> hosts, HostChoice choice, ServerTls tls, String database, String user, String query) {}

    private final Servers servers;
    private final Pool pool;
    private final AtomicLong toldAt = new AtomicLong(System.nanoTime() - TELL_NANOS);
    private final VerifierCache cache;
    /** 0: no verifier has been seen yet. */
    private final AtomicInteger iterations = new AtomicInteger();

    private final AtomicInteger waiting = new AtomicInteger();
    private volatile boolean leaving;
    private volatile Rules rules;

    AuthQuery(
            Rules rules,
            BackendConnector connector,
            List<LoopContext> loops,
            Breakers breakers,
            Credentials credentials) {
        this.rules = rules;
        this.servers = breakers.servers(rules.place.hosts, rules.place.choice);
        this.pool = new Pool(
                rules.key(),
                rules.pool,
                rules.target(BackendCredentials.of(StoredPassword.of(rules.password))),
                connector,
                new StatementRegistry(new AtomicLong()),
                servers,
                loops);
        this.cache = new VerifierCache(rules.ttl.toNanos(), System::nanoTime, (user, urgent) -> {
            LoopContext loop = loops.get(ThreadLocalRandom.current().nextInt(loops.size()));
            return new VerifierLookup(pool, loop, rules.place.query, user, patience(urgent))
                    .run()
                    .whenComplete((found, failure) -> tell(failure))
                    .thenApply(found -> {
                        if (!leaving) {
                            credentials.found(rules.database, user, found);
                        }
                        if (found instanceof StoredPassword.Verifier verifier) {
                            iterations.compareAndSet(0, verifier.scram().iterations());
                        }
                        return found;
                    });
        });
    }

    private long patience(boolean urgent) {
        long whole = rules.patience.toNanos();
        return urgent ? whole : Math.min(SHORT_PATIENCE_NANOS, whole);
    }

    // ---- another configuration

    /** Whether its answers are those that are wanted. */
    boolean asksLike(Rules others) {
        return rules.place.equals(others.place);
    }

    /** Goes by other rules from now on, of the same place. One thread at a time. */
    void follow(Rules others, Breakers breakers) {
        BackendTarget known = pool.target();
        boolean same = Objects.equals(rules.password, others.password);
        BackendTarget target =
                others.target(same ? known.credentials() : BackendCredentials.of(StoredPassword.of(others.password)));
        rules = others;
        cache.ttl(others.ttl.toNanos());
        breakers.change(servers, others.place.hosts, others.place.choice); // the values of breakers
        pool.steering().rules(others.pool, target.isLike(known) ? known : target, !target.leadsWhere(known));
    }

    /** Nobody asks it any more, but who has asked. */
    void leave() {
        leaving = true;
    }

    /** After {@link #leave}: false if somebody waits for an answer yet. */
    boolean end() {
        if (waiting.get() > 0) {
            return false;
        }
        pool.shutdown();
        return pool.open() == 0;
    }

    private void tell(@Nullable Throwable failure) {
        long now = System.nanoTime();
        long before = toldAt.get();
        if (failure instanceof LookupFailed why && now - before >= TELL_NANOS && toldAt.compareAndSet(before, now)) {
            LOG.warn(
                    "auth_query of database {}: no answer for a user: {}",
                    pool.key().database(),
                    Printable.of(why.details()));
        }
    }

    Pool pool() {
        return pool;
    }

    /**
     * What users who do not exist are challenged with: what the first verifier was made with. It does not follow others, or one could
     * tell from a change who was looked up.
     */
    int iterations() {
        int seen = iterations.get();
        return seen == 0 ? ScramSecret.DEFAULT_ITERATIONS : seen;
    }

    /** What is stored for a user; null: there is none who may log in. Fails with {@link LookupFailed}. */
    CompletableFuture<@Nullable StoredPassword> find(String user, Network from) {
        CompletableFuture<@Nullable StoredPassword> found = cache.find(user, from);
        if (!found.isDone()) {
            waiting.incrementAndGet();
            found.whenComplete((stored, failure) -> waiting.decrementAndGet());
        }
        return found;
    }

    /** A password was wrong: perhaps it has been changed. */
    void doubt(String user) {
        cache.doubt(user);
    }
}
