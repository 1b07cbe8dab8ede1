package io.pgweir.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The file that says which process a configuration runs in ({@code pid_file}). A process that shares its addresses with its
 * successor leaves the file to it.
 */
final class PidFile implements AutoCloseable {
    /** It cannot be written, or says nothing of use; the message is one sentence that says what to do. */
    static final class Unusable extends Exception {
        private static final long serialVersionUID = 1L;

        Unusable(String message) {
            super(message);
        }
    }

    private final @Nullable Path path;
    private final String own = String.valueOf(ProcessHandle.current().pid());

    private PidFile(@Nullable Path path) {
        this.path = path;
    }

    /** Looks whether the file can be written, if one is named. */
    static PidFile claim(Optional<String> named) throws Unusable {
        Path path = named.map(Path::of).orElse(null);
        if (path != null) {
            Path directory = path.toAbsolutePath().getParent();
            if (directory == null || !Files.isDirectory(directory)) {
                throw new Unusable("there is no directory for pid_file " + path + ": make it, or name another file");
            }
            if (Files.exists(path)
                    ? !Files.isRegularFile(path) || !Files.isWritable(path)
                    : !Files.isWritable(directory)) {
                throw new Unusable("pid_file " + path + " cannot be written: change its mode, or name another file");
            }
        }
        return new PidFile(path);
    }

    /** Writes the number of this process into it. */
    void write() throws Unusable {
        Path file = path;
        if (file != null) {
            try {
                Files.writeString(file, own + "\n");
            } catch (IOException e) {
                throw new Unusable("pid_file " + file + " cannot be written: " + e.getMessage());
            }
        }
    }

    /** The number of the process that has written this file last. */
    static long read(Path file) throws Unusable {
        try {
            return Long.parseLong(Files.readString(file).strip());
        } catch (IOException e) {
            throw new Unusable("pid_file " + file + " cannot be read: is pgweir running with it? See --pid");
        } catch (NumberFormatException e) {
            throw new Unusable("pid_file " + file + " holds no process id");
        }
    }

    /** Removes it, if it is still that of this process. */
    @Override
    public void close() {
        Path file = path;
        if (file != null) {
            try {
                if (Files.readString(file).strip().equals(own)) {
                    Files.delete(file);
                }
            } catch (IOException e) {
                // It is gone already, or was never written: all that is wanted.
            }
        }
    }
}
