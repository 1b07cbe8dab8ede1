package io.pgweir.proxy.session;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.pgweir.protocol.wire.BackendWriter;
import io.pgweir.protocol.wire.ErrorField;
import io.pgweir.protocol.wire.ErrorFields;
import io.pgweir.protocol.wire.ProtocolVersion;
import io.pgweir.protocol.wire.ProtocolViolation;
import io.pgweir.protocol.wire.StartupOptions;
import io.pgweir.protocol.wire.StartupPacket;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.auth.ClientCounts;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.backend.BackendFailure;
import io.pgweir.proxy.backend.SessionSettings;
import io.pgweir.proxy.insight.AdminOrder;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.pool.CheckoutFailure;
import io.pgweir.proxy.pool.Pool;
import io.pgweir.proxy.pool.PoolKey;
import io.pgweir.proxy.pool.Waiter;
import io.pgweir.proxy.settings.ClientLimit;
import io.pgweir.proxy.settings.DatabaseConfig;
import io.pgweir.proxy.settings.PoolMode;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * From proven identity to the greeting: finds the pool, learns what to tell the client of its parameters, and opens the
 * session. In session mode that takes a backend of the client's own.
 */
final class SessionOpening {
    private final Sessions sessions;
    private final Channel channel;
    private final LoopContext loop;
    private final StartupPacket.Startup startup;
    private final ClientLogin login;
    private Wishes wishes = Wishes.NONE;

    SessionOpening(
            Sessions sessions, Channel channel, LoopContext loop, StartupPacket.Startup startup, ClientLogin login) {
        this.sessions = sessions;
        this.channel = channel;
        this.loop = loop;
        this.startup = startup;
        this.login = login;
    }

    void open() {
        String name = startup.database();
        Console console = sessions.console(name);
        if (console != null) {
            open(console);
            return;
        }
        DatabaseConfig database = sessions.config().database(name);
        if (database == null) {
            login.refuse(LoginError.UNKNOWN_DATABASE.with(name));
            return;
        }
        AdminOrder disabled = sessions.pools().switches().disabled(name);
        if (disabled != null) {
            login.refuse(LoginError.DATABASE_DISABLED.with(name, disabled.words()));
            return;
        }
        Map<String, String> own = new LinkedHashMap<>();
        SessionSettings settings;
        try {
            settings = settings(startup, own);
        } catch (ProtocolViolation e) {
            login.refuse(ErrorFields.fatal(e.state(), String.valueOf(e.getMessage())));
            return;
        }
        wishes = OwnSettings.startup(own, problem -> login.refuse(problem.asFatal()));
        if (login.isOver()) {
            return;
        }
        ClientCounts.Place counted = sessions.counts().enter(database, name, startup.user());
        if (counted.full() != null) {
            login.refuse(
                    counted.full() == ClientCounts.Full.USER
                            ? LoginError.TOO_MANY_CLIENTS_OF_USER.with(startup.user(), counted.limit())
                            : LoginError.TOO_MANY_CLIENTS_OF_DATABASE.with(name, counted.limit()));
            return;
        }
        PoolUse entered = sessions.pools().enter(database, name, startup.user());
        if (entered == null) {
            counted.leave();
            PoolKey key = new PoolKey(name, startup.user());
            login.refuse(LoginError.TOO_MANY_POOLS.with(key, sessions.config().maxPools()));
            return;
        }
        PoolUse use = entered.and(counted::leave);
        login.onEnd(use::leave);
        Pool pool = use.pool();
        SessionSettings shared = use.profiles().share(settings);
        if (pool.settings().mode() == PoolMode.SESSION) {
            ClientLimits limits = limits(pool, shared);
            OwnBackend waiter = new OwnBackend(use, shared);
            login.onEnd(() -> {
                pool.leave(waiter);
                use.leave();
            });
            pool.checkout(waiter, limits.nanos(ClientLimit.POOL_TIMEOUT));
        } else {
            use.profiles().obtain(shared, loop, profile -> greet(use, shared, profile));
        }
    }

    private void open(Console console) {
        ErrorFields refusal = console.refusal(startup.user());
        if (refusal != null) {
            login.refuse(refusal);
            return;
        }
        String application = startup.parameter("application_name");
        Console.Visitor visitor = new Console.Visitor(
                channel, loop, startup.database(), startup.user(), application == null ? "" : application);
        Console.Session session = console.open(visitor);
        CancelKeys.Key key = sessions.cancelKeys().issue(session, startup.protocolVersion() >= ProtocolVersion.V3_2);
        Places place = sessions.places(startup.database());
        channel.closeFuture().addListener(closed -> {
            sessions.cancelKeys().withdraw(key);
            place.leave();
        });
        ByteBuf out = channel.alloc().buffer(512);
        BackendWriter.authenticationOk(out);
        console.parameters(visitor).forEach((name, value) -> BackendWriter.parameterStatus(out, name, value));
        BackendWriter.backendKeyData(out, key.pid(), key.secret());
        BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
        channel.writeAndFlush(out, channel.voidPromise());
        login.opened(session);
    }

    private ClientLimits limits(Pool pool, SessionSettings settings) {
        String user = pool.key().user();
        return new ClientLimits(
                application -> sessions.config().exceptions().limits(pool.settings(), user, application),
                () -> sessions.config().exceptions().dependOnApplication(),
                settings.get("application_name"),
                wishes);
    }

    /**
     * Every parameter that is a setting of the session; {@code options} are expanded, and come first as in PostgreSQL.
     *
     * @param own takes those that are settings of pgweir's own, by lower-case name
     */
    private static SessionSettings settings(StartupPacket.Startup startup, Map<String, String> own) {
        Map<String, String> values = new LinkedHashMap<>();
        String options = startup.parameter("options");
        if (options != null) {
            StartupOptions.parse(options).forEach(option -> put(values, option.getKey(), option.getValue()));
        }
        startup.parameters().forEach((name, value) -> {
            switch (name) {
                case "user", "database", "options", "replication" -> {}
                default -> put(values, name, value);
            }
        });
        values.keySet().stream().filter(OwnSettings::isOne).forEach(name -> own.put(name, values.get(name)));
        values.keySet().removeAll(own.keySet());
        return SessionSettings.of(values);
    }

    private static void put(Map<String, String> values, String name, String value) {
        values.put(name.toLowerCase(Locale.ROOT), value);
    }

    private void greet(PoolUse use, SessionSettings settings, LoginProfile profile) {
        if (login.isOver()) {
            return;
        }
        ErrorFields refusal = profile.refusal();
        if (refusal != null) {
            login.refuse(refusal);
            return;
        }
        Map<String, String> told = profile.parameters();
        String application = settings.get("application_name");
        if (application != null) {
            told = new LinkedHashMap<>(told);
            told.put("application_name", application);
        }
        finish(use, settings, new ParameterView(profile.parameters(), profile.server()), told, null);
    }

    private void finish(
            PoolUse use,
            SessionSettings settings,
            ParameterView view,
            Map<String, String> told,
            @Nullable BackendConnection own) {
        told.forEach(view::changes);
        ClientLimits limits = limits(use.pool(), settings);
        ClientSession session =
                new ClientSession(channel, loop, use.pool(), limits, use.hub(), sessions.buffers(), settings, view);
        boolean longSecret = startup.protocolVersion() >= ProtocolVersion.V3_2;
        CancelKeys.Key key = own == null
                ? sessions.cancelKeys().issue(session, longSecret)
                : sessions.cancelKeys().issue(session, longSecret, own.pid());
        Places place = sessions.places(startup.database());
        session.onClosed(() -> {
            sessions.cancelKeys().withdraw(key);
            sessions.closed(session);
            place.leave();
            use.leave();
        });
        ByteBuf out = channel.alloc().buffer(1024);
        BackendWriter.authenticationOk(out);
        told.forEach((name, value) -> BackendWriter.parameterStatus(out, name, value));
        BackendWriter.backendKeyData(out, key.pid(), key.secret());
        OwnSettings.notices(wishes, limits).forEach(notice -> BackendWriter.notice(out, notice));
        BackendWriter.readyForQuery(out, TransactionStatus.IDLE);
        sessions.opened(session); // before the client knows: whoever looks for it from then on finds it
        channel.writeAndFlush(out, channel.voidPromise());
        if (own != null) {
            session.adopt(own);
        }
        login.opened(session);
    }

    /** Session mode: a backend opened with this client's own startup parameters. */
    private final class OwnBackend extends Waiter {
        private final PoolUse use;
        private final SessionSettings settings;

        OwnBackend(PoolUse use, SessionSettings settings) {
            super(use.pool(), loop);
            this.use = use;
            this.settings = settings;
        }

        @Override
        protected SessionSettings startup() {
            return settings;
        }

        @Override
        protected void granted(BackendConnection backend) {
            if (login.isOver()) {
                use.pool().release(backend);
                return;
            }
            Map<String, String> told = backend.parameters().snapshot();
            finish(use, settings, new ParameterView(told, backend.parameters().atLogin()), told, backend);
        }

        @Override
        protected void failed(CheckoutFailure failure) {
            ErrorFields error = CheckoutErrors.of(failure, use.pool());
            BackendFailure cause = failure.cause();
            if (failure.reason() == CheckoutFailure.Reason.UNAVAILABLE && cause != null && cause.sqlState() != null) {
                error = error.with(ErrorField.CODE, cause.sqlState());
                if (cause.isRefusal()) {
                    // It is this client's own login that PostgreSQL refuses, e.g. for a value of its own.
                    error = error.with(ErrorField.MESSAGE, cause.message());
                }
            }
            login.refuse(error.asFatal());
        }
    }
}
