package io.pgweir.proxy.backend;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.util.NetUtil;
import io.pgweir.proxy.net.Deadlines;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.settings.HostPort;
import io.pgweir.proxy.tls.BackendTls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;
import java.util.Iterator;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * One connect and login as {@code sslmode} has it: what is tried first, and what after a refusal that may be due to it. All of
 * it under one deadline, and with one socket at a time. On the home loop.
 */
final class ConnectAttempts implements BackendConnector.Result {
    private final LoopContext home;
    private final HostPort host;
    private final BackendTarget target;
    private final SessionSettings startup;
    private final BackendListener listener;
    private final BackendConnector.Result result;
    private final BackendTls tls;
    private final Executor names;
    private final Bootstrap bootstrap;
    private final Iterator<Encryption> ways;
    private final Deadlines.Deadline deadline = new Deadlines.Deadline() {
        @Override
        protected void expired() {
            timeIsUp = true;
            if (login != null) {
                login.fail(BackendFailure.timedOut(host + " did not complete a login within "
                        + target.connectTimeout().toMillis() + " ms (connect_timeout)"));
            }
        }
    };
    private Encryption way = Encryption.NONE;
    private @Nullable SocketAddress address;
    private @Nullable BackendLogin login;
    private @Nullable BackendFailure first;
    private boolean tlsFailed;
    private boolean timeIsUp;

    ConnectAttempts(
            LoopContext home,
            HostPort host,
            BackendTarget target,
            SessionSettings startup,
            BackendListener listener,
            BackendConnector.Result result,
            BackendTls tls,
            Executor names,
            Bootstrap bootstrap) {
        this.home = home;
        this.host = host;
        this.target = target;
        this.startup = startup;
        this.listener = listener;
        this.result = result;
        this.tls = tls;
        this.names = names;
        this.bootstrap = bootstrap;
        this.ways = Encryption.waysOf(target.tls().mode()).iterator();
    }

    /** @param acceptMillis the server must take the TCP connection within so long; 0: no limit of its own */
    void begin(int acceptMillis) {
        bootstrap.option(ChannelOption.CONNECT_TIMEOUT_MILLIS, acceptMillis);
        home.deadlines().arm(deadline, target.connectTimeout().toNanos());
        BackendLogin next = next();
        InetAddress literal = NetUtil.createInetAddressFromIpAddressString(host.host());
        if (literal != null) {
            home.loop().execute(() -> open(next, new InetSocketAddress(literal, host.port())));
            return;
        }
        names.execute(() -> {
            try {
                InetAddress found = InetAddress.getByName(host.host());
                home.loop().execute(() -> open(next, new InetSocketAddress(found, host.port())));
            } catch (UnknownHostException e) {
                home.loop()
                        .execute(() -> next.fail(BackendFailure.unreachable(
                                "the host name \"" + host.host() + "\" could not be resolved")));
            }
        });
    }

    private BackendLogin next() {
        way = ways.next();
        tlsFailed = false;
        BackendLogin next = new BackendLogin(home, host, target, startup, tls.offload(), listener, this, tls);
        login = next;
        return next;
    }

    private void open(BackendLogin next, SocketAddress where) {
        address = where;
        if (next.isOver()) {
            return;
        }
        Bootstrap attempt = bootstrap.clone().handler(next);
        if (way != Encryption.NONE) {
            attempt.handler(new Protected(next));
        }
        attempt.connect(where).addListener(done -> {
            if (!done.isSuccess()) {
                next.connectFailed(done.cause());
            }
        });
    }

    @Override
    public void connected(BackendConnection backend) {
        deadline.disarm();
        BackendFailure before = first;
        if (before != null && way == Encryption.NONE) {
            tls.goesWithout(host, before.message());
        }
        result.connected(backend);
    }

    @Override
    public void failed(BackendFailure failure) {
        SocketAddress where = address;
        if (where != null && !timeIsUp && ways.hasNext() && isDueToEncryption(failure)) {
            first = failure;
            open(next(), where);
            return;
        }
        deadline.disarm();
        BackendFailure before = first;
        if (before == null) {
            result.failed(failure);
        } else if (way == Encryption.NONE) {
            result.failed(failure.behind("with TLS: " + before.message()));
        } else {
            result.failed(failure.behind("without TLS: " + before.message()));
        }
    }

    /** Whether the next way may succeed where this one did not. */
    private boolean isDueToEncryption(BackendFailure failure) {
        BackendLogin last = login;
        if (tlsFailed || last == null) {
            return tlsFailed;
        }
        // What pgweir itself refuses, it must not try again with less protection.
        boolean encrypted = last.protection() != null;
        return last.isRefusedByServer() && failure.isDenial() && encrypted != (way == Encryption.NONE);
    }

    /** A login that begins when the connection is protected, or may go without. */
    private final class Protected extends ChannelInitializer<Channel> implements TlsNegotiation.Failures {
        private final BackendLogin next;

        Protected(BackendLogin next) {
            this.next = next;
        }

        @Override
        protected void initChannel(Channel channel) {
            channel.pipeline()
                    .addLast(new TlsNegotiation(tls, host, way == Encryption.TLS, this))
                    .addLast(next);
        }

        @Override
        public void handshakeFailed(BackendFailure failure) {
            tlsFailed = true;
            next.fail(failure);
        }

        @Override
        public void refused(BackendFailure failure) {
            next.fail(failure);
        }
    }
}
