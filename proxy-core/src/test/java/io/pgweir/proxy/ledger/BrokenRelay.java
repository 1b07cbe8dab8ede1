package io.pgweir.proxy.ledger;

import io.pgweir.proxy.testkit.FaultProxy;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Stands between a client and pgweir and does what a careless proxy would do, to show that the audit notices. One request is
 * answered before the next is read. One thread for each connection.
 */
final class BrokenRelay implements AutoCloseable {
    /** What it does wrong, every fourth time. */
    enum Defect {
        NONE,
        /** An INSERT whose answer was lost with the backend is sent again. */
        REPEATS_LOST_INSERTS,
        /** COMMIT is answered before it is sent, and then its backend is lost. */
        ACKNOWLEDGES_BEFORE_COMMIT,
        /** A transaction whose COMMIT may have been done is told to have failed. */
        DENIES_DOUBTFUL_COMMITS,
        /** A COMMIT that was lost with the backend is sent again: outside of a transaction PostgreSQL has no objection. */
        REPEATS_LOST_COMMITS,
        /** A transaction whose COMMIT may have been done is sent again from its beginning, as careless clients do. */
        REPEATS_DOUBTFUL_TRANSACTIONS
    }

    private static final int EVERY = 4;

    private final ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    private final int target;
    private final FaultProxy network;
    private final Defect defect;
    private volatile int done;

    /** @param network between pgweir and the server, to break connections in time */
    BrokenRelay(int target, FaultProxy network, Defect defect) throws IOException {
        this.target = target;
        this.network = network;
        this.defect = defect;
        daemon(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /** How often it has done its defect. */
    int done() {
        return done;
    }

    private void accept() {
        try {
            while (true) {
                Socket client = listener.accept();
                daemon(() -> serve(client));
            }
        } catch (IOException closed) {
            // the test is over
        }
    }

    private void serve(Socket client) {
        try (client;
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
            DataInputStream fromClient = new DataInputStream(client.getInputStream());
            DataInputStream fromServer = new DataInputStream(server.getInputStream());
            DataOutputStream toServer = new DataOutputStream(server.getOutputStream());
            int length = fromClient.readInt();
            byte[] startup = fromClient.readNBytes(length - 4);
            toServer.writeInt(length);
            toServer.write(startup);
            client.getOutputStream().write(answer(fromServer));
            ByteArrayOutputStream request = new ByteArrayOutputStream();
            int commits = 0;
            List<byte[]> transaction = new ArrayList<>();
            while (true) {
                byte[] message = message(fromClient);
                request.write(message);
                if (message[0] == 'Q' || message[0] == 'S') {
                    byte[] whole = request.toByteArray();
                    request.reset();
                    String text = new String(whole, StandardCharsets.UTF_8);
                    if (text.startsWith("BEGIN", 5)) {
                        transaction.clear();
                    }
                    transaction.add(whole);
                    boolean now = text.startsWith(defect == Defect.REPEATS_LOST_INSERTS ? "INSERT" : "COMMIT", 5)
                            && commits++ % EVERY == 0;
                    client.getOutputStream()
                            .write(
                                    now
                                            ? spoilt(whole, transaction, toServer, fromServer)
                                            : sent(whole, toServer, fromServer));
                }
            }
        } catch (EOFException | SocketException gone) {
            // one side has ended
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private byte[] spoilt(
            byte[] request, List<byte[]> transaction, DataOutputStream toServer, DataInputStream fromServer)
            throws IOException {
        switch (defect) {
            case REPEATS_LOST_INSERTS -> {
                network.toClient().cutOnceAfter(0);
                sent(request, toServer, fromServer);
                network.toClient().cutNever();
                done++;
                return sent(request, toServer, fromServer);
            }
            case ACKNOWLEDGES_BEFORE_COMMIT -> {
                network.toServer().cutOnceAfter(0);
                sent(request, toServer, fromServer);
                network.toServer().cutNever();
                done++;
                return "C\0\0\0\13COMMIT\0Z\0\0\0\5I".getBytes(StandardCharsets.UTF_8);
            }
            case DENIES_DOUBTFUL_COMMITS -> {
                network.toClient().cutOnceAfter(0);
                byte[] answer = sent(request, toServer, fromServer);
                network.toClient().cutNever();
                done++;
                return new String(answer, StandardCharsets.ISO_8859_1)
                        .replace("C08007", "C08006")
                        .getBytes(StandardCharsets.ISO_8859_1);
            }
            case REPEATS_LOST_COMMITS -> {
                network.toServer().cutOnceAfter(0);
                sent(request, toServer, fromServer);
                network.toServer().cutNever();
                done++;
                return sent(request, toServer, fromServer);
            }
            case REPEATS_DOUBTFUL_TRANSACTIONS -> {
                network.toClient().cutOnceAfter(0);
                byte[] answer = sent(request, toServer, fromServer);
                network.toClient().cutNever();
                done++;
                for (byte[] again : transaction) {
                    answer = sent(again, toServer, fromServer);
                }
                return answer;
            }
            default -> {
                return sent(request, toServer, fromServer);
            }
        }
    }

    private static byte[] sent(byte[] request, DataOutputStream toServer, DataInputStream fromServer)
            throws IOException {
        toServer.write(request);
        return answer(fromServer);
    }

    /** Everything up to ReadyForQuery. */
    private static byte[] answer(DataInputStream fromServer) throws IOException {
        ByteArrayOutputStream answer = new ByteArrayOutputStream();
        byte[] message;
        do {
            message = message(fromServer);
            answer.write(message);
        } while (message[0] != 'Z');
        return answer.toByteArray();
    }

    private static byte[] message(DataInputStream in) throws IOException {
        byte type = in.readByte();
        int length = in.readInt();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.writeByte(type);
        out.writeInt(length);
        out.write(in.readNBytes(length - 4));
        return bytes.toByteArray();
    }

    private static void daemon(Runnable work) {
        Thread thread = new Thread(work, "broken-relay");
        thread.setDaemon(true);
        thread.start();
    }

    @Override
    public void close() throws IOException {
        listener.close();
    }
}
