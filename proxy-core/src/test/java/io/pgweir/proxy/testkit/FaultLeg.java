package io.pgweir.proxy.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/** One direction of a {@link FaultProxy}. Settings apply at once, to all its connections; any thread may change them. */
public final class FaultLeg {

    private static final long UNLIMITED = Long.MAX_VALUE;

    private final AtomicLong passed = new AtomicLong();
    private final Object stallLock = new Object();
    private volatile int largestSlice = Integer.MAX_VALUE;
    private volatile Duration delay = Duration.ZERO;
    private final AtomicLong cutAt = new AtomicLong(UNLIMITED);
    private final AtomicLong cutOnceAt = new AtomicLong(UNLIMITED);
    private boolean stalled;

    /** The place of {@link #cutAfter} is reached. */
    static final class CutHere extends IOException {
        CutHere() {
            super("cut here");
        }
    }

    FaultLeg() {}

    /** Passes bytes on in writes of 1 to {@code largest} bytes, drawn at random. */
    public FaultLeg slice(int largest) {
        largestSlice = largest;
        return this;
    }

    /** Waits this long before every write. */
    public FaultLeg delay(Duration duration) {
        delay = duration;
        return this;
    }

    /** Passes nothing more until {@link #resume()}; the sockets stay open, as behind a firewall that drops. */
    public void stall() {
        synchronized (stallLock) {
            stalled = true;
        }
    }

    public void resume() {
        synchronized (stallLock) {
            stalled = false;
            stallLock.notifyAll();
        }
    }

    /** Resets the connection that would carry more than this many further bytes, exactly after the last of them. */
    public void cutAfter(long bytes) {
        cutAt.set(passed.get() + bytes);
    }

    /** The same for one connection only; those that come after it pass. */
    public void cutOnceAfter(long bytes) {
        cutOnceAt.set(passed.get() + bytes);
    }

    /** Whether {@link #cutOnceAfter} is still to come. */
    public boolean isCutPending() {
        return cutOnceAt.get() != UNLIMITED;
    }

    /** Undoes {@link #cutAfter} and {@link #cutOnceAfter}. */
    public void cutNever() {
        cutAt.set(UNLIMITED);
        cutOnceAt.set(UNLIMITED);
    }

    /** Bytes passed so far, over all connections. */
    public long passed() {
        return passed.get();
    }

    void pump(InputStream in, OutputStream out, long seed) throws IOException, InterruptedException {
        Random random = new Random(seed);
        byte[] buffer = new byte[16 * 1024];
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            int start = 0;
            while (start < count) {
                start += write(out, buffer, start, count - start, random);
            }
        }
    }

    private int write(OutputStream out, byte[] buffer, int start, int count, Random random)
            throws IOException, InterruptedException {
        int slice = Math.min(count, 1 + random.nextInt(Math.min(largestSlice, buffer.length)));
        if (largestSlice >= buffer.length) {
            slice = count;
        }
        if (!delay.isZero()) {
            Thread.sleep(delay.toMillis());
        }
        synchronized (stallLock) {
            while (stalled) {
                stallLock.wait();
            }
        }
        long once = cutOnceAt.get();
        long room = Math.min(cutAt.get(), once) - passed.get();
        slice = (int) Math.min(slice, Math.max(room, 0));
        passed.addAndGet(slice); // before anybody can have seen the bytes
        out.write(buffer, start, slice);
        if (room < count && room <= slice) {
            cutOnceAt.compareAndSet(once, UNLIMITED);
            throw new CutHere();
        }
        return slice;
    }
}
