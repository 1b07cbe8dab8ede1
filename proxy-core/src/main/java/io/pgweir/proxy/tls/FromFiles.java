package io.pgweir.proxy.tls;

import io.netty.util.ReferenceCountUtil;
import io.pgweir.proxy.settings.BadValue;
import io.pgweir.proxy.settings.SecretFiles;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something made of a few files, which is made again when they change. Files that are of no use leave what there was
 * before in use, and the log says why. Thread-safe. {@link #refresh} reads files and must not run on an event loop, nor must {@link #close}.
 *
 * @param <T> what is made; it is released when it has been replaced, if it counts references
 */
final class FromFiles<T> {
    /** Makes it of the files, by the settings that name them. */
    interface Maker<T> {
        T make(Map<String, TlsFile> files) throws TlsFault;
    }

    private static final Logger LOG = LoggerFactory.getLogger(FromFiles.class);

    private final String what;
    private final Map<String, Path> paths;
    private final Maker<T> maker;
    private final Object refreshing = new Object();
    private byte @Nullable [] tried;
    private @Nullable TlsFault fault;
    private @Nullable T current;

    /**
     * @param what what it is, for the log
     * @param paths the files by the settings that name them; not null each, in order
     */
    FromFiles(String what, Map<String, Path> paths, Maker<T> maker) {
        this.what = what;
        this.paths = new LinkedHashMap<>(paths);
        this.maker = maker;
    }

    /**
     * Looks whether the files have changed, and if so makes it anew.
     *
     * @throws TlsFault if they are of no use, and never were
     */
    void refresh() throws TlsFault {
        synchronized (refreshing) {
            Map<String, TlsFile> files = new LinkedHashMap<>();
            try {
                List<TlsFile> read = new ArrayList<>();
                for (Map.Entry<String, Path> one : paths.entrySet()) {
                    read.add(new TlsFile(one.getKey(), one.getValue(), read(one.getKey(), one.getValue())));
                }
                read.forEach(file -> files.put(file.setting(), file));
            } catch (TlsFault e) {
                failed(e, null);
                return;
            }
            byte[] now = digest(files);
            if (MessageDigest.isEqual(now, tried)) {
                if (current == null && fault != null) {
                    throw fault;
                }
                return;
            }
            try {
                boolean first = current == null;
                replace(maker.make(files));
                tried = now;
                fault = null;
                if (!first) {
                    LOG.info("{}: the files have changed; the new ones are in use for new connections", what);
                }
            } catch (TlsFault e) {
                failed(e, now);
            }
        }
    }

    private void failed(TlsFault e, byte @Nullable [] files) throws TlsFault {
        boolean news = fault == null || !fault.text().equals(e.text());
        fault = e;
        tried = files == null ? tried : files;
        if (current == null) {
            throw e;
        }
        if (news) {
            LOG.warn("{}: the files have changed, and are of no use; the former ones stay in use: {}", what, e.text());
        }
    }

    private void replace(@Nullable T next) {
        T before;
        synchronized (this) {
            before = current;
            current = next;
        }
        ReferenceCountUtil.release(before);
    }

    /** Uses what there is; it stays valid during the call. */
    synchronized <R> R use(Function<T, R> user) {
        T there = current;
        if (there == null) {
            throw new IllegalStateException(what + " is not there");
        }
        return user.apply(there);
    }

    /** Releases it; there is nothing any more, unless somebody who has come late calls {@link #refresh} once more. */
    void close() {
        synchronized (refreshing) {
            tried = null;
            fault = null;
            replace(null);
        }
    }

    private static byte[] digest(Map<String, TlsFile> files) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (TlsFile file : files.values()) {
                digest.update((file.setting() + ":" + file.bytes().length + ":")
                        .getBytes(java.nio.charset.StandardCharsets.US_ASCII));
                digest.update(file.bytes());
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] read(String setting, Path path) throws TlsFault {
        try {
            return SecretFiles.readBytes(path);
        } catch (BadValue e) {
            throw new TlsFault(setting + ": " + e.getMessage(), e);
        }
    }
}
