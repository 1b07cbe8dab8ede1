package io.pgweir.proxy.net;

import io.netty.channel.unix.Buffer;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening socket whose address other processes of the same user may listen on too (SO_REUSEPORT of Linux).
 *
 * <p>By itself Linux spreads new connections over all of these sockets, and resets what waits in the queue of one that is
 * closed, as well as handshakes that were begun with it. So the newest takes them all: it attaches a filter that names
 * its own place, which is the last one. When a socket is closed, the last takes the place that has become free; a filter that names a place
 * that is not there counts as none.
 *
 * <p>Reads files; not on an event loop. One thread at a time.
 */
final class SharedAddress {
    private static final Logger LOG = LoggerFactory.getLogger(SharedAddress.class);

    private static final int SOL_SOCKET = 1;
    private static final int SO_ATTACH_REUSEPORT_CBPF = 51;
    private static final int SO_DETACH_REUSEPORT_BPF = 68;
    private static final short BPF_RETURN_CONSTANT = 0x06;

    private final Socket socket;
    private final ListeningTable table = new ListeningTable();
    private final Set<Long> before;

    /** @param descriptor of a socket that listens */
    SharedAddress(int descriptor) throws IOException {
        this.socket = new Socket(descriptor);
        this.before = others();
    }

    /** From now on every new connection comes here. */
    void takeOver() {
        select(before.size());
    }

    /** From now on no new connection comes here, if others listen as well. Returns whether they do. */
    boolean leave() throws IOException {
        Set<Long> others = others();
        if (others.isEmpty()) {
            return false;
        }
        if (before.containsAll(others)) { // else a newer one has taken over
            if (others.containsAll(before)) {
                select(0); // this one is still the last
            } else {
                option(SO_DETACH_REUSEPORT_BPF, direct(4).putInt(0).flip()); // its place is not known: they share
            }
        }
        return true;
    }

    /** Connections that wait to be accepted here. */
    long queued() throws IOException {
        long inode = table.inode(socket.intValue());
        return table.beside(socket.intValue()).stream()
                .filter(entry -> entry.inode() == inode)
                .mapToLong(ListeningTable.Entry::queued)
                .sum();
    }

    private Set<Long> others() throws IOException {
        Set<Long> others = new HashSet<>();
        table.beside(socket.intValue()).forEach(entry -> others.add(entry.inode()));
        if (!others.remove(table.inode(socket.intValue()))) {
            throw new IOException("/proc/net/tcp does not show who listens there, which reuse_port needs");
        }
        return others;
    }

    /** Attaches the filter "return {@code place}": a struct sock_fprog that points to one struct sock_filter. */
    private void select(int place) {
        ByteBuffer instruction = direct(8);
        instruction.putShort(BPF_RETURN_CONSTANT).put((byte) 0).put((byte) 0).putInt(place);
        ByteBuffer program = direct(16);
        program.putShort((short) 1).putShort((short) 0).putInt(0).putLong(Buffer.memoryAddress(instruction));
        option(SO_ATTACH_REUSEPORT_CBPF, program.flip());
        Reference.reachabilityFence(instruction);
    }

    private static ByteBuffer direct(int bytes) {
        return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
    }

    private void option(int name, ByteBuffer value) {
        try {
            socket.setRawOpt(SOL_SOCKET, name, value);
        } catch (IOException e) {
            LOG.warn(
                    "processes on {} share new connections instead of leaving them to the newest, because this kernel"
                            + " refuses a filter ({}): a few may be reset when one ends",
                    socket.localAddress(),
                    e.getMessage());
        }
    }
}
