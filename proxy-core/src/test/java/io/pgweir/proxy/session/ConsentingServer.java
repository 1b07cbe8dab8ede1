package io.pgweir.proxy.session;

import io.pgweir.proxy.testkit.Frontend;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Arrays;

/** A server that answers SSLRequest with some bytes, and any other first packet by closing. */
final class ConsentingServer implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 20, InetAddress.getLoopbackAddress());

    ConsentingServer(byte[] answer) throws IOException {
        Thread thread = new Thread(() -> {
            while (!listener.isClosed()) {
                try (Socket socket = listener.accept()) {
                    byte[] first = socket.getInputStream().readNBytes(8);
                    if (Arrays.equals(first, Frontend.sslRequest())) {
                        socket.getOutputStream().write(answer);
                        socket.getInputStream().readAllBytes();
                    }
                } catch (IOException closed) {
                    // the next
                }
            }
        });
        thread.setDaemon(true);
        thread.start();
    }

    int port() {
        return listener.getLocalPort();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
