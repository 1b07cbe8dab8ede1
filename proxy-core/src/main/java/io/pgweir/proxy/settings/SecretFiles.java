package io.pgweir.proxy.settings;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads small files, of texts, keys and certificates, and says in one sentence why one cannot be read. */
public final class SecretFiles {
    private static final int MOST_BYTES = 1 << 20;

    private SecretFiles() {}

    /** The path that a text names. */
    static Path path(String text) throws BadValue {
        try {
            return Path.of(text);
        } catch (InvalidPathException e) {
            throw new BadValue("'" + Suggestions.quoted(text) + "' is no path");
        }
    }

    /** The whole file as UTF-8. */
    static String read(Path file) throws BadValue {
        byte[] bytes = readBytes(file);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new BadValue("'" + file + "' is not UTF-8 text");
        }
    }

    /** The whole file. */
    public static byte[] readBytes(Path file) throws BadValue {
        try {
            if (Files.isDirectory(file)) {
                throw new BadValue("'" + file + "' is a directory: name a file");
            }
            // Bounded as it is read: a size asked for first may be wrong, and of a device it is 0.
            byte[] bytes;
            try (InputStream in = Files.newInputStream(file)) {
                bytes = in.readNBytes(MOST_BYTES + 1);
            }
            if (bytes.length > MOST_BYTES) {
                throw new BadValue("'" + file + "' has more than 1 MiB: is it the right file?");
            }
            return bytes;
        } catch (NoSuchFileException e) {
            throw new BadValue("there is no file '" + file + "'");
        } catch (AccessDeniedException e) {
            throw new BadValue("'" + file + "' may not be read by user " + System.getProperty("user.name")
                    + ": change its owner or mode");
        } catch (IOException e) {
            throw new BadValue("'" + file + "' cannot be read: " + e.getMessage());
        }
    }

    /** The file's only line, as secret stores mount it: without the line end. */
    static String readLine(Path file) throws BadValue {
        String line = read(file).replaceFirst("\\r?\\n\\z", "");
        if (line.isEmpty()) {
            throw new BadValue("'" + file + "' is empty");
        }
        if (line.indexOf('\n') >= 0) {
            throw new BadValue("'" + file + "' has several lines: one is expected");
        }
        return line;
    }
}
