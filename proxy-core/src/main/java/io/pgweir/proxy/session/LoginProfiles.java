package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorField;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.Waiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The login profiles of one pool. The first login with certain settings asks a backend whether they are right and what it
 * reports then; those after it need no backend, until a backend is lost or one reports something else: a server may have come
 * back as another version. At most one backend is asked for the same settings at a time. Thread-safe.
 */
final class LoginProfiles {
    private static final int MOST_PROFILES = 1000;
    /** Of a login for a backend; then it is accepted without. */
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(5);

    /** Longest wait for a server to confirm what is known from before. */
    private static final long CONFIRMATION_MILLIS = 1_000;

    private final Pool pool;
    private final Map<SessionSettings, LoginProfile> known = new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<SessionSettings, LoginProfile> eldest) {
            return size() > MOST_PROFILES;
        }
    };
    private final Map<SessionSettings, List<Consumer<LoginProfile>>> asking = new HashMap<>();
    private final Map<SessionSettings, SessionSettings> shared = new HashMap<>();

    LoginProfiles(Pool pool) {
        this.pool = pool;
    }

    /** One instance for equal settings, so that comparing them is comparing references. */
    synchronized SessionSettings share(SessionSettings settings) {
        if (shared.size() >= MOST_PROFILES) {
            shared.clear();
        }
        SessionSettings first = shared.putIfAbsent(settings, settings);
        return first == null ? settings : first;
    }

    /** Gives the profile for these settings, at once or when a backend has answered; on {@code loop}. */
    void obtain(SessionSettings startup, LoopContext loop, Consumer<LoginProfile> result) {
        SessionSettings settings = startup.without("application_name");
        LoginProfile profile;
        boolean first = false;
        boolean stale;
        synchronized (this) {
            profile = known.get(settings);
            stale = profile != null && profile.generation() != pool.generation();
            if (stale) {
                profile = null;
            }
            boolean busy = pool.open() >= pool.settings().connectionLimit();
            boolean hopeless =
                    busy || pool.steering().isPaused() || pool.servers().areOfNoUse();
            if (profile == null && pool.idle() == 0 && hopeless) {
                // No backend is to be had now: do not make a login wait for what it can do without.
                profile = fallback(settings);
            }
            if (profile == null) {
                List<Consumer<LoginProfile>> others = asking.get(settings);
                first = others == null;
                if (others == null) {
                    asking.put(settings, others = new ArrayList<>());
                }
                others.add(found -> loop.loop().execute(() -> result.accept(found)));
            }
        }
        if (profile != null) {
            result.accept(profile);
        } else if (first) {
            if (stale) {
                loop.loop()
                        .schedule(
                                () -> answered(settings, fallback(settings), false),
                                CONFIRMATION_MILLIS,
                                TimeUnit.MILLISECONDS);
            }
            long most = Math.min(
                    LONGEST_WAIT.toNanos(), pool.settings().poolTimeout().toNanos());
            pool.checkout(new Probe(settings, loop), most);
        }
    }

    /**
     * What was so before; else what others have been told, as far as they have not asked for it; else what a server usually
     * says.
     */
    private synchronized LoginProfile fallback(SessionSettings settings) {
        LoginProfile before = known.get(settings);
        LoginProfile plain = before == null ? known.get(SessionSettings.NONE) : before;
        if (plain != null) {
            return LoginProfile.unconfirmed(plain.parameters());
        }
        LoginProfile assumed = LoginProfile.assumed(pool.key().user());
        Map<String, String> parameters = new LinkedHashMap<>(assumed.parameters());
        known.forEach((others, profile) -> profile.parameters().forEach((name, value) -> {
            if (others.get(name.toLowerCase(Locale.ROOT)) == null) {
                parameters.put(name, value);
            }
        }));
        return LoginProfile.unconfirmed(parameters);
    }

    /** Whether a server has taken such a login before: what it refuses then is told with the first statement. */
    private synchronized boolean isKnown(SessionSettings settings) {
        return known.containsKey(settings);
    }

    private void answered(SessionSettings settings, LoginProfile profile, boolean keep) {
        List<Consumer<LoginProfile>> waiting;
        synchronized (this) {
            waiting = asking.remove(settings);
            if (keep) {
                known.put(settings, profile);
            }
        }
        if (waiting != null) {
            waiting.forEach(consumer -> consumer.accept(profile));
        }
    }

    private final class Probe extends Waiter {
        private final SessionSettings settings;
        private final LoopContext loop;
        private int generation;

        Probe(SessionSettings settings, LoopContext loop) {
            super(LoginProfiles.this.pool, loop);
            this.settings = settings;
            this.loop = loop;
        }

        @Override
        protected void granted(BackendConnection backend) {
            generation = pool.generation();
            Map<String, String> server = backend.parameters().atLogin();
            new ProfileQuery(backend, pool, loop)
                    .run(settings, (parameters, error) -> answer(server, parameters, error));
        }

        private void answer(
                Map<String, String> server, @Nullable Map<String, String> parameters, @Nullable ErrorFields error) {
            if (parameters != null) {
                answered(settings, new LoginProfile(parameters, server, generation, null), true);
            } else if (error != null) {
                answered(settings, LoginProfile.refused(error.asFatal()), false);
            } else {
                unavailable(null);
            }
        }

        @Override
        protected void failed(CheckoutFailure failure) {
            unavailable(failure.cause());
        }

        private void unavailable(@Nullable BackendFailure cause) {
            LoginProfile profile;
            if (cause != null && cause.isRefusal() && !isKnown(settings)) {
                ErrorFields error = LoginError.LOGIN_REFUSED_BY_SERVER.with(cause.message());
                profile = LoginProfile.refused(
                        cause.sqlState() == null ? error : error.with(ErrorField.CODE, cause.sqlState()));
            } else {
                profile = fallback(settings);
            }
            answered(settings, profile, false);
        }
    }
}
