package io.pgweir.proxy.session;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import io.pgweir.protocol.wire.TransactionStatus;
import io.pgweir.proxy.backend.BackendConnection;
import io.pgweir.proxy.net.LoopContext;
import io.pgweir.proxy.session.ClientSnapshot.Endpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Asks each event loop for its clients, a few at a time, so that clients in between are not held up. Thread-safe. */
public final class ClientCensus {
    private static final int SLICE = 500;

    private ClientCensus() {}

    /** All clients past their login; completes on one of the loops. */
    public static CompletableFuture<List<ClientSnapshot>> of(Sessions sessions) {
        return of(sessions.open());
    }

    static CompletableFuture<List<ClientSnapshot>> of(Collection<ClientSession> all) {
        Map<LoopContext, List<ClientSession>> byLoop = new HashMap<>();
        for (ClientSession session : all) {
            byLoop.computeIfAbsent(session.loop(), loop -> new ArrayList<>()).add(session);
        }
        if (byLoop.isEmpty()) {
            return CompletableFuture.completedFuture(List.of());
        }
        CompletableFuture<List<ClientSnapshot>> result = new CompletableFuture<>();
        List<ClientSnapshot> found = new ArrayList<>();
        AtomicInteger left = new AtomicInteger(byLoop.size());
        byLoop.forEach((loop, sessions) -> loop.loop()
                .execute(() -> slice(loop, sessions, 0, found, () -> {
                    if (left.decrementAndGet() == 0) {
                        result.complete(found);
                    }
                })));
        return result;
    }

    private static void slice(
            LoopContext loop, List<ClientSession> sessions, int from, List<ClientSnapshot> found, Runnable end) {
        int to = Math.min(sessions.size(), from + SLICE);
        List<ClientSnapshot> mine = new ArrayList<>(to - from);
        for (ClientSession session : sessions.subList(from, to)) {
            if (!session.isClosed()) {
                mine.add(snapshot(session));
            }
        }
        synchronized (found) {
            found.addAll(mine);
        }
        if (to < sessions.size()) {
            loop.loop().schedule(() -> slice(loop, sessions, to, found, end), 1, TimeUnit.MILLISECONDS);
        } else {
            end.run();
        }
    }

    /** On the session's loop. */
    private static ClientSnapshot snapshot(ClientSession session) {
        ClientIdentity identity = session.identity();
        BackendConnection backend = session.backend();
        long waited = identity.waitedNanos();
        Channel channel = session.channel();
        return new ClientSnapshot(
                identity.number(),
                session.pool().key(),
                waited >= 0 ? "waiting" : backend != null ? "active" : "idle",
                transaction(session, backend),
                Endpoint.of(channel.remoteAddress()),
                Endpoint.of(channel.localAddress()),
                tls(channel),
                identity.connectedAt(),
                session.lease().tenure.requestAt(),
                waited,
                backend == null ? "" : backend.toString(),
                backend == null ? 0 : backend.pid(),
                identity.application(),
                identity.label(),
                session.lease().state().pins().because());
    }

    private static String transaction(
            ClientSession session, @org.jspecify.annotations.Nullable BackendConnection backend) {
        if (backend != null) {
            return switch (backend.status()) {
                case TransactionStatus.IDLE -> "none";
                case TransactionStatus.FAILED -> "failed";
                default -> "open";
            };
        }
        return session.transaction().name().toLowerCase(java.util.Locale.ROOT);
    }

    private static String tls(Channel channel) {
        SslHandler handler = channel.pipeline().get(SslHandler.class);
        return handler == null
                ? ""
                : handler.engine().getSession().getProtocol() + "/"
                        + handler.engine().getSession().getCipherSuite();
    }
}
