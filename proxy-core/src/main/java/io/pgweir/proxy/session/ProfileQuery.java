package io.pgweir.proxy.session;

import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.backend.Unattended;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.Pool;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/** Applies settings to a backend nobody uses and reads what it reports then. */
final class ProfileQuery extends Unattended {
    private final BackendConnection backend;
    private final Pool pool;
    private @Nullable BiConsumer<@Nullable Map<String, String>, @Nullable ErrorFields> result;
    private @Nullable ErrorFields error;
    private boolean answered;

    ProfileQuery(BackendConnection backend, Pool pool, LoopContext loop) {
        super(loop);
        this.backend = backend;
        this.pool = pool;
    }

    /** The result has the parameters, or PostgreSQL's error about a setting, or neither if the backend was lost. */
    void run(SessionSettings settings, BiConsumer<@Nullable Map<String, String>, @Nullable ErrorFields> then) {
        result = then;
        backend.attach(this);
        boolean sent = SettingsSync.apply(backend, settings, this, failure -> {
            error = failure;
            answered = true;
        });
        if (sent) {
            backend.flush();
        } else {
            answered = true;
            afterRead();
        }
    }

    @Override
    public void afterRead() {
        BiConsumer<@Nullable Map<String, String>, @Nullable ErrorFields> then = result;
        if (!answered || !backend.isSettled() || then == null) {
            return;
        }
        result = null;
        backend.detach();
        if (error != null) {
            pool.discard(backend);
            then.accept(null, error);
            return;
        }
        Map<String, String> parameters = backend.parameters().snapshot();
        pool.release(backend);
        then.accept(parameters, null);
    }

    @Override
    public void backendLost(BackendFailure failure) {
        BiConsumer<@Nullable Map<String, String>, @Nullable ErrorFields> then = result;
        result = null;
        if (then != null) {
            then.accept(null, null);
        }
    }
}
