package io.pgweir.proxy.net;

import io.netty.channel.EventLoop;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The deadlines of one event loop. Deadlines of equal length expire in the order they were armed, so each length has a
 * plain list: arming and disarming are constant-time and allocate nothing, and one task per length is scheduled, not one
 * per deadline. Only its loop's thread may use it.
 */
public final class Deadlines {
    /** Something that expires. Reusable; at most once in a list at a time. */
    public abstract static class Deadline {
        private @Nullable Deadline previous;
        private @Nullable Deadline next;
        private @Nullable Line line;
        private @Nullable Line lastLine;
        private long armedAt;
        private long expiresAt;
        private boolean prolonged;

        /**
         * Whether a loop that comes late proves nothing: it, or the whole machine, has stood still, and what was waited for
         * may be there, unread. Then the time runs once more, and not a third time.
         */
        protected boolean outlastsStandstill() {
            return false;
        }

        /** Called on the loop once the time is over; the deadline is disarmed by then. */
        protected abstract void expired();

        /** True from {@link Deadlines#arm} to {@link #disarm} or expiry. */
        public final boolean isArmed() {
            return line != null;
        }

        /** Takes the deadline back; no effect if it is not armed. */
        public final void disarm() {
            Line current = line;
            if (current != null) {
                current.unlink(this);
            }
        }
    }

    /** A loop that comes later than this has stood still. */
    static final long STANDSTILL_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    private final EventLoop loop;
    private final LongSupplier clock;
    private final Map<Long, Line> lines = new HashMap<>();

    public Deadlines(EventLoop loop) {
        this(loop, System::nanoTime);
    }

    /** @param clock as {@link System#nanoTime} */
    Deadlines(EventLoop loop, LongSupplier clock) {
        this.loop = loop;
        this.clock = clock;
    }

    /** Arms (again) for {@code nanos} from now. */
    public void arm(Deadline deadline, long nanos) {
        deadline.disarm();
        Line line = deadline.lastLine;
        if (line == null || line.nanos != nanos || line.dropped) {
            line = lines.computeIfAbsent(nanos, length -> new Line(length, true));
            deadline.lastLine = line;
        }
        deadline.prolonged = false;
        line.append(deadline);
        deadline.armedAt = deadline.expiresAt - nanos;
    }

    /**
     * Changes the length of an armed deadline: {@code nanos} from when it was armed, however often that has been changed, or at
     * once if that is over.
     */
    public void rearm(Deadline deadline, long nanos) {
        if (deadline.isArmed() && deadline.expiresAt - deadline.armedAt != nanos) {
            deadline.disarm();
            // Hardly any other has what is left: a line in the map would stay there until its time.
            new Line(Math.max(1, deadline.armedAt + nanos - clock.getAsLong()), false).append(deadline);
        }
    }

    private final class Line implements Runnable {
        private final long nanos;
        private final boolean shared;
        private @Nullable Future<?> task;
        private @Nullable Deadline first;
        private @Nullable Deadline last;
        private boolean scheduled;
        private boolean dropped;

        /** @param shared false for a single deadline, with which its task goes */
        Line(long nanos, boolean shared) {
            this.nanos = nanos;
            this.shared = shared;
        }

        void append(Deadline deadline) {
            deadline.expiresAt = clock.getAsLong() + nanos;
            deadline.line = this;
            deadline.previous = last;
            deadline.next = null;
            if (last == null) {
                first = deadline;
            } else {
                last.next = deadline;
            }
            last = deadline;
            if (!scheduled) {
                scheduled = true;
                schedule(nanos);
            }
        }

        private void schedule(long delayNanos) {
            task = loop.schedule(this, delayNanos, TimeUnit.NANOSECONDS);
        }

        void unlink(Deadline deadline) {
            if (deadline.previous == null) {
                first = deadline.next;
            } else {
                deadline.previous.next = deadline.next;
            }
            if (deadline.next == null) {
                last = deadline.previous;
            } else {
                deadline.next.previous = deadline.previous;
            }
            deadline.previous = deadline.next = null;
            deadline.line = null;
            if (!shared && task != null) {
                task.cancel(false);
            }
        }

        @Override
        public void run() {
            long now = clock.getAsLong();
            try {
                while (first != null && first.expiresAt - now <= 0) {
                    Deadline deadline = first;
                    unlink(deadline);
                    boolean late = now - deadline.expiresAt > STANDSTILL_NANOS;
                    if (late && !deadline.prolonged && deadline.outlastsStandstill()) {
                        deadline.prolonged = true;
                        append(deadline);
                    } else {
                        deadline.expired();
                    }
                }
            } finally {
                // Also when one of them fails: the others have nothing to do with it.
                scheduleNext(now);
            }
        }

        private void scheduleNext(long now) {
            scheduled = first != null;
            if (first != null) {
                schedule(Math.max(0, first.expiresAt - now));
            } else if (shared && lines.size() > MAX_IDLE_LINES) {
                lines.remove(nanos);
                dropped = true;
            }
        }
    }

    /** Clients may choose any length; lines that fell empty are dropped beyond this many. */
    private static final int MAX_IDLE_LINES = 64;
}
