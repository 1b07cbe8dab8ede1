package io.pgweir.proxy.auth;

import io.pgweir.protocol.auth.ScramSecret;
import io.pgweir.protocol.sql.Printable;
import io.pgweir.proxy.backend.BackendConnector;
import io.pgweir.proxy.backend.BackendCredentials;
import io.pgweir.proxy.backend.BackendTarget;
import io.pgweir.proxy.backend.StatementRegistry;
import io.pgweir.proxy.breaker.Breakers;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.PoolKey;
import io.pgweir.proxy.settings.AuthQuerySettings;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.PoolSettings;
import io.pgweir.proxy.settings.StoredPassword;
import java.time.Duration;
import java.util.List;
import java.util.Map;
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

    /** For one who comes in by an earlier answer if the database does not give another. */
    private static final long SHORT_PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Pool pool;
    private final AtomicLong toldAt = new AtomicLong(System.nanoTime() - TELL_NANOS);
    private final VerifierCache cache;
    /** 0: no verifier has been seen yet. */
    private final AtomicInteger iterations = new AtomicInteger();

    private AuthQuery(
            DatabaseConfig database,
            AuthQuerySettings settings,
            Pool pool,
            List<LoopContext> loops,
            Credentials credentials,
            long patienceNanos) {
        this.pool = pool;
        long shorter = Math.min(SHORT_PATIENCE_NANOS, patienceNanos);
        this.cache = new VerifierCache(settings.ttl().toNanos(), System::nanoTime, (user, urgent) -> {
            LoopContext loop = loops.get(ThreadLocalRandom.current().nextInt(loops.size()));
            return new VerifierLookup(pool, loop, settings.query(), user, urgent ? patienceNanos : shorter)
                    .run()
                    .whenComplete((found, failure) -> tell(failure))
                    .thenApply(found -> {
                        credentials.found(database, user, found);
                        if (found instanceof StoredPassword.Verifier verifier) {
                            iterations.compareAndSet(0, verifier.scram().iterations());
                        }
                        return found;
                    });
        });
    }

    /** @param loginTimeout what clients have for their logins; who waits for an answer must be told before that */
    static AuthQuery of(
            DatabaseConfig database,
            Duration loginTimeout,
            AuthQuerySettings settings,
            BackendConnector connector,
            List<LoopContext> loops,
            Breakers breakers,
            Credentials credentials) {
        PoolSettings one = database.pool().ofOneBackend();
        BackendTarget target = new BackendTarget(
                database.hosts(),
                settings.database(),
                settings.user(),
                BackendCredentials.of(StoredPassword.of(settings.password())),
                startup(one),
                one.connectTimeout(),
                1,
                one.hosts().target(),
                database.tls());
        Pool pool = new Pool(
                new PoolKey(database.name(), settings.user()),
                one,
                target,
                connector,
                new StatementRegistry(new AtomicLong()),
                breakers.servers(database.hosts(), one.hosts()),
                loops);
        long patience = Math.min(one.connectTimeout().toNanos(), loginTimeout.toNanos() / 4 * 3);
        return new AuthQuery(database, settings, pool, loops, credentials, patience);
    }

    /** Everything that may change what the query means. The server ends it as well if it takes too long. */
    private static Map<String, String> startup(PoolSettings settings) {
        return Map.of(
                "application_name", "pgweir auth_query",
                "client_encoding", "UTF8",
                "search_path", "",
                "standard_conforming_strings", "on",
                "statement_timeout", String.valueOf(settings.connectTimeout().toMillis()));
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
    CompletableFuture<@Nullable StoredPassword> find(String user) {
        return cache.find(user);
    }

    /** A password was wrong: perhaps it has been changed. */
    void doubt(String user) {
        cache.doubt(user);
    }
}
