package io.pgweir.cli;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntConsumer;
import org.slf4j.LoggerFactory;

/**
 * SIGHUP asks for the configuration to be read again. SIGTERM and SIGINT: the first one asks for an orderly end, the next one ends the process at once with 128 plus the
 * signal's number. A shutdown hook could not do this, because the JVM ignores signals while hooks run.
 * {@code sun.misc.Signal} is used by reflection: compiling against it warns, and a JVM without it still works, with the
 * JVM's own handling.
 */
final class Signals {
    private static final String HANG_UP = "HUP";
    /** In this order: not every system has the last. */
    private static final List<String> NAMES = List.of("TERM", "INT", HANG_UP);

    private final IntConsumer onFirst;
    private final Runnable onHangUp;
    private final AtomicBoolean asked = new AtomicBoolean();

    private volatile int hangUp = -1;

    private Signals(IntConsumer onFirst, Runnable onHangUp) {
        this.onFirst = onFirst;
        this.onHangUp = onHangUp;
    }

    /** {@code onFirst} gets the signal's number, on a thread of the JVM; it must not block. */
    static void install(IntConsumer onFirst) {
        install(onFirst, () -> {});
    }

    /** The same; {@code onHangUp} is called for every SIGHUP, and must not block either. */
    static void install(IntConsumer onFirst, Runnable onHangUp) {
        new Signals(onFirst, onHangUp).install();
    }

    private void install() {
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object own = Proxy.newProxyInstance(
                    handler.getClassLoader(),
                    new Class<?>[] {handler},
                    (proxy, method, args) -> switch (method.getName()) {
                        case "handle" -> {
                            received((Integer) signal.getMethod("getNumber").invoke(args[0]));
                            yield null;
                        }
                        case "equals" -> proxy == args[0];
                        case "hashCode" -> System.identityHashCode(proxy);
                        default -> "pgweir's signal handler";
                    });
            for (String name : NAMES) {
                Object one = signal.getConstructor(String.class).newInstance(name);
                if (name.equals(HANG_UP)) {
                    hangUp = (Integer) signal.getMethod("getNumber").invoke(one);
                }
                signal.getMethod("handle", signal, handler).invoke(null, one, own);
            }
        } catch (ReflectiveOperationException | IllegalArgumentException e) {
            // no such class on this JVM, or -Xrs: the default handling stays, which ends the process without a drain
            LoggerFactory.getLogger(Signals.class)
                    .warn("signals are not all heeded as the manual says: {}", e.toString());
        }
    }

    /** What a signal does. */
    void received(int number) {
        if (number == hangUp) {
            onHangUp.run();
        } else if (asked.compareAndSet(false, true)) {
            onFirst.accept(number);
        } else {
            Runtime.getRuntime().halt(128 + number);
        }
    }
}
