package io.pgweir.proxy.testkit;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A TCP proxy that knows no protocol and spoils what passes: each direction ({@link #toServer()}, {@link #toClient()})
 * can be sliced, delayed, stalled or cut on its own, now and for connections to come. Slices are drawn from the seed,
 * which failing tests print.
 */
public final class FaultProxy implements AutoCloseable {

    private volatile ServerSocket listener;
    private volatile Thread accepting = new Thread();
    private final InetSocketAddress target;
    private final long seed;
    private final FaultLeg toServer = new FaultLeg();
    private final FaultLeg toClient = new FaultLeg();
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger accepted = new AtomicInteger();
    private final AtomicInteger broken = new AtomicInteger();
    private volatile boolean refusing;
    private volatile boolean orderly;

    private FaultProxy(InetSocketAddress target, long seed) throws IOException {
        this.target = target;
        this.seed = seed;
        this.listener = new ServerSocket(0, 200, InetAddress.getLoopbackAddress());
    }

    /** Listens on a free loopback port and passes everything on until told otherwise. */
    public static FaultProxy to(String host, int port, long seed) throws IOException {
        FaultProxy proxy = new FaultProxy(new InetSocketAddress(host, port), seed);
        proxy.acceptAllAt(proxy.listener);
        return proxy;
    }

    public String host() {
        return listener.getInetAddress().getHostAddress();
    }

    public int port() {
        return listener.getLocalPort();
    }

    public FaultLeg toServer() {
        return toServer;
    }

    public FaultLeg toClient() {
        return toClient;
    }

    /** Connections accepted so far. */
    public int accepted() {
        return accepted.get();
    }

    /** Directions of connections that have broken so far, cut ones among them. */
    public int broken() {
        return broken.get();
    }

    /** From now on new connections are accepted and reset at once. */
    public void refuse(boolean refuse) {
        refusing = refuse;
    }

    /** From now on nobody listens, as where no server runs; connections that are there go on. */
    public void closePort() throws IOException {
        listener.close();
        try {
            accepting.join(); // until then the kernel goes on listening
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while the port was being closed");
        }
    }

    /** Undoes {@link #closePort}. */
    public void openPort() throws IOException {
        listener = new ServerSocket(port(), 200, InetAddress.getLoopbackAddress());
        acceptAllAt(listener);
    }

    /** A cut closes both legs (FIN), as the end of a process does, instead of resetting them (RST). */
    public void cutOrderly(boolean orderly) {
        this.orderly = orderly;
    }

    /** Resets both legs of every connection. */
    public void resetAll() throws IOException {
        for (Socket socket : sockets) {
            reset(socket);
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        toServer.resume();
        toClient.resume();
        resetAll();
    }

    private void acceptAllAt(ServerSocket at) {
        accepting = daemon("fault-proxy-accept", () -> acceptAll(at));
    }

    private void acceptAll(ServerSocket at) {
        while (!at.isClosed()) {
            try {
                Socket client = at.accept();
                if (at.isClosed()) {
                    reset(client); // it has come at the same time
                    return;
                }
                int number = accepted.incrementAndGet();
                daemon("fault-proxy-connect-" + number, () -> join(client, number));
            } catch (IOException e) {
                // Closed, or a client that left before it was accepted: the loop's condition tells.
            }
        }
    }

    private void join(Socket client, int number) {
        Socket server = new Socket();
        sockets.add(client);
        sockets.add(server);
        try {
            if (refusing) {
                throw new IOException("refusing");
            }
            server.connect(target);
            client.setTcpNoDelay(true);
            server.setTcpNoDelay(true);
        } catch (IOException e) {
            reset(client);
            reset(server);
            return;
        }
        daemon("fault-proxy-to-server-" + number, () -> pump(client, server, toServer, seed + 2L * number));
        daemon("fault-proxy-to-client-" + number, () -> pump(server, client, toClient, seed + 2L * number + 1));
    }

    private void pump(Socket from, Socket to, FaultLeg leg, long pumpSeed) {
        try {
            leg.pump(from.getInputStream(), to.getOutputStream(), pumpSeed);
            to.shutdownOutput();
            if (from.isOutputShutdown()) { // both directions have ended
                end(from);
                end(to);
            }
        } catch (FaultLeg.CutHere e) {
            cut(from);
            cut(to);
        } catch (IOException | InterruptedException e) {
            reset(from);
            reset(to);
            broken.incrementAndGet();
        }
    }

    private void cut(Socket socket) {
        if (orderly) {
            end(socket);
        } else {
            reset(socket);
        }
    }

    private void end(Socket socket) {
        sockets.remove(socket);
        try {
            socket.close();
        } catch (IOException e) {
            // Already closed, which is what was wanted.
        }
    }

    private void reset(Socket socket) {
        sockets.remove(socket);
        try (socket) {
            socket.setSoLinger(true, 0);
        } catch (IOException e) {
            // Already closed, which is what was wanted.
        }
    }

    private static Thread daemon(String name, Runnable work) {
        Thread thread = new Thread(work, name);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
