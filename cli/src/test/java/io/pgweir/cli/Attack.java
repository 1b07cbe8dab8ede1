package io.pgweir.cli;

import io.pgweir.proxy.testkit.Frontend;
import io.pgweir.proxy.testkit.LoginRefused;
import io.pgweir.proxy.testkit.WireClient;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;

/** One connection that means no good. It comes from one of 127.0.0.2 to 127.0.0.9, and is over within a second or so. */
enum Attack {
    GARBAGE {
        @Override
        void run(Socket socket, Random random) throws IOException {
            byte[] bytes = new byte[1 + random.nextInt(4000)];
            random.nextBytes(bytes);
            send(socket, bytes);
            await(socket, 200);
        }
    },
    SILENCE {
        @Override
        void run(Socket socket, Random random) throws IOException {
            await(socket, 100 + random.nextInt(400));
        }
    },
    HALF_A_STARTUP_PACKET {
        @Override
        void run(Socket socket, Random random) throws IOException {
            byte[] packet = startup();
            send(socket, java.util.Arrays.copyOf(packet, random.nextInt(packet.length)));
            await(socket, 100 + random.nextInt(400));
        }
    },
    ONE_BYTE_AT_A_TIME {
        @Override
        void run(Socket socket, Random random) throws IOException {
            for (byte one : startup()) {
                send(socket, new byte[] {one});
                await(socket, 10);
            }
        }
    },
    SLOW_HANDSHAKE {
        @Override
        void run(Socket socket, Random random) throws IOException {
            send(socket, Frontend.sslRequest());
            await(socket, 100);
            byte[] hello = {0x16, 3, 1, 0x20, 0, 1, 0, 0x1f, (byte) 0xfc, 3, 3};
            for (byte one : hello) {
                send(socket, new byte[] {one});
                await(socket, 20);
            }
            send(socket, new byte[random.nextInt(20_000)]);
            await(socket, 100);
        }
    },
    ENDLESS_MESSAGE {
        @Override
        void run(Socket socket, Random random) throws IOException {
            send(socket, startup());
            await(socket, 100);
            send(socket, ByteBuffer.allocate(5).put((byte) 'p').putInt(1024).array());
            for (int i = 0; i < 100; i++) {
                send(socket, new byte[16_384]);
            }
        }
    },
    HUGE_LENGTH {
        @Override
        void run(Socket socket, Random random) throws IOException {
            int[] lengths = {Integer.MAX_VALUE, -1, Integer.MIN_VALUE, 0x3fffffff, 10_005, 0};
            int length = lengths[random.nextInt(lengths.length)];
            if (random.nextBoolean()) {
                send(
                        socket,
                        ByteBuffer.allocate(8).putInt(length).putInt(3 << 16).array());
            } else {
                send(socket, startup());
                send(
                        socket,
                        ByteBuffer.allocate(5).put((byte) 'p').putInt(length).array());
            }
            await(socket, 200);
        }
    },
    BYTES_BEFORE_TLS {
        @Override
        void run(Socket socket, Random random) throws IOException {
            send(socket, Frontend.join(Frontend.sslRequest(), startup()));
            await(socket, 200);
        }
    },
    WRONG_PASSWORD {
        @Override
        void run(Socket socket, Random random) throws IOException {
            try {
                WireClient.login("127.0.0.1", socket.getPort(), "postgres", "user" + random.nextInt(5), "wrong")
                        .close();
                throw new AssertionError("logged in");
            } catch (LoginRefused refused) {
                // as it should be
            }
        }
    },
    CANCEL_FLOOD {
        @Override
        void run(Socket socket, Random random) throws IOException {
            byte[] key = new byte[4];
            random.nextBytes(key);
            send(socket, Frontend.cancelRequest(random.nextInt(), key));
            await(socket, 200);
        }
    },
    SASL_NONSENSE {
        @Override
        void run(Socket socket, Random random) throws IOException {
            send(socket, startup());
            await(socket, 50);
            String[] firsts = {"n,,n=,r=abc", "p=x,,n=,r=", "", "n,a=b,n=,r=c", "y,,m=1,n=,r=d"};
            send(socket, Frontend.saslInitialResponse("SCRAM-SHA-256", firsts[random.nextInt(firsts.length)]));
            await(socket, 50);
            send(socket, Frontend.saslResponse("c=biws,r=abc"));
            await(socket, 200);
        }
    };

    abstract void run(Socket socket, Random random) throws IOException;

    /** Makes the attempt; what becomes of the connection is the attacker's own business. */
    void on(int port, Random random) {
        try (Socket socket = new Socket()) {
            socket.bind(new InetSocketAddress(InetAddress.getByName("127.0.0." + (2 + random.nextInt(8))), 0));
            socket.connect(new InetSocketAddress("127.0.0.1", port), 5000);
            run(socket, random);
            if (random.nextInt(4) == 0) {
                socket.setSoLinger(true, 0); // a reset
            }
        } catch (IOException expected) {
            // refused, closed, reset
        }
    }

    private static byte[] startup() {
        return Frontend.startup(0, Map.of("user", "somebody", "database", "postgres"));
    }

    private static void send(Socket socket, byte[] bytes) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(bytes);
        out.flush();
    }

    /** Takes what comes within a time; ends with the connection. */
    private static void await(Socket socket, int millis) throws IOException {
        socket.setSoTimeout(millis);
        try {
            byte[] some = new byte[1024];
            if (socket.getInputStream().read(some) < 0) {
                throw new IOException("closed");
            }
            String text = new String(some, StandardCharsets.ISO_8859_1);
            if (text.startsWith("R\0\0\0\b\0\0\0\0")) {
                throw new AssertionError("logged in");
            }
        } catch (SocketTimeoutException nothing) {
            // goes on
        }
    }
}
