package io.pgweir.proxy.net;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What Linux says about listening TCP sockets ({@code /proc/net/tcp}). Reads files, so never on an event loop. */
final class ListeningTable {
    private static final String LISTEN = "0A";

    /**
     * One socket.
     *
     * @param address as Linux writes it; equal only for sockets of one family
     * @param inode its number in the system, as long as it is open
     * @param queued connections that wait to be accepted
     */
    record Entry(String address, long inode, long queued) {}

    private final Path directory;

    ListeningTable() {
        this(Path.of("/proc/self"));
    }

    ListeningTable(Path directory) {
        this.directory = directory;
    }

    /** All sockets that listen where the one with this descriptor does, itself included; empty if that cannot be told. */
    List<Entry> beside(int descriptor) throws IOException {
        long inode = inode(descriptor);
        for (String table : List.of("net/tcp", "net/tcp6")) {
            List<Entry> all = read(directory.resolve(table));
            for (Entry entry : all) {
                if (entry.inode == inode) {
                    return all.stream()
                            .filter(other -> other.address.equals(entry.address))
                            .toList();
                }
            }
        }
        return List.of();
    }

    /** The number of a socket of this process. */
    long inode(int descriptor) throws IOException {
        String target =
                Files.readSymbolicLink(directory.resolve("fd/" + descriptor)).toString();
        return Long.parseLong(target.replaceAll("\\D", ""));
    }

    private static List<Entry> read(Path table) throws IOException {
        List<Entry> entries = new ArrayList<>();
        if (!Files.isReadable(table)) {
            return entries;
        }
        try (BufferedReader lines = Files.newBufferedReader(table, StandardCharsets.US_ASCII)) {
            lines.readLine(); // the heading
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                String[] fields = line.trim().split("\\s+");
                if (fields.length < 10 || !fields[3].equals(LISTEN)) {
                    break; // those that listen come first; there may be many others
                }
                long queued = Long.parseLong(fields[4].substring(fields[4].indexOf(':') + 1), 16);
                entries.add(new Entry(fields[1], Long.parseLong(fields[9]), queued));
            }
        }
        return entries;
    }
}
