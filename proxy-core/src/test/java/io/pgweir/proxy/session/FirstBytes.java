package io.pgweir.proxy.session;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Forwards to a port of this machine and keeps the first 8 bytes of each connection. */
final class FirstBytes implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 20, InetAddress.getLoopbackAddress());
    private final List<byte[]> seen = Collections.synchronizedList(new ArrayList<>());

    FirstBytes(int target) throws IOException {
        daemon(() -> {
            while (true) {
                Socket client = listener.accept();
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
                daemon(() -> pump(server, client));
                daemon(() -> {
                    byte[] first = client.getInputStream().readNBytes(8);
                    seen.add(first);
                    server.getOutputStream().write(first);
                    pump(client, server);
                });
            }
        });
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void daemon(Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (IOException over) {
                // one end has gone
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    private static void pump(Socket from, Socket to) throws IOException {
        try (InputStream in = from.getInputStream()) {
            in.transferTo(to.getOutputStream());
        } finally {
            to.close();
            from.close();
        }
    }

    int port() {
        return listener.getLocalPort();
    }

    List<byte[]> seen() {
        return List.copyOf(seen);
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
